//! The service without sockets: the very code of the request path, asked as nginx asks.

use std::{fs, sync::Arc};

use actix::SystemRunner;
use scopegate::{
    app::{Core, LoadSettings},
    clock::ManualClock,
    config::{self, Environment},
    domain::{Field, Silent},
    gateway::{AUTH_REQUEST, HeaderSource, Incoming},
    mcp::Body,
    policy::Decision,
};

use crate::model::Request;

/// Actors and the authorizer, on a clock that stands still.
pub(crate) struct Service {
    core: Core,
    runner: SystemRunner,
}

impl Service {
    /// Starts with this configuration.
    pub(crate) fn start(yaml: &str, now: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        fs::write(&file, yaml).unwrap();
        // So many that refusing what is made up never takes more than its share.
        let environment = Environment::default().with("SCOPEGATE__SERVER__WORKERS", "1024");
        let load: LoadSettings = Box::new(move || config::load(&file, &environment));
        let runner = actix::System::new();
        let core = runner.block_on(async {
            let core = Core::start(load, Arc::new(ManualClock::at(now))).unwrap();
            core.policy.first_answers().await;
            core
        });
        Self { core, runner }
    }

    /// Decides; a denial gives its code.
    pub(crate) fn permits(&self, resource: &str, request: &Request) -> Result<(), &'static str> {
        let target = format!("/authorize?resource={resource}");
        let headers = Shown(request);
        let body = if request.body.is_empty() { Body::Absent } else { Body::Whole(&request.body) };
        let asked = Incoming { method: "POST", target: &target, headers: &headers, body };
        let Ok(check) = (AUTH_REQUEST.read)(&asked) else { return Err("request-malformed") };
        let checked = self.runner.block_on(self.core.authorizer.check(&check, &mut Silent));
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
