//! Asks for a decision as the request path does, and keeps what each step found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::OriginalRequest;
use crate::{
    authorize::{Authorizer, Checked},
    domain::{Reason, Step, Trace},
    gateway::Reply,
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
    /// The status of the answer.
    pub status: u16,
    /// The headers of the answer.
    pub headers: BTreeMap<&'static str, String>,
    /// The body of the answer, where it has one.
    pub body: Option<String>,
    /// What the reason means; of a denial alone.
    #[serde(skip)]
    pub description: Option<&'static str>,
    /// The step that the request did not pass.
    #[serde(skip)]
    failed: Option<Step>,
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
    let asked = original.asked();
    let mut steps = Steps(Vec::new());
    let (checked, request) = match (original.dialogue.read)(&asked) {
        Ok(request) => (authorizer.explain(&request, &mut steps).await, Some(request)),
        Err(misread) => {
            steps.note(Step::Resource, || misread.to_string());
            (Checked { decision: Decision::Deny(misread.into()), resource: None, operation: None }, None)
        }
    };
    let reply = (original.dialogue.write)(&checked, request.as_ref());
    Explained::of(steps.0, &checked.decision, reply)
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
    fn of(steps: Vec<ExplainedStep>, decision: &Decision, reply: Reply) -> Self {
        let (decision, reason, denied) = match decision {
            Decision::Permit(permit) => ("permit", permit.grounds().code(), None),
            Decision::Deny(denial) => ("deny", denial.reason().code(), Some(denial.reason())),
        };
        let headers = reply.headers.iter();
        let headers = headers.map(|(name, value)| (*name, String::from_utf8_lossy(value).into_owned()));
        Self {
            decision,
            reason,
            failed: denied.and_then(|_| last_before_the_decision(&steps)),
            steps,
            status: reply.status,
            headers: headers.collect(),
            body: reply.body,
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
