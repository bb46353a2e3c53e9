//! The text for each note of a decision. `scopegate explain` and the debug page print it.

use std::fmt::Write;

use crate::{
    authorize::Note,
    domain::{Operation, Refusal, ResourceId, Selector, Step},
    policy::{Decision, Level, Levels},
    telemetry::redact,
    token::{Claims, Identity, TokenNote},
};

/// The step that a note belongs to, and its text.
pub(super) fn of_note(note: &Note<'_>) -> (Step, String) {
    match note {
        Note::ResourceFound { id, path } => (Step::Resource, resource_found(id, path)),
        Note::ResourceNotFound { selector, path } => {
            (Step::Resource, resource_not_found(*selector, path))
        }
        Note::OriginRefused(refusal) => (Step::Resource, refusal.to_string()),
        Note::BearerRefused(refusal) => (Step::Bearer, refusal.to_string()),
        Note::OperationRefused(refusal) => (Step::Operation, refusal.to_string()),
        Note::Operation(operation) => (Step::Operation, operation_text(operation)),
        Note::Levels(levels) => (Step::Requirement, levels_text(levels)),
        Note::Decision(decision) => (Step::Decision, decision_text(decision)),
    }
}

/// The text of a note of the token's verification.
pub(super) fn of_token_note(note: &TokenNote<'_>) -> String {
    match note {
        TokenNote::Bearer { bytes } => format!("a bearer token of {bytes} bytes"),
        TokenNote::Header { alg, kid, typ } => {
            format!(
                "`alg` {alg}, `kid` {}, `typ` {}",
                quoted(*kid),
                quoted(*typ)
            )
        }
        TokenNote::Malformed { refusal, .. } => refusal.to_string(),
        TokenNote::FetchingKeys => "no key verifies the token; asking for fresh keys".to_owned(),
        TokenNote::VerifiedBy { source } => format!("verified by a key of source `{source}`"),
        TokenNote::Cached { source } => format!("verified before, by source `{source}`"),
        TokenNote::Refused {
            source,
            refusal,
            claims,
            ..
        } => {
            format!(
                "source `{source}`: {refusal}; the token says {}",
                claims_text(claims)
            )
        }
        TokenNote::Identity(identity) => identity_text(identity),
        TokenNote::Scopes(scopes) => format!("the token grants `{scopes}`"),
    }
}

fn resource_found(id: &ResourceId, path: &str) -> String {
    format!("`{id}` by path `{path}`")
}

fn resource_not_found(selector: Selector<'_>, path: &str) -> String {
    match selector {
        Selector::Id(id) => format!("no resource has the id `{id}` and the path `{path}`"),
        Selector::Host(host) => format!("no resource has the host `{host}` and the path `{path}`"),
        Selector::Sole => format!(
            "no resource is selected by the path `{path}`; if there are several, name one with `--resource`"
        ),
    }
}

fn identity_text(identity: &Identity) -> String {
    let [issuer, subject, client] = [&identity.issuer, &identity.subject, &identity.client_id]
        .map(|text| quoted(text.as_deref()));
    format!(
        "issuer {issuer}, subject {subject}, client {client}, expires at {}",
        identity.expires_at
    )
}

/// The claims that decide about a token, as it writes them.
fn claims_text(claims: &Claims<'_>) -> String {
    let mut text = String::new();
    for name in ["iss", "aud", "exp", "nbf", "typ", "azp", "client_id"] {
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}{name} ");
        let value = claims.json(name).unwrap_or("absent");
        text.extend(
            value
                .chars()
                .filter(|c| !c.is_control())
                .take(MAX_QUOTED_CHARS),
        );
    }
    text
}

fn operation_text(operation: &Operation<'_>) -> String {
    let (method, name) = redact::operation(operation);
    let batch = if let Operation::Batch(messages) = operation {
        messages.len()
    } else {
        1
    };
    match name {
        Some(name) => format!("{method} `{name}`"),
        None if batch > 1 => format!("{method} of {batch} messages"),
        None => method,
    }
}

fn levels_text(levels: &Result<Levels<'_>, Refusal>) -> String {
    match levels {
        Ok(levels) => levels.iter().map(level_text).collect::<Vec<_>>().join("; "),
        Err(Refusal {
            reason, detail: "", ..
        }) => format!("no scope permits it ({})", reason.code()),
        Err(Refusal { reason, detail, .. }) => {
            format!("no scope permits it ({}: {detail})", reason.code())
        }
    }
}

fn level_text(level: &Level<'_>) -> String {
    match level.name {
        "" => format!("{}: {}", level.kind.name(), level.requirement),
        field => format!("field {field}: {}", level.requirement),
    }
}

fn decision_text(decision: &Decision) -> String {
    match decision {
        Decision::Permit(permit) => format!("permit ({})", permit.grounds().code()),
        Decision::Deny(denial) => format!("deny {} {}", denial.reason().status(), denial.refusal()),
    }
}

/// Text from a token, in quotes, and shortened if it is long.
fn quoted(text: Option<&str>) -> String {
    text.map_or("absent".to_owned(), |text| {
        format!(
            "{:?}",
            text.chars().take(MAX_QUOTED_CHARS).collect::<String>()
        )
    })
}

const MAX_QUOTED_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Reason;

    #[test]
    fn text_of_a_token_is_quoted_and_shortened() {
        assert_eq!(quoted(None), "absent");
        assert_eq!(quoted(Some("a\"\n\u{202e}")), r#""a\"\n\u{202e}""#);
        assert_eq!(
            quoted(Some(&"x".repeat(300))),
            format!("{:?}", "x".repeat(200))
        );
    }

    #[test]
    fn a_note_of_the_verification_is_one_line() {
        let refusal = Refusal::new(Reason::TokenMalformed, "`kid` is not a string");
        for (note, text) in [
            (TokenNote::Bearer { bytes: 7 }, "a bearer token of 7 bytes"),
            (
                TokenNote::Header {
                    alg: "RS256",
                    kid: Some("k\n1"),
                    typ: None,
                },
                r#"`alg` RS256, `kid` "k\n1", `typ` absent"#,
            ),
            (
                TokenNote::Malformed {
                    step: Step::Signature,
                    refusal,
                },
                "token-malformed: `kid` is not a string",
            ),
            (
                TokenNote::VerifiedBy { source: "idp" },
                "verified by a key of source `idp`",
            ),
        ] {
            assert_eq!(of_token_note(&note), text);
        }
    }
}
