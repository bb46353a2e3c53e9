//! An endpoint with public keys, which can be exchanged while it serves.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::json;

use crate::tokens::SigningKey;

/// Serves a key set until the process ends.
#[derive(Clone)]
pub struct KeyEndpoint {
    document: Arc<Mutex<String>>,
    pub url: String,
}

impl KeyEndpoint {
    pub fn start(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let endpoint = Self { document: Arc::default(), url };
        endpoint.publish(keys);
        let document = Arc::clone(&endpoint.document);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                let body = document.lock().unwrap().clone();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                     connection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        endpoint
    }

    /// Exchanges the key set.
    pub fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        *self.document.lock().unwrap() = json!({ "keys": keys }).to_string();
    }
}
