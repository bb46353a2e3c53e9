//! For any input, reading never panics, and a lenient JSON parser sees the same message.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;

use super::*;

/// Members of a message, each with its decoded key.
const MEMBERS: &[(&str, &str)] = &[
    ("jsonrpc", r#""jsonrpc":"2.0""#),
    ("id", r#""id":7"#),
    ("method", r#""method":"tools/call""#),
    (
        "params",
        r#""params":{"arguments":{"name":"x","name":[{}]},"name":"a","_meta":{"n":0}}"#,
    ),
];

/// Members that are added to them.
const EXTRAS: &[(&str, &str)] = &[
    ("method", r#""method":"tools/list""#),
    ("method", r#""m\u0065thod":"ping""#),
    ("params", r#""params":{"name":"b"}"#),
    ("id", r#""\u0069d":null"#),
    ("trace", r#""trace":{"method":"x","method":"y"}"#),
    ("x", r#""x":[1,{"y":"}{"}]"#),
    ("é", r#""é":"\u0000""#),
];

fn members() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    vec(select(EXTRAS), 0..3)
        .prop_map(|extras| [MEMBERS, &extras].concat())
        .prop_shuffle()
}

fn body_of(members: &[(&str, &str)]) -> String {
    let texts: Vec<&str> = members.iter().map(|(_, text)| *text).collect();
    format!("{{{}}}", texts.join(","))
}

/// The method and name for a parser that keeps the last of two equal keys.
fn naive_view(message: &Value) -> (Option<&str>, Option<&str>) {
    (
        message["method"].as_str(),
        message["params"]["name"].as_str(),
    )
}

/// The method and name that scopegate reads.
fn our_view<'a>(message: &'a Message<'a>) -> (Option<&'a str>, Option<&'a str>) {
    match message {
        Message::Response => (None, None),
        Message::Notification(method) => (Some(method), None),
        Message::Request(call) => match &call.named {
            Named::Tool(name) | Named::Prompt(name) => (Some(&call.method), Some(name)),
            Named::Nothing | Named::Resource(_) | Named::Resources(_) | Named::Task(_) => {
                (Some(&call.method), None)
            }
        },
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(body: Vec<u8>, name: Vec<u8>, trusted: bool) {
        let trust = if trusted { TRUSTED } else { Trust::default() };
        for mcp_name in [Field::Absent, Field::One(&name)] {
            let request = CheckRequest {
                protocol_version: Field::One(b"2026-07-28"),
                mcp_method: Field::One(b"tools/call"),
                mcp_name,
                body: Body::Whole(&body),
                ..BARE
            };
            let _ = read(&request, trust);
        }
    }

    #[test]
    fn a_message_is_read_as_a_lenient_parser_reads_it_or_refused(members in members()) {
        let body = body_of(&members);
        let mut keys: Vec<&str> = members.iter().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        let has_twice = keys.windows(2).any(|pair| pair[0] == pair[1]);
        match read_body(&body) {
            Ok(Operation::Single(message)) => {
                let naive: Value = serde_json::from_str(&body).unwrap();
                prop_assert!(!has_twice, "{}", body);
                prop_assert_eq!(our_view(&message), naive_view(&naive), "{}", body);
            }
            Ok(operation) => prop_assert!(false, "{:?} {}", operation, body),
            Err(_) => prop_assert!(has_twice, "{}", body),
        }
    }

    #[test]
    fn a_damaged_message_is_refused_or_read_as_a_lenient_parser_reads_it(
        members in members(),
        position in any::<prop::sample::Index>(),
        byte: u8,
    ) {
        let mut body = body_of(&members).into_bytes();
        let position = position.index(body.len());
        body[position] = byte;
        let request = CheckRequest { body: Body::Whole(&body), ..BARE };
        if let Ok(Operation::Single(message)) = read(&request, Trust::default())
            && our_view(&message).1.is_some()
        {
            let naive: Value = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(our_view(&message), naive_view(&naive));
        }
    }
}
