//! The queue of log lines. A worker puts a line into memory and continues; the log thread writes
//! the waiting lines to standard output. If the reader of standard output stops reading, lines are
//! lost and counted, and decisions go on.

use std::{
    io::{self, ErrorKind, Write},
    mem,
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use prometheus::{IntCounter, Registry};
use tracing_subscriber::fmt::MakeWriter;

/// The lines that wait to be written.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<Shared>);

struct Shared {
    waiting: Mutex<Waiting>,
    /// Signals that lines wait, that the queue was closed, or that the thread has ended.
    changed: Condvar,
    max_bytes: usize,
    lost: &'static IntCounter,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    is_closed: bool,
    has_ended: bool,
}

/// Dropping it waits until all lines are written, for at most a second.
#[must_use]
pub struct LogGuard(LogQueue);

impl LogQueue {
    /// Starts the thread that writes to `output`. A line that would make more than `max_bytes` wait
    /// is lost.
    ///
    /// # Errors
    /// If the thread cannot be started.
    fn start(
        output: impl Write + Send + 'static,
        max_bytes: usize,
        lost: &'static IntCounter,
    ) -> io::Result<Self> {
        let (waiting, changed) = (Mutex::default(), Condvar::new());
        let queue = Self(Arc::new(Shared {
            waiting,
            changed,
            max_bytes,
            lost,
        }));
        let shared = Arc::clone(&queue.0);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.write_to(output))?;
        Ok(queue)
    }

    /// Starts the queue of standard output.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub(super) fn to_stdout() -> io::Result<Self> {
        Self::start(io::stdout(), MAX_WAITING_BYTES, &LOST)
    }

    /// The guard that writes the last lines at the end of the process.
    pub(super) fn guard(&self) -> LogGuard {
        LogGuard(self.clone())
    }

    /// Adds one line, which includes its line break.
    pub(super) fn push(&self, line: &[u8]) {
        let Shared {
            changed,
            max_bytes,
            lost,
            ..
        } = &*self.0;
        let mut waiting = self.0.waiting();
        if waiting.has_ended || waiting.lines.len().saturating_add(line.len()) > *max_bytes {
            lost.inc();
            return;
        }
        let was_empty = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        drop(waiting);
        if was_empty {
            changed.notify_all();
        }
    }

    /// Counts a line that could not be built.
    pub(super) fn count_lost(&self) {
        self.0.lost.inc();
    }

    fn close(&self) {
        let Shared { changed, .. } = &*self.0;
        let mut waiting = self.0.waiting();
        waiting.is_closed = true;
        changed.notify_all();
        let outcome =
            changed.wait_timeout_while(waiting, CLOSE_TIMEOUT, |waiting| !waiting.has_ended);
        drop(outcome);
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines until the queue is closed and empty.
    fn write_to(&self, mut output: impl Write) {
        let (mut taken, mut reported) = (Vec::new(), self.lost.get());
        while self.take(&mut taken) {
            if write(&mut output, &taken).is_err() {
                let lines = taken.iter().filter(|byte| **byte == b'\n').count();
                self.lost.inc_by(u64::try_from(lines).unwrap_or(u64::MAX));
            } else if self.lost.get() > reported {
                let lines = self.lost.get() - reported;
                reported += lines;
                tracing::warn!(
                    lines,
                    "log lines were lost: standard output did not take them in time"
                );
            }
            taken.clear();
            taken.shrink_to(RETAINED_BYTES);
        }
        self.waiting().has_ended = true;
        self.changed.notify_all();
    }

    /// Waits for lines and takes all of them. Returns `false` if the queue is closed and empty.
    fn take(&self, taken: &mut Vec<u8>) -> bool {
        let is_idle = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.is_closed;
        let waiting = self
            .changed
            .wait_while(self.waiting(), is_idle)
            .unwrap_or_else(PoisonError::into_inner);
        // Lines come in bursts: after a short delay, one write takes them all.
        let is_open = |waiting: &mut Waiting| !waiting.is_closed;
        let (mut waiting, _) = self
            .changed
            .wait_timeout_while(waiting, BATCH_DELAY, is_open)
            .unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut waiting.lines, taken);
        !taken.is_empty()
    }
}

/// Writes all lines. If another process has made standard output non-blocking, a full output
/// returns `WouldBlock`, and the write is repeated.
fn write(output: &mut impl Write, mut lines: &[u8]) -> io::Result<()> {
    while !lines.is_empty() {
        match output.write(lines) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => lines = lines.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(BATCH_DELAY),
            Err(error) => return Err(error),
        }
    }
    output.flush()
}

/// Takes one whole line per write.
impl Write for &LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogQueue {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Registers `scopegate_log_lines_lost_total`. There is one counter for the process, as there is
/// one log.
///
/// # Errors
/// If the name is already registered.
pub fn register_lost_lines(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(LOST.clone()))
}

static LOST: LazyLock<IntCounter> = LazyLock::new(|| {
    let name = "scopegate_log_lines_lost_total";
    let help = "Log lines that were lost because standard output did not take them in time.";
    #[expect(clippy::expect_used, reason = "the name is valid")]
    IntCounter::new(name, help).expect("the name of a metric")
});

/// The most bytes that may wait: some ten thousand lines.
const MAX_WAITING_BYTES: usize = 4 << 20;

/// How much of each of the two buffers stays allocated after a burst: as much as a load of only
/// denials writes within [`BATCH_DELAY`].
const RETAINED_BYTES: usize = 512 << 10;

/// How long the first line of a batch waits for others.
const BATCH_DELAY: Duration = Duration::from_millis(5);

/// How long the end of the process waits for the last lines.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// An output that reports each write and then returns the result that the test sends.
    struct ControlledOutput {
        writes: Sender<String>,
        results: Receiver<io::Result<usize>>,
    }

    impl Write for ControlledOutput {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes
                .send(String::from_utf8(bytes.to_vec()).unwrap())
                .unwrap();
            self.results
                .recv()
                .unwrap_or(Ok(bytes.len()))
                .map(|count| count.min(bytes.len()))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Setup {
        queue: LogQueue,
        written: Receiver<String>,
        results: Sender<io::Result<usize>>,
        lost: &'static IntCounter,
    }

    impl Setup {
        fn start(max_bytes: usize) -> Self {
            let (writes, written) = channel();
            let (results, received) = channel();
            let lost: &'static IntCounter =
                Box::leak(Box::new(IntCounter::new("lost", "Lost.").unwrap()));
            let output = ControlledOutput {
                writes,
                results: received,
            };
            let queue = LogQueue::start(output, max_bytes, lost).unwrap();
            Self {
                queue,
                written,
                results,
                lost,
            }
        }

        fn log(&self, line: &str) {
            (&self.queue).write_all(line.as_bytes()).unwrap();
        }

        fn written(&self) -> String {
            self.written.recv_timeout(Duration::from_secs(10)).unwrap()
        }
    }

    #[test]
    fn lines_of_a_burst_are_written_together_and_in_order() {
        let setup = Setup::start(1000);
        for line in ["a\n", "b\n", "c\n"] {
            setup.log(line);
        }
        assert_eq!(setup.written(), "a\nb\nc\n");
        setup.log("d\n");
        setup.results.send(Ok(2)).unwrap();
        assert_eq!(setup.written(), "b\nc\n");
        setup.results.send(Ok(9)).unwrap();
        assert_eq!(setup.written(), "d\n");
    }

    #[test]
    fn a_blocked_output_loses_lines_and_delays_nothing() {
        let setup = Setup::start(10);
        setup.log("taken\n");
        assert_eq!(setup.written(), "taken\n");
        for _ in 0..1000 {
            setup.log("12345\n");
        }
        assert_eq!(setup.lost.get(), 999);
        setup.results.send(Ok(9)).unwrap();
        assert_eq!(setup.written(), "12345\n");
    }

    #[test]
    fn lines_of_a_failed_write_are_lost_and_those_of_a_delayed_one_are_not() {
        let setup = Setup::start(1000);
        setup.log("a\n");
        setup.log("b\n");
        assert_eq!(setup.written(), "a\nb\n");
        setup.log("c\n");
        setup
            .results
            .send(Err(ErrorKind::BrokenPipe.into()))
            .unwrap();
        assert_eq!(setup.written(), "c\n");
        assert_eq!(setup.lost.get(), 2);
        for delay in [ErrorKind::Interrupted, ErrorKind::WouldBlock] {
            setup.results.send(Err(delay.into())).unwrap();
            assert_eq!(setup.written(), "c\n");
        }
        assert_eq!(setup.lost.get(), 2);
    }

    #[test]
    fn the_end_waits_for_the_last_lines() {
        let Setup {
            queue,
            written,
            results,
            lost,
        } = Setup::start(1000);
        drop(results);
        (&queue).write_all(b"last\n").unwrap();
        drop(queue.guard());
        assert_eq!(written.try_recv().unwrap(), "last\n");
        (&queue).write_all(b"late\n").unwrap();
        assert_eq!(lost.get(), 1);
    }

    #[test]
    fn the_end_does_not_wait_for_ever() {
        let setup = Setup::start(1000);
        setup.log("stuck\n");
        assert_eq!(setup.written(), "stuck\n");
        drop(setup.queue.guard());
        assert!(!setup.queue.0.waiting().has_ended);
    }
}
