//! What a gateway shows of a request, and the operation that this is.

use super::{
    content,
    headers::McpHeaders,
    json::{self, Value},
    message::Document,
    refusal,
};
use crate::domain::{Field, Message, Operation, Reason, Refusal};

/// The parts of a request that tell its operation.
#[derive(Clone, Copy, Debug)]
pub struct ShownRequest<'a> {
    /// The HTTP method, case-sensitive (RFC 9110 §9.1).
    pub http_method: &'a str,
    /// `Content-Type`.
    pub content_type: Field<'a>,
    /// `Content-Encoding`.
    pub content_encoding: Field<'a>,
    /// `MCP-Protocol-Version`.
    pub protocol_version: Field<'a>,
    /// `Mcp-Method`.
    pub mcp_method: Field<'a>,
    /// `Mcp-Name`.
    pub mcp_name: Field<'a>,
    /// The body.
    pub body: Body<'a>,
}

/// How much of its body a request shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// None.
    Absent,
    /// All of it; no bytes are the same as [`Body::Absent`].
    Whole(&'a [u8]),
    /// All of it, in a text form in which bytes that are no UTF-8 may have been replaced: nothing is read from
    /// it unless the policy takes it for the body itself.
    Text(&'a [u8]),
    /// A part of it.
    Cut,
    /// It is longer than `server.max_body_bytes`.
    TooLarge,
}

impl Body<'_> {
    /// Whether the request has none, or no byte in it.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent | Self::Whole([]) | Self::Text([]))
    }
}

/// Tells how long a body is and never what it says: it holds a tool's arguments.
impl std::fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Text(bytes) => write!(f, "Text({} bytes)", bytes.len()),
            Self::Cut => f.write_str("Cut"),
            Self::TooLarge => f.write_str("TooLarge"),
        }
    }
}

/// `oauth.trust_mcp_headers`: whether headers alone may name the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderTrust {
    /// They may not.
    Untrusted,
    /// They may: the server is known to refuse headers that do not agree with the body, and to refuse
    /// batches, which have no headers of their own, under a revision that demands headers.
    Trusted,
}

/// Reads what a request asks for.
///
/// # Errors
/// When the request has no single clear reading, or its HTTP method is none of GET, DELETE and POST.
pub fn read<'a>(request: &ShownRequest<'a>, trust: HeaderTrust) -> Result<Operation<'a>, Refusal> {
    match request.http_method {
        "POST" => read_post(request, trust),
        // Content of a GET or a DELETE means nothing (RFC 9110 §9.3.1, §9.3.5), and a server that reads it all
        // the same would do what nobody has looked at.
        "GET" | "DELETE" if !request.body.is_absent() => {
            Err(refusal::malformed("only a POST may come with a body"))
        }
        "GET" => read_headers(request).map(|_| Operation::OpenStream),
        "DELETE" => read_headers(request).map(|_| Operation::EndSession),
        _ => Err(Refusal::new(Reason::OperationUnknown, "the HTTP method is none that MCP uses")),
    }
}

fn read_post<'a>(request: &ShownRequest<'a>, trust: HeaderTrust) -> Result<Operation<'a>, Refusal> {
    match (request.body, trust) {
        (Body::Cut, _) => Err(Refusal::new(Reason::BodyTruncated, "the body was cut")),
        (Body::TooLarge, _) => Err(Refusal::new(Reason::BodyTooLarge, "the body is too large")),
        (Body::Absent | Body::Whole([]) | Body::Text(_), HeaderTrust::Trusted) => {
            read_headers(request)?.into_operation()
        }
        (Body::Absent | Body::Whole([]) | Body::Text(_), HeaderTrust::Untrusted) => {
            read_headers(request).map(|_| Operation::NotShown)
        }
        (Body::Whole(body), _) => {
            content::check(request.content_type, request.content_encoding)?;
            read_body(body, &read_headers(request)?).and_then(with_bounded_names)
        }
    }
}

fn read_headers<'a>(request: &ShownRequest<'a>) -> Result<McpHeaders<'a>, Refusal> {
    McpHeaders::read(request.protocol_version, request.mcp_method, request.mcp_name)
}

fn read_body<'a>(body: &'a [u8], headers: &McpHeaders<'a>) -> Result<Operation<'a>, Refusal> {
    match json::parse(body)? {
        Value::Is(Document::One(message)) => {
            let read = message.checked()?.read()?;
            headers.agree_with(&read)?;
            Ok(Operation::Single(read.message))
        }
        Value::Is(Document::Batch(batch)) if batch.is_empty() => {
            Err(refusal::malformed("a batch must not be empty"))
        }
        Value::Is(Document::Batch(batch)) => {
            headers.allow_batch()?;
            let messages = batch.into_iter().map(|element| {
                let message = element.ok().ok_or(NO_MESSAGE)?;
                let read = message.checked()?.read()?;
                headers.agree_with_revision(&read)?;
                Ok(read.message)
            });
            messages.collect::<Result<_, _>>().map(Operation::Batch)
        }
        Value::Is(Document::LongBatch) => Err(refusal::malformed("a batch has more than 50 messages")),
        Value::Other | Value::Absent => Err(NO_MESSAGE),
    }
}

/// Each name is held against every glob of a policy: of names as long as a body may be, one request could keep a
/// worker busy for seconds.
fn with_bounded_names(operation: Operation<'_>) -> Result<Operation<'_>, Refusal> {
    let length = |message: &Message<'_>| match message {
        Message::Request(call) => call.named.byte_len(),
        Message::Response | Message::Notification(_) => 0,
    };
    if operation.messages().iter().map(length).sum::<usize>() <= MAX_NAME_BYTES {
        Ok(operation)
    } else {
        Err(refusal::malformed("the names are longer than 256 KiB together"))
    }
}

/// How long all that a request names may be together.
const MAX_NAME_BYTES: usize = 256 * 1024;

const NO_MESSAGE: Refusal = refusal::malformed("a message must be an object");
