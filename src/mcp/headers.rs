//! `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name`: the headers by which MCP 2026-07-28 mirrors a body.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    message::ReadMessage,
    method::{self, Method, Names, Revision},
    refusal,
};
use crate::domain::{Call, Field, Message, Named, Operation, Query, Refusal};

/// The mirrored headers of one request, trimmed and decoded.
#[derive(Debug)]
pub(super) struct McpHeaders<'a> {
    version: Option<&'a str>,
    method: Option<&'a str>,
    name: Option<Name<'a>>,
}

impl<'a> McpHeaders<'a> {
    /// Reads the three fields.
    ///
    /// # Errors
    /// When one is repeated, has characters that no header value may have, or is badly encoded; when the
    /// version or the method has a comma, which a join of repeated fields leaves (RFC 9110 §5.3).
    pub(super) fn read(version: Field<'a>, method: Field<'a>, name: Field<'a>) -> Result<Self, Refusal> {
        let single = |field| match value(field)? {
            Some(text) if text.contains(',') => Err(refusal::bad_header("an MCP header is joined")),
            text => Ok(text),
        };
        let name = value(name)?.map(Name::decode).transpose()?;
        Ok(Self { version: single(version)?, method: single(method)?, name })
    }

    /// Checks that the headers say what a single message says. A header that is absent says nothing: the
    /// gateway may have left it out.
    ///
    /// # Errors
    /// When a header names something else, or names what the message does not name.
    pub(super) fn agree_with(&self, read: &ReadMessage<'a>) -> Result<(), Refusal> {
        self.agree_with_revision(read)?;
        let method = match &read.message {
            Message::Response => None,
            Message::Notification(method) => Some(*method),
            Message::Request(call) => Some(&*call.method),
        };
        if self.method.is_some() && self.method != method {
            return Err(refusal::mismatch("`Mcp-Method` is not the method of the body"));
        }
        match &self.name {
            Some(name) if !mirrors(&read.message, name.as_str()) => {
                Err(refusal::mismatch("`Mcp-Name` is not the name in the body"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Checks that `MCP-Protocol-Version` is what the message says in `_meta`, if both are there.
    ///
    /// # Errors
    /// When they differ.
    pub(super) fn agree_with_revision(&self, read: &ReadMessage<'a>) -> Result<(), Refusal> {
        match (self.version, &read.revision) {
            (Some(header), Some(body)) if header != body => {
                Err(refusal::mismatch("`MCP-Protocol-Version` is not the version of the body"))
            }
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    /// Checks that nothing claims to mirror a batch, which no revision lets a header do.
    ///
    /// # Errors
    /// When there is an `Mcp-Method` or an `Mcp-Name`.
    pub(super) fn allow_batch(&self) -> Result<(), Refusal> {
        if self.method.is_none() && self.name.is_none() {
            return Ok(());
        }
        Err(refusal::mismatch("`Mcp-Method` and `Mcp-Name` cannot name a batch"))
    }

    /// The operation that trusted headers name without a body: a request of a revision whose servers must
    /// compare them with the body. Whatever such headers cannot tell is not shown.
    ///
    /// # Errors
    /// When `Mcp-Name` is there for a method that names nothing, or may be a join of several.
    pub(super) fn into_operation(self) -> Result<Operation<'a>, Refusal> {
        let revision = self.version.and_then(Revision::parse).filter(|revision| revision.demands_headers());
        let (Some(revision), Some(method)) = (revision, self.method) else { return Ok(Operation::NotShown) };
        let (is_known, named) = match method::find(method) {
            None if method.is_empty() => return Ok(Operation::NotShown),
            None => (false, Some(Named::Nothing)),
            Some(known) if known.is_in(revision) => (true, named(known, self.name)?),
            Some(_) => return Ok(Operation::NotShown),
        };
        Ok(named.map_or(Operation::NotShown, |named| {
            Operation::Single(Message::Request(Call {
                method: method.into(),
                is_known,
                named,
                query: Query::NotShown,
            }))
        }))
    }
}

/// `Mcp-Name`, plain or from the base64 form.
#[derive(Debug)]
enum Name<'a> {
    Plain(&'a str),
    Encoded(String),
}

impl<'a> Name<'a> {
    /// Decodes `=?base64?…?=` (case-sensitive, standard alphabet, padded); anything else is itself.
    fn decode(text: &'a str) -> Result<Self, Refusal> {
        const BAD: Refusal = refusal::bad_header("`Mcp-Name` is not well-formed base64 of UTF-8");
        let Some(rest) = text.strip_prefix("=?base64?") else { return Ok(Self::Plain(text)) };
        if rest == "=" {
            return Err(BAD); // the two marks overlap: some take it for an empty name, some for itself
        }
        let Some(code) = rest.strip_suffix("?=") else { return Ok(Self::Plain(text)) };
        let bytes = STANDARD.decode(code).map_err(|_| BAD)?;
        String::from_utf8(bytes).map(Self::Encoded).map_err(|_| BAD)
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Encoded(text) => text,
        }
    }

    /// The name, where there is no body to compare it with: a plain comma may be a join of two names, and
    /// an empty value stands for a header that some gateway did not have.
    fn alone(self) -> Result<Cow<'a, str>, Refusal> {
        match self {
            Self::Plain("") => Err(refusal::bad_header("`Mcp-Name` is empty")),
            Self::Plain(text) if text.contains(',') => Err(refusal::bad_header("`Mcp-Name` is joined")),
            Self::Encoded(text) if text.contains('\0') => Err(refusal::bad_header("a name holds a NUL")),
            Self::Plain(text) => Ok(Cow::Borrowed(text)),
            Self::Encoded(text) => Ok(Cow::Owned(text)),
        }
    }
}

/// The text of a field without the white space around it (RFC 9110 §5.5).
fn value(field: Field<'_>) -> Result<Option<&str>, Refusal> {
    let bytes = match field {
        Field::Absent => return Ok(None),
        Field::Repeated => return Err(refusal::bad_header("an MCP header is repeated")),
        Field::One(bytes) => bytes,
    };
    let is_legal = bytes.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    match str::from_utf8(bytes) {
        Ok(text) if is_legal => Ok(Some(text.trim_matches([' ', '\t']))),
        Ok(_) | Err(_) => Err(refusal::bad_header("an MCP header has an illegal character")),
    }
}

/// Whether `Mcp-Name` is what the message names. Where extensions mirror their names is not known, and
/// nothing is decided by them, so that their header is left to the server.
fn mirrors(message: &Message<'_>, header: &str) -> bool {
    match message {
        Message::Response | Message::Notification(_) => false,
        Message::Request(call) => match &call.named {
            Named::Nothing => !call.is_known,
            Named::Tool(name) | Named::Prompt(name) | Named::Resource(name) | Named::Task(name) => {
                name == header
            }
            Named::Resources(_) => false,
        },
    }
}

/// What `Mcp-Name` names for a method; `None` if that stays unknown.
fn named<'a>(method: &Method, name: Option<Name<'a>>) -> Result<Option<Named<'a>>, Refusal> {
    Ok(match (method.names, name) {
        (Names::Nothing, None) => Some(Named::Nothing),
        (Names::Nothing, Some(_)) => {
            return Err(refusal::mismatch("the method of `Mcp-Name` names nothing"));
        }
        (Names::Tool, Some(name)) => Some(Named::Tool(name.alone()?)),
        (Names::Prompt, Some(name)) => Some(Named::Prompt(name.alone()?)),
        (Names::Resource, Some(name)) => Some(Named::Resource(name.alone()?)),
        (Names::Task, Some(name)) => Some(Named::Task(name.alone()?)),
        (Names::Tool | Names::Prompt | Names::Resource | Names::Task, None)
        | (Names::Reference | Names::Subscriptions, Some(_) | None) => None,
    })
}
