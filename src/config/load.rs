//! The source of a configuration, kept so that it can be loaded again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::config::{
    Environment, Mistake, Mistakes, Settings,
    environment::overlay::Document,
    file::encoding,
    mistake::{Report, shown},
    url,
};

/// A file or the built-in development policy, and the environment over it.
#[derive(Clone, Debug)]
pub struct Origin {
    kind: Kind,
    environment: Environment,
}

#[derive(Clone, Debug)]
enum Kind {
    File(PathBuf),
    Development,
}

impl Origin {
    /// Uses the given file, or the one that `SCOPEGATE_CONFIG` names.
    ///
    /// # Errors
    /// If neither names a file: a service must not start with a policy that no operator wrote.
    pub fn new(file: Option<PathBuf>, environment: Environment) -> Result<Self, Mistakes> {
        let named = environment
            .get(CONFIG_FILE)
            .filter(|file| !file.is_empty())
            .map(PathBuf::from);
        let file = file.or(named).ok_or_else(|| {
            let message =
                "found no configuration, expected a file there or after `--config`; `serve --dev` needs none";
            Mistake::elsewhere(CONFIG_FILE, message.to_owned())
        })?;
        Ok(Self {
            kind: Kind::File(file),
            environment,
        })
    }

    /// The built-in policy for one developer's machine. Its secret is `SCOPEGATE_DEV_SECRET`, or a
    /// random one that lasts as long as this value.
    ///
    /// # Errors
    /// If the system provides no random bytes.
    pub fn development(environment: Environment) -> Result<Self, Mistakes> {
        let environment = match environment.get(DEV_SECRET) {
            Some(_) => environment,
            None => environment.with(DEV_SECRET, &random_secret()?),
        };
        Ok(Self {
            kind: Kind::Development,
            environment,
        })
    }

    /// Loads the settings as they are now.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn load(&self) -> Result<Settings, Mistakes> {
        match &self.kind {
            Kind::File(file) => load(file, &self.environment),
            Kind::Development => {
                let document = Document {
                    name: "development.yaml",
                    folder: Path::new("."),
                    yaml: DEVELOPMENT,
                };
                let settings = Settings::read(&document, &self.environment, Report::default())?;
                check_loopback(&settings)?;
                Ok(settings)
            }
        }
    }
}

/// Loads the settings of one file, with the environment over it.
///
/// # Errors
/// All mistakes at once: each with its line, its path, and what to write.
pub fn load(file: &Path, environment: &Environment) -> Result<Settings, Mistakes> {
    let name = file.display().to_string();
    let bytes = read_bytes(file).map_err(|message| Mistake::of_file(&name, message))?;
    let yaml = encoding::text(&name, bytes)?;
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut report = Report::default();
    report.watch(file.to_owned());
    Settings::read(
        &Document {
            name: &name,
            folder,
            yaml: &yaml,
        },
        environment,
        report,
    )
}

/// Reads a regular file. A pipe or a device might never end.
fn read_bytes(file: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error| format!("cannot be read: {error}");
    let metadata = fs::metadata(file).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err("is a folder, expected a YAML file".to_owned());
    }
    if !metadata.is_file() {
        return Err("cannot be read: it is not a regular file".to_owned());
    }
    if metadata.len() > MAX_BYTES {
        return Err(format!(
            "cannot be read: it is longer than {MAX_BYTES} bytes"
        ));
    }
    fs::read(file).map_err(unreadable)
}

/// The longest configuration file, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

fn random_secret() -> Result<String, Mistakes> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| {
        let message = "found no random bytes in this system, expected a secret of your own";
        Mistake::elsewhere(DEV_SECRET, message.to_owned())
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Rejects addresses other than loopback, also from the environment: the development policy must
/// not reach a network.
fn check_loopback(settings: &Settings) -> Result<(), Mistakes> {
    let server = &settings.server;
    let mut report = Report::default();
    for (name, address) in [
        ("listen_addr", &server.listen_addr),
        ("grpc_listen_addr", &server.grpc_listen_addr),
        ("admin_listen_addr", &server.admin_listen_addr),
    ] {
        if !address
            .rsplit_once(':')
            .is_some_and(|(host, _)| url::is_loopback(host))
        {
            report.mistake(
                &format!("server.{name}"),
                shown(address),
                "a loopback address with `--dev`",
            );
        }
    }
    report.finish().map(|_| ())
}

const CONFIG_FILE: &str = "SCOPEGATE_CONFIG";

const DEV_SECRET: &str = "SCOPEGATE_DEV_SECRET";

const DEVELOPMENT: &str = include_str!("development.yaml");
