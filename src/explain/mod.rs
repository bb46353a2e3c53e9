//! One decision, told step by step to whoever asks why: for `scopegate explain` and the form of `/debug`.
//!
//! `draft` puts a request together as a gateway of the chosen dialect would; `explained` has it decided by the very
//! code of the request path, and keeps what each step found.

mod draft;
mod explained;

pub use draft::{DraftError, OriginalRequest, RequestDraft};
pub use explained::{Explained, ExplainedStep, GrpcAnswer, StepOutcome, StepSummary, explain};
