//! nginx's `auth_request`, as a test builds it.

/// A request of nginx, which a test can change.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) resource: Option<&'static str>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Ask {
    /// A POST of `body` to `/mcp`.
    pub(crate) fn post(body: impl Into<Vec<u8>>) -> Self {
        Self::of("POST")
            .header("Content-Type", "application/json")
            .body(body)
    }

    /// A request to `/mcp` without a body.
    pub(crate) fn of(method: &str) -> Self {
        let original = [("X-Original-Method", method), ("X-Original-URI", "/mcp")];
        let headers = original
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        Self {
            resource: None,
            headers,
            body: None,
        }
    }

    /// Adds a header, and keeps those of the same name.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Replaces a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.header(name, value)
    }

    /// Removes a header.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    pub(crate) fn resource(mut self, id: &'static str) -> Self {
        self.resource = Some(id);
        self
    }

    /// Its bytes on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let query = self
            .resource
            .map(|id| format!("?resource={id}"))
            .unwrap_or_default();
        let mut head =
            format!("POST /authorize{query} HTTP/1.1\r\nHost: scopegate\r\nConnection: close\r\n");
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = &self.body {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend(self.body.iter().flatten());
        bytes
    }
}
