//! `scopegate explain`: one decision by the very code of the request path, told step by step.

mod question;
mod telling;

use std::{process::ExitCode, sync::Arc};

use super::{arguments::ExplainOptions, failure, mistakes, origin, output};
use crate::{
    app::{Core, LoadSettings},
    authorize::CheckRequest,
    clock::SystemClock,
    config::Environment,
    domain::{Dialect, Step},
    gateway::{Asked, Misread, ext_authz_grpc},
    mcp::Body,
};
use question::{Question, Wire};
use telling::{Explained, Reply};

pub(super) fn run(options: &ExplainOptions, environment: Environment) -> ExitCode {
    let load = origin::loader(&options.origin, environment).and_then(|mut load| load().map(|_| load));
    let load = match load {
        Ok(load) => load,
        Err(text) => return mistakes(&text),
    };
    let question = match Question::read(options) {
        Ok(question) => question,
        Err(error) => return mistakes(&format_args!("{error:#}")),
    };
    match actix::System::new().block_on(explain(&question, load)) {
        Ok(explained) => output(&if options.json { explained.to_json() } else { explained.to_text() }),
        Err(error) => failure(&error),
    }
}

async fn explain(question: &Question, load: LoadSettings) -> anyhow::Result<Explained<'_>> {
    let core = Core::start(load, Arc::new(SystemClock::default()))?;
    core.policy.first_answers().await;
    let (dialect, read) = read(question, core.settings.server.max_body_bytes);
    let mut steps = Vec::new();
    let checked = match &read {
        Ok(request) => core.authorizer.check(request, &mut steps).await,
        Err(misread) => {
            steps.push((Step::Resource, misread.to_string()));
            core.authorizer.refuse(dialect, (*misread).into())
        }
    };
    let request = read.as_ref().ok();
    let reply = match &question.wire {
        Wire::Http { dialogue, .. } => Reply::Http(Box::new((dialogue.write)(&checked, request))),
        Wire::Grpc(_) => Reply::Grpc(ext_authz_grpc::write(&checked, request).shown()),
    };
    Ok(Explained { steps, checked, reply })
}

/// Reads the question as the listener of its dialect would.
fn read(question: &Question, max_body_bytes: usize) -> (Dialect, Result<CheckRequest<'_>, Misread>) {
    match &question.wire {
        Wire::Http { dialogue, method, target, body } => {
            let body = if body.is_empty() { Body::Absent } else { Body::Whole(body) };
            (dialogue.dialect, (dialogue.read)(&Asked { method, target, headers: question, body }))
        }
        Wire::Grpc(message) => (Dialect::ExtAuthzGrpc, ext_authz_grpc::read(message, max_body_bytes)),
    }
}
