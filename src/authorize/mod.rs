//! The one use case: check a request. It does not depend on a gateway or a listener.
//! Design: `docs/design/request-path.md`.

mod authorizer;
mod check_result;
mod decision_log;
mod decision_observer;
mod explain_note;
mod span;

pub use authorizer::Authorizer;
pub use check_result::Checked;
pub use decision_observer::ObserverSettings;
pub use explain_note::{Note, Trace};
