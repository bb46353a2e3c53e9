//! The methods that MCP defines for clients, the revisions that have them, and what their parameters name. A new
//! method is a new row of `METHODS`.

/// A method of the messages that a client may send to a server over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// The JSON-RPC method.
    pub name: &'static str,
    /// Whether it is a request or a notification.
    pub kind: Kind,
    /// The first revision that has it.
    pub first: Revision,
    /// The last revision that has it; the tasks extension counts as 2026-07-28.
    pub last: Revision,
    /// What its parameters name.
    pub names: Names,
}

impl Method {
    /// Whether the revision has the method.
    #[must_use]
    pub fn is_in(&self, revision: Revision) -> bool {
        self.first <= revision && revision <= self.last
    }
}

/// The kind of a message. It follows only from the name of the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The receiver must answer.
    Request,
    /// The receiver does not answer.
    Notification,
}

/// What the parameters of a method name, and in which member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Nothing.
    Nothing,
    /// A tool, in `params.name`.
    Tool,
    /// A prompt, in `params.name`.
    Prompt,
    /// A resource, in `params.uri`.
    Resource,
    /// A task, in `params.taskId`.
    Task,
    /// A prompt or a resource, in `params.ref`.
    Reference,
    /// Resources, in `params.notifications.resourceSubscriptions`.
    Subscriptions,
}

/// A revision of MCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// 2024-11-05
    V20241105,
    /// 2025-03-26
    V20250326,
    /// 2025-06-18
    V20250618,
    /// 2025-11-25
    V20251125,
    /// 2026-07-28
    V20260728,
}

impl Revision {
    /// Every revision, the oldest first.
    pub const ALL: [Self; 5] = [
        Self::V20241105,
        Self::V20250326,
        Self::V20250618,
        Self::V20251125,
        Self::V20260728,
    ];

    /// The revision of a value of `MCP-Protocol-Version`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|revision| revision.as_str() == text)
    }

    /// The revision as a value of `MCP-Protocol-Version`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V20241105 => "2024-11-05",
            Self::V20250326 => "2025-03-26",
            Self::V20250618 => "2025-06-18",
            Self::V20251125 => "2025-11-25",
            Self::V20260728 => "2026-07-28",
        }
    }

    /// Whether a server must refuse a request whose `Mcp-Method` and `Mcp-Name` disagree with its body.
    #[must_use]
    pub const fn demands_headers(self) -> bool {
        match self {
            Self::V20241105 | Self::V20250326 | Self::V20250618 | Self::V20251125 => false,
            Self::V20260728 => true,
        }
    }
}

/// Whether an MCP revision or the tasks extension defines `method` as a request of a client.
#[must_use]
pub fn is_known_request(method: &str) -> bool {
    find(method).is_some_and(|known| known.kind == Kind::Request)
}

/// The row of a method.
pub(super) fn find(method: &str) -> Option<&'static Method> {
    METHODS.iter().find(|known| known.name == method)
}

const fn request(name: &'static str, first: Revision, last: Revision, names: Names) -> Method {
    Method {
        name,
        kind: Kind::Request,
        first,
        last,
        names,
    }
}

const fn notification(name: &'static str, first: Revision, last: Revision) -> Method {
    Method {
        name,
        kind: Kind::Notification,
        first,
        last,
        names: Names::Nothing,
    }
}

const V2024: Revision = Revision::V20241105;
const V2025: Revision = Revision::V20251125;
const V2026: Revision = Revision::V20260728;

/// Every method of a client, the most frequent first. 2026-07-28 has no notifications over HTTP.
pub const METHODS: &[Method] = &[
    request("tools/call", V2024, V2026, Names::Tool),
    request("tools/list", V2024, V2026, Names::Nothing),
    request("initialize", V2024, V2025, Names::Nothing),
    request("server/discover", V2026, V2026, Names::Nothing),
    request("ping", V2024, V2025, Names::Nothing),
    request("resources/list", V2024, V2026, Names::Nothing),
    request("resources/templates/list", V2024, V2026, Names::Nothing),
    request("resources/read", V2024, V2026, Names::Resource),
    request("resources/subscribe", V2024, V2025, Names::Resource),
    request("resources/unsubscribe", V2024, V2025, Names::Resource),
    request("prompts/list", V2024, V2026, Names::Nothing),
    request("prompts/get", V2024, V2026, Names::Prompt),
    request("completion/complete", V2024, V2026, Names::Reference),
    request("logging/setLevel", V2024, V2025, Names::Nothing),
    request("subscriptions/listen", V2026, V2026, Names::Subscriptions),
    request("tasks/get", V2025, V2026, Names::Task),
    request("tasks/result", V2025, V2025, Names::Task),
    request("tasks/cancel", V2025, V2026, Names::Task),
    request("tasks/list", V2025, V2025, Names::Nothing),
    request("tasks/update", V2026, V2026, Names::Task),
    notification("notifications/initialized", V2024, V2025),
    notification("notifications/cancelled", V2024, V2025),
    notification("notifications/progress", V2024, V2025),
    notification("notifications/roots/list_changed", V2024, V2025),
    notification("notifications/tasks/status", V2025, V2025),
];
