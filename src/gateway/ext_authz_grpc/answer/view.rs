//! The content of an answer as text. `scopegate explain` and the debug pages show it.

use bytes::Bytes;

use super::{CheckAnswer, Field, HeaderValueOption, HttpResponse, HttpStatus};

/// The content of a [`CheckAnswer`], as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerView {
    /// `google.rpc.Code`; only 0 is a permit.
    pub code: i32,
    /// `ok_response`, `denied_response` or `error_response`.
    pub response: &'static str,
    /// The HTTP status of a denial.
    pub status: Option<i32>,
    /// Headers. Those of a permit are for the request to the MCP server, those of a denial for the
    /// answer to the client.
    pub headers: Vec<(String, String)>,
    /// Headers that Envoy removes from the request.
    pub headers_to_remove: Vec<String>,
    /// The body of a denial.
    pub body: String,
    /// The metadata for Envoy's access log and later filters.
    pub dynamic_metadata: Vec<(String, String)>,
}

impl CheckAnswer {
    /// The content, as text.
    #[must_use]
    pub fn view(&self) -> AnswerView {
        let code = self.0.status.as_ref().map_or(0, |status| status.code);
        let metadata = self
            .0
            .dynamic_metadata
            .iter()
            .flat_map(|metadata| &metadata.fields);
        let mut view = AnswerView {
            code,
            response: "none",
            status: None,
            headers: Vec::new(),
            headers_to_remove: Vec::new(),
            body: String::new(),
            dynamic_metadata: metadata.map(text_of_field).collect(),
        };
        match &self.0.http_response {
            Some(HttpResponse::Ok(ok)) => {
                view.response = "ok_response";
                view.headers = ok.headers.iter().filter_map(text_of_header).collect();
                view.headers_to_remove = ok.headers_to_remove.iter().map(text).collect();
            }
            Some(response @ (HttpResponse::Denied(denied) | HttpResponse::Error(denied))) => {
                let is_error = matches!(response, HttpResponse::Error(_));
                view.response = if is_error {
                    "error_response"
                } else {
                    "denied_response"
                };
                view.status = denied.status.as_ref().map(|HttpStatus { code }| *code);
                view.headers = denied.headers.iter().filter_map(text_of_header).collect();
                view.body.clone_from(&denied.body);
            }
            None => {}
        }
        view
    }
}

fn text_of_header(option: &HeaderValueOption) -> Option<(String, String)> {
    option
        .header
        .as_ref()
        .map(|header| (text(&header.key), text(&header.value)))
}

fn text_of_field(field: &Field) -> (String, String) {
    let value = field
        .value
        .as_ref()
        .and_then(|value| value.string_value.as_ref());
    (text(&field.key), value.map(text).unwrap_or_default())
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
