//! One line of the audit log. Its fields are public and versioned; see docs/audit.md and docs/audit.schema.json.

use std::time::Duration;

use serde::Serialize;

use crate::{
    clock::Rfc3339,
    domain::{Message, Operation},
    policy::DecisionRecord,
    telemetry::{log::SubjectLogging, redact},
    token::Identity,
};

/// The line of a decision. Unknown fields are left out. The identity comes only from a verified token and is
/// written as in the identity headers: printable ASCII, at most 3 KiB in total. It is never cut, because a part of
/// one name can be another name.
#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    event: &'static str,
    time: Rfc3339,
    resource: &'a str,
    dialect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<MessageNames>,
    decision: &'static str,
    code: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'static str,
    #[serde(flatten)]
    who: Option<Who<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_scopes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    present_scopes: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    scopes_cut: bool,
    policy_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    duration_us: u64,
}

/// The operation of one message of a batch.
#[derive(Serialize)]
struct MessageNames {
    operation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// The identity of the token.
#[derive(Serialize)]
struct Who<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    issuer: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
}

/// The line in place of missing records.
#[derive(Serialize)]
struct Lost {
    schema: u32,
    event: &'static str,
    time: Rfc3339,
    dropped: u64,
    refused: u64,
}

/// The line of one decision, with its line break. It would be empty if JSON could not represent it, which cannot
/// happen with these fields.
pub(super) fn line_of(
    record: &DecisionRecord<'_, '_>,
    subject: SubjectLogging,
    unix_time: Duration,
) -> Vec<u8> {
    let (outcome, identity) = (record.decision.outcome(), record.decision.identity());
    let operation = record.operation.as_ref();
    let (operation_name, name) = operation.map(redact::operation).unzip();
    let (required_scopes, is_required_cut) = required_by(record).unzip();
    let present =
        identity.map(|identity| bounded(identity.scopes.iter().map(|scope| scope.as_str())));
    let (present_scopes, is_present_cut) = present.unzip();
    to_line(&Line {
        schema: SCHEMA,
        event: "decision",
        time: Rfc3339(unix_time),
        resource: record.resource_id(),
        dialect: record.dialect.name(),
        http_method: record
            .request
            .map(|request| redact::text(request.http_method)),
        operation: operation_name,
        name: name.flatten(),
        messages: operation.map(messages_of).unwrap_or_default(),
        decision: outcome.kind.name(),
        code: outcome.code,
        detail: outcome.detail,
        who: identity.map(|identity| Who::of(identity, subject)),
        required_scopes,
        present_scopes,
        scopes_cut: is_required_cut.unwrap_or(false) || is_present_cut.unwrap_or(false),
        policy_version: record.policy_version,
        trace_id: record.trace_id(),
        duration_us: record.duration_us(),
    })
}

/// The line with the number of records that are missing before it.
pub(super) fn line_of_lost(dropped: u64, refused: u64, unix_time: Duration) -> Vec<u8> {
    to_line(&Lost {
        schema: SCHEMA,
        event: "lost",
        time: Rfc3339(unix_time),
        dropped,
        refused,
    })
}

impl<'a> Who<'a> {
    fn of(identity: &'a Identity, subject: SubjectLogging) -> Self {
        let [encoded_subject, client_id, issuer, ..] = identity
            .headers
            .values()
            .each_ref()
            .map(|value| std::str::from_utf8(value).unwrap_or_default());
        let subject = match subject {
            SubjectLogging::Hashed => identity.subject_hash().unwrap_or_default(),
            SubjectLogging::Plain if identity.subject.is_some() => encoded_subject,
            SubjectLogging::Plain | SubjectLogging::Omitted => "",
        };
        Self {
            subject,
            issuer,
            client_id,
            key_id: identity.kid.as_deref().map(redact::text),
        }
    }
}

/// The operation of each message of a batch, so that a batch hides none.
fn messages_of(operation: &Operation<'_>) -> Vec<MessageNames> {
    let Operation::Batch(messages) = operation else {
        return Vec::new();
    };
    let names = messages.iter().map(Message::method_and_name);
    names
        .map(|(method, name)| MessageNames {
            operation: redact::text(method),
            name: name.map(redact::text),
        })
        .collect()
}

/// The scopes of each level of the operation; `None` if the operation was not read, or no scope permits it.
fn required_by(record: &DecisionRecord<'_, '_>) -> Option<(Vec<String>, bool)> {
    let levels = record
        .resource?
        .policy()?
        .table()
        .levels(record.operation.as_ref()?.into())
        .ok()?;
    let requirements = levels
        .iter()
        .map(|level| level.requirement)
        .filter(|wanted| !wanted.is_empty());
    Some(bounded(requirements.map(ToString::to_string)))
}

/// The leading texts whose total length is within [`MAX_LIST_BYTES`], and whether others were left out.
fn bounded<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> (Vec<T>, bool) {
    let (mut kept, mut room) = (Vec::new(), MAX_LIST_BYTES);
    for text in texts {
        match room.checked_sub(text.as_ref().len()) {
            Some(left) => room = left,
            None => return (kept, true),
        }
        kept.push(text);
    }
    (kept, false)
}

fn to_line(line: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text
}

/// The version of the schema. New fields keep the number. A field that is removed or changes its meaning requires
/// another number.
const SCHEMA: u32 = 1;

/// The most bytes of each of the two lists of scopes.
const MAX_LIST_BYTES: usize = 4096;
