//! Who may see the debug pages, and what browsers may do with them.
//!
//! They show no secret and change nothing, but a page of another site must not read them through a browser that
//! can reach this listener, nor have it send the form.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName},
    },
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::DebugData;
use crate::admission::Admission;

/// What the debug pages need.
pub struct DebugPages {
    /// Values of `Host` besides loopback that they answer to.
    pub hosts: Vec<String>,
    /// What they show.
    pub data: Box<dyn DebugData>,
    /// What decides about the requests of the form.
    pub state: Arc<Admission>,
}

impl DebugPages {
    /// # Errors
    /// The answer to a request under a name that an attacker may have pointed at loopback (DNS rebinding).
    pub(super) fn admit(&self, request: &HttpRequest) -> Result<(), Box<HttpResponse>> {
        if is_listed_host(request.headers(), &self.hosts) {
            return Ok(());
        }
        Err(Box::new(refuse(
            StatusCode::FORBIDDEN,
            "this Host is neither loopback nor in server.debug_hosts\n",
        )))
    }

    /// The same for a form.
    ///
    /// # Errors
    /// The answer to a form that a page of another site has sent.
    pub(super) fn admit_form(&self, request: &HttpRequest) -> Result<(), Box<HttpResponse>> {
        self.admit(request)?;
        if is_of_this_site(request.headers()) {
            return Ok(());
        }
        Err(Box::new(refuse(StatusCode::FORBIDDEN, "the form was sent by a page of another site\n")))
    }
}

/// An answer with the headers that every debug page has.
pub(super) fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponseBuilder::new(status);
    for (name, value) in FIXED {
        response.insert_header((name, value));
    }
    response.insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.as_str()));
    response
}

/// An answer that says why there is no page.
pub(super) fn refuse(status: StatusCode, why: &'static str) -> HttpResponse {
    answer(status).content_type("text/plain; charset=utf-8").body(why)
}

fn is_listed_host(headers: &HeaderMap, listed: &[String]) -> bool {
    let Some(host) = only(headers, &header::HOST) else { return false };
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let is_loopback = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    is_loopback || listed.iter().any(|known| known == host || known == name)
}

/// Browsers say with every form which page sent it; whoever says nothing is no browser. `Sec-Fetch-Site` is not sent
/// to a plain address other than loopback, `Origin` always is.
fn is_of_this_site(headers: &HeaderMap) -> bool {
    let is_same_site = match headers.get(&SEC_FETCH_SITE) {
        Some(_) => only(headers, &SEC_FETCH_SITE) == Some("same-origin"),
        None => true,
    };
    let is_same_origin = match headers.get(header::ORIGIN) {
        Some(_) => only(headers, &header::ORIGIN).and_then(authority) == only(headers, &header::HOST),
        None => true,
    };
    is_same_site && is_same_origin
}

fn authority(origin: &str) -> Option<&str> {
    origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
}

/// The one value of a header.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// The style of the pages, which is in them.
pub(super) const STYLE: &str = include_str!("templates/style.css");

/// Nothing is loaded and nothing runs: the style is known by its hash, and the form goes to this listener alone.
static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
});

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// `same-origin`, since under `no-referrer` browsers send the form with `Origin: null`, as a page of another site
/// can have them do.
const FIXED: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_form_of_another_site_is_told_by_either_header() {
        let host = ("host", "localhost:9464");
        for (pairs, expected) in [
            (&[host][..], true),
            (&[host, ("origin", "http://localhost:9464")], true),
            (&[host, ("origin", "https://localhost:9464"), ("sec-fetch-site", "same-origin")], true),
            (&[host, ("origin", "http://localhost:9464"), ("sec-fetch-site", "cross-site")], false),
            (&[host, ("sec-fetch-site", "same-site")], false),
            (&[host, ("sec-fetch-site", "none")], false),
            (&[host, ("origin", "http://localhost:5025")], false),
            (&[host, ("origin", "http://localhost")], false),
            (&[host, ("origin", "null")], false),
            (&[host, ("origin", "")], false),
            (&[host, ("origin", "http://localhost:9464"), ("origin", "http://evil.example")], false),
        ] {
            assert_eq!(is_of_this_site(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
