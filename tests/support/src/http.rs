//! A small HTTP/1.1 client that sends bytes unchanged, with one connection for each request.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, including its transfer coding.
    pub body: String,
}

impl Answer {
    /// Reads a response.
    ///
    /// # Panics
    /// If the bytes are not a response with a whole head.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .unwrap()
            .parse()
            .unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self {
            status,
            headers,
            body: body.to_owned(),
        }
    }

    /// The value of a header that comes at most once.
    ///
    /// # Panics
    /// If it comes more than once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(
            values.next().is_none(),
            "{name} comes more than once: {self:?}"
        );
        value
    }

    /// Status and reason, as `403 scope-insufficient`; `200` for a permit.
    #[must_use]
    pub fn outcome(&self) -> String {
        match self.header("x-scopegate-reason") {
            Some(reason) => format!("{} {reason}", self.status),
            None => self.status.to_string(),
        }
    }

    /// The samples of a metrics page, by name with labels.
    #[must_use]
    pub fn samples(&self) -> HashMap<String, f64> {
        let samples = self.body.lines().filter(|line| !line.starts_with('#'));
        samples
            .filter_map(|line| line.rsplit_once(' '))
            .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
            .collect()
    }
}

/// Sends bytes and reads the response to the end of the connection, at most 20 seconds for each
/// read.
///
/// # Errors
/// If the server does not take the connection or the request.
pub fn exchange(address: SocketAddr, bytes: &[u8]) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(bytes)?;
    let mut answer = Vec::new();
    // A server that refuses a body may reset the connection after its response.
    let _ = stream.read_to_end(&mut answer);
    Ok(Answer::parse(&answer))
}

/// Gets a page, with this `Host`.
///
/// # Errors
/// As [`exchange`].
pub fn get(address: SocketAddr, path: &str, host: &str) -> io::Result<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    exchange(address, request.as_bytes())
}
