//! Makes a decision with the code of the request path and keeps what each step found.

use serde::Serialize;

use super::{OriginalRequest, prose, request_draft::Wire};
use crate::{
    authorize::{Authorizer, Checked, Note, Trace},
    domain::{Reason, Step},
    gateway::{
        Reply,
        ext_authz_grpc::{self, AnswerView},
    },
    policy::Decision,
    token::{TokenNote, TokenTrace},
};

/// A decision, the steps to it, and the answer that the gateway would get. It does not hold the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// `permit` or `deny`.
    pub decision: &'static str,
    /// The stable code.
    pub reason: &'static str,
    /// What the steps found, in order.
    pub steps: Vec<ExplainedStep>,
    /// The HTTP status of the answer. If an answer over gRPC has none: the status that Envoy sends.
    pub status: i32,
    /// The headers of the answer.
    #[serde(serialize_with = "object")]
    pub headers: Vec<(String, String)>,
    /// The body of the answer, if it has one.
    pub body: Option<String>,
    /// The parts of an answer over gRPC that HTTP does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcAnswer>,
    /// The meaning of the reason, for a denial.
    #[serde(skip)]
    pub description: Option<&'static str>,
    /// The step that the request did not pass.
    #[serde(skip)]
    failed: Option<Step>,
}

/// The parts of a `CheckResponse` that an HTTP answer does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GrpcAnswer {
    /// `google.rpc.Code`; only 0 is a permit.
    pub code: i32,
    /// `ok_response`, `denied_response` or `error_response`.
    pub response: &'static str,
    /// The headers that Envoy removes from the request.
    pub headers_to_remove: Vec<String>,
    /// The metadata for Envoy's access log.
    #[serde(serialize_with = "object")]
    pub dynamic_metadata: Vec<(String, String)>,
}

/// One finding of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedStep {
    /// The step.
    #[serde(serialize_with = "name")]
    pub step: Step,
    /// What it found.
    pub found: String,
}

/// One step with all its findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSummary<'a> {
    /// The step.
    pub step: Step,
    /// How it ended.
    pub outcome: StepOutcome,
    /// What it found.
    pub found: Vec<&'a str>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// The request passed it.
    Passed,
    /// The request was denied here.
    Failed,
    /// The decision was made before it.
    NotReached,
}

/// Decides about `original` for a person who asks why. Nothing is counted, logged or cached. A token whose key is
/// missing makes the key source fetch, within the same limit as on the request path.
pub async fn explain(authorizer: &Authorizer, original: &OriginalRequest) -> Explained {
    let mut steps = Steps(Vec::new());
    let read = original.read();
    let checked = match &read {
        Ok(request) => authorizer.explain(request, &mut steps).await,
        Err(misread) => {
            steps.add(Step::Resource, misread.to_string());
            Checked::refused(*misread)
        }
    };
    let request = read.as_ref().ok();
    let answer = match &original.wire {
        Wire::Http { adapter, .. } => Answer::of_http((adapter.write)(&checked, request)),
        Wire::Grpc(_) => Answer::of_grpc(ext_authz_grpc::write(&checked, request).view()),
    };
    Explained::of(steps.0, &checked.decision, answer)
}

/// The answer that the gateway gets, over HTTP or gRPC.
struct Answer {
    status: i32,
    headers: Vec<(String, String)>,
    body: Option<String>,
    grpc: Option<GrpcAnswer>,
}

impl Answer {
    fn of_http(reply: Reply) -> Self {
        let text = |value| String::from_utf8_lossy(value).into_owned();
        let headers = reply
            .fields()
            .map(|(name, value)| (name.to_owned(), text(value)));
        let headers = headers.collect();
        Self {
            status: reply.status.into(),
            headers,
            body: reply.body,
            grpc: None,
        }
    }

    fn of_grpc(answer: AnswerView) -> Self {
        let AnswerView {
            code,
            response,
            headers_to_remove,
            dynamic_metadata,
            ..
        } = answer;
        Self {
            status: answer.status.unwrap_or(if code == 0 { 200 } else { 403 }),
            headers: answer.headers,
            body: Some(answer.body).filter(|body| !body.is_empty()),
            grpc: Some(GrpcAnswer {
                code,
                response,
                headers_to_remove,
                dynamic_metadata,
            }),
        }
    }
}

impl StepOutcome {
    /// The name of the outcome on the debug page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
        }
    }
}

impl Explained {
    fn of(steps: Vec<ExplainedStep>, decision: &Decision, answer: Answer) -> Self {
        let denied = decision.refusal().map(|refusal| refusal.reason);
        let reason = decision.outcome().code;
        let decision = if denied.is_some() { "deny" } else { "permit" };
        Self {
            decision,
            reason,
            failed: denied.and_then(|_| last_before_the_decision(&steps)),
            steps,
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            grpc: answer.grpc,
            description: denied.map(Reason::description),
        }
    }

    /// Every step in order, also those that were not reached.
    #[must_use]
    pub fn summary(&self) -> Vec<StepSummary<'_>> {
        let of = |step: Step| {
            let notes = self.steps.iter().filter(|note| note.step == step);
            let found: Vec<_> = notes.map(|note| note.found.as_str()).collect();
            let is_failed =
                self.failed == Some(step) || (step == Step::Decision && self.decision == "deny");
            let outcome = match (is_failed, found.is_empty()) {
                (true, _) => StepOutcome::Failed,
                (false, true) => StepOutcome::NotReached,
                (false, false) => StepOutcome::Passed,
            };
            StepSummary {
                step,
                outcome,
                found,
            }
        };
        Step::ALL.map(of).into()
    }
}

/// The first check that fails decides, so the last step before the decision is the one that failed.
fn last_before_the_decision(steps: &[ExplainedStep]) -> Option<Step> {
    steps
        .iter()
        .map(|note| note.step)
        .rfind(|step| *step != Step::Decision)
}

/// Turns every note into text and keeps it.
struct Steps(Vec<ExplainedStep>);

impl Steps {
    fn add(&mut self, step: Step, found: String) {
        self.0.push(ExplainedStep { step, found });
    }
}

impl Trace for Steps {
    fn note<'n>(&mut self, note: impl FnOnce() -> Note<'n>) {
        let (step, found) = prose::of_note(&note());
        self.add(step, found);
    }
}

impl TokenTrace for Steps {
    fn note_token<'n>(&mut self, note: impl FnOnce() -> TokenNote<'n>) {
        let note = note();
        self.add(note.step(), prose::of_token_note(&note));
    }
}

fn name<S: serde::Serializer>(step: &Step, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(step.name())
}

/// Pairs as a JSON object, in their order.
fn object<S: serde::Serializer>(
    pairs: &[(String, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}
