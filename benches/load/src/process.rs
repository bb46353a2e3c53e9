//! Servers under measurement, each a process on its own core, and their processor time as the
//! kernel counts it.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The core of servers.
pub const SERVER_CORE: &str = "0";
/// The core of clients, and of this process.
pub const CLIENT_CORE: &str = "1";
/// Both cores, for rows that measure two.
pub const BOTH_CORES: &str = "0,1";

/// A running server. It is killed when it is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a command on `cores` and waits until `port` of loopback answers.
    pub fn start(command: &[&str], cores: &str, port: u16) -> Self {
        let mut child = Command::new("taskset")
            .args(["-c", cores])
            .args(command)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log(command))
            .spawn()
            .unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(address).is_err() {
            assert!(
                child.try_wait().unwrap().is_none(),
                "{command:?} has ended; see {LOG_FOLDER}"
            );
            assert!(
                Instant::now() < deadline,
                "{command:?} does not listen on {address}"
            );
            thread::sleep(Duration::from_millis(20));
        }
        Self { child, address }
    }

    /// The processor time of all its threads so far.
    pub fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let times = tasks
            .flatten()
            .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
        let nanoseconds = times
            .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
            .sum();
        Duration::from_nanos(nanoseconds)
    }

    /// Makes it reload its configuration.
    pub fn hang_up(&self) {
        assert!(run("kill", &["-HUP", &self.child.id().to_string()]).0);
    }

    /// Its resident memory.
    pub fn resident_mib(&self) -> usize {
        let pages = fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap();
        pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096 / (1 << 20)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps this process on the clients' core, with every process that it starts from now on.
pub fn move_to_client_core() {
    move_to(CLIENT_CORE);
}

/// The same on these cores.
pub fn move_to(cores: &str) {
    assert!(
        run("taskset", &["-acp", cores, &std::process::id().to_string()]).0,
        "two cores are needed"
    );
}

/// Runs a command to its end. Returns whether it succeeded, and its output.
pub fn run(program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn log(command: &[&str]) -> Stdio {
    fs::create_dir_all(LOG_FOLDER).unwrap();
    let name = command[0].rsplit('/').next().unwrap();
    fs::File::create(format!("{LOG_FOLDER}/{name}.log"))
        .unwrap()
        .into()
}

/// The folder for the standard error of servers.
pub const LOG_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.cache/logs");

const START_TIMEOUT: Duration = Duration::from_secs(60);
