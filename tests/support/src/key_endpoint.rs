//! The JWKS endpoint of an identity provider. Its keys can be replaced while it serves.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::json;

use crate::ProviderKey;

/// Serves a key set until the process ends.
#[derive(Clone, Debug)]
pub struct KeyEndpoint {
    document: Arc<Mutex<String>>,
    /// The address of the key set.
    pub url: String,
}

impl KeyEndpoint {
    /// Serves these keys on a free port of loopback.
    ///
    /// # Panics
    /// If there is no port.
    #[must_use]
    pub fn start(keys: &[&ProviderKey]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let endpoint = Self {
            document: Arc::default(),
            url,
        };
        endpoint.publish(keys);
        let serving = endpoint.clone();
        thread::spawn(move || {
            listener
                .incoming()
                .flatten()
                .for_each(|stream| serving.answer(stream))
        });
        endpoint
    }

    /// Replaces the key set.
    ///
    /// # Panics
    /// If a thread panicked while it held the document.
    pub fn publish(&self, keys: &[&ProviderKey]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        *self.document.lock().unwrap() = json!({ "keys": keys }).to_string();
    }

    /// Answers one request. A client that closes early loses only its own answer.
    fn answer(&self, stream: TcpStream) {
        let mut connection = BufReader::new(stream);
        let mut line = String::new();
        while connection.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
            line.clear();
        }
        let body = self.document.lock().unwrap().clone();
        let _ = write!(
            connection.get_mut(),
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
    }
}
