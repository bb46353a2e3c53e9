//! `scopegate explain`: one decision by the very code of the request path, told step by step.

use std::{fmt::Write, fs, process::ExitCode, sync::Arc};

use anyhow::{Context, bail};
use serde_json::json;

use super::{
    arguments::{DialectName, ExplainOptions},
    failure, mistakes, origin, output,
};
use crate::{
    app::{Core, LoadSettings},
    authorize::Checked,
    clock::SystemClock,
    config::Environment,
    domain::{Field, Step},
    gateway::{AUTH_REQUEST, Asked, Dialogue, EXT_AUTHZ_HTTP, FORWARD_AUTH, HeaderSource, Reply},
    mcp::Body,
    policy::Decision,
};

pub(super) fn run(options: &ExplainOptions, environment: Environment) -> ExitCode {
    let load = origin::loader(&options.origin, environment).and_then(|mut load| load().map(|_| load));
    let load = match load {
        Ok(load) => load,
        Err(text) => return mistakes(&text),
    };
    let original = match OriginalRequest::read(options) {
        Ok(original) => original,
        Err(error) => return mistakes(&format_args!("{error:#}")),
    };
    match actix::System::new().block_on(explain(&original, load)) {
        Ok(explained) => output(&if options.json { explained.to_json() } else { explained.to_text() }),
        Err(error) => failure(&error),
    }
}

async fn explain(original: &OriginalRequest, load: LoadSettings) -> anyhow::Result<Explained<'_>> {
    let core = Core::start(load, Arc::new(SystemClock::default()))?;
    core.policy.first_answers().await;
    let asked = Asked {
        method: &original.method,
        target: &original.target,
        headers: original,
        body: if original.body.is_empty() { Body::Absent } else { Body::Whole(&original.body) },
    };
    let mut steps = Vec::new();
    let (checked, request) = match (original.dialogue.read)(&asked) {
        Ok(request) => (core.authorizer.check(&request, &mut steps).await, Some(request)),
        Err(misread) => {
            steps.push((Step::Resource, misread.to_string()));
            (core.authorizer.refuse(original.dialogue.dialect, misread.into()), None)
        }
    };
    let reply = (original.dialogue.write)(&checked, request.as_ref());
    Ok(Explained { steps, checked, reply })
}

/// What was found out.
struct Explained<'a> {
    steps: Vec<(Step, String)>,
    checked: Checked<'a>,
    reply: Reply,
}

impl Explained<'_> {
    fn to_text(&self) -> String {
        let mut text = String::new();
        for (step, found) in &self.steps {
            let _ = writeln!(text, "{:<12} {found}", step.name());
        }
        let _ = writeln!(text, "\nHTTP {}", self.reply.status);
        for (name, value) in self.reply.fields() {
            let _ = writeln!(text, "{name}: {}", String::from_utf8_lossy(value));
        }
        if let Some(body) = &self.reply.body {
            let _ = writeln!(text, "\n{body}");
        }
        text
    }

    fn to_json(&self) -> String {
        let (decision, reason) = match &self.checked.decision {
            Decision::Permit(permit) => ("permit", permit.grounds().code()),
            Decision::Deny(denial) => ("deny", denial.reason().code()),
        };
        let steps = self.steps.iter().map(|(step, found)| json!({"step": step.name(), "found": found}));
        let headers = self.reply.fields();
        let headers = headers.map(|(name, value)| (name.to_owned(), json!(String::from_utf8_lossy(value))));
        let json = json!({
            "decision": decision,
            "reason": reason,
            "steps": steps.collect::<Vec<_>>(),
            "status": self.reply.status,
            "headers": headers.collect::<serde_json::Map<_, _>>(),
            "body": self.reply.body,
        });
        format!("{json:#}\n")
    }
}

/// The request as a gateway of the chosen dialect would put it.
struct OriginalRequest {
    dialogue: Dialogue,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl OriginalRequest {
    fn read(options: &ExplainOptions) -> anyhow::Result<Self> {
        let mut headers = Vec::new();
        for header in &options.headers {
            let Some((name, value)) = header.split_once(':') else {
                bail!("--header: found `{header}`, expected `Name: value`")
            };
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        if let Some(token) = &options.token {
            let token = String::from_utf8(argument(token)?).context("--token")?;
            headers.push(("authorization".to_owned(), format!("Bearer {}", token.trim())));
        }
        let body = options.body.as_deref().map(argument).transpose()?.unwrap_or_default();
        Ok(Self::in_dialect(options, headers, body))
    }

    fn in_dialect(options: &ExplainOptions, mut headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        let query = options.resource.as_ref().map(|id| format!("?resource={id}")).unwrap_or_default();
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        let method = options.method.clone();
        let (dialogue, target) = match options.dialect {
            DialectName::AuthRequest => {
                add("x-original-method", &method);
                add("x-original-uri", &options.path);
                (AUTH_REQUEST, format!("/authorize{query}"))
            }
            DialectName::ExtAuthzHttp => {
                add("host", &options.host);
                (EXT_AUTHZ_HTTP, format!("/authorize{}", options.path))
            }
            DialectName::ForwardAuth => {
                add("x-forwarded-method", &method);
                add("x-forwarded-uri", &options.path);
                add("x-forwarded-host", &options.host);
                add("x-forwarded-proto", "https");
                (FORWARD_AUTH, format!("/forward-auth{query}"))
            }
        };
        Self { dialogue, method, target, headers, body }
    }
}

impl HeaderSource for OriginalRequest {
    fn field(&self, name: &'static str) -> Field<'_> {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        Field::of(values.map(|(_, value)| value.as_bytes()))
    }
}

/// The bytes of an argument, or of the file that `@FILE` names.
fn argument(text: &str) -> anyhow::Result<Vec<u8>> {
    match text.strip_prefix('@') {
        Some(file) => fs::read(file).with_context(|| format!("cannot read `{file}`")),
        None => Ok(text.as_bytes().to_vec()),
    }
}
