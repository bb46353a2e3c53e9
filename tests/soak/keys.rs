//! Keys that rotate, and the endpoint that publishes them.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, RwLock},
    thread,
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The provider: it publishes the key that signs and the one before it.
pub(crate) struct Keys {
    /// The newest first.
    published: RwLock<Vec<Arc<Signer>>>,
    pub(crate) address: SocketAddr,
}

/// One key.
pub(crate) struct Signer {
    pub(crate) kid: String,
    pair: Ed25519KeyPair,
}

impl Keys {
    /// Makes the first key, and publishes until the process ends.
    pub(crate) fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let published = RwLock::new(vec![Arc::new(Signer::new(0))]);
        let keys = Arc::new(Self { published, address: listener.local_addr().unwrap() });
        let serving = Arc::clone(&keys);
        thread::spawn(move || {
            for connection in listener.incoming() {
                serving.answer(connection.unwrap());
            }
        });
        keys
    }

    /// The key that signs now.
    pub(crate) fn signer(&self) -> Arc<Signer> {
        Arc::clone(&self.published.read().unwrap()[0])
    }

    /// Publishes a new key and signs with it at once.
    pub(crate) fn rotate(&self, number: usize) {
        let mut published = self.published.write().unwrap();
        published.insert(0, Arc::new(Signer::new(number)));
        published.truncate(2);
    }

    /// A client that hangs up early costs nothing but its answer.
    fn answer(&self, connection: TcpStream) {
        let mut connection = BufReader::new(connection);
        let mut line = String::new();
        while connection.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
            line.clear();
        }
        let set: Vec<_> = self.published.read().unwrap().iter().map(|signer| signer.jwk()).collect();
        let body = json!({ "keys": set }).to_string();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length";
        let _ = connection.get_mut().write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes());
    }
}

impl Signer {
    fn new(number: usize) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { kid: format!("k{number}"), pair: Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap() }
    }

    fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": x })
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": self.kid });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}
