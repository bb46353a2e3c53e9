//! An answer taken apart, for those who show what Envoy would get.

use bytes::Bytes;

use super::{CheckAnswer, Field, HeaderValueOption, HttpResponse, HttpStatus};

/// What is in a [`CheckAnswer`], as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAnswer {
    /// `google.rpc.Code`; 0 alone is a permit.
    pub code: i32,
    /// `ok_response`, `denied_response` or `error_response`.
    pub response: &'static str,
    /// The HTTP status of a denial.
    pub status: Option<i32>,
    /// Of a permit for the request to the server, of a denial for the answer to the client.
    pub headers: Vec<(String, String)>,
    /// What Envoy removes from the request.
    pub headers_to_remove: Vec<String>,
    /// The body of a denial.
    pub body: String,
    /// What Envoy's access log may know.
    pub dynamic_metadata: Vec<(String, String)>,
}

impl CheckAnswer {
    /// Takes it apart.
    #[must_use]
    pub fn shown(&self) -> ShownAnswer {
        let code = self.0.status.as_ref().map_or(0, |status| status.code);
        let metadata = self.0.dynamic_metadata.iter().flat_map(|metadata| &metadata.fields);
        let mut shown = ShownAnswer {
            code,
            response: "none",
            status: None,
            headers: Vec::new(),
            headers_to_remove: Vec::new(),
            body: String::new(),
            dynamic_metadata: metadata.map(shown_field).collect(),
        };
        match &self.0.http_response {
            Some(HttpResponse::Ok(ok)) => {
                shown.response = "ok_response";
                shown.headers = ok.headers.iter().filter_map(shown_header).collect();
                shown.headers_to_remove = ok.headers_to_remove.iter().map(text).collect();
            }
            Some(response @ (HttpResponse::Denied(denied) | HttpResponse::Error(denied))) => {
                let is_error = matches!(response, HttpResponse::Error(_));
                shown.response = if is_error { "error_response" } else { "denied_response" };
                shown.status = denied.status.as_ref().map(|HttpStatus { code }| *code);
                shown.headers = denied.headers.iter().filter_map(shown_header).collect();
                shown.body.clone_from(&denied.body);
            }
            None => {}
        }
        shown
    }
}

fn shown_header(option: &HeaderValueOption) -> Option<(String, String)> {
    option.header.as_ref().map(|header| (text(&header.key), text(&header.value)))
}

fn shown_field(field: &Field) -> (String, String) {
    let value = field.value.as_ref().and_then(|value| value.string_value.as_ref());
    (text(&field.key), value.map(text).unwrap_or_default())
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
