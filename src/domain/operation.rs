//! The operation that a request asks the MCP server to do.

use std::{borrow::Cow, fmt};

/// The operation of one HTTP request to an MCP endpoint. It borrows from the request's bytes where it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    /// GET: opens the server's event stream.
    OpenStream,
    /// DELETE: ends the session.
    EndSession,
    /// POST of one message.
    Single(Message<'a>),
    /// POST of an array of 1 to 50 messages (MCP 2025-03-26).
    Batch(Vec<Message<'a>>),
    /// POST whose message the gateway did not show. It may be any operation.
    NotShown,
}

impl<'a> Operation<'a> {
    /// The messages of a POST whose body was shown; empty for every other operation.
    #[must_use]
    pub fn messages(&self) -> &[Message<'a>] {
        match self {
            Self::Single(message) => std::slice::from_ref(message),
            Self::Batch(messages) => messages,
            Self::OpenStream | Self::EndSession | Self::NotShown => &[],
        }
    }

    /// The operation's name in logs, spans and audit records: the JSON-RPC method, and the tool or prompt that it
    /// names, byte for byte. Resource URIs and task ids are left out, because they can be as sensitive as
    /// arguments.
    #[must_use]
    pub fn method_and_name(&self) -> (&str, Option<&str>) {
        match self {
            Self::OpenStream => ("stream", None),
            Self::EndSession => ("end-session", None),
            Self::NotShown => ("not-shown", None),
            Self::Batch(_) => ("batch", None),
            Self::Single(message) => message.method_and_name(),
        }
    }
}

/// One JSON-RPC message that a client may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The response to a request of the server.
    Response,
    /// One of the `notifications/*` that an MCP revision defines. The class follows from the method, never from a
    /// missing `id`.
    Notification(&'static str),
    /// Every other message with a method.
    Request(Call<'a>),
}

impl Message<'_> {
    /// The name of this message, as in [`Operation::method_and_name`].
    #[must_use]
    pub fn method_and_name(&self) -> (&str, Option<&str>) {
        match self {
            Self::Response => ("response", None),
            Self::Notification(method) => (method, None),
            Self::Request(call) => (&call.method, call.named.logged_name()),
        }
    }
}

/// A request's method, and the thing that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The JSON-RPC method, byte for byte after JSON decoding.
    pub method: Cow<'a, str>,
    /// Whether an MCP revision or the tasks extension defines the method as a request of a client.
    pub is_known: bool,
    /// The thing that the parameters name.
    pub named: Named<'a>,
    /// The query, if it calls `execute_graphql`.
    pub query: Query<'a>,
}

/// `arguments.query` of a call of `execute_graphql`, the only argument that a policy reads.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Query<'a> {
    /// It is another call, or the gateway did not show the arguments.
    #[default]
    NotShown,
    /// The arguments do not contain exactly one `query` that is a string.
    Unreadable,
    /// The GraphQL document, after JSON decoding.
    Text(Cow<'a, str>),
}

/// Prints a query's length, never its text: it contains arguments.
impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotShown => f.write_str("NotShown"),
            Self::Unreadable => f.write_str("Unreadable"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
        }
    }
}

/// The thing that a request names, byte for byte after JSON decoding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Named<'a> {
    /// The method names nothing.
    #[default]
    Nothing,
    /// `tools/call`.
    Tool(Cow<'a, str>),
    /// `prompts/get`, or the `ref/prompt` of `completion/complete`.
    Prompt(Cow<'a, str>),
    /// `resources/read`, `resources/subscribe`, `resources/unsubscribe`, or the `ref/resource` of
    /// `completion/complete`.
    Resource(Cow<'a, str>),
    /// Every URI of `subscriptions/listen`; may be empty.
    Resources(Vec<Cow<'a, str>>),
    /// `tasks/*`.
    Task(Cow<'a, str>),
}

impl Named<'_> {
    /// The name, if logs may contain it.
    fn logged_name(&self) -> Option<&str> {
        match self {
            Self::Tool(name) | Self::Prompt(name) => Some(name),
            Self::Nothing | Self::Resource(_) | Self::Resources(_) | Self::Task(_) => None,
        }
    }

    /// The length of all names, in bytes.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Tool(name) | Self::Prompt(name) | Self::Resource(name) | Self::Task(name) => {
                name.len()
            }
            Self::Resources(uris) => uris.iter().map(|uri| uri.len()).sum(),
        }
    }
}
