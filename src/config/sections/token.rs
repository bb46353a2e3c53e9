//! The rules for tokens of a key source: issuer, audience, leeway, type.

use std::time::Duration;

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Choice, Flag, List, Period, Text},
            shape::Part,
        },
        file::section::Section,
        mistake::{Report, shown, shown_url},
        sections::resource_context::ResourceContext,
        url::parse_web_url,
    },
    domain::Issuer,
    token::{Audience, IssuerRule, TokenSettings, TokenType},
};

/// The keys of an entry of `oauth.jwks` that concern tokens.
pub(in crate::config) const KEYS: Part = &[
    &ISSUER_KEY,
    &AUDIENCES,
    &ACCEPT_ANY_AUDIENCE,
    &ALGORITHMS,
    &LEEWAY,
    &TOKEN_TYPE,
];

const ISSUER_KEY: Key<Text> = Key::new(
    "issuer",
    Text::URL,
    "`iss` must equal it exactly. With discovery it comes from the document, and must agree if written. Otherwise an `iss` \
     that is present must be one of the authorization servers, a final `/` more or less. Required where a resource has \
     more than one `url` or authorization server.",
)
.defaults_to("see meaning");

const AUDIENCES: Key<List> = Key::new(
    "audiences",
    List::EMPTY,
    "`aud` must contain one. Default: the resource identifier, and `base_url` where this is the only resource of its \
     origin.",
)
.defaults_to("see meaning");

const ACCEPT_ANY_AUDIENCE: Key<Flag> = Key::new(
    "accept_any_audience",
    Flag::OFF,
    "Switches the audience check off: tokens for other services pass. Warns.",
);

/// `oauth.jwks[].algorithms`.
pub(in crate::config) const ALGORITHMS: Key<List> = Key::new(
    "algorithms",
    List {
        default: &[],
        words: &[
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519", "HS256", "HS384",
            "HS512",
        ],
    },
    "`Ed25519` is another name for `EdDSA`. Never HS with a `url`; with a secret only its own. ES512 is not built in.",
)
.defaults_to("all asymmetric");

const LEEWAY: Key<Period> = Key::new(
    "leeway",
    // Allows for clocks that differ, but not for a leeway that makes `exp` meaningless.
    Period {
        default: Duration::from_secs(30),
        range: Duration::ZERO..=Duration::from_secs(60 * 60),
    },
    "Grace on `exp` and `nbf`.",
);

const TOKEN_TYPE: Key<Choice<TokenType>> = Key::new(
    "token_type",
    Choice {
        default: TokenType::Any,
        words: &[("any", TokenType::Any), ("at+jwt", TokenType::AtJwt)],
    },
    "`at+jwt` demands this `typ` (RFC 9068). `any` also takes `JWT` and none. Both refuse ID tokens and every other `typ`.",
);

/// Reads the rules for tokens of one source. With discovery the document provides the issuer.
pub(in crate::config) fn read(
    entry: &Section,
    issuer: Option<Issuer>,
    is_discovered: bool,
    resource: &ResourceContext<'_>,
    report: &mut Report,
) -> TokenSettings {
    TokenSettings {
        issuer: issuer_rule(entry, issuer, is_discovered, resource, report),
        audience: audience(entry, resource, report),
        leeway: entry.get(&LEEWAY),
        token_type: entry.get(&TOKEN_TYPE),
    }
}

/// Reads `issuer`.
pub(in crate::config) fn issuer(entry: &Section, report: &mut Report) -> Option<Issuer> {
    let text = entry.find(&ISSUER_KEY)?;
    let issuer = parse_issuer(text);
    let at = entry.at(&ISSUER_KEY);
    if issuer.is_none() {
        report.mistake(&at, shown_url(text), ISSUER);
    }
    refuse_common_tenant(&at, text, report);
    issuer
}

/// Rejects Microsoft's `common` endpoint: its issuer belongs to no tenant, and no token names it.
pub(in crate::config) fn refuse_common_tenant(at: &str, issuer: &str, report: &mut Report) {
    let Some(url) = parse_web_url(issuer) else {
        return;
    };
    let is_microsoft = matches!(
        url.host_str(),
        Some("login.microsoftonline.com" | "sts.windows.net")
    );
    let tenant = url
        .path_segments()
        .and_then(|mut segments| segments.next())
        .unwrap_or_default()
        .to_owned();
    if is_microsoft && matches!(tenant.as_str(), "common" | "organizations" | "consumers") {
        let found = format!(
            "{}, the endpoint of many tenants, whose name is in no token",
            shown(issuer)
        );
        report.mistake(
            at,
            found,
            shown(&issuer.replacen(&tenant, "TENANT-ID", 1)) + " with the id of your tenant",
        );
    }
}

/// Parses an issuer that may also be published: without a user name, and without parts that a URL
/// parser would repair.
pub(in crate::config) fn parse_issuer(text: &str) -> Option<Issuer> {
    parse_web_url(text).and_then(|_| Issuer::parse(text).ok())
}

fn issuer_rule(
    entry: &Section,
    issuer: Option<Issuer>,
    is_discovered: bool,
    resource: &ResourceContext<'_>,
    report: &mut Report,
) -> IssuerRule {
    if let Some(issuer) = issuer {
        return IssuerRule::Exactly(issuer);
    }
    if is_discovered {
        return IssuerRule::Discovered;
    }
    if resource.needs_issuer {
        let expected =
            "the issuer of these keys, since there is more than one URL or authorization server";
        entry.require(&ISSUER_KEY, expected, report);
    } else if resource.authorization_servers.is_empty() && !entry.has(&ISSUER_KEY) {
        let path = entry.path();
        report.warn(format!(
            "{path} has no issuer, and there is no authorization server: tokens with an `iss` are refused"
        ));
    }
    IssuerRule::AbsentOrOneOf(resource.authorization_servers.to_vec())
}

fn audience(entry: &Section, resource: &ResourceContext<'_>, report: &mut Report) -> Audience {
    let at = entry.at(&AUDIENCES);
    let accepts_any = entry.get(&ACCEPT_ANY_AUDIENCE);
    if accepts_any && entry.has(&AUDIENCES) {
        let expected = "no list next to `accept_any_audience`, which would ignore it";
        report.mistake(&at, "a list of audiences", expected);
    }
    if accepts_any {
        report.warn(format!(
            "{}: tokens for other services are accepted",
            entry.at(&ACCEPT_ANY_AUDIENCE)
        ));
        return Audience::Any;
    }
    let Some(audiences) = entry.find(&AUDIENCES) else {
        return Audience::OneOf(resource.audiences.to_vec());
    };
    if audiences.is_empty() {
        report.mistake(&at, "an empty list", "at least one audience");
    }
    for (index, audience) in audiences
        .iter()
        .enumerate()
        .filter(|(_, audience)| audience.trim().is_empty())
    {
        report.mistake(&format!("{at}[{index}]"), shown(audience), "an audience");
    }
    Audience::OneOf(audiences)
}

/// Describes a valid issuer or authorization server.
pub(in crate::config) const ISSUER: &str = "an http(s) URL without user name, query and fragment";
