//! Checks who may read the debug pages, and restricts what a browser does with them.
//!
//! The pages show no secret and change nothing. Still, a page of another site must not read them
//! through a browser that can reach this listener, and must not make that browser send the form.

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

/// Access rules, data and authorizer of the debug pages.
pub struct DebugPages {
    /// Values of `Host` besides loopback names for which the pages answer.
    pub hosts: Vec<String>,
    /// The data of the pages.
    pub data: Box<dyn DebugData>,
    /// Decides about the requests that the form describes.
    pub admission: Arc<Admission>,
}

impl DebugPages {
    /// Admits a request whose `Host` is a loopback name or a listed one.
    ///
    /// # Errors
    /// A 403 for every other `Host`: an attacker may have pointed that name at loopback (DNS
    /// rebinding).
    pub(super) fn admit(&self, request: &HttpRequest) -> Result<(), Box<HttpResponse>> {
        if is_listed_host(request.headers(), &self.hosts) {
            return Ok(());
        }
        Err(Box::new(refuse(
            StatusCode::FORBIDDEN,
            "this Host is neither loopback nor in server.debug_hosts\n",
        )))
    }

    /// Admits a form under the same rule, if one of our pages sent it.
    ///
    /// # Errors
    /// A 403 for another `Host`, or for a form that a page of another site sent.
    pub(super) fn admit_form(&self, request: &HttpRequest) -> Result<(), Box<HttpResponse>> {
        self.admit(request)?;
        if is_same_origin(request.headers()) {
            return Ok(());
        }
        Err(Box::new(refuse(
            StatusCode::FORBIDDEN,
            "another site sent this form\n",
        )))
    }
}

/// An answer with the headers that every debug page has.
pub(super) fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponseBuilder::new(status);
    for (name, value) in FIXED {
        response.insert_header((name, value));
    }
    response.insert_header((
        header::CONTENT_SECURITY_POLICY,
        CONTENT_SECURITY_POLICY.as_str(),
    ));
    response
}

/// An answer without a page: the status and the reason as text.
pub(super) fn refuse(status: StatusCode, why: &'static str) -> HttpResponse {
    answer(status)
        .content_type("text/plain; charset=utf-8")
        .body(why)
}

fn is_listed_host(headers: &HeaderMap, listed: &[String]) -> bool {
    let Some(host) = single_value(headers, &header::HOST) else {
        return false;
    };
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let is_loopback = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    is_loopback || listed.iter().any(|known| known == host || known == name)
}

/// Whether a page of this listener sent the form. A browser names the sending page with every form,
/// so a request that names none is not from a browser. Browsers always send `Origin`; they omit
/// `Sec-Fetch-Site` if the listener has plain HTTP and is not on loopback.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let by_fetch_site = match headers.get(&SEC_FETCH_SITE) {
        Some(_) => single_value(headers, &SEC_FETCH_SITE) == Some("same-origin"),
        None => true,
    };
    let by_origin = match headers.get(header::ORIGIN) {
        Some(_) => {
            let origin = single_value(headers, &header::ORIGIN);
            origin.and_then(authority) == single_value(headers, &header::HOST)
        }
        None => true,
    };
    by_fetch_site && by_origin
}

fn authority(origin: &str) -> Option<&str> {
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
}

/// The value of a header; `None` if the header is absent, repeated or not ASCII text.
fn single_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// The stylesheet. It is inline in the pages.
pub(super) const STYLE: &str = include_str!("templates/style.css");

/// Allows only the inline stylesheet, by its hash, and the form, which must go to this listener. A
/// browser loads nothing else and runs no script.
static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
});

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The headers of every debug page. `Referrer-Policy` is `same-origin` and not `no-referrer`,
/// because with that browsers send the form with `Origin: null`, and a page of another site can
/// make them send that too.
const FIXED: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn either_header_reveals_a_form_of_another_site() {
        let host = ("host", "localhost:9464");
        for (pairs, expected) in [
            (&[host][..], true),
            (&[host, ("origin", "http://localhost:9464")], true),
            (
                &[
                    host,
                    ("origin", "https://localhost:9464"),
                    ("sec-fetch-site", "same-origin"),
                ],
                true,
            ),
            (
                &[
                    host,
                    ("origin", "http://localhost:9464"),
                    ("sec-fetch-site", "cross-site"),
                ],
                false,
            ),
            (&[host, ("sec-fetch-site", "same-site")], false),
            (&[host, ("sec-fetch-site", "none")], false),
            (&[host, ("origin", "http://localhost:5025")], false),
            (&[host, ("origin", "http://localhost")], false),
            (&[host, ("origin", "null")], false),
            (&[host, ("origin", "")], false),
            (
                &[
                    host,
                    ("origin", "http://localhost:9464"),
                    ("origin", "http://evil.example"),
                ],
                false,
            ),
        ] {
            assert_eq!(is_same_origin(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
