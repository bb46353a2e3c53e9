//! actix-web and nothing else: servers, routes, handlers of ten lines, the root span.

mod settings;

pub use settings::ServerSettings;
