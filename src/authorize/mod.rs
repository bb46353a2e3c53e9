//! The one use case: check a request. It does not depend on a gateway or a listener.
//! Design: `docs/design/request-path.md`.

mod authorizer;
mod decision_log;
mod observer;
mod span;

pub use authorizer::{Authorizer, Checked};
pub use observer::ObserverSettings;
