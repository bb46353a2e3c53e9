//! What tokens of a key source must look like: issuer, audience, leeway, type.

use std::time::Duration;

use super::{
    mistake::{Report, shown, shown_url},
    section::Section,
    source::{Surroundings, is_discovery},
    web::parse_web_url,
};
use crate::{
    domain::Issuer,
    token::{Audience, IssuerRule, TokenSettings, TokenType},
};

/// Reads the rules for tokens of one source.
pub(super) fn read(
    entry: &Section,
    issuer: Option<Issuer>,
    around: &Surroundings<'_>,
    report: &mut Report,
) -> TokenSettings {
    let types = [("any", TokenType::Any), ("at+jwt", TokenType::AtJwt)];
    TokenSettings {
        issuer: issuer_rule(entry, issuer, around, report),
        audience: audience(entry, around, report),
        leeway: entry.duration("leeway", Duration::from_secs(30), Duration::ZERO..=MAX_LEEWAY, report),
        token_type: entry.choice("token_type", TokenType::Any, &types, report),
    }
}

/// Reads `issuer`.
pub(super) fn issuer(entry: &Section, report: &mut Report) -> Option<Issuer> {
    let text = entry.text("issuer")?;
    let issuer = parse_issuer(text);
    if issuer.is_none() {
        report.mistake(&entry.at("issuer"), shown_url(text), ISSUER);
    }
    issuer
}

/// An issuer that is also fit to be published: no user name, nothing that a URL parser would repair.
pub(super) fn parse_issuer(text: &str) -> Option<Issuer> {
    parse_web_url(text).and_then(|_| Issuer::parse(text).ok())
}

fn issuer_rule(
    entry: &Section,
    issuer: Option<Issuer>,
    around: &Surroundings<'_>,
    report: &mut Report,
) -> IssuerRule {
    let url = entry.text("url").and_then(parse_web_url);
    if let Some(issuer) = issuer {
        return IssuerRule::Exactly(issuer);
    }
    if url.is_some_and(|url| is_discovery(&url)) {
        return IssuerRule::Discovered;
    }
    if around.needs_issuer {
        let expected = "the issuer of these keys, since there is more than one URL or authorization server";
        entry.require("issuer", expected, report);
    } else if around.authorization_servers.is_empty() && !entry.has("issuer") {
        let path = entry.path();
        report.warn(format!(
            "{path} has no issuer, and there is no authorization server: tokens with an `iss` are refused"
        ));
    }
    IssuerRule::AbsentOrOneOf(around.authorization_servers.to_vec())
}

fn audience(entry: &Section, around: &Surroundings<'_>, report: &mut Report) -> Audience {
    let at = entry.at("audiences");
    let accepts_any = entry.flag("accept_any_audience").unwrap_or(false);
    if accepts_any && entry.has("audiences") {
        let expected = "no list next to `accept_any_audience`, which would ignore it";
        report.mistake(&at, "a list of audiences", expected);
    }
    if accepts_any {
        report.warn(format!("{}: tokens for other services are accepted", entry.at("accept_any_audience")));
        return Audience::Any;
    }
    let Some(audiences) = entry.texts("audiences") else { return Audience::OneOf(around.audiences.to_vec()) };
    if audiences.is_empty() {
        report.mistake(&at, "an empty list", "at least one audience");
    }
    for (index, audience) in audiences.iter().enumerate().filter(|(_, audience)| audience.trim().is_empty()) {
        report.mistake(&format!("{at}[{index}]"), shown(audience), "an audience");
    }
    Audience::OneOf(audiences.to_vec())
}

/// What is expected of an issuer or an authorization server.
pub(super) const ISSUER: &str = "an http(s) URL without user name, query and fragment";

/// More than clocks differ by, and less than what would make `exp` meaningless.
const MAX_LEEWAY: Duration = Duration::from_secs(60 * 60);
