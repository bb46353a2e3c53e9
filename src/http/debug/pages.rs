//! The handlers of the debug pages. Each checks the guard first, and then fills in a template or
//! writes JSON.

use std::time::Duration;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    error::UrlencodedError,
    http::{StatusCode, header},
    web::{self, Data, FormConfig, Payload, ServiceConfig},
};
use askama::Template;
use serde::Serialize;
use tokio::time::timeout;

use super::{
    DebugPages,
    form::{Form, FormView},
    guard::{answer, refuse},
    templates::{ExplainPage, FormPart, OverviewPage, ResultPart},
};
use crate::explain::{DraftError, explain};

/// The routes of the pages. They exist only if `server.debug` is true.
pub(in crate::http) fn routes(service: &mut ServiceConfig, pages: &Data<DebugPages>) {
    let reading = |path: &str| web::resource(path.to_owned());
    service
        .app_data(pages.clone())
        .app_data(FormConfig::default().limit(MAX_FORM_BYTES))
        .service(
            reading("/debug")
                .route(web::get().to(overview))
                .route(web::head().to(overview)),
        )
        .service(
            reading("/debug/policy")
                .route(web::get().to(policy))
                .route(web::head().to(policy)),
        )
        .service(
            reading("/debug/keys")
                .route(web::get().to(keys))
                .route(web::head().to(keys)),
        )
        .service(
            reading("/debug/explain")
                .route(web::get().to(empty_form))
                .route(web::head().to(empty_form))
                .route(web::post().to(explained)),
        );
}

async fn policy(pages: Data<DebugPages>, request: HttpRequest) -> HttpResponse {
    pages
        .admit(&request)
        .map_or_else(|refused| *refused, |()| json(&pages.data.policy()))
}

async fn keys(pages: Data<DebugPages>, request: HttpRequest) -> HttpResponse {
    pages
        .admit(&request)
        .map_or_else(|refused| *refused, |()| json(&pages.data.keys()))
}

async fn overview(pages: Data<DebugPages>, request: HttpRequest) -> HttpResponse {
    if let Err(refused) = pages.admit(&request) {
        return *refused;
    }
    let overview = pages.data.overview();
    let form = example_form(&pages, None);
    html(
        StatusCode::OK,
        &OverviewPage::new(overview, form, pages.data.now()),
    )
}

async fn empty_form(pages: Data<DebugPages>, request: HttpRequest) -> HttpResponse {
    if let Err(refused) = pages.admit(&request) {
        return *refused;
    }
    html(
        StatusCode::OK,
        &ExplainPage::new(None, example_form(&pages, None), pages.data.now()),
    )
}

/// Explains the request of the form. The token arrives in the body of a POST, and no answer or log
/// repeats it.
async fn explained(
    pages: Data<DebugPages>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    if let Err(refused) = pages.admit_form(&request) {
        return *refused;
    }
    match read_form(&request, payload).await {
        Ok(form) => explain_form(&pages, &form).await,
        Err((status, why)) => refuse(status, why),
    }
}

async fn explain_form(pages: &DebugPages, form: &Form) -> HttpResponse {
    let now = pages.data.now();
    match form.original(pages.admission.max_body_bytes()) {
        Ok(original) => {
            let explained = explain(pages.admission.authorizer(), &original).await;
            let result = ResultPart {
                explained,
                decoded: form.decoded(),
                has_token: form.has_token(),
                now,
            };
            html(
                StatusCode::OK,
                &ExplainPage::new(Some(result), sent_form(pages, form, None), now),
            )
        }
        Err(mistake) => {
            let form = sent_form(pages, form, Some(mistake));
            html(StatusCode::BAD_REQUEST, &ExplainPage::new(None, form, now))
        }
    }
}

async fn read_form(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Form, (StatusCode, &'static str)> {
    let mut payload = payload.into_inner();
    let reading = web::Form::<Form>::from_request(request, &mut payload);
    match timeout(FORM_TIMEOUT, reading).await {
        Ok(Ok(form)) => Ok(form.into_inner()),
        Ok(Err(error)) => Err(form_error(error.as_error::<UrlencodedError>())),
        Err(_) => Err((
            StatusCode::REQUEST_TIMEOUT,
            "the form did not arrive in time\n",
        )),
    }
}

/// The status and text for a form that actix-web could not read. The text is our own, because
/// actix-web's may quote the form.
fn form_error(error: Option<&UrlencodedError>) -> (StatusCode, &'static str) {
    match error {
        Some(UrlencodedError::Overflow { .. }) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "the form is longer than 256 KiB\n",
        ),
        Some(UrlencodedError::ContentType) => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the form must be application/x-www-form-urlencoded\n",
        ),
        Some(_) | None => (
            StatusCode::BAD_REQUEST,
            "the form is cut off, or has an unknown or repeated field\n",
        ),
    }
}

/// The form with an example request.
fn example_form(pages: &DebugPages, mistake: Option<DraftError>) -> FormPart {
    let policy = pages.data.policy();
    let first = policy.resources.first();
    let host = first
        .and_then(|resource| resource.hosts.first())
        .map_or("localhost", String::as_str);
    let (id, path) = first.map_or(("", "/mcp"), |resource| (&resource.id, &resource.path));
    let form = FormView::example(id, path, host);
    FormPart {
        form,
        mistake,
        ids: policy
            .resources
            .into_iter()
            .map(|resource| resource.id)
            .collect(),
    }
}

/// The form with the request that a person sent.
fn sent_form(pages: &DebugPages, form: &Form, mistake: Option<DraftError>) -> FormPart {
    FormPart {
        form: form.view(),
        ..example_form(pages, mistake)
    }
}

fn html(status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => answer(status)
            .content_type("text/html; charset=utf-8")
            .body(html),
        Err(error) => {
            tracing::error!(%error, "a debug page cannot be written");
            refuse(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the page cannot be written\n",
            )
        }
    }
}

fn json(page: &impl Serialize) -> HttpResponse {
    answer(StatusCode::OK)
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .json(page)
}

/// Limit on the length of the form. It has space for a token of 16 KiB and a body that a person
/// pastes.
const MAX_FORM_BYTES: usize = 256 * 1024;

/// How long the form may take. A browser sends it at once.
const FORM_TIMEOUT: Duration = Duration::from_secs(5);
