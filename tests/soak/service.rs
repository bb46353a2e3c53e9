//! The running binary, and what is measured of it.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tempfile::TempDir;

/// How long a soak takes: what the environment says, or a moment.
pub(crate) fn seconds(variable: &str) -> u64 {
    env::var(variable).map_or(3, |text| text.parse().unwrap())
}

/// The time as tokens write it.
pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// After the caches had time to fill, memory stays as it is.
pub(crate) fn check_memory(resident: &[u64]) {
    let settled = resident[resident.len() / 3];
    let last = *resident.last().unwrap();
    assert!(last < 256 << 10, "{last} KiB resident");
    assert!(last <= settled + settled / 4 + (16 << 10), "from {settled} to {last} KiB resident");
}

/// The running binary.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: SocketAddr,
    admin: SocketAddr,
    pub(crate) grpc: SocketAddr,
    folder: TempDir,
    config: Box<dyn Fn(usize) -> String + Sync>,
}

impl Service {
    /// Starts it with what `config` says first; it says something else for each reload.
    pub(crate) fn start(config: impl Fn(usize) -> String + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scopegate.yaml");
        fs::write(&file, config(0)).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_scopegate"))
            .arg("serve")
            .arg("--config")
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let addresses = addresses(&mut child);
        let [address, admin, grpc] = addresses;
        Self { child, address, admin, grpc, folder, config: Box::new(config) }
    }

    /// Replaces the file in one step by one that differs, which the service notices by itself.
    pub(crate) fn reload(&self, number: usize) {
        let next = self.folder.path().join("next.yaml");
        fs::write(&next, (self.config)(number + 1)).unwrap();
        fs::rename(next, self.folder.path().join("scopegate.yaml")).unwrap();
    }

    pub(crate) fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// The sum of the samples whose names begin so.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(self.admin).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        let samples = page.lines().filter(|line| line.starts_with(name));
        samples.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap() as u64).sum()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The addresses from the line that says "listening". All further output is read and dropped.
fn addresses(child: &mut Child) -> [SocketAddr; 3] {
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (sender, receiver) = std::sync::mpsc::channel();
    for output in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
        let sender = sender.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if line.contains("listening") {
                    let _ = sender.send(line);
                }
            }
        });
    }
    let line = receiver.recv_timeout(Duration::from_secs(30)).expect("the service did not start");
    let line: serde_json::Value = serde_json::from_str(&line).expect("the log is JSON");
    let address = |name: &str| {
        let listed = line[name].as_str().unwrap().trim_matches(['[', ']']);
        listed.split(", ").next().unwrap().parse().unwrap()
    };
    ["listen", "admin", "grpc"].map(address)
}
