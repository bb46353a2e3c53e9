//! The log: one line an event, on standard output, as JSON or text.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer, Registry, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use super::{
    LogFormat, LogLevel, LogSettings,
    json_lines::JsonLines,
    queue::{LogGuard, LogQueue},
};
use crate::clock::SystemClock;

/// Starts logging; the guard is for the end of the process. Later calls do nothing, so that tests may all call it.
///
/// # Errors
/// When there can be no more threads.
pub fn init(settings: LogSettings) -> io::Result<LogGuard> {
    let queue = LogQueue::to_stdout()?;
    let guard = queue.guard();
    let level = level_of(settings.level);
    // Libraries log connections, and some of them headers: only their warnings are of interest.
    let ours =
        filter_fn(|event| event.target().starts_with("scopegate") || *event.level() <= tracing::Level::WARN);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        LogFormat::Json => JsonLines::new(queue, Some(SystemClock::default())).boxed(),
        // No colours: tracing-subscriber is built without them, and says so on a terminal that is to have them.
        LogFormat::Text => fmt::layer().with_ansi(false).with_writer(queue).boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(ours)).with(level).try_init();
    Ok(guard)
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
