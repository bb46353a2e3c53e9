//! The authorizer's answer to a gateway's dialect.

use std::borrow::Cow;

use crate::{
    domain::{Operation, Reason, Refusal},
    policy::{Decision, DecisionRecord, Denial, ProtectedResource},
    telemetry::redact,
};

/// A decision, with the data that the gateway's answer needs.
#[derive(Debug)]
pub struct Checked<'a> {
    /// Whether the request may pass.
    pub decision: Decision,
    /// Whether the gateway removes `Authorization` before it forwards the request.
    pub removes_token: bool,
    /// The operation of the request; `None` if it was not read.
    pub operation: Option<Operation<'a>>,
}

impl<'a> Checked<'a> {
    /// A denial of a request before the first step.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        Self {
            decision: Decision::Deny(refusal.into()),
            removes_token: false,
            operation: None,
        }
    }

    /// Takes the decision and the operation out of a record. The record is left with a denial.
    pub(super) fn of(record: &mut DecisionRecord<'_, 'a>) -> Self {
        let policy = record.resource.and_then(ProtectedResource::policy);
        let denial = Decision::Deny(Denial::of(Reason::ResourceUnknown));
        Self {
            decision: std::mem::replace(&mut record.decision, denial),
            removes_token: policy.is_some_and(|policy| !policy.forwards_token()),
            operation: record.operation.take(),
        }
    }

    /// The operation's name as in the log: the JSON-RPC method, and the tool or prompt that it names.
    #[must_use]
    pub fn operation_name(&self) -> Option<(Cow<'_, str>, Option<Cow<'_, str>>)> {
        let (method, name) = self.operation.as_ref()?.method_and_name();
        Some((redact::borrowed(method), name.map(redact::borrowed)))
    }
}
