//! Where a configuration comes from, kept so that it can be loaded again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    Environment, Mistake, Mistakes, Settings,
    mistake::{Report, shown},
    settings::Text,
    web,
};

/// A file or the built-in development policy, and the environment over it.
#[derive(Clone, Debug)]
pub struct Sources {
    document: Document,
    environment: Environment,
}

#[derive(Clone, Debug)]
enum Document {
    File(PathBuf),
    Development,
}

impl Sources {
    /// The file that was named, or else the one in `SCOPEGATE_CONFIG`.
    ///
    /// # Errors
    /// When neither names a file: a service must not start with a policy that nobody wrote.
    pub fn new(file: Option<PathBuf>, environment: Environment) -> Result<Self, Mistakes> {
        let named = environment.get("SCOPEGATE_CONFIG").filter(|file| !file.is_empty()).map(PathBuf::from);
        let file = file.or(named).ok_or_else(|| Mistake {
            path: "SCOPEGATE_CONFIG".to_owned(),
            found: "no configuration".to_owned(),
            expected: "a file there or after `--config`; `serve --dev` needs none".to_owned(),
        })?;
        Ok(Self { document: Document::File(file), environment })
    }

    /// The built-in policy for one developer's machine. Its secret is `SCOPEGATE_DEV_SECRET`, or else a random
    /// one that lasts as long as this value.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn development(environment: Environment) -> Result<Self, Mistakes> {
        let environment = match environment.get(DEV_SECRET) {
            Some(_) => environment,
            None => environment.with(DEV_SECRET, &random_secret()?),
        };
        Ok(Self { document: Document::Development, environment })
    }

    /// Reads the settings as they are now.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn load(&self) -> Result<Settings, Mistakes> {
        match &self.document {
            Document::File(file) => load(file, &self.environment),
            Document::Development => {
                let text = Text { name: "development.yaml", folder: Path::new("."), yaml: DEVELOPMENT };
                let settings = Settings::read(&text, &self.environment, Report::default())?;
                check_loopback(&settings)?;
                Ok(settings)
            }
        }
    }
}

/// Reads the settings of one file, with what the environment sets.
///
/// # Errors
/// All mistakes at once: each with its path, what was found and what is expected.
pub fn load(file: &Path, environment: &Environment) -> Result<Settings, Mistakes> {
    let name = file.display().to_string();
    let yaml = read_text(file).map_err(|error| Mistake {
        path: name.clone(),
        found: format!("a file that cannot be read: {error}"),
        expected: "a YAML file of at most 16 MiB".to_owned(),
    })?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut report = Report::default();
    report.watch(file.to_owned());
    Settings::read(&Text { name: &name, folder, yaml: &yaml }, environment, report)
}

/// The text of a regular file: a pipe or a device might never end.
fn read_text(file: &Path) -> io::Result<String> {
    let metadata = fs::metadata(file)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_BYTES} bytes")));
    }
    fs::read_to_string(file)
}

/// The longest configuration that is read.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

fn random_secret() -> Result<String, Mistakes> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Mistake {
        path: DEV_SECRET.to_owned(),
        found: "no random bytes in this system".to_owned(),
        expected: "a secret of your own".to_owned(),
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The development policy never meets a network, whatever the environment sets.
fn check_loopback(settings: &Settings) -> Result<(), Mistakes> {
    let server = &settings.server;
    let mut report = Report::default();
    for (name, address) in [
        ("listen_addr", &server.listen_addr),
        ("grpc_listen_addr", &server.grpc_listen_addr),
        ("admin_listen_addr", &server.admin_listen_addr),
    ] {
        if !address.rsplit_once(':').is_some_and(|(host, _)| web::is_loopback(host)) {
            report.mistake(&format!("server.{name}"), shown(address), "a loopback address with `--dev`");
        }
    }
    report.finish().map(|_| ())
}

const DEV_SECRET: &str = "SCOPEGATE_DEV_SECRET";

const DEVELOPMENT: &str = include_str!("development.yaml");
