//! The handler of the metadata documents (RFC 9728 §3). They are public, cacheable and readable by
//! pages of any origin, and are served even if there are no keys.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::Data,
};

use super::decide::close_if_draining;
use crate::{
    admission::{Admission, WorkerAdmission},
    domain::Selector,
    metadata::{MetadataDocument, Which},
};

pub(super) async fn metadata(
    admission: Data<WorkerAdmission>,
    request: HttpRequest,
) -> HttpResponse {
    close_if_draining(&admission, answer(&admission, &request))
}

fn answer(admission: &Admission, request: &HttpRequest) -> HttpResponse {
    let Some(document) = find(admission, request) else {
        return HttpResponse::NotFound().insert_header(ANY_ORIGIN).finish();
    };
    match *request.method() {
        Method::GET if is_unchanged(request, &document.etag) => HttpResponse::NotModified()
            .insert_header((header::ETAG, document.etag))
            .insert_header(CACHEABLE)
            .insert_header(ANY_ORIGIN)
            .finish(),
        Method::GET | Method::HEAD => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::ETAG, document.etag))
            .insert_header(CACHEABLE)
            .insert_header(ANY_ORIGIN)
            .body(document.json),
        // Browser clients of MCP send MCP-Protocol-Version here too, so the browser sends a
        // preflight request first.
        Method::OPTIONS => HttpResponse::NoContent()
            .insert_header((header::ALLOW, ALLOWED))
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "*"))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, "300"))
            .insert_header(ANY_ORIGIN)
            .finish(),
        _ => HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, ALLOWED))
            .insert_header(ANY_ORIGIN)
            .finish(),
    }
}

fn find(admission: &Admission, request: &HttpRequest) -> Option<MetadataDocument> {
    let snapshot = admission.authorizer().policy().snapshot();
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let selector = host.map_or(Selector::Sole, Selector::Host);
    let (resource, is_of_origin) = snapshot.find_metadata(selector, request.head().uri.path())?;
    MetadataDocument::of(
        resource,
        if is_of_origin {
            Which::OfOrigin
        } else {
            Which::OfResource
        },
    )
}

/// Whether `If-None-Match` has this tag. Weak and strong tags compare as equal (RFC 9110 §13.1.2).
fn is_unchanged(request: &HttpRequest, etag: &str) -> bool {
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let is_it = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
    known.is_some_and(|tags| tags.split(',').any(|tag| is_it(tag.trim())))
}

const ANY_ORIGIN: (header::HeaderName, &str) = (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
const CACHEABLE: (header::HeaderName, &str) = (header::CACHE_CONTROL, "max-age=300");
const ALLOWED: &str = "GET, HEAD, OPTIONS";
