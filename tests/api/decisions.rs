//! The table of decisions, as data: add a row to `decisions.json`.

use serde::Deserialize;
use support::{CONFIG, envoy::CheckRequest, token};

use crate::{app::TestApp, ask::Ask};

/// Rows that share a policy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) policy: String,
    /// Lines that replace others in the configuration, as `[old, new]`.
    #[serde(default)]
    replace: Vec<[String; 2]>,
    pub(crate) rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// The scopes of the token. Without them no token is sent.
    pub(crate) scopes: Option<String>,
    #[serde(default = "post")]
    pub(crate) method: String,
    #[serde(default)]
    pub(crate) headers: Vec<[String; 2]>,
    pub(crate) body: Option<serde_json::Value>,
    /// Status and reason.
    pub(crate) expect: String,
    /// Part of the challenge. `""`: there must not be one.
    challenge: Option<String>,
}

fn post() -> String {
    "POST".to_owned()
}

/// The whole of `decisions.json`.
pub(crate) fn tables() -> Vec<Table> {
    serde_json::from_str(include_str!("decisions.json")).unwrap()
}

impl Table {
    /// The configuration that its rows share.
    pub(crate) fn config(&self) -> String {
        self.replace
            .iter()
            .fold(CONFIG.to_owned(), |config, [old, new]| {
                assert!(
                    config.contains(old.as_str()),
                    "{}: `{old}` is not in the configuration",
                    self.policy
                );
                config.replace(old.as_str(), new)
            })
    }
}

impl Row {
    /// The row as a request of nginx.
    pub(crate) fn ask(&self) -> Ask {
        let mut ask = Ask::of(&self.method);
        if let Some(scopes) = &self.scopes {
            ask = ask.token(&token(scopes));
        }
        for [name, value] in &self.headers {
            ask = ask.header(name, value.as_str());
        }
        match &self.body {
            Some(body) => ask
                .header("Content-Type", "application/json")
                .body(body.to_string()),
            None => ask,
        }
    }
}

#[test]
fn every_row_is_decided_as_the_table_says() {
    let mut faults = Vec::new();
    for table in &tables() {
        let app = TestApp::spawn(&table.config());
        for (index, row) in table.rows.iter().enumerate() {
            if let Err(fault) = check(&app, row).and_then(|()| check_grpc(&app, row)) {
                faults.push(format!("{} row {index}: {fault}", table.policy));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn check(app: &TestApp, row: &Row) -> Result<(), String> {
    let answer = app.ask(&row.ask());
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    let is_challenge_right = match row.challenge.as_deref() {
        None => true,
        Some("") => challenge.is_empty(),
        Some(part) => challenge.contains(part),
    };
    if answer.outcome() != row.expect || !answer.body.is_empty() || !is_challenge_right {
        return Err(format!(
            "expected {} {:?}, got {answer:?}",
            row.expect, row.challenge
        ));
    }
    Ok(())
}

/// The same over gRPC, where the status is the one for the client.
fn check_grpc(app: &TestApp, row: &Row) -> Result<(), String> {
    let mut request = CheckRequest::of(&row.method);
    if let Some(body) = &row.body {
        request =
            CheckRequest::post(body.to_string()).change(|http| http.method.clone_from(&row.method));
    }
    if let Some(scopes) = &row.scopes {
        request = request.raw_header("authorization", &format!("Bearer {}", token(scopes)));
    }
    for [name, value] in &row.headers {
        request = request.raw_header(&name.to_lowercase(), value);
    }
    let answer = app.check(request);
    let reason = |outcome: &str| outcome.split_once(' ').map(|(_, reason)| reason.to_owned());
    let expected = reason(&row.expect);
    let status = scopegate::domain::Reason::ALL
        .into_iter()
        .find(|known| Some(known.code()) == expected.as_deref());
    let expected = status.map_or("200".to_owned(), |reason| {
        format!("{} {}", reason.status(), reason.code())
    });
    let headers = answer.headers();
    let challenge = headers.get("www-authenticate").map_or("", String::as_str);
    let is_challenge_right = match row.challenge.as_deref() {
        None => true,
        Some("") => challenge.is_empty(),
        Some(part) => challenge.contains(part),
    };
    if answer.summary() != expected || !is_challenge_right {
        return Err(format!(
            "over gRPC: expected {expected} {:?}, got {answer:?}",
            row.challenge
        ));
    }
    Ok(())
}
