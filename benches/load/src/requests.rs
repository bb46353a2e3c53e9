//! The requests of gateways, as bytes.

use std::{cell::Cell, fmt::Write, rc::Rc};

use serde_json::json;

use crate::generator::Requests;

/// nginx's subrequest for a GET, which has no body.
pub fn get(token: Option<&str>) -> Vec<u8> {
    let mut head =
        "GET /authorize HTTP/1.1\r\nhost: 127.0.0.1\r\nx-original-method: GET\r\nx-original-uri: /mcp\r\n\
                    user-agent: an-mcp-client/1.0\r\naccept: text/event-stream\r\n"
            .to_owned();
    if let Some(token) = token {
        let _ = write!(head, "authorization: Bearer {token}\r\n");
    }
    (head + "\r\n").into_bytes()
}

/// Envoy's request over HTTP for a POST.
pub fn post(path: &str, token: &str, body: &str) -> Vec<u8> {
    let [before, after] = post_around_token(path, body);
    [before.as_bytes(), token.as_bytes(), after.as_bytes()].concat()
}

/// The same in two parts. The token goes between them.
pub fn post_around_token(path: &str, body: &str) -> Form {
    let length = body.len();
    let before = format!(
        "POST /authorize{path} HTTP/1.1\r\nhost: mcp.example.com\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nuser-agent: an-mcp-client/1.0\r\naccept: application/json, text/event-stream\r\n\
         authorization: Bearer "
    );
    [before, format!("\r\n\r\n{body}")]
}

/// A `tools/call` of `length` bytes.
pub fn call(tool: &str, length: usize) -> String {
    let message = |filler: &str| {
        let arguments = json!({"city": "Oslo", "unit": "celsius", "note": filler});
        json!({"jsonrpc": "2.0", "id": 17, "method": "tools/call",
               "params": {"name": tool, "arguments": arguments}})
        .to_string()
    };
    let filler = length.saturating_sub(message("").len());
    message(&"n".repeat(filler))
}

/// Sends each request of a list once.
pub struct Once {
    pub requests: Vec<Vec<u8>>,
    pub next: Cell<usize>,
}

impl Once {
    pub fn new(requests: Vec<Vec<u8>>) -> Self {
        Self {
            requests,
            next: Cell::new(0),
        }
    }
}

impl Requests for Once {
    fn next(&self, buffer: &mut Vec<u8>) -> bool {
        let Some(request) = self.requests.get(self.next.get()) else {
            return false;
        };
        self.next.set(self.next.get() + 1);
        buffer.extend_from_slice(request);
        true
    }
}

/// The parts of a request before and after its token.
pub type Form = [String; 2];

/// Requests whose tokens are drawn at random. A token has a family of requests, all to one
/// resource, so that the cache has one entry for each token.
pub struct Drawn<'a> {
    pub tokens: &'a [String],
    pub families: &'a [Rc<[Form]>],
    pub random: Cell<u64>,
}

impl Requests for Drawn<'_> {
    fn next(&self, buffer: &mut Vec<u8>) -> bool {
        let drawn = self.draw();
        self.append(
            buffer,
            drawn as usize % self.tokens.len(),
            (drawn >> 32) as usize,
        );
        true
    }
}

impl Drawn<'_> {
    /// The request of token `index`, in one of its forms.
    pub fn append(&self, buffer: &mut Vec<u8>, index: usize, form: usize) {
        let family = &self.families[index % self.families.len()];
        let [before, after] = &family[form % family.len()];
        buffer.extend_from_slice(before.as_bytes());
        buffer.extend_from_slice(self.tokens[index].as_bytes());
        buffer.extend_from_slice(after.as_bytes());
    }

    /// xorshift64*, which is cheap and draws every token.
    fn draw(&self) -> u64 {
        let mut state = self.random.get();
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        self.random.set(state);
        state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}
