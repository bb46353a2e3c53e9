//! The debug pages: the state of the process, and one decision step by step. They are off by
//! default.
//!
//! Design: `docs/design/debug-pages.md`.

mod form;
mod guard;
mod pages;
mod templates;
mod view;

pub use guard::DebugPages;
pub(super) use pages::routes;
pub use templates::utc;
pub use view::{
    CountView, CountsView, DebugData, KeyView, KeysView, Overview, PolicyView, ResourceView,
    SkippedView, SourceView, duration_in_words,
};
