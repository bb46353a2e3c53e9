//! An identity provider whose answers a test defines byte by byte.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// The answer of a path.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// These bytes, and then the connection closes.
    Bytes(Vec<u8>),
    /// These bytes, and then one space after another without end.
    Drip(Vec<u8>),
    /// No bytes; the connection stays open.
    Silence,
}

impl Answer {
    pub(super) fn ok(body: &str) -> Self {
        Self::with_status("200 OK", body)
    }

    pub(super) fn with_status(status: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        Self::Bytes(text.into_bytes())
    }
}

/// A server on its own port. A path without an answer gets a 404.
pub(super) struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answers: HashMap<String, Answer>,
    asked: Vec<String>,
}

impl Provider {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        actix::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                actix::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    /// A provider with this answer for `/keys`.
    pub(super) async fn of_keys(answer: Answer) -> Self {
        let provider = Self::start().await;
        provider.answers("/keys", answer);
        provider
    }

    pub(super) fn answers(&self, path: &str, answer: Answer) {
        self.state
            .lock()
            .unwrap()
            .answers
            .insert(path.to_owned(), answer);
    }

    /// How many requests a path had.
    pub(super) fn asked(&self, path: &str) -> usize {
        self.state
            .lock()
            .unwrap()
            .asked
            .iter()
            .filter(|asked| *asked == path)
            .count()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn answer(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let Some(path) = request(&mut stream).await else {
            return;
        };
        if path.contains(':') {
            // A CONNECT: from now on the provider acts as the server behind the tunnel.
            state.lock().unwrap().asked.push(path);
            stream
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .await
                .unwrap();
            continue;
        }
        let answer = {
            let mut state = state.lock().unwrap();
            state.asked.push(path.clone());
            state
                .answers
                .get(&path)
                .cloned()
                .unwrap_or_else(|| Answer::with_status("404 Not Found", ""))
        };
        return send(&mut stream, answer).await;
    }
}

/// The target of the next request. Its headers are read and ignored.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut line, mut target) = (String::new(), None);
    while stream.read_line(&mut line).await.ok()? > 0 && line != "\r\n" {
        target = target.or_else(|| line.split(' ').nth(1).map(str::to_owned));
        line.clear();
    }
    target
}

async fn send(stream: &mut BufReader<TcpStream>, answer: Answer) {
    match answer {
        Answer::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Answer::Silence => std::future::pending().await,
        Answer::Drip(bytes) => {
            let mut is_open = stream.write_all(&bytes).await.is_ok();
            while is_open {
                tokio::time::sleep(Duration::from_millis(20)).await;
                is_open = stream.write_all(b" ").await.is_ok();
            }
        }
    }
}
