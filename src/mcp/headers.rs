//! `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name`: the headers with which MCP 2026-07-28 mirrors a body.

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
    /// If a field is repeated, has a character that is illegal in a header value, or is badly encoded; if the
    /// version or the method has a comma, which a proxy leaves when it joins repeated fields (RFC 9110 §5.3).
    pub(super) fn read(
        version: Field<'a>,
        method: Field<'a>,
        name: Field<'a>,
    ) -> Result<Self, Refusal> {
        let single = |field| match value(field)? {
            Some(text) if text.contains(',') => Err(refusal::bad_header(
                "an MCP header has several values joined by a comma",
            )),
            text => Ok(text),
        };
        let name = value(name)?.map(Name::decode).transpose()?;
        Ok(Self {
            version: single(version)?,
            method: single(method)?,
            name,
        })
    }

    /// Checks that the headers agree with a single message. An absent header is accepted, because the gateway may
    /// have left it out.
    ///
    /// # Errors
    /// If a header differs from the message, or names a thing and the message names none.
    pub(super) fn agree_with(&self, read: &ReadMessage<'a>) -> Result<(), Refusal> {
        self.agree_with_revision(read)?;
        let method = match &read.message {
            Message::Response => None,
            Message::Notification(method) => Some(*method),
            Message::Request(call) => Some(&*call.method),
        };
        if self.method.is_some() && self.method != method {
            return Err(refusal::mismatch(
                "`Mcp-Method` differs from the method in the body",
            ));
        }
        match &self.name {
            Some(name) if !mirrors(&read.message, name.as_str()) => Err(refusal::mismatch(
                "`Mcp-Name` differs from the name in the body",
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Checks that `MCP-Protocol-Version` equals the version in the message's `_meta`, if both are present.
    ///
    /// # Errors
    /// If they differ.
    pub(super) fn agree_with_revision(&self, read: &ReadMessage<'a>) -> Result<(), Refusal> {
        match (self.version, &read.revision) {
            (Some(header), Some(body)) if header != body => Err(refusal::mismatch(
                "`MCP-Protocol-Version` differs from the version in the body",
            )),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    /// Checks that no header claims to mirror a batch; no revision allows that.
    ///
    /// # Errors
    /// If there is an `Mcp-Method` or an `Mcp-Name`.
    pub(super) fn allow_batch(&self) -> Result<(), Refusal> {
        if self.method.is_none() && self.name.is_none() {
            return Ok(());
        }
        Err(refusal::mismatch(
            "`Mcp-Method` and `Mcp-Name` cannot name a batch",
        ))
    }

    /// The operation that trusted headers name without a body. The request must be of a revision whose servers
    /// compare these headers with the body. If the headers do not determine the operation, the result is
    /// [`Operation::NotShown`].
    ///
    /// # Errors
    /// If there is an `Mcp-Name` but the method takes no name, or if `Mcp-Name` may be a join of several values.
    pub(super) fn into_operation(self) -> Result<Operation<'a>, Refusal> {
        let revision = self
            .version
            .and_then(Revision::parse)
            .filter(|revision| revision.demands_headers());
        let (Some(revision), Some(method)) = (revision, self.method) else {
            return Ok(Operation::NotShown);
        };
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

/// `Mcp-Name`, plain or decoded from the base64 form.
#[derive(Debug)]
enum Name<'a> {
    Plain(&'a str),
    Encoded(String),
}

impl<'a> Name<'a> {
    /// Decodes `=?base64?…?=` (case-sensitive, standard alphabet, padded). Other text stays as it is.
    fn decode(text: &'a str) -> Result<Self, Refusal> {
        const BAD: Refusal = refusal::bad_header("`Mcp-Name` is not well-formed base64 of UTF-8");
        let Some(rest) = text.strip_prefix("=?base64?") else {
            return Ok(Self::Plain(text));
        };
        if rest == "=" {
            return Err(BAD); // the two marks overlap: some parsers read an empty name, others the text itself
        }
        let Some(code) = rest.strip_suffix("?=") else {
            return Ok(Self::Plain(text));
        };
        let bytes = STANDARD.decode(code).map_err(|_| BAD)?;
        String::from_utf8(bytes).map(Self::Encoded).map_err(|_| BAD)
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Encoded(text) => text,
        }
    }

    /// The name when there is no body to compare it with. It refuses a plain comma, which may join two names, and
    /// an empty value, which some gateways send for an absent header.
    fn unverified(self) -> Result<Cow<'a, str>, Refusal> {
        match self {
            Self::Plain("") => Err(refusal::bad_header("`Mcp-Name` is empty")),
            Self::Plain(text) if text.contains(',') => Err(refusal::bad_header(
                "`Mcp-Name` has several values joined by a comma",
            )),
            Self::Encoded(text) if text.contains('\0') => {
                Err(refusal::bad_header("a name contains a NUL character"))
            }
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
        Ok(_) | Err(_) => Err(refusal::bad_header(
            "an MCP header has an illegal character",
        )),
    }
}

/// Whether `Mcp-Name` is the name in the message. The names of extension methods are unknown here and do not affect
/// the decision, so the server checks their header.
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

/// The thing that `Mcp-Name` names for a method; `None` if the headers cannot tell.
fn named<'a>(method: &Method, name: Option<Name<'a>>) -> Result<Option<Named<'a>>, Refusal> {
    Ok(match (method.names, name) {
        (Names::Nothing, None) => Some(Named::Nothing),
        (Names::Nothing, Some(_)) => {
            return Err(refusal::mismatch(
                "`Mcp-Name` is present, but the method has no name",
            ));
        }
        (Names::Tool, Some(name)) => Some(Named::Tool(name.unverified()?)),
        (Names::Prompt, Some(name)) => Some(Named::Prompt(name.unverified()?)),
        (Names::Resource, Some(name)) => Some(Named::Resource(name.unverified()?)),
        (Names::Task, Some(name)) => Some(Named::Task(name.unverified()?)),
        (Names::Tool | Names::Prompt | Names::Resource | Names::Task, None)
        | (Names::Reference | Names::Subscriptions, Some(_) | None) => None,
    })
}
