//! The debug pages: what the process knows, and one decision told step by step. Off unless switched on.

mod form;
mod guard;
mod pages;
mod templates;
mod view;

pub use guard::DebugPages;
pub(super) use pages::routes;
pub use templates::utc;
pub use view::{
    CountView, CountsView, DebugData, KeyView, KeysView, Overview, PolicyView, ResourceView, SkippedView,
    SourceView, in_words,
};
