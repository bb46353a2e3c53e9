//! Lines on their way out. What an output did not take stays here, whole line by whole line.

use std::io::{self, ErrorKind};

use super::output::Output;

/// An output, and what it still has to take.
#[derive(Debug)]
pub(super) struct Writer {
    output: Output,
    pending: Vec<u8>,
    pending_records: u64,
}

impl Writer {
    pub(super) fn new(output: Output) -> Self {
        Self { output, pending: Vec::new(), pending_records: 0 }
    }

    /// Adds the line of a record.
    pub(super) fn push(&mut self, line: &[u8]) {
        self.pending.extend_from_slice(line);
        self.pending_records += 1;
    }

    /// Leaves the file and opens its path anew when it writes next.
    pub(super) fn close(&mut self) {
        self.output.close();
        // The break that would end a cut line is for the file that has it.
        if self.pending.first() == Some(&b'\n') {
            self.pending.remove(0);
        }
    }

    /// Writes all that is pending, in one write if the output takes it. Answers how many records that were.
    ///
    /// # Errors
    /// When it cannot be opened or takes less. The lines that it has not taken whole stay.
    pub(super) fn write(&mut self) -> io::Result<u64> {
        self.output.ensure_open()?;
        let mut taken = 0;
        let outcome = loop {
            let rest = self.pending.get(taken..).unwrap_or_default();
            if rest.is_empty() {
                break Ok(());
            }
            match self.output.write(rest) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(count) => taken += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.forget(taken);
        outcome.map(|()| std::mem::take(&mut self.pending_records))
    }

    /// Forgets the lines that were taken whole. One that was cut comes again whole, on a line of its own: by then
    /// the file may have been emptied, or another process may have appended to it.
    fn forget(&mut self, taken: usize) {
        let before = self.pending.get(..taken).unwrap_or_default();
        let whole = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.pending.drain(..whole);
        if whole < taken {
            self.pending.insert(0, b'\n');
        }
    }
}
