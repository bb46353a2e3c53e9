//! The running binary, with a configuration that changes while it runs.

use std::{env, fs, process::Command};

use support::process::Running;
use tempfile::TempDir;

/// The number of seconds of a soak, from the environment or a few.
pub(crate) fn seconds(variable: &str) -> u64 {
    env::var(variable).map_or(3, |text| text.parse().unwrap())
}

/// Checks that memory does not grow once the caches are full.
pub(crate) fn check_memory(resident: &[u64]) {
    let settled = resident[resident.len() / 3];
    let last = *resident.last().unwrap();
    assert!(last < 256 << 10, "{last} KiB resident");
    assert!(
        last <= settled + settled / 4 + (16 << 10),
        "from {settled} to {last} KiB resident"
    );
}

/// The running binary.
pub(crate) struct Service {
    pub(crate) running: Running,
    folder: TempDir,
    config: Box<dyn Fn(usize) -> String + Sync>,
}

impl Service {
    /// Starts with `config(0)`. Each reload gets the configuration of its number plus one.
    pub(crate) fn start(config: impl Fn(usize) -> String + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scopegate.yaml");
        fs::write(&file, config(0)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_scopegate"));
        command.arg("serve").arg("--config").arg(&file);
        Self {
            running: Running::start_unread(command),
            folder,
            config: Box::new(config),
        }
    }

    /// Replaces the file in one step, which the service notices by itself.
    pub(crate) fn reload(&self, number: usize) {
        let next = self.folder.path().join("next.yaml");
        fs::write(&next, (self.config)(number + 1)).unwrap();
        fs::rename(next, self.folder.path().join("scopegate.yaml")).unwrap();
    }
}

/// The configuration of a soak with this key source. `number` is in a part that the load does not
/// use.
pub(crate) fn config(number: usize, key_source: &str) -> String {
    format!(
        "
server: {{listen_addr: '127.0.0.1:0', admin_listen_addr: '127.0.0.1:0', grpc_listen_addr: '127.0.0.1:0', workers: 2, drain: 0s}}
mcp:
  enabled: true
  server: {{base_url: 'https://mcp.example.com'}}
  oauth:
    enabled: true
    authorization_server_url: 'https://auth.example.com'
    scopes:
      initialize: ['connect']
      tools_call: ['call']
      tools: {{'unused-{number}': ['unused']}}
    jwks:
      - {{{key_source}}}
"
    )
}

/// Claims that expire at this time, in seconds since 1970; the same arguments give the same claims.
pub(crate) fn claims(scope: &str, expires_at: i64, id: &str) -> support::Claims {
    support::Claims {
        issued_at: 0,
        expires_at,
        token_id: id.to_owned(),
        ..support::claims(scope)
    }
}
