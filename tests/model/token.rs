//! Decides whether an `Authorization` header carries an access token for the resource, and which
//! scopes it grants.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Denied, json::Json};

/// The rules of a resource for its tokens.
pub(crate) struct TokenRules {
    pub(crate) sources: Vec<Source>,
    pub(crate) scope_claims: Vec<String>,
}

/// One key source.
pub(crate) struct Source {
    pub(crate) keys: Vec<Key>,
    pub(crate) issuer: IssuerRule,
    /// Empty: any audience.
    pub(crate) audiences: Vec<String>,
    pub(crate) leeway_seconds: i64,
    pub(crate) demands_at_jwt: bool,
}

/// The accepted values of `iss`.
pub(crate) enum IssuerRule {
    Exactly(String),
    AbsentOrOneOf(Vec<String>),
}

/// Verifies a signature (second) of an input (first).
pub(crate) type Verifies = Box<dyn Fn(&[u8], &[u8]) -> bool>;

/// A key with its one algorithm.
pub(crate) struct Key {
    pub(crate) kid: Option<String>,
    pub(crate) alg: &'static str,
    pub(crate) verifies: Verifies,
}

/// The scopes of the token in the header.
pub(crate) fn scopes(
    rules: &TokenRules,
    header: Option<&[u8]>,
    now: i64,
) -> Result<Vec<String>, Denied> {
    let token = bearer(header.ok_or("no token")?)?;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return Err("not three parts");
    };
    let signed = &token.as_bytes()[..header.len() + 1 + claims.len()];
    let (header, claims) = (object(header)?, object(claims)?);
    let signature = decode(signature)?;
    if header.get("crit").is_some() {
        return Err("crit");
    }
    check_kind(&header, &claims)?;
    check_times(&claims)?;
    let accepts = |source: &&Source| {
        source
            .keys
            .iter()
            .any(|key| fits(key, &header) && (key.verifies)(signed, &signature))
            && check_for_source(source, &header, &claims, now).is_ok()
    };
    rules
        .sources
        .iter()
        .find(accepts)
        .ok_or("no source accepts the token")?;
    granted(rules, &claims)
}

fn bearer(value: &[u8]) -> Result<&str, Denied> {
    let value = std::str::from_utf8(value).map_err(|_| "a header that is no text")?;
    let value = value.trim_matches([' ', '\t']);
    let (scheme, rest) = value.split_once(' ').ok_or("no scheme")?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err("another scheme");
    }
    let token = rest.trim_start_matches(' ');
    let core = token.trim_end_matches('=');
    let is_legal = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
    match !core.is_empty() && core.chars().all(is_legal) && token.len() <= 16 * 1024 {
        true => Ok(token),
        false => Err("illegal characters in the token"),
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Denied> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| "no base64url")
}

fn object(part: &str) -> Result<Json, Denied> {
    let json = Json::parse(&decode(part)?).ok_or("no JSON")?;
    if json.members().is_none() {
        return Err("no object, or a member twice");
    }
    Ok(json)
}

/// A key has one algorithm. If the token names a key, only that one fits.
fn fits(key: &Key, header: &Json) -> bool {
    let alg = match header.get("alg").and_then(Json::text) {
        Some(alg) if alg == "Ed25519" => "EdDSA".to_owned(),
        Some(alg) => alg,
        None => return false,
    };
    let is_named = match header.get("kid") {
        None => true,
        Some(kid) => kid.text().is_some() && kid.text() == key.kid,
    };
    alg == key.alg && is_named
}

/// Rejects ID tokens, logout tokens, refresh tokens and bound tokens.
fn check_kind(header: &Json, claims: &Json) -> Result<(), Denied> {
    if ["at_hash", "c_hash", "s_hash", "events", "cnf"]
        .iter()
        .any(|name| claims.get(name).is_some())
    {
        return Err("a claim that no access token for us has");
    }
    if claims.get("typ").is_some_and(|typ| {
        ["ID", "Refresh", "Logout"]
            .iter()
            .any(|other| typ.is(other))
    }) {
        return Err("the claim typ");
    }
    match header
        .get("typ")
        .map(|typ| typ.text().map(|typ| typ.to_ascii_lowercase()))
    {
        None => Ok(()),
        Some(Some(typ))
            if ["jwt", "application/jwt"].contains(&typ.as_str()) || is_at_jwt(&typ) =>
        {
            Ok(())
        }
        Some(_) => Err("another typ"),
    }
}

fn is_at_jwt(typ: &str) -> bool {
    ["at+jwt", "application/at+jwt"].contains(&typ.to_ascii_lowercase().as_str())
}

fn check_times(claims: &Json) -> Result<(), Denied> {
    match (claims.get("exp"), claims.get("nbf")) {
        (Some(Json::Number(_)), None | Some(Json::Number(_))) => Ok(()),
        _ => Err("exp or nbf is no number"),
    }
}

fn check_for_source(source: &Source, header: &Json, claims: &Json, now: i64) -> Result<(), Denied> {
    let seconds = |name| {
        if let Some(Json::Number(at)) = claims.get(name) {
            Some(*at)
        } else {
            None
        }
    };
    let (now, leeway) = (now as f64, source.leeway_seconds as f64);
    if seconds("exp").is_none_or(|exp| now >= exp + leeway) {
        return Err("expired");
    }
    if seconds("nbf").is_some_and(|nbf| nbf.floor() > now + leeway) {
        return Err("not valid yet");
    }
    if !accepts_issuer(&source.issuer, claims.get("iss")) {
        return Err("another issuer");
    }
    if source.demands_at_jwt
        && !header
            .get("typ")
            .and_then(Json::text)
            .is_some_and(|typ| is_at_jwt(&typ))
    {
        return Err("not at+jwt");
    }
    if claims.get("sub").is_some_and(|sub| sub.text().is_none()) {
        return Err("sub is no string");
    }
    check_audience(source, claims)
}

fn accepts_issuer(rule: &IssuerRule, iss: Option<&Json>) -> bool {
    match (rule, iss) {
        (IssuerRule::AbsentOrOneOf(_), None) => true,
        (IssuerRule::Exactly(_), None) => false,
        (IssuerRule::Exactly(issuer), Some(iss)) => iss.is(issuer),
        (IssuerRule::AbsentOrOneOf(issuers), Some(iss)) => issuers.iter().any(|issuer| {
            let short = issuer.strip_suffix('/').unwrap_or(issuer);
            iss.is(issuer) || iss.is(short) || iss.is(&format!("{issuer}/"))
        }),
    }
}

fn check_audience(source: &Source, claims: &Json) -> Result<(), Denied> {
    let audiences: Vec<String> = match claims.get("aud") {
        None => Vec::new(),
        Some(one @ Json::Text(_)) => vec![one.text().ok_or("aud")?],
        Some(Json::List(many)) => many
            .iter()
            .map(Json::text)
            .collect::<Option<_>>()
            .ok_or("aud")?,
        Some(_) => return Err("aud is neither a string nor an array"),
    };
    if let [sole] = audiences.as_slice()
        && ["azp", "client_id"]
            .iter()
            .any(|name| claims.get(name).is_some_and(|client| client.is(sole)))
    {
        return Err("an ID token's aud");
    }
    let is_ours = |audience: &String| source.audiences.contains(audience);
    if source.audiences.is_empty() || audiences.iter().any(is_ours) {
        Ok(())
    } else {
        Err("another audience")
    }
}

/// The union of the scope claims. A claim's name is tried as it is before it is read as a dotted
/// path.
fn granted(rules: &TokenRules, claims: &Json) -> Result<Vec<String>, Denied> {
    let mut granted: Vec<String> = Vec::new();
    for name in &rules.scope_claims {
        let nested = || name.split('.').try_fold(claims, |at, step| at.get(step));
        match claims.get(name).or_else(nested) {
            None => {}
            Some(text @ Json::Text(_)) => {
                let text = text.text().ok_or("a scope that is no text")?;
                granted.extend(
                    text.split(' ')
                        .filter(|scope| !scope.is_empty())
                        .map(str::to_owned),
                );
            }
            Some(Json::List(items)) => {
                for item in items {
                    granted.push(item.text().ok_or("a scope that is no string")?);
                }
            }
            Some(_) => return Err("a scope claim of another type"),
        }
    }
    let is_scope_char = |c: char| ('!'..='~').contains(&c) && c != '"' && c != '\\';
    if granted
        .iter()
        .any(|scope| scope.is_empty() || !scope.chars().all(is_scope_char))
    {
        return Err("a scope of other characters");
    }
    Ok(granted)
}
