//! The service without sockets. It gets requests as nginx sends them.

use std::sync::Arc;

use scopegate::{
    clock::ManualClock,
    config::Environment,
    domain::{Body, Field, Silent},
    gateway::{AUTH_REQUEST, HeaderSource, Incoming},
    policy::Decision,
};

use crate::{in_process::Driver, model::Request};

/// Actors and authorizer, with a fixed clock.
pub(crate) struct Service(Driver);

impl Service {
    /// Starts with this configuration at this time.
    pub(crate) fn start(yaml: &str, now: i64) -> Self {
        // With this many workers, the throttle of rejected tokens never delays a target.
        let environment = Environment::default().with("SCOPEGATE__SERVER__WORKERS", "1024");
        let folder = tempfile::tempdir().unwrap();
        Self(Driver::start_in(
            folder,
            yaml,
            environment,
            Arc::new(ManualClock::at(now)),
        ))
    }

    /// Decides. A denial returns the code of its reason.
    pub(crate) fn permits(&self, resource: &str, request: &Request) -> Result<(), &'static str> {
        let target = format!("/authorize?resource={resource}");
        let headers = Shown(request);
        let body = if request.body.is_empty() {
            Body::Absent
        } else {
            Body::Whole(&request.body)
        };
        let asked = Incoming {
            method: "POST",
            target: &target,
            headers: &headers,
            body,
        };
        let Ok(check) = (AUTH_REQUEST.read)(&asked) else {
            return Err("request-malformed");
        };
        let checked = self
            .0
            .block_on(self.0.state.authorizer().check(&check, &mut Silent));
        let reply = (AUTH_REQUEST.write)(&checked, Some(&check));
        match checked.decision {
            Decision::Permit(_) => {
                assert_eq!((reply.status, reply.body.as_deref()), (200, None));
                Ok(())
            }
            Decision::Deny(denial) => {
                assert!(matches!(reply.status, 401 | 403 | 503), "{}", reply.status);
                Err(denial.reason().code())
            }
        }
    }
}

struct Shown<'a>(&'a Request);

impl HeaderSource for Shown<'_> {
    fn field(&self, name: &'static str) -> Field<'_> {
        match name {
            "x-original-method" => Field::One(self.0.method.as_bytes()),
            "x-original-uri" => Field::One(self.0.target.as_bytes()),
            _ => Field::of(self.0.values(name).into_iter()),
        }
    }
}
