//! `scopegate explain`: makes one decision with the code of the request path and prints each step.

use std::{fs, process::ExitCode, sync::Arc};

use anyhow::Context;

use super::{
    arguments::{DialectName, ExplainOptions},
    config_file, configuration_mistakes, failure, mistakes, output,
};
use crate::{
    app::{Core, LoadSettings},
    clock::SystemClock,
    config::Environment,
    domain::Dialect,
    explain::{Explained, RequestDraft, explain},
};

pub(super) fn run(options: &ExplainOptions, environment: Environment) -> ExitCode {
    let load =
        config_file::loader(&options.origin, environment).and_then(|mut load| load().map(|_| load));
    let load = match load {
        Ok(load) => load,
        Err(found) => return configuration_mistakes(&found),
    };
    let draft = match draft(options) {
        Ok(draft) => draft,
        Err(error) => return mistakes(&format_args!("{error:#}")),
    };
    match actix::System::new().block_on(decide(options.dialect.into(), draft, load)) {
        Ok(Ok(explained)) => output(&if options.json {
            explained.to_json()
        } else {
            explained.to_text()
        }),
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
    let token = options
        .token
        .as_deref()
        .map(|token| String::from_utf8(argument(token)?).context("--token"));
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

/// The bytes of an argument, or the content of the file if the argument is `@FILE`.
fn argument(text: &str) -> anyhow::Result<Vec<u8>> {
    match text.strip_prefix('@') {
        Some(file) => fs::read(file).with_context(|| format!("cannot read `{file}`")),
        None => Ok(text.as_bytes().to_vec()),
    }
}
