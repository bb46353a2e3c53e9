//! Where the lines go: standard output, or a file that can be moved away and opened anew.

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
    /// Standard output, by a descriptor of its own so that nothing is kept back in a buffer.
    Stdout(File),
    /// A file.
    File {
        /// Where it is.
        path: PathBuf,
        /// Opened for appending; `None` until it can be.
        file: Option<File>,
    },
}

impl Output {
    /// Opens it for the first time.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn open(output: &AuditOutput) -> io::Result<Self> {
        match output {
            AuditOutput::Stdout => Ok(Self::Stdout(File::from(io::stdout().as_fd().try_clone_to_owned()?))),
            AuditOutput::File(path) => Ok(Self::File { path: path.clone(), file: Some(append_to(path)?) }),
        }
    }

    /// Leaves a file, which may have been moved away; the next write opens the path anew.
    pub(super) fn close(&mut self) {
        match self {
            Self::Stdout(_) => {}
            Self::File { file, .. } => *file = None,
        }
    }

    /// Opens the path where it is not open.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn ensure_open(&mut self) -> io::Result<()> {
        match self {
            Self::File { path, file: file @ None } => *file = Some(append_to(path)?),
            Self::Stdout(_) | Self::File { file: Some(_), .. } => {}
        }
        Ok(())
    }

    /// One write, of as much of `bytes` as it takes.
    ///
    /// # Errors
    /// When it takes nothing.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.ensure_open()?;
        match self {
            Self::Stdout(stdout) => {
                // The lock keeps the lines of the log out of ours.
                let _log = io::stdout().lock();
                stdout.write(bytes)
            }
            Self::File { file: Some(file), .. } => file.write(bytes),
            Self::File { file: None, .. } => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// `O_APPEND`: what is written goes to the end, also after the file was cut to nothing by others. A file that is
/// not there is made for its owner alone.
fn append_to(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}
