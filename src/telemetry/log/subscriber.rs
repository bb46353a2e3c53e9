//! Sets up the log of the process: one line per event on standard output, as JSON or text.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer, Registry, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use super::{
    LogFormat, LogLevel, LogSettings,
    json_lines::JsonLines,
    queue::{LogGuard, LogQueue},
};

/// Starts logging. The caller drops the guard at the end of the process. Only the first call has an
/// effect, so that every test may call it.
///
/// # Errors
/// If the log thread cannot be started.
pub fn init(settings: LogSettings) -> io::Result<LogGuard> {
    let queue = LogQueue::to_stdout()?;
    let guard = queue.guard();
    let level = level_of(settings.level);
    // Libraries log connections, and some of them headers. Only their warnings and errors are
    // logged.
    let ours =
        filter_fn(|event| event.target().starts_with("scopegate") || *event.level() <= tracing::Level::WARN);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        LogFormat::Json => JsonLines::new(queue).boxed(),
        LogFormat::Text => fmt::layer().with_ansi(io::stdout().is_terminal()).with_writer(queue).boxed(),
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
