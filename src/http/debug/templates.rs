//! The values of the templates. The templates are HTML files, so askama escapes every value.

use std::time::{Duration, UNIX_EPOCH};

use askama::Template;

use super::{Overview, form::FormView, guard::STYLE, view::duration_in_words};
use crate::{
    clock::UnixSeconds,
    domain::Dialect,
    explain::{DraftError, Explained, StepOutcome},
    token::{DecodedMember, DecodedToken},
};

/// `/debug`.
#[derive(Template)]
#[template(path = "overview.html", config = "src/http/debug/askama.toml")]
pub(super) struct OverviewPage {
    style: &'static str,
    now: String,
    overview: Overview,
    form: FormView,
    mistake: Option<DraftError>,
    ids: Vec<String>,
}

/// `/debug/explain`.
#[derive(Template)]
#[template(path = "explain.html", config = "src/http/debug/askama.toml")]
pub(super) struct ExplainPage {
    style: &'static str,
    now: String,
    result: Option<ResultPart>,
    form: FormView,
    mistake: Option<DraftError>,
    ids: Vec<String>,
}

/// The explained decision and the token.
pub(super) struct ResultPart {
    pub(super) explained: Explained,
    pub(super) decoded: Option<DecodedToken>,
    pub(super) has_token: bool,
    pub(super) now: UnixSeconds,
}

/// The form.
pub(super) struct FormPart {
    pub(super) form: FormView,
    pub(super) mistake: Option<DraftError>,
    pub(super) ids: Vec<String>,
}

impl OverviewPage {
    pub(super) fn new(overview: Overview, part: FormPart, now: UnixSeconds) -> Self {
        let FormPart { form, mistake, ids } = part;
        Self {
            style: STYLE,
            now: utc(now),
            overview,
            form,
            mistake,
            ids,
        }
    }
}

impl ExplainPage {
    pub(super) fn new(result: Option<ResultPart>, part: FormPart, now: UnixSeconds) -> Self {
        let FormPart { form, mistake, ids } = part;
        Self {
            style: STYLE,
            now: utc(now),
            result,
            form,
            mistake,
            ids,
        }
    }
}

impl ResultPart {
    /// The time of a claim and its distance from now; `None` if the claim is not a time.
    fn time(&self, member: &DecodedMember) -> Option<String> {
        let at = member.seconds?;
        let distance = duration_in_words(at.abs_diff(self.now));
        Some(if at >= self.now {
            format!("{}, in {distance}", utc(at))
        } else {
            format!("{}, {distance} ago", utc(at))
        })
    }
}

/// A time in UTC, such as `2026-01-01 00:00:00 UTC`. A time before 1970 or after the year 9999,
/// which RFC 3339 cannot write, is a number of seconds.
#[must_use]
pub fn utc(seconds: UnixSeconds) -> String {
    match u64::try_from(seconds) {
        Ok(seconds) if seconds < YEAR_10000 => {
            let at = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds));
            at.to_string().replace('T', " ").replace('Z', " UTC")
        }
        Ok(_) | Err(_) => format!("{seconds} s after 1970"),
    }
}

/// The dialects, each with the names of its gateways.
static DIALECTS: [(&str, &str); 4] = [
    (Dialect::AuthRequest.name(), "nginx, HAProxy (auth_request)"),
    (
        Dialect::ExtAuthzGrpc.name(),
        "Envoy by gRPC (ext_authz_grpc)",
    ),
    (
        Dialect::ExtAuthzHttp.name(),
        "Envoy by HTTP (ext_authz_http)",
    ),
    (Dialect::ForwardAuth.name(), "Traefik, Caddy (forward_auth)"),
];

const YEAR_10000: u64 = 253_402_300_800;

/// The CSS class of a step.
const fn class(outcome: &StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Passed => "good",
        StepOutcome::Failed => "bad",
        StepOutcome::NotReached => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_that_a_token_can_contain_is_shown() {
        assert_eq!(utc(1_767_225_600), "2026-01-01 00:00:00 UTC");
        assert_eq!(utc(253_402_300_799), "9999-12-31 23:59:59 UTC");
        assert_eq!(utc(253_402_300_800), "253402300800 s after 1970");
        assert_eq!(utc(-1), "-1 s after 1970");
    }
}
