//! Log lines on their way out. Whoever logs puts a line into memory and goes on; a thread of its own hands what has
//! gathered to standard output. A reader that stops reading costs lines, which are counted, and never a decision.

use std::{
    io::{self, ErrorKind, Write},
    mem,
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use prometheus::{IntCounter, Registry};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait for an output.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<Shared>);

struct Shared {
    waiting: Mutex<Waiting>,
    /// There is something to write, the queue was closed, or the thread has ended.
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

/// Has all lines written when it is dropped, which takes a second at most.
#[must_use]
pub struct LogGuard(LogQueue);

impl LogQueue {
    /// Starts the thread that writes to `output`. With more than `max_bytes` waiting, new lines are lost.
    ///
    /// # Errors
    /// When there can be no more threads.
    fn start(
        output: impl Write + Send + 'static,
        max_bytes: usize,
        lost: &'static IntCounter,
    ) -> io::Result<Self> {
        let (waiting, changed) = (Mutex::default(), Condvar::new());
        let queue = Self(Arc::new(Shared { waiting, changed, max_bytes, lost }));
        let shared = Arc::clone(&queue.0);
        thread::Builder::new().name("log".to_owned()).spawn(move || shared.write_to(output))?;
        Ok(queue)
    }

    /// To standard output.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub(super) fn to_stdout() -> io::Result<Self> {
        Self::start(io::stdout(), MAX_WAITING_BYTES, &LOST)
    }

    /// What has the lines written when the process ends.
    pub(super) fn guard(&self) -> LogGuard {
        LogGuard(self.clone())
    }

    /// Takes one line, with its line break.
    pub(super) fn push(&self, line: &[u8]) {
        let Shared { changed, max_bytes, lost, .. } = &*self.0;
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

    /// A line that could not be written.
    pub(super) fn count_lost(&self) {
        self.0.lost.inc();
    }

    fn close(&self) {
        let Shared { changed, .. } = &*self.0;
        let mut waiting = self.0.waiting();
        waiting.is_closed = true;
        changed.notify_all();
        let outcome = changed.wait_timeout_while(waiting, CLOSE_TIMEOUT, |waiting| !waiting.has_ended);
        drop(outcome);
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the queue is closed and empty.
    fn write_to(&self, mut output: impl Write) {
        let (mut taken, mut told) = (Vec::new(), self.lost.get());
        while self.take(&mut taken) {
            if write(&mut output, &taken).is_err() {
                let lines = taken.iter().filter(|byte| **byte == b'\n').count();
                self.lost.inc_by(u64::try_from(lines).unwrap_or(u64::MAX));
            } else if self.lost.get() > told {
                let lines = self.lost.get() - told;
                told += lines;
                tracing::warn!(lines, "log lines were lost: standard output did not take them in time");
            }
            taken.clear();
            taken.shrink_to(KEPT_BYTES);
        }
        self.waiting().has_ended = true;
        self.changed.notify_all();
    }

    /// Waits for lines and takes all; `false` when there will be no more.
    fn take(&self, taken: &mut Vec<u8>) -> bool {
        let nothing = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.is_closed;
        let waiting =
            self.changed.wait_while(self.waiting(), nothing).unwrap_or_else(PoisonError::into_inner);
        // Lines come in bursts: a moment later one write takes them all.
        let gathering = |waiting: &mut Waiting| !waiting.is_closed;
        let (mut waiting, _) = self
            .changed
            .wait_timeout_while(waiting, GATHER, gathering)
            .unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut waiting.lines, taken);
        !taken.is_empty()
    }
}

/// Writes all of it. An output that is full for now, where another process has made it say so, is asked again.
fn write(output: &mut impl Write, mut lines: &[u8]) -> io::Result<()> {
    while !lines.is_empty() {
        match output.write(lines) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => lines = lines.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(GATHER),
            Err(error) => return Err(error),
        }
    }
    output.flush()
}

/// One line of the log, which comes in one piece.
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

/// Registers `scopegate_log_lines_lost_total`. The log is the process's, and so is the count.
///
/// # Errors
/// When the name is taken.
pub fn register_lost_lines(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(LOST.clone()))
}

static LOST: LazyLock<IntCounter> = LazyLock::new(|| {
    let name = "scopegate_log_lines_lost_total";
    #[expect(clippy::expect_used, reason = "the name is one")]
    IntCounter::new(name, "Log lines that standard output did not take.").expect("a metric's name")
});

/// Some ten thousand lines.
const MAX_WAITING_BYTES: usize = 4 << 20;

/// What a burst may leave allocated, twice: as much as denials alone write while lines are gathered.
const KEPT_BYTES: usize = 512 << 10;

const GATHER: Duration = Duration::from_millis(5);

const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Tells each write, and waits for leave before it takes it.
    struct Gate {
        told: Sender<String>,
        leave: Receiver<io::Result<usize>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.told.send(String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
            self.leave.recv().unwrap_or(Ok(bytes.len())).map(|count| count.min(bytes.len()))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Bench {
        queue: LogQueue,
        written: Receiver<String>,
        leave: Sender<io::Result<usize>>,
        lost: &'static IntCounter,
    }

    impl Bench {
        fn start(max_bytes: usize) -> Self {
            let (told, written) = channel();
            let (leave, granted) = channel();
            let lost: &'static IntCounter = Box::leak(Box::new(IntCounter::new("lost", "Lost.").unwrap()));
            let queue = LogQueue::start(Gate { told, leave: granted }, max_bytes, lost).unwrap();
            Self { queue, written, leave, lost }
        }

        fn log(&self, line: &str) {
            (&self.queue).write_all(line.as_bytes()).unwrap();
        }

        fn written(&self) -> String {
            self.written.recv_timeout(Duration::from_secs(10)).unwrap()
        }
    }

    #[test]
    fn lines_that_come_together_are_written_together_and_in_order() {
        let bench = Bench::start(1000);
        for line in ["a\n", "b\n", "c\n"] {
            bench.log(line);
        }
        assert_eq!(bench.written(), "a\nb\nc\n");
        bench.log("d\n");
        bench.leave.send(Ok(2)).unwrap();
        assert_eq!(bench.written(), "b\nc\n");
        bench.leave.send(Ok(9)).unwrap();
        assert_eq!(bench.written(), "d\n");
    }

    #[test]
    fn an_output_that_takes_nothing_costs_lines_and_no_time() {
        let bench = Bench::start(10);
        bench.log("taken\n");
        assert_eq!(bench.written(), "taken\n");
        for _ in 0..1000 {
            bench.log("12345\n");
        }
        assert_eq!(bench.lost.get(), 999);
        bench.leave.send(Ok(9)).unwrap();
        assert_eq!(bench.written(), "12345\n");
    }

    #[test]
    fn what_was_refused_is_lost_and_what_was_delayed_is_not() {
        let bench = Bench::start(1000);
        bench.log("a\n");
        bench.log("b\n");
        assert_eq!(bench.written(), "a\nb\n");
        bench.log("c\n");
        bench.leave.send(Err(ErrorKind::BrokenPipe.into())).unwrap();
        assert_eq!(bench.written(), "c\n");
        assert_eq!(bench.lost.get(), 2);
        for delay in [ErrorKind::Interrupted, ErrorKind::WouldBlock] {
            bench.leave.send(Err(delay.into())).unwrap();
            assert_eq!(bench.written(), "c\n");
        }
        assert_eq!(bench.lost.get(), 2);
    }

    #[test]
    fn the_end_waits_for_the_last_lines() {
        let Bench { queue, written, leave, lost } = Bench::start(1000);
        drop(leave);
        (&queue).write_all(b"last\n").unwrap();
        drop(queue.guard());
        assert_eq!(written.try_recv().unwrap(), "last\n");
        (&queue).write_all(b"late\n").unwrap();
        assert_eq!(lost.get(), 1);
    }

    #[test]
    fn the_end_does_not_wait_for_ever() {
        let bench = Bench::start(1000);
        bench.log("stuck\n");
        assert_eq!(bench.written(), "stuck\n");
        drop(bench.queue.guard());
        assert!(!bench.queue.0.waiting().has_ended);
    }
}
