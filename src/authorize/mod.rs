//! The one use case: check a request. It knows no gateway and no listener.

mod authorizer;
mod decision_log;
mod note;
mod observer;
mod span;

pub use authorizer::{Authorizer, Checked};
pub use note::{Note, Trace};
pub use observer::ObserverSettings;
