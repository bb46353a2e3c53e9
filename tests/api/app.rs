//! The whole service in the process of the test: listeners on free ports, and a clock that the test
//! sets.

use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use scopegate::{
    app::{Core, LoadSettings, Service},
    clock::{Clock, ManualClock},
    config::{self, Environment},
    policy::PolicyHandle,
};
use support::{
    NOW,
    envoy::{CheckRequest, CheckResponse},
    grpc,
    http::{self, Answer},
};
use tempfile::TempDir;

use crate::ask::Ask;

/// A running service.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) policy: PolicyHandle,
    folder: TempDir,
}

impl TestApp {
    /// Starts a service with this configuration. Without `server` it listens on free ports.
    pub(crate) fn spawn(yaml: &str) -> Self {
        Self::spawn_in(tempfile::tempdir().unwrap(), yaml)
    }

    /// The same, with further files beside the configuration.
    pub(crate) fn spawn_with(yaml: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            write(&folder.path().join(name), content);
        }
        Self::spawn_in(folder, yaml)
    }

    /// The same, in a folder that has further files.
    pub(crate) fn spawn_in(folder: TempDir, yaml: &str) -> Self {
        let file = folder.path().join("config.yaml");
        fs::write(&file, with_server(yaml)).unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        let (sender, receiver) = mpsc::channel();
        let shared = Arc::clone(&clock);
        thread::spawn(move || {
            let load: LoadSettings = Box::new(move || config::load(&file, &Environment::default()));
            actix::System::new().block_on(async move {
                let core = Core::start(load, shared).unwrap();
                let service = Service::bind(core).unwrap();
                let addresses = (
                    service.addresses()[0],
                    service.grpc_addresses()[0],
                    service.admin_addresses()[0],
                );
                sender.send((addresses, service.policy().clone())).unwrap();
                service.run().await.unwrap();
            });
        });
        let ((address, grpc, admin), policy) = receiver.recv().unwrap();
        Self {
            address,
            grpc,
            admin,
            clock,
            policy,
            folder,
        }
    }

    /// Writes or replaces a file beside the configuration.
    pub(crate) fn write(&self, name: &str, content: &str) {
        write(&self.folder.path().join(name), content);
    }

    /// The configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.path().join("config.yaml")
    }

    /// The folder of the configuration file.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces the configuration file in one step.
    pub(crate) fn rewrite_config(&self, yaml: &str) {
        let next = self.folder.path().join("next.yaml");
        fs::write(&next, with_server(yaml)).unwrap();
        fs::rename(next, self.config_file()).unwrap();
    }

    /// Reloads the configuration, as SIGHUP does.
    pub(crate) fn reload(&self) -> Result<(), String> {
        let policy = self.policy.clone();
        actix::System::new()
            .block_on(async move { policy.reload().await })
            .map_err(|error| error.to_string())
    }

    /// Asks as nginx does.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        self.raw(&ask.bytes())
    }

    /// Asks as Envoy does over gRPC.
    pub(crate) fn check(&self, request: CheckRequest) -> CheckResponse {
        grpc::check(self.grpc, request)
    }

    /// Sends bytes as they are to the decision listener.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Answer {
        http::exchange(self.address, bytes).unwrap()
    }

    /// Gets a page of the decision listener.
    pub(crate) fn get(&self, path: &str) -> Answer {
        http::get(self.address, path, "scopegate").unwrap()
    }

    /// Gets an admin page.
    pub(crate) fn admin(&self, path: &str) -> Answer {
        http::get(self.admin, path, "localhost").unwrap()
    }

    /// Sends bytes as they are to the admin listener.
    pub(crate) fn admin_raw(&self, bytes: &[u8]) -> Answer {
        http::exchange(self.admin, bytes).unwrap()
    }

    /// Gets an admin page under another `Host`.
    pub(crate) fn admin_as(&self, path: &str, host: &str) -> Answer {
        http::get(self.admin, path, host).unwrap()
    }
}

fn write(file: &Path, content: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

/// Adds listeners on free ports to a configuration without `server`.
fn with_server(yaml: &str) -> String {
    if yaml.contains("\nserver:") {
        return yaml.to_owned();
    }
    format!(
        "{yaml}\nserver:\n  listen_addr: '127.0.0.1:0'\n  grpc_listen_addr: '127.0.0.1:0'\n  admin_listen_addr: '127.0.0.1:0'\n  workers: 2\n  drain: '0s'\n"
    )
}

/// The samples of `/metrics`, by name with labels.
pub(crate) fn metrics(app: &TestApp) -> HashMap<String, f64> {
    app.admin("/metrics").samples()
}

/// The time on a service's clock, in seconds since 1970.
pub(crate) fn now(app: &TestApp) -> i64 {
    app.clock.unix_seconds()
}
