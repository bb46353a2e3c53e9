//! Lines that wait to be written. If an output takes only a part of a line, the whole line stays.

use std::io::{self, ErrorKind};

use super::output::Output;

/// An output, and the lines that it has not taken yet.
#[derive(Debug)]
pub(super) struct Writer {
    output: Output,
    pending: Vec<u8>,
    pending_records: u64,
}

impl Writer {
    pub(super) fn new(output: Output) -> Self {
        Self {
            output,
            pending: Vec::new(),
            pending_records: 0,
        }
    }

    /// Adds the line of a record.
    pub(super) fn push(&mut self, line: &[u8]) {
        self.pending.extend_from_slice(line);
        self.pending_records += 1;
    }

    /// Closes the file; the next write reopens its path.
    pub(super) fn close(&mut self) {
        self.output.close();
        // The pending line break would end a cut line, which is in the old file.
        if self.pending.first() == Some(&b'\n') {
            self.pending.remove(0);
        }
    }

    /// Writes all pending lines, in one write if the output takes them. Returns the number of records.
    ///
    /// # Errors
    /// If the output cannot be opened, or takes only a part. Lines that it did not take in full stay.
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

    /// Removes the lines that were taken in full. A line that was cut is written again in full, on a new line: by
    /// then another process may have emptied the file or appended to it.
    fn forget(&mut self, taken: usize) {
        let before = self.pending.get(..taken).unwrap_or_default();
        let whole = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        self.pending.drain(..whole);
        if whole < taken {
            self.pending.insert(0, b'\n');
        }
    }
}
