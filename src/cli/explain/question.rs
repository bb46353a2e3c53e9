//! The request that is asked about, as a gateway of the chosen dialect would put it.

use std::fs;

use anyhow::{Context, bail};

use crate::{
    cli::arguments::{DialectName, ExplainOptions},
    domain::Field,
    gateway::{
        AUTH_REQUEST, Dialogue, EXT_AUTHZ_HTTP, FORWARD_AUTH, HeaderSource, ext_authz_grpc::CheckMessage,
    },
};

/// What the gateway asks.
pub(super) struct Question {
    pub(super) wire: Wire,
    headers: Vec<(String, String)>,
}

/// How it asks.
pub(super) enum Wire {
    /// With a request of HTTP, whose headers are the question's.
    Http { dialogue: Dialogue, method: String, target: String, body: Vec<u8> },
    /// With one message.
    Grpc(Box<CheckMessage>),
}

impl Question {
    pub(super) fn read(options: &ExplainOptions) -> anyhow::Result<Self> {
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
            DialectName::ExtAuthzGrpc => {
                let original = [&*method, &*options.host, &*options.path];
                let message = CheckMessage::of(original, &headers, body, options.resource.as_deref());
                return Self { wire: Wire::Grpc(Box::new(message)), headers };
            }
        };
        Self { wire: Wire::Http { dialogue, method, target, body }, headers }
    }
}

impl HeaderSource for Question {
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
