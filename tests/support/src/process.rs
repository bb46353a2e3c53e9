//! The service as a process that a test starts: its addresses, its log, and the kernel's counts for
//! it.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    thread,
};

use crate::http;

/// A running service. It is killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// Decisions and metadata over HTTP.
    pub address: SocketAddr,
    /// Admin pages.
    pub admin: SocketAddr,
    /// Envoy's `Check`.
    pub grpc: SocketAddr,
}

impl Running {
    /// Starts a command whose log is JSON, and waits until it says that it listens. Returns the log
    /// from there on.
    ///
    /// # Panics
    /// If the process ends first.
    pub fn start(mut command: Command) -> (Self, BufReader<ChildStdout>) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let line = line_with(&mut output, "\"message\":\"listening\"");
        let line: serde_json::Value = serde_json::from_str(&line).expect("the log is JSON");
        let address = |name: &str| {
            let listed = line[name].as_str().unwrap().trim_matches(['[', ']']);
            listed.split(',').next().unwrap().parse().unwrap()
        };
        let [address, admin, grpc] = ["listen", "admin", "grpc"].map(address);
        (
            Self {
                child,
                address,
                admin,
                grpc,
            },
            output,
        )
    }

    /// The same for a test that does not read the log.
    #[must_use]
    pub fn start_unread(command: Command) -> Self {
        let (running, mut output) = Self::start(command);
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        running
    }

    /// Gets an admin page; `None` if the listener does not answer.
    #[must_use]
    pub fn admin(&self, path: &str) -> Option<http::Answer> {
        http::get(self.admin, path, "localhost").ok()
    }

    /// The sum of the samples whose names have this prefix.
    ///
    /// # Panics
    /// If the admin listener does not answer.
    #[must_use]
    pub fn metric(&self, name: &str) -> u64 {
        let samples = self.admin("/metrics").unwrap().samples();
        samples
            .iter()
            .filter(|(known, _)| known.starts_with(name))
            .map(|(_, value)| *value as u64)
            .sum()
    }

    /// Its resident memory in KiB.
    ///
    /// # Panics
    /// If the process has ended.
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    /// If the process has ended.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If the system does not return its status.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads lines until one contains this text.
///
/// # Panics
/// If the output ends first.
pub fn line_with(output: &mut impl BufRead, text: &str) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(
            output.read_line(&mut line).unwrap(),
            0,
            "the process ended before `{text}`"
        );
        if line.contains(text) {
            return line;
        }
    }
}
