//! The one use case: check a request. It knows no gateway and no listener.

mod authorizer;
mod checked;
mod decision_log;
mod note;
mod observer;
mod span;

pub use authorizer::Authorizer;
pub use checked::Checked;
pub use note::{Note, Trace};
pub use observer::ObserverSettings;
