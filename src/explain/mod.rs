//! One decision step by step, for a person who asks why: `scopegate explain` and the form of `/debug`.
//!
//! `request_draft` builds the request as a gateway of the chosen dialect sends it. `explained` lets the code of the request
//! path decide it and keeps the notes of each step. `prose` has the text for each note, and `printed` the text of the
//! whole.

mod explained;
mod printed;
mod prose;
mod request_draft;

pub use explained::{Explained, ExplainedStep, GrpcAnswer, StepOutcome, StepSummary, explain};
pub use request_draft::{DraftError, OriginalRequest, RequestDraft};
