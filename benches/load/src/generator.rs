//! A closed loop over persistent HTTP/1.1 connections: each sends the next request after the
//! response to the last one. Requests are bytes that were made in advance, or parts of such bytes.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime,
};

/// A source of requests. `next` appends a request to the buffer, or returns `false` after the last
/// one.
pub trait Requests {
    fn next(&self, buffer: &mut Vec<u8>) -> bool;
}

impl Requests for Vec<u8> {
    fn next(&self, buffer: &mut Vec<u8>) -> bool {
        buffer.extend_from_slice(self);
        true
    }
}

/// How a load is generated.
#[derive(Clone, Copy)]
pub struct Shape {
    pub connections: usize,
    pub duration: Duration,
    /// The status that every response must have. `None` accepts any.
    pub status: Option<u16>,
}

/// The result of a load.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    pub requests: u64,
    pub elapsed: Duration,
}

/// Generates the load from this thread.
pub fn drive(address: SocketAddr, requests: &dyn Requests, shape: Shape) -> Answered {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let connections = (0..shape.connections).map(|_| Connection::open(address));
        let connections = join_all(connections).await;
        let started = Instant::now();
        let until = started + shape.duration;
        let counts = connections
            .into_iter()
            .map(|connection| connection.drive(requests, until, shape.status));
        let requests = join_all(counts).await.into_iter().sum();
        Answered {
            requests,
            elapsed: started.elapsed(),
        }
    })
}

/// Sends one request on its own connection. Returns the response as it came.
pub fn ask(address: SocketAddr, request: &[u8]) -> String {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = Connection::open(address).await;
        connection.exchange(request).await;
        String::from_utf8_lossy(&connection.answer).into_owned()
    })
}

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
    /// Length and status of the last response. The next one usually has the same length.
    last: (usize, u16),
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            answer: Vec::with_capacity(16 * 1024),
            last: (0, 0),
        }
    }

    async fn drive(
        mut self,
        requests: &dyn Requests,
        until: Instant,
        expected: Option<u16>,
    ) -> u64 {
        let mut request = Vec::with_capacity(4096);
        let mut count = 0;
        while Instant::now() < until {
            request.clear();
            if !requests.next(&mut request) {
                break;
            }
            let status = self.exchange(&request).await;
            if expected.is_some_and(|expected| expected != status) {
                panic!(
                    "{expected:?} was expected: {}",
                    String::from_utf8_lossy(&self.answer)
                );
            }
            count += 1;
        }
        count
    }

    async fn exchange(&mut self, request: &[u8]) -> u16 {
        self.stream.write_all(request).await.unwrap();
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await.unwrap();
            assert!(read > 0, "the connection was closed");
            if let Some(status) = self.status() {
                self.last = (self.answer.len(), status);
                return status;
            }
        }
    }

    /// The status, once the response is complete.
    fn status(&self) -> Option<u16> {
        let status = std::str::from_utf8(self.answer.get(9..12)?)
            .ok()?
            .parse()
            .ok()?;
        let is_as_before = self.last == (self.answer.len(), status);
        (is_as_before || is_whole(&self.answer)).then_some(status)
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let Ok(head) = std::str::from_utf8(&answer[..end]) else {
        return false;
    };
    if head.contains("chunked") {
        return answer.ends_with(b"0\r\n\r\n");
    }
    answer.len() >= end + 4 + content_length(head)
}

fn content_length(head: &str) -> usize {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.map_or(0, |(_, length)| length.trim().parse().unwrap())
}
