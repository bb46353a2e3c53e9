//! `scopegate explain`: one decision by the very code of the request path, told step by step.

use std::{fmt::Write, fs, process::ExitCode, sync::Arc};

use anyhow::Context;

use super::{
    arguments::{DialectName, ExplainOptions},
    configuration_mistakes, failure, mistakes, origin, output,
};
use crate::{
    app::{Core, LoadSettings},
    clock::SystemClock,
    config::Environment,
    domain::Dialect,
    explain::{Explained, RequestDraft, explain},
};

pub(super) fn run(options: &ExplainOptions, environment: Environment) -> ExitCode {
    let load = origin::loader(&options.origin, environment).and_then(|mut load| load().map(|_| load));
    let load = match load {
        Ok(load) => load,
        Err(found) => return configuration_mistakes(&found),
    };
    let draft = match draft(options) {
        Ok(draft) => draft,
        Err(error) => return mistakes(&format_args!("{error:#}")),
    };
    match actix::System::new().block_on(decide(options.dialect.into(), draft, load)) {
        Ok(Ok(explained)) => output(&if options.json { to_json(&explained) } else { to_text(&explained) }),
        Ok(Err(mistake)) => mistakes(&mistake),
        Err(error) => failure(&error),
    }
}

async fn decide(
    dialect: Dialect,
    draft: RequestDraft,
    load: LoadSettings,
) -> anyhow::Result<Result<Explained, String>> {
    let core = Core::start(load, Arc::new(SystemClock::default()))?;
    let original = match draft.put(dialect, core.settings.server.max_body_bytes) {
        Ok(original) => original,
        Err(error) => return Ok(Err(format!("--{}: {error}", error.field))),
    };
    core.policy.first_answers().await;
    Ok(Ok(explain(&core.authorizer, &original).await))
}

fn draft(options: &ExplainOptions) -> anyhow::Result<RequestDraft> {
    let token = options.token.as_deref().map(|token| String::from_utf8(argument(token)?).context("--token"));
    let body = options.body.as_deref().map(argument).transpose()?;
    Ok(RequestDraft {
        resource: options.resource.clone(),
        method: options.method.clone(),
        path: options.path.clone(),
        host: options.host.clone(),
        headers: options.headers.clone(),
        token: token.transpose()?,
        body: body.unwrap_or_default(),
    })
}

fn to_text(explained: &Explained) -> String {
    let mut text = String::new();
    for note in &explained.steps {
        let _ = writeln!(text, "{:<12} {}", note.step.name(), note.found);
    }
    let _ = writeln!(text);
    if let Some(grpc) = &explained.grpc {
        let _ = writeln!(text, "code {}, {}", grpc.code, grpc.response);
    }
    let _ = writeln!(text, "HTTP {}", explained.status);
    for (name, value) in &explained.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    for name in explained.grpc.iter().flat_map(|grpc| &grpc.headers_to_remove) {
        let _ = writeln!(text, "headers_to_remove {name}");
    }
    for (name, value) in explained.grpc.iter().flat_map(|grpc| &grpc.dynamic_metadata) {
        let _ = writeln!(text, "dynamic_metadata {name}: {value}");
    }
    if let Some(body) = &explained.body {
        let _ = writeln!(text, "\n{body}");
    }
    text
}

fn to_json(explained: &Explained) -> String {
    let json = serde_json::to_string_pretty(explained).unwrap_or_default();
    format!("{json}\n")
}

impl From<DialectName> for Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::AuthRequest => Self::AuthRequest,
            DialectName::ExtAuthzHttp => Self::ExtAuthzHttp,
            DialectName::ExtAuthzGrpc => Self::ExtAuthzGrpc,
            DialectName::ForwardAuth => Self::ForwardAuth,
        }
    }
}

/// The bytes of an argument, or of the file that `@FILE` names.
fn argument(text: &str) -> anyhow::Result<Vec<u8>> {
    match text.strip_prefix('@') {
        Some(file) => fs::read(file).with_context(|| format!("cannot read `{file}`")),
        None => Ok(text.as_bytes().to_vec()),
    }
}
