//! The output of the audit log: standard output, or a file that can be moved away and reopened.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    path::PathBuf,
};

use super::AuditOutput;

/// An output that may be closed for a while.
#[derive(Debug)]
pub(super) enum Output {
    /// Standard output, through a separate descriptor, so that no buffer holds lines back.
    Stdout(File),
    /// A file.
    File {
        /// The path of the file.
        path: PathBuf,
        /// The file, open for appending; `None` until it can be opened.
        file: Option<File>,
    },
}

impl Output {
    /// Opens the output for the first time.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub(super) fn open(output: &AuditOutput) -> io::Result<Self> {
        match output {
            AuditOutput::Stdout => Ok(Self::Stdout(File::from(
                io::stdout().as_fd().try_clone_to_owned()?,
            ))),
            AuditOutput::File(path) => Ok(Self::File {
                path: path.clone(),
                file: Some(append_to(path)?),
            }),
        }
    }

    /// Closes the file, which may have been moved away. The next write reopens the path.
    pub(super) fn close(&mut self) {
        match self {
            Self::Stdout(_) => {}
            Self::File { file, .. } => *file = None,
        }
    }

    /// Opens the path if it is not open.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(super) fn ensure_open(&mut self) -> io::Result<()> {
        match self {
            Self::File {
                path,
                file: file @ None,
            } => *file = Some(append_to(path)?),
            Self::Stdout(_) | Self::File { file: Some(_), .. } => {}
        }
        Ok(())
    }

    /// Writes once and returns the number of bytes that the output took.
    ///
    /// # Errors
    /// If the output takes nothing.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.ensure_open()?;
        match self {
            Self::Stdout(stdout) => {
                // The lock prevents lines of the log from mixing with audit lines.
                let _log = io::stdout().lock();
                stdout.write(bytes)
            }
            Self::File {
                file: Some(file), ..
            } => file.write(bytes),
            Self::File { file: None, .. } => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Opens with `O_APPEND`: each write goes to the end, even after another process has truncated the file. A new file
/// is accessible only to its owner.
fn append_to(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}
