//! The usual policy with one ES256 key, and bare servers with the same responses.

use std::fs;

use support::{KeyEndpoint, ProviderKey};
use tempfile::TempDir;

use crate::{
    bare::nginx_configuration,
    generator::ask,
    process::{Server, free_port},
    requests::get,
    service::{self, Service},
    tokens::{SCOPE, token},
};

/// scopegate with the key and the token of its requests.
pub struct Usual {
    pub key: ProviderKey,
    pub service: Service,
    /// Grants every request of these measurements.
    pub token: String,
}

impl Usual {
    /// Starts on these cores with this many workers and further keys of `server`.
    pub fn start(cores: &str, workers: usize, server: &str) -> Self {
        let key = ProviderKey::generate("k1", "ES256");
        let keys = KeyEndpoint::start(&[&key]);
        let service = Service::start(cores, workers, server, &service::usual(&keys.url));
        let token = token(&key, 1, SCOPE);
        let usual = Self {
            key,
            service,
            token,
        };
        usual.expect(200, &get(Some(&usual.token)));
        usual.expect(401, &get(None));
        usual
    }

    /// Asks once. Panics if the status is another.
    pub fn expect(&self, status: u16, request: &[u8]) -> String {
        expect(&self.service.server, status, request)
    }

    /// The headers of a permit, one a line. The bare servers send them too.
    pub fn fields(&self) -> String {
        let answer = self.expect(200, &get(Some(&self.token)));
        fields(&answer).collect::<Vec<_>>().join("\n")
    }
}

/// Asks once. Panics if the status is another.
pub fn expect(server: &Server, status: u16, request: &[u8]) -> String {
    let answer = ask(server.address, request);
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{status} was expected: {answer}"
    );
    answer
}

/// The headers of a response without those that frameworks add.
fn fields(answer: &str) -> impl Iterator<Item = &str> {
    let own = |line: &&str| !line.starts_with("date:") && !line.starts_with("content-length:");
    answer
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(own)
}

/// A bare server and its files.
pub struct Bare {
    pub server: Server,
    _folder: TempDir,
}

impl Bare {
    /// actix-web, with these headers in its responses.
    pub fn actix(cores: &str, expected: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let file = folder.path().join("fields");
        fs::write(&file, expected).unwrap();
        let own = std::env::current_exe().unwrap();
        let command = [
            own.to_str().unwrap(),
            "serve-http",
            &port.to_string(),
            file.to_str().unwrap(),
        ];
        let server = Server::start(&command, cores, port);
        let answer = expect(&server, 200, &get(Some("x")));
        let sorted = |fields: Vec<&str>| {
            let mut fields: Vec<_> = fields.into_iter().map(str::to_owned).collect();
            fields.sort();
            fields
        };
        assert_eq!(
            sorted(fields(&answer).collect()),
            sorted(expected.lines().collect())
        );
        Self {
            server,
            _folder: folder,
        }
    }

    /// nginx, with these headers in its responses.
    pub fn nginx(expected: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        fs::write(
            folder.path().join("nginx.conf"),
            nginx_configuration(port, expected),
        )
        .unwrap();
        let prefix = folder.path().to_str().unwrap();
        let command = ["nginx", "-p", prefix, "-c", "nginx.conf", "-e", "stderr"];
        let server = Server::start(&command, crate::process::SERVER_CORE, port);
        let answer = expect(&server, 200, &get(Some("x")));
        assert!(
            expected.lines().all(|line| answer.contains(line)),
            "{answer}"
        );
        Self {
            server,
            _folder: folder,
        }
    }
}
