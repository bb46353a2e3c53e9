//! The operations of a POST: from its body, or from headers that a server is known to check.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Denied, Request, json::Json};

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    /// It requires only the initialize level.
    Connect,
    /// A JSON-RPC method, with everything that it names.
    Method { method: String, named: Vec<Named> },
}

/// Something that a method names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Named {
    Tool(String),
    Prompt(String),
    Resource(String),
    Task(String),
}

impl Named {
    fn text(&self) -> &str {
        match self {
            Self::Tool(text) | Self::Prompt(text) | Self::Resource(text) | Self::Task(text) => text,
        }
    }
}

/// The mirrored headers of MCP 2026-07-28, trimmed and decoded.
pub(crate) struct Headers {
    version: Option<String>,
    pub(crate) method: Option<String>,
    name: Option<String>,
    /// Names may contain commas. A name that is compared with the body cannot be two joined values.
    is_name_joined: bool,
    content_type: Option<String>,
    is_encoded: bool,
}

impl Headers {
    pub(crate) fn read(request: &Request) -> Result<Self, Denied> {
        let text = |name| trimmed(request, name);
        let whole = |name| match text(name)? {
            Some(value) if value.contains(',') => Err("a comma in a mirrored header"),
            value => Ok(value),
        };
        let name = text("mcp-name")?;
        Ok(Self {
            version: whole("mcp-protocol-version")?,
            method: whole("mcp-method")?,
            is_name_joined: name.as_ref().is_some_and(|name| name.contains(',')),
            name: name.map(decode).transpose()?,
            content_type: text("content-type")?,
            is_encoded: request.single("content-encoding")?.is_some(),
        })
    }
}

fn trimmed(request: &Request, name: &str) -> Result<Option<String>, Denied> {
    let Some(value) = request.single(name)? else {
        return Ok(None);
    };
    let value = std::str::from_utf8(value).map_err(|_| "a header that is no text")?;
    Ok(Some(value.trim_matches([' ', '\t']).to_owned()))
}

fn decode(value: String) -> Result<String, Denied> {
    let Some(inner) = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="))
    else {
        return Ok(value);
    };
    let bytes = STANDARD
        .decode(inner)
        .map_err(|_| "bad base64 in a header")?;
    String::from_utf8(bytes).map_err(|_| "no UTF-8 in a header's base64")
}

/// The operation of a POST without a body, if headers are trusted.
pub(crate) fn of_headers(headers: &Headers) -> Result<Operation, Denied> {
    if headers.version.as_deref() != Some("2026-07-28") {
        return Err("a revision that demands no headers");
    }
    let method = headers.method.clone().filter(|method| !method.is_empty());
    let method = method.ok_or("no header names the method")?;
    let name = || match &headers.name {
        Some(_) if headers.is_name_joined => Err("a comma in the name"),
        Some(name) => Ok(name.clone()),
        None => Err("no header names what the method names"),
    };
    let named = match method.as_str() {
        "tools/call" => vec![Named::Tool(name()?)],
        "prompts/get" => vec![Named::Prompt(name()?)],
        "resources/read" => vec![Named::Resource(name()?)],
        "tasks/get" | "tasks/update" | "tasks/cancel" => vec![Named::Task(name()?)],
        "completion/complete"
        | "subscriptions/listen"
        | "resources/subscribe"
        | "resources/unsubscribe"
        | "tasks/result" => return Err("headers do not say what this method names"),
        _ if headers.name.is_some() && is_known(&method) => {
            return Err("a name for a method that has none");
        }
        _ => Vec::new(),
    };
    Ok(classify(method, named))
}

/// The operations of a POST with a body.
pub(crate) fn of_body(body: &[u8], headers: &Headers) -> Result<Vec<Operation>, Denied> {
    if headers.is_encoded {
        return Err("Content-Encoding");
    }
    if let Some(content_type) = &headers.content_type {
        let media_type = content_type
            .split(';')
            .next()
            .unwrap()
            .trim_matches([' ', '\t']);
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err("the Content-Type is not JSON");
        }
    }
    let json = Json::parse(body).ok_or("the body is no JSON")?;
    if json.depth() > 64 {
        return Err("too deep");
    }
    match &json {
        Json::List(messages) if (1..=50).contains(&messages.len()) => messages
            .iter()
            .map(|message| of_message(message, headers))
            .collect(),
        Json::Object(_) => Ok(vec![of_message(&json, headers)?]),
        Json::List(_) => Err("a batch that is empty or too long"),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => {
            Err("neither an object nor a batch")
        }
    }
}

fn of_message(message: &Json, headers: &Headers) -> Result<Operation, Denied> {
    check_keys(message)?;
    if !message
        .get("jsonrpc")
        .is_some_and(|version| version.is("2.0"))
    {
        return Err("not JSON-RPC 2.0");
    }
    if let Some(id) = message.get("id")
        && !matches!(id, Json::Text(_) | Json::Number(_))
    {
        return Err("an id that is neither a string nor a number");
    }
    let (result, error) = (
        message.get("result").is_some(),
        message.get("error").is_some(),
    );
    let Some(method) = message.get("method") else {
        return match message.get("id").is_some() && result != error {
            true if headers.method.is_some() || headers.name.is_some() => {
                Err("a header names no response")
            }
            true => Ok(Operation::Connect),
            false => Err("neither request nor response"),
        };
    };
    let method = method.text().ok_or("a method that is no string")?;
    if result || error {
        return Err("both request and response");
    }
    let none = Json::Object(Vec::new());
    let params = message.get("params").unwrap_or(&none);
    check_keys(params)?;
    let named = names(&method, params)?;
    check_headers(headers, &method, &named, params)?;
    Ok(classify(method, named))
}

/// Rejects an object with repeated keys, or with one that a lenient reader would take for a key
/// that decides.
fn check_keys(object: &Json) -> Result<(), Denied> {
    let members = object.members().ok_or("no object, or a key twice in it")?;
    let keys = [
        "jsonrpc",
        "id",
        "method",
        "params",
        "name",
        "uri",
        "arguments",
        "taskId",
        "ref",
    ];
    for (key, _) in members {
        if keys
            .iter()
            .any(|known| key != *known && fold(&key) == fold(known))
        {
            return Err("a key that looks like another");
        }
    }
    Ok(())
}

/// The key without NULs and without the differences that case folding removes.
fn fold(key: &str) -> String {
    let visible = key.chars().filter(|&c| c != '\0');
    visible
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ſ' { 's' } else { c })
        .collect()
}

fn names(method: &str, params: &Json) -> Result<Vec<Named>, Denied> {
    let text = |from: &Json, name| {
        from.get(name)
            .and_then(Json::text)
            .ok_or("no string names it")
    };
    Ok(match method {
        "tools/call" => vec![Named::Tool(text(params, "name")?)],
        "prompts/get" => vec![Named::Prompt(text(params, "name")?)],
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => {
            vec![Named::Resource(text(params, "uri")?)]
        }
        "tasks/get" | "tasks/result" | "tasks/cancel" | "tasks/update" => {
            vec![Named::Task(text(params, "taskId")?)]
        }
        "completion/complete" => {
            let reference = params.get("ref").ok_or("no ref")?;
            check_keys(reference)?;
            match reference.get("type").and_then(Json::text).as_deref() {
                Some("ref/prompt") => vec![Named::Prompt(text(reference, "name")?)],
                Some("ref/resource") => vec![Named::Resource(text(reference, "uri")?)],
                _ => return Err("an unknown kind of ref"),
            }
        }
        "subscriptions/listen" => subscriptions(params)?,
        _ => Vec::new(),
    })
}

fn subscriptions(params: &Json) -> Result<Vec<Named>, Denied> {
    let Some(notifications) = params.get("notifications") else {
        return Ok(Vec::new());
    };
    check_keys(notifications)?;
    match notifications.get("resourceSubscriptions") {
        None => Ok(Vec::new()),
        Some(Json::List(uris)) => {
            let resource = |uri: &Json| uri.text().map(Named::Resource);
            uris.iter()
                .map(|uri| resource(uri).ok_or("a URI that is no string"))
                .collect()
        }
        Some(_) => Err("resourceSubscriptions is no array"),
    }
}

/// Body and headers must agree if both name the operation.
fn check_headers(
    headers: &Headers,
    method: &str,
    named: &[Named],
    params: &Json,
) -> Result<(), Denied> {
    if headers
        .method
        .as_deref()
        .is_some_and(|header| header != method)
    {
        return Err("Mcp-Method is not the method");
    }
    if let Some(name) = &headers.name {
        match named {
            [one] if one.text() == name => {}
            // It is not known where an extension mirrors names. They do not affect the decision.
            [] if !is_known(method) => {}
            _ => return Err("Mcp-Name is not the name"),
        }
    }
    let meta = params
        .get("_meta")
        .and_then(|meta| meta.get("io.modelcontextprotocol/protocolVersion"));
    match (&headers.version, meta) {
        (Some(header), Some(body)) if !body.is(header) => Err("another protocol version"),
        _ => Ok(()),
    }
}

fn classify(method: String, named: Vec<Named>) -> Operation {
    if CONNECTING.contains(&method.as_str()) {
        return Operation::Connect;
    }
    Operation::Method { method, named }
}

/// Returns true if a revision, or the tasks extension, defines the method.
pub(crate) fn is_known(method: &str) -> bool {
    CONNECTING.contains(&method) || OTHERS.contains(&method)
}

/// The methods that require only the initialize level.
const CONNECTING: [&str; 7] = [
    "initialize",
    "server/discover",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
    "notifications/tasks/status",
];

const OTHERS: [&str; 18] = [
    "ping",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "logging/setLevel",
    "subscriptions/listen",
    "tasks/get",
    "tasks/result",
    "tasks/cancel",
    "tasks/list",
    "tasks/update",
];
