//! Tests of the whole room: from texts and variables to settings or mistakes.

mod audit;
mod documents;
mod environment;
mod first_hour;
mod key_sources;
mod layout;
mod mistakes;
mod otlp;
mod reference;
mod resources;
mod schema;
mod yaml;

use std::path::Path;

use super::{
    Environment, Mistake, Mistakes, Settings, environment::overlay::Document, mistake::Report,
};
use crate::policy::{Enforcement, OauthSettings};

/// A resource that loads. `…` marks the places for further keys of `mcp`, `oauth`, the source and
/// the root.
struct Example {
    mcp: &'static str,
    server: &'static str,
    oauth: &'static str,
    scopes: &'static str,
    source: &'static str,
    root: &'static str,
}

const PLAIN: Example = Example {
    mcp: "",
    server: "base_url: 'https://mcp.example.com'",
    oauth: "authorization_server_url: 'https://auth.example.com'",
    scopes: "initialize: ['mcp:connect']",
    source: "url: 'https://auth.example.com/jwks.json'",
    root: "",
};

impl Example {
    fn yaml(&self) -> String {
        let Self {
            mcp,
            server,
            oauth,
            scopes,
            source,
            root,
        } = self;
        format!(
            "mcp: {{enabled: true, {mcp}, server: {{{server}}}, oauth: {{enabled: true, {oauth}, \
             scopes: {{{scopes}}}, jwks: [{{{source}}}]}}}}\n{root}\n"
        )
        .replace(", ,", ",")
    }

    fn load(&self) -> Result<Settings, Mistakes> {
        load(&self.yaml())
    }

    fn settings(&self) -> Settings {
        self.load()
            .unwrap_or_else(|mistakes| panic!("{mistakes}\n{}", self.yaml()))
    }

    fn oauth(&self) -> OauthSettings {
        oauth(&self.settings())
    }

    fn mistakes(&self) -> String {
        let loaded = self.load();
        loaded
            .map(|_| String::new())
            .unwrap_or_else(|mistakes| mistakes.plain())
    }
}

fn oauth(settings: &Settings) -> OauthSettings {
    match &settings.resources[0].enforcement {
        Enforcement::On(oauth) => (**oauth).clone(),
        Enforcement::Off => panic!("nothing is enforced"),
    }
}

fn load(yaml: &str) -> Result<Settings, Mistakes> {
    load_with(yaml, &[])
}

fn load_with(yaml: &str, variables: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    load_in(Path::new("."), yaml, variables)
}

fn load_in(folder: &Path, yaml: &str, variables: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    let environment: Environment = variables.iter().copied().collect();
    Settings::read(
        &Document {
            name: "test.yaml",
            folder,
            yaml,
        },
        &environment,
        Report::default(),
    )
}

/// Mistakes without their line numbers, for tests of the messages.
trait Plain {
    /// Path and message of each, one line each.
    fn plain(&self) -> String;
}

impl Plain for Mistakes {
    fn plain(&self) -> String {
        let line = |mistake: &Mistake| match (&mistake.location, mistake.path.as_str()) {
            (Some(location), "") => format!("{location}: {}", mistake.message),
            (None | Some(_), path) => format!("{path}: {}", mistake.message),
        };
        self.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
