//! File and environment to settings. What was written and what is true are different types.

mod settings;

pub use settings::Settings;
