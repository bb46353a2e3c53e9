//! Requests as MCP clients make them, and as attackers would change them.

use base64::{Engine, engine::general_purpose::STANDARD};

use support::SigningKey;

use crate::{
    draw::Draw,
    model::Request,
    mutate::mutate,
    node::Node,
    policies::{Protected, SCOPES},
};

/// One JSON-RPC message, with the values of its `Mcp-*` headers.
struct Message {
    node: Node,
    method: &'static str,
    name: Option<String>,
}

/// Draws one request to `protected`.
pub(crate) fn request(
    draw: &mut Draw,
    protected: &Protected,
    token: &str,
    seeds: &[Vec<u8>],
) -> Request {
    let method = if draw.chance(90) {
        "POST"
    } else {
        draw.pick(&HTTP_METHODS)
    };
    let mut request = Request {
        method: method.to_owned(),
        target: target(draw, protected),
        headers: vec![(
            "authorization".to_owned(),
            format!("Bearer {token}").into_bytes(),
        )],
        body: Vec::new(),
    };
    let message = message(draw);
    if method == "POST" && !draw.chance(12) || draw.chance(2) {
        request.body = body(draw, &message, seeds);
        content_headers(draw, &mut request);
    }
    if draw.chance(if request.body.is_empty() { 80 } else { 30 }) {
        mirrored_headers(draw, &mut request, &message);
    }
    if draw.chance(10) {
        request.headers.push(header(
            "origin",
            draw.pick(&["https://page.example", "https://other.example", "null", ""]),
        ));
    }
    if draw.chance(5) {
        request
            .headers
            .push(header("access-control-request-method", "POST"));
    }
    if draw.chance(2) {
        let index = draw.below(request.headers.len());
        let (name, mut value) = request.headers[index].clone();
        if draw.chance(50) {
            mutate(draw, &mut value, &WORDS);
        }
        request.headers.push((name, value));
    }
    if draw.chance(2) {
        let index = draw.below(request.headers.len());
        request.headers.remove(index);
    }
    request
}

/// A token whose scopes often suffice. Most are for this resource.
pub(crate) fn token(
    draw: &mut Draw,
    signer: &SigningKey,
    protected: &[Protected],
    index: usize,
    now: i64,
) -> String {
    let of = if draw.chance(3) {
        draw.one(protected)
    } else {
        &protected[index]
    };
    let percent = *draw.pick(&[&100, &100, &90, &70, &40]);
    let scopes: Vec<&str> = SCOPES
        .into_iter()
        .filter(|_| draw.chance(percent))
        .collect();
    let claims = serde_json::json!({
        "iss": "https://auth.example.com", "aud": of.audience, "sub": "alice", "exp": now + 60,
        "scope": scopes.join(" "),
    });
    signer.token(
        r#"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#,
        &claims.to_string(),
    )
}

fn target(draw: &mut Draw, protected: &Protected) -> String {
    let path = &protected.facts.path;
    match draw.below(40) {
        0 => protected.facts.extra_paths.first().unwrap_or(path).clone(),
        1 => format!("{path}?access_token=x"),
        2 => format!("/.well-known/oauth-protected-resource{path}"),
        3 => {
            let mut bytes = path.clone().into_bytes();
            mutate(
                draw,
                &mut bytes,
                &[
                    "/", "//", "..", "/./", "%2f", ";", "\\", "?", "#", "http://h",
                ],
            );
            bytes.retain(|byte| byte.is_ascii_graphic());
            String::from_utf8(bytes).unwrap()
        }
        _ => path.clone(),
    }
}

fn message(draw: &mut Draw) -> Message {
    let method = if draw.chance(55) {
        draw.pick(&NAMING)
    } else {
        draw.pick(&OTHERS)
    };
    let mut params = vec![];
    let name = match method {
        "tools/call" => Some(("name", draw.pick(&TOOLS))),
        "prompts/get" => Some(("name", draw.pick(&PROMPTS))),
        "tasks/get" | "tasks/result" | "tasks/cancel" | "tasks/update" => {
            Some(("taskId", "task-1"))
        }
        "completion/complete" => {
            let (kind, key, name) = match draw.chance(50) {
                true => ("ref/prompt", "name", draw.pick(&PROMPTS)),
                false => ("ref/resource", "uri", draw.pick(&URIS)),
            };
            params.push((
                "ref",
                Node::object(&[("type", Node::text(kind)), (key, Node::text(name))]),
            ));
            None
        }
        "subscriptions/listen" => {
            let uris: Vec<&str> = (0..draw.below(3)).map(|_| draw.pick(&URIS)).collect();
            let wanted = [
                ("toolsListChanged", Node::raw("true")),
                ("resourceSubscriptions", Node::texts(&uris)),
            ];
            params.push(("notifications", Node::object(&wanted)));
            None
        }
        _ if method.starts_with("resources/") && NAMING.contains(&method) => {
            Some(("uri", draw.pick(&URIS)))
        }
        _ => None,
    };
    params.extend(name.map(|(key, name)| (key, Node::text(name))));
    if draw.chance(40) {
        params.push((
            "arguments",
            Node::object(&[("name", Node::text("admin-x")), ("Name", Node::raw("1"))]),
        ));
    }
    if draw.chance(20) {
        let version = Node::text(draw.pick(&VERSIONS));
        params.push((
            "_meta",
            Node::object(&[("io.modelcontextprotocol/protocolVersion", version)]),
        ));
    }
    Message {
        node: envelope(draw, method, &params),
        method,
        name: name.map(|(_, name)| name.to_owned()),
    }
}

fn envelope(draw: &mut Draw, method: &str, params: &[(&str, Node)]) -> Node {
    let mut members = vec![("jsonrpc", Node::text("2.0"))];
    if draw.chance(4) {
        members.extend([
            ("id", Node::raw("1")),
            (draw.pick(&["result", "error"]), Node::object(&[])),
        ]);
    } else {
        if !method.starts_with("notifications/") || draw.chance(5) {
            members.push((
                "id",
                if draw.chance(80) {
                    Node::raw("1")
                } else {
                    Node::text("a")
                },
            ));
        }
        members.push(("method", Node::text(method)));
        if !params.is_empty() || draw.chance(30) {
            members.push(("params", Node::object(params)));
        }
    }
    if draw.chance(10) {
        let last = members.len() - 1;
        members.swap(0, last);
    }
    let mut node = Node::object(&members);
    if draw.chance(25) {
        for _ in 0..=draw.below(2) {
            node.mutate(draw, &KEYS, &TEXTS);
        }
    }
    node
}

fn body(draw: &mut Draw, first: &Message, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = match draw.below(20) {
        0 => draw.one(seeds).clone(),
        1 | 2 => {
            let count = *draw.pick(&[&0, &1, &1, &2, &3, &49, &50]);
            let mut batch: Vec<Node> = (0..count).map(|_| message(draw).node).collect();
            batch.push(first.node.clone());
            Node::List(batch).write(draw).into_bytes()
        }
        _ => first.node.write(draw).into_bytes(),
    };
    if draw.chance(8) {
        mutate(draw, &mut bytes, &WORDS);
    }
    bytes
}

fn content_headers(draw: &mut Draw, request: &mut Request) {
    match draw.below(20) {
        0..=13 => request
            .headers
            .push(header("content-type", "application/json")),
        14..=17 => {}
        _ => request
            .headers
            .push(header("content-type", draw.pick(&CONTENT_TYPES))),
    }
    if draw.chance(2) {
        request.headers.push(header(
            "content-encoding",
            draw.pick(&["gzip", "identity", ""]),
        ));
    }
}

fn mirrored_headers(draw: &mut Draw, request: &mut Request, message: &Message) {
    let is_exact = draw.chance(80);
    if draw.chance(90) {
        let version = if is_exact {
            "2026-07-28"
        } else {
            draw.pick(&VERSIONS)
        };
        request
            .headers
            .push(header("mcp-protocol-version", version));
    }
    if draw.chance(90) {
        let method = if is_exact {
            message.method
        } else {
            draw.pick(&OTHERS)
        };
        request.headers.push(header("mcp-method", method));
    }
    if let Some(name) = message.name.as_deref().filter(|_| draw.chance(90)) {
        let name = if is_exact { name } else { draw.pick(&TOOLS) };
        let is_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b',');
        let name = match is_plain && draw.chance(80) {
            true => name.to_owned(),
            false => format!("=?base64?{}?=", STANDARD.encode(name)),
        };
        request.headers.push(header("mcp-name", &name));
    } else if draw.chance(5) {
        request.headers.push(header("mcp-name", draw.pick(&TOOLS)));
    }
    if draw.chance(8) {
        let index = draw.below(request.headers.len());
        mutate(draw, &mut request.headers[index].1, &WORDS);
    }
}

fn header(name: &str, value: &str) -> (String, Vec<u8>) {
    (name.to_owned(), value.as_bytes().to_vec())
}

const HTTP_METHODS: [&str; 8] = [
    "GET", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH", "get", "post",
];

const NAMING: [&str; 11] = [
    "tools/call",
    "tools/call",
    "tools/call",
    "prompts/get",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "completion/complete",
    "subscriptions/listen",
    "tasks/get",
    "tasks/update",
];

const OTHERS: [&str; 28] = [
    "initialize",
    "server/discover",
    "ping",
    "tools/list",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
    "logging/setLevel",
    "tasks/list",
    "tasks/result",
    "tasks/cancel",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
    "notifications/tasks/status",
    "notifications/invented",
    "vendor/x",
    "vendor/y",
    "TOOLS/LIST",
    "tools/call ",
    "tools/call\0",
    "tool\u{17f}/call",
    "rpc.discover",
    "",
    "tools/",
    "resources/secret",
];

const TOOLS: [&str; 12] = [
    "echo",
    "echo",
    "add",
    "admin-reset",
    "admin-",
    "delete_user",
    "delete_",
    "Echo",
    "éa",
    "e\u{301}a",
    "a,b",
    "=?base64?ZWNobw==?=",
];

const PROMPTS: [&str; 5] = ["greet", "greet-all", "secret", "sect", "other"];

const URIS: [&str; 18] = [
    "file:///a",
    "file:///a/b",
    "file:///secret/x",
    "https://h/p?q=1",
    "note:1",
    "note:",
    "other://x",
    "FILE:///secret/x",
    "file:///a/../secret/x",
    "file:///./secret/x",
    "file:///%73ecret/x",
    "file:///a%2Fb",
    "file:///a%5cb",
    "file:///a\\b",
    "file:///%20x",
    "file:///x%zz",
    "file://a/b?c=/../d",
    "..",
];

const VERSIONS: [&str; 6] = [
    "2026-07-28",
    "2025-11-25",
    "2024-11-05",
    "2099-01-01",
    "2026-07-28 ",
    "",
];

const CONTENT_TYPES: [&str; 9] = [
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/json;charset=utf-16",
    "application/vnd.x+json",
    "text/plain",
    "application/json, text/plain",
    "",
    "application/jsonx",
    " application/json",
];

const KEYS: [&str; 18] = [
    "jsonrpc",
    "id",
    "method",
    "params",
    "name",
    "uri",
    "arguments",
    "taskId",
    "ref",
    "result",
    "error",
    "_meta",
    "Method",
    "param\u{17f}",
    "NAME",
    "taskid",
    "u\u{281}i",
    "notifications",
];

const TEXTS: [&str; 10] = [
    "2.0",
    "tools/list",
    "tools/call",
    "echo",
    "admin-reset",
    "file:///a",
    "ref/prompt",
    "ref/resource",
    "1.0",
    "",
];

const WORDS: [&str; 22] = [
    "\u{feff}",
    "\0",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\u0000",
    "\\",
    "null",
    "\"name\":\"echo\",",
    "\"method\":\"ping\",",
    "\"params\":{},",
    "ſ",
    "=?base64?",
    "?=",
    " ",
    "\t",
    "\n",
    "\"id\":1,",
];
