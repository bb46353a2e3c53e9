//! The one use case: check a request. It knows no gateway and no listener.

mod authorizer;
mod decision_log;
mod observer;
mod request;
mod span;

pub use authorizer::{Authorizer, Checked};
pub use observer::ObserverSettings;
pub use request::CheckRequest;
