//! The record of one request and its decision. Metrics, the log, spans and the audit log all read this value.

use std::time::Duration;

use super::{Decision, Denial, ProtectedResource};
use crate::domain::{CheckRequest, Dialect, Operation, Reason};

/// The record of one decision. The steps fill it in one after the other. Until they decide, it is a denial.
#[derive(Debug)]
pub struct DecisionRecord<'s, 'a> {
    /// The dialect in which the gateway asked.
    pub dialect: Dialect,
    /// The original request; `None` if the gateway's request did not conform to its dialect.
    pub request: Option<&'s CheckRequest<'a>>,
    /// The resource that the request is for; `None` if none matches.
    pub resource: Option<&'s ProtectedResource>,
    /// The operation of the request; `None` if it was not read.
    pub operation: Option<Operation<'a>>,
    /// Whether it may pass.
    pub decision: Decision,
    /// The version of the policy that decided.
    pub policy_version: &'s str,
    /// The time from the start of the request to the decision.
    pub duration: Duration,
    /// The id of a trace that begins with this decision: the sampler chose it, and the request belongs to no trace.
    pub root_trace_id: Option<String>,
}

impl<'s, 'a> DecisionRecord<'s, 'a> {
    /// The record of a request that its dialect has read.
    #[must_use]
    pub fn of_request(request: &'s CheckRequest<'a>, policy_version: &'s str) -> Self {
        Self {
            request: Some(request),
            ..Self::of_unread(
                request.dialect,
                Denial::of(Reason::ResourceUnknown),
                policy_version,
            )
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

    /// The resource's id; `none` if no resource matches.
    #[must_use]
    pub fn resource_id(&self) -> &str {
        self.resource
            .map_or("none", |resource| resource.id().as_str())
    }

    /// The id of the trace that the request belongs to.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.root_trace_id
            .as_deref()
            .or_else(|| self.request.and_then(CheckRequest::trace_id))
    }

    /// The duration in microseconds.
    #[must_use]
    pub fn duration_us(&self) -> u64 {
        u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX)
    }
}
