//! Reads the operation from the parts of a request that the gateway shows.

use super::{content_type, headers::McpHeaders, message::Document, refusal};
use crate::{
    domain::{Body, CheckRequest, Message, Operation, Reason, Refusal, Trust},
    json::{Value, parse_body},
};

/// Reads the operation of a request.
///
/// # Errors
/// If two parsers could read the request differently, or if its HTTP method is not GET, DELETE or POST.
pub fn read<'a>(request: &CheckRequest<'a>, trust: Trust) -> Result<Operation<'a>, Refusal> {
    match request.http_method {
        "POST" => read_post(request, trust),
        // The content of a GET or DELETE has no meaning (RFC 9110 §9.3.1, §9.3.5). A server that reads it
        // nevertheless would execute an operation that scopegate has not checked.
        "GET" | "DELETE" if !request.body.is_absent() => {
            Err(refusal::malformed("only a POST may have a body"))
        }
        "GET" => read_headers(request).map(|_| Operation::OpenStream),
        "DELETE" => read_headers(request).map(|_| Operation::EndSession),
        _ => Err(Refusal::new(
            Reason::OperationUnknown,
            "MCP does not use this HTTP method",
        )),
    }
}

fn read_post<'a>(request: &CheckRequest<'a>, trust: Trust) -> Result<Operation<'a>, Refusal> {
    match request.body {
        Body::Cut => Err(Refusal::new(
            Reason::BodyTruncated,
            "the gateway showed only a part of the body",
        )),
        Body::TooLarge => Err(Refusal::new(Reason::BodyTooLarge, "the body is too large")),
        Body::Absent | Body::Whole([]) | Body::Text([]) => read_without_body(request, trust),
        Body::Text(_) if !trust.string_body => read_without_body(request, trust),
        Body::Whole(body) | Body::Text(body) => {
            content_type::check(request.content_type, request.content_encoding)?;
            read_body(body, &read_headers(request)?).and_then(with_bounded_names)
        }
    }
}

/// Takes the operation from the headers, if the policy trusts them.
fn read_without_body<'a>(
    request: &CheckRequest<'a>,
    trust: Trust,
) -> Result<Operation<'a>, Refusal> {
    let headers = read_headers(request)?;
    if trust.mcp_headers {
        headers.into_operation()
    } else {
        Ok(Operation::NotShown)
    }
}

fn read_headers<'a>(request: &CheckRequest<'a>) -> Result<McpHeaders<'a>, Refusal> {
    McpHeaders::read(
        request.protocol_version,
        request.mcp_method,
        request.mcp_name,
    )
}

fn read_body<'a>(body: &'a [u8], headers: &McpHeaders<'a>) -> Result<Operation<'a>, Refusal> {
    match parse_body(body).map_err(refusal::of_body)? {
        Value::Is(Document::One(message)) => {
            let read = message.checked().map_err(refusal::of_keys)?.read()?;
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
                let read = message.checked().map_err(refusal::of_keys)?.read()?;
                headers.agree_with_revision(&read)?;
                Ok(read.message)
            });
            messages.collect::<Result<_, _>>().map(Operation::Batch)
        }
        Value::Is(Document::LongBatch) => {
            Err(refusal::malformed("a batch has more than 50 messages"))
        }
        Value::Other | Value::Absent => Err(NO_MESSAGE),
    }
}

/// Limits the length of the names. Each name is compared with every glob of a policy, so one request with names as
/// long as a body could occupy a worker for seconds.
fn with_bounded_names(operation: Operation<'_>) -> Result<Operation<'_>, Refusal> {
    let length = |message: &Message<'_>| match message {
        Message::Request(call) => call.named.byte_len(),
        Message::Response | Message::Notification(_) => 0,
    };
    if operation.messages().iter().map(length).sum::<usize>() <= MAX_NAME_BYTES {
        Ok(operation)
    } else {
        Err(refusal::malformed(
            "the names together are longer than 256 KiB",
        ))
    }
}

/// The most bytes of all names in one request.
const MAX_NAME_BYTES: usize = 256 * 1024;

const NO_MESSAGE: Refusal = refusal::malformed("a message must be an object");
