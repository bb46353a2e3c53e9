//! What is known of one request and its decision: the one value that counting, the log, spans and the audit log read.

use std::time::Duration;

use super::{Decision, Denial, ProtectedResource};
use crate::domain::{CheckRequest, Dialect, Operation, Reason};

/// The record of one decision. The steps fill it in as they go. It is a denial until they decide otherwise.
#[derive(Debug)]
pub struct DecisionRecord<'s, 'a> {
    /// How the gateway asked.
    pub dialect: Dialect,
    /// The original request; `None` where it was not as its dialect demands.
    pub request: Option<&'s CheckRequest<'a>>,
    /// The resource that it is for; `None` where none fits.
    pub resource: Option<&'s ProtectedResource>,
    /// What it asks for; `None` where that was not read.
    pub operation: Option<Operation<'a>>,
    /// Whether it may pass.
    pub decision: Decision,
    /// The version of the policy that decided.
    pub policy_version: &'s str,
    /// From the first look at the request to the decision.
    pub duration: Duration,
    /// The trace that begins with this decision, where the sampler keeps it and the request is part of none.
    pub root_trace_id: Option<String>,
}

impl<'s, 'a> DecisionRecord<'s, 'a> {
    /// The record of a request as its dialect read it.
    #[must_use]
    pub fn of_request(request: &'s CheckRequest<'a>, policy_version: &'s str) -> Self {
        Self {
            request: Some(request),
            ..Self::of_unread(request.dialect, Denial::of(Reason::ResourceUnknown), policy_version)
        }
    }

    /// The record of a request that was denied before a dialect read it.
    #[must_use]
    pub fn of_unread(dialect: Dialect, denial: Denial, policy_version: &'s str) -> Self {
        Self {
            dialect,
            request: None,
            resource: None,
            operation: None,
            decision: Decision::Deny(denial),
            policy_version,
            duration: Duration::ZERO,
            root_trace_id: None,
        }
    }

    /// The resource's id; `none` where no resource fits.
    #[must_use]
    pub fn resource_id(&self) -> &str {
        self.resource.map_or("none", |resource| resource.id().as_str())
    }

    /// The trace that the request is part of.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.root_trace_id.as_deref().or_else(|| self.request.and_then(CheckRequest::trace_id))
    }

    /// The duration in microseconds.
    #[must_use]
    pub fn duration_us(&self) -> u64 {
        u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX)
    }
}
