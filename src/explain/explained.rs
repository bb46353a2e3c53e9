//! Asks for a decision as the request path does, and keeps what each step found.

use serde::Serialize;

use super::{OriginalRequest, draft::Wire};
use crate::{
    authorize::{Authorizer, Checked},
    domain::{Reason, Step, Trace},
    gateway::{
        Reply,
        ext_authz_grpc::{self, AnswerView},
    },
    policy::Decision,
};

/// A decision, each step to it, and the answer that the gateway would get. It holds no token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// `permit` or `deny`.
    pub decision: &'static str,
    /// The stable code.
    pub reason: &'static str,
    /// What was looked at, in order.
    pub steps: Vec<ExplainedStep>,
    /// The HTTP status of the answer, or what Envoy makes of one without.
    pub status: i32,
    /// The headers of the answer.
    #[serde(serialize_with = "object")]
    pub headers: Vec<(String, String)>,
    /// The body of the answer, where it has one.
    pub body: Option<String>,
    /// What else Envoy gets over gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcAnswer>,
    /// What the reason means; of a denial alone.
    #[serde(skip)]
    pub description: Option<&'static str>,
    /// The step that the request did not pass.
    #[serde(skip)]
    failed: Option<Step>,
}

/// What a `CheckResponse` has that no answer of HTTP has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GrpcAnswer {
    /// `google.rpc.Code`; 0 alone is a permit.
    pub code: i32,
    /// `ok_response`, `denied_response` or `error_response`.
    pub response: &'static str,
    /// What Envoy removes from the request.
    pub headers_to_remove: Vec<String>,
    /// What Envoy's access log may know.
    #[serde(serialize_with = "object")]
    pub dynamic_metadata: Vec<(String, String)>,
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedStep {
    /// At which step.
    #[serde(serialize_with = "name")]
    pub step: Step,
    /// What.
    pub found: String,
}

/// One step with all that was found out at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSummary<'a> {
    /// Which.
    pub step: Step,
    /// How it ended.
    pub outcome: StepOutcome,
    /// What was found out.
    pub found: Vec<&'a str>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// Nothing there speaks against the request.
    Passed,
    /// The request was denied for this.
    Failed,
    /// It was decided without this step.
    NotReached,
}

/// Decides about `original`, for nobody but the person who asks: nothing is counted, logged or remembered. Keys are
/// asked for as on the request path, and under the same ration.
pub async fn explain(authorizer: &Authorizer, original: &OriginalRequest) -> Explained {
    let mut steps = Steps(Vec::new());
    let read = original.read();
    let checked = match &read {
        Ok(request) => authorizer.explain(request, &mut steps).await,
        Err(misread) => {
            steps.note(Step::Resource, || misread.to_string());
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

/// What the gateway gets, of either kind.
struct Answer {
    status: i32,
    headers: Vec<(String, String)>,
    body: Option<String>,
    grpc: Option<GrpcAnswer>,
}

impl Answer {
    fn of_http(reply: Reply) -> Self {
        let text = |value| String::from_utf8_lossy(value).into_owned();
        let headers = reply.fields().map(|(name, value)| (name.to_owned(), text(value)));
        let headers = headers.collect();
        Self { status: reply.status.into(), headers, body: reply.body, grpc: None }
    }

    fn of_grpc(answer: AnswerView) -> Self {
        let AnswerView { code, response, headers_to_remove, dynamic_metadata, .. } = answer;
        Self {
            status: answer.status.unwrap_or(if code == 0 { 200 } else { 403 }),
            headers: answer.headers,
            body: Some(answer.body).filter(|body| !body.is_empty()),
            grpc: Some(GrpcAnswer { code, response, headers_to_remove, dynamic_metadata }),
        }
    }
}

impl StepOutcome {
    /// Its name for people.
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

    /// Every step, in order, also those that were not reached.
    #[must_use]
    pub fn summary(&self) -> Vec<StepSummary<'_>> {
        let of = |step: Step| {
            let notes = self.steps.iter().filter(|note| note.step == step);
            let found: Vec<_> = notes.map(|note| note.found.as_str()).collect();
            let is_failed = self.failed == Some(step) || (step == Step::Decision && self.decision == "deny");
            let outcome = match (is_failed, found.is_empty()) {
                (true, _) => StepOutcome::Failed,
                (false, true) => StepOutcome::NotReached,
                (false, false) => StepOutcome::Passed,
            };
            StepSummary { step, outcome, found }
        };
        Step::ALL.map(of).into()
    }
}

/// The first check that fails decides, so what was looked at last is what failed.
fn last_before_the_decision(steps: &[ExplainedStep]) -> Option<Step> {
    steps.iter().map(|note| note.step).rfind(|step| *step != Step::Decision)
}

/// Keeps every note.
struct Steps(Vec<ExplainedStep>);

impl Trace for Steps {
    fn note(&mut self, step: Step, text: impl FnOnce() -> String) {
        self.0.push(ExplainedStep { step, found: text() });
    }

    fn is_thorough(&self) -> bool {
        true
    }
}

fn name<S: serde::Serializer>(step: &Step, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(step.name())
}

/// Pairs in their order, as a JSON object.
fn object<S: serde::Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}
