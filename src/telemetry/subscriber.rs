//! The log: one line an event, on standard output, as JSON or text.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer, Registry, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use super::{LogFormat, LogLevel, LogSettings};

/// Starts logging. Later calls do nothing, so that tests may all call it.
pub fn init(settings: LogSettings) {
    let level = level_of(settings.level);
    // Libraries below us talk of connections, and some of headers: only their warnings are of interest.
    let ours =
        filter_fn(|event| event.target().starts_with("scopegate") || *event.level() <= tracing::Level::WARN);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        LogFormat::Json => {
            fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
        LogFormat::Text => fmt::layer().with_ansi(std::io::stdout().is_terminal()).boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(ours)).with(level).try_init();
}

fn level_of(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
