//! The one use case: check a request. It knows no gateway and no listener.

mod authorizer;
mod line;
mod naming;
mod observer;
mod request;

pub use authorizer::{Authorizer, Checked};
pub use observer::ObserverSettings;
pub use request::CheckRequest;
