//! The service without sockets and HTTP: calls the functions that a listener calls for each
//! request.
//!
//! It is a module, not a part of the crate `support`, since it links scopegate. Benches, fuzz
//! targets and the test of allocations include it by its path.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each user takes a part of it, and stops at the first surprise"
)]

use std::{borrow::Cow, fs, sync::Arc};

use actix::SystemRunner;
use bytes::Bytes;
use futures_util::FutureExt;
use prometheus::Registry;
use scopegate::{
    admission::Admission,
    app::Core,
    clock::{SharedClock, SystemClock},
    config::{self, Environment},
    domain::{
        Body, Call, CheckRequest, Dialect, Field, GatewayRequest, Message, Named, Operation, Query,
        Selector, Silent,
    },
    gateway::{
        AUTH_REQUEST, HeaderSource, Incoming, Reply,
        ext_authz_grpc::{self, CheckMessage},
    },
    policy::Decision,
    telemetry::traces::Tracer,
};
use support::usual::{SCOPES, call, token};
use tempfile::TempDir;

/// A policy in force, and the state for its decisions.
pub(crate) struct Driver {
    pub(crate) state: Arc<Admission>,
    pub(crate) registry: Registry,
    pub(crate) tracer: Tracer,
    system: SystemRunner,
    _folder: TempDir,
}

/// The same for many threads. Its actors live as long as the process.
pub(crate) struct Shared(Arc<Admission>);

/// A request as nginx sends it.
pub(crate) struct Shown {
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// The method of a request. A client opens the response stream with a GET without a body.
pub(crate) fn method(body: &str) -> &'static str {
    if body.is_empty() { "GET" } else { "POST" }
}

impl Driver {
    /// Starts with this configuration and the system's time.
    pub(crate) fn start(yaml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(
            folder,
            yaml,
            Environment::default(),
            Arc::new(SystemClock::default()),
        )
    }

    /// The same in a folder that has further files, with this environment and clock.
    pub(crate) fn start_in(
        folder: TempDir,
        yaml: &str,
        environment: Environment,
        clock: SharedClock,
    ) -> Self {
        let system = actix::System::new();
        let file = folder.path().join("config.yaml");
        fs::write(&file, yaml).unwrap();
        let load = move || config::load(&file, &environment);
        let core = system.block_on(async {
            let core = Core::start(Box::new(load), clock).unwrap();
            core.policy.first_answers().await;
            core
        });
        let state = Arc::new(Admission::new(
            core.authorizer,
            10_000,
            4 << 20,
            Arc::default(),
        ));
        Self {
            state,
            registry: core.registry,
            tracer: core.tracer,
            system,
            _folder: folder,
        }
    }

    /// Runs a future on the actors' runtime.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.system.block_on(future)
    }

    /// Reads the request and decides, without limits on requests in flight and without a response.
    pub(crate) fn decide(&self, shown: &Shown) -> Decision {
        let asked = shown.asked();
        let request = (AUTH_REQUEST.read)(&asked).unwrap();
        self.block_on(self.state.authorizer().check(&request, &mut Silent))
            .decision
    }

    /// Decides as the handler of `/authorize` does.
    pub(crate) fn ask(&self, shown: &Shown) -> Reply {
        ask(&self.state, shown)
    }

    /// Shares it with threads.
    pub(crate) fn share(self) -> Shared {
        std::mem::forget(self.system);
        Shared(self.state)
    }
}

impl Shared {
    /// Decides as the handler of `/authorize` does.
    pub(crate) fn ask(&self, shown: &Shown) -> Reply {
        ask(&self.0, shown)
    }
}

/// Decides as the handler of `/authorize` does.
pub(crate) fn ask(state: &Admission, shown: &Shown) -> Reply {
    let _request_guard = state.enter(AUTH_REQUEST.dialect).unwrap();
    let mut body_guard = state.body_guard();
    assert!(body_guard.grow(shown.body.len()));
    let read = (AUTH_REQUEST.read)(&shown.asked());
    let checked = state
        .check(AUTH_REQUEST.dialect, &read)
        .now_or_never()
        .unwrap();
    (AUTH_REQUEST.write)(&checked, read.as_ref().ok())
}

impl Shown {
    pub(crate) fn new(token: Option<&str>, body: &str) -> Self {
        let mut headers = vec![
            ("host", "scopegate".to_owned()),
            ("x-original-method", method(body).to_owned()),
            ("x-original-uri", "/mcp".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json, text/event-stream".to_owned()),
            ("user-agent", "an-mcp-client/1.0".to_owned()),
            ("mcp-protocol-version", "2025-06-18".to_owned()),
        ];
        headers.extend(token.map(|token| ("authorization", format!("Bearer {token}"))));
        Self {
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn asked(&self) -> Incoming<'_> {
        let body = if self.body.is_empty() {
            Body::Absent
        } else {
            Body::Whole(&self.body)
        };
        Incoming {
            method: "POST",
            target: "/authorize?resource=mcp",
            headers: self,
            body,
        }
    }
}

impl HeaderSource for Shown {
    fn field(&self, name: &'static str) -> Field<'_> {
        let named = self.headers.iter().filter(|(known, _)| *known == name);
        Field::of(named.map(|(_, value)| value.as_bytes()))
    }
}

/// A request that is denied with this status and a full challenge.
pub(crate) fn deny(status: &str) -> Shown {
    match status {
        "401" => Shown::new(None, &call("echo")),
        _ => Shown::new(Some(&token(SCOPES, 1)), &call("delete_all")),
    }
}

/// Decides about a message of Envoy as the gRPC service does, and returns the bytes of the
/// response.
pub(crate) fn check(shared: &Shared, message: &Bytes) -> Vec<u8> {
    let state = &shared.0;
    let _request_guard = state.enter(Dialect::ExtAuthzGrpc).unwrap();
    let message = CheckMessage::read(message.clone()).unwrap();
    let mut body_guard = state.body_guard();
    assert!(body_guard.grow(message.body_len()));
    let read = ext_authz_grpc::read(&message, 4 << 20);
    let checked = state
        .check(Dialect::ExtAuthzGrpc, &read)
        .now_or_never()
        .unwrap();
    let mut wire = Vec::with_capacity(1024);
    ext_authz_grpc::write(&checked, read.as_ref().ok())
        .write(&mut wire)
        .unwrap();
    wire
}

/// A call of a tool as an operation.
pub(crate) fn tool_call(name: &'static str) -> Operation<'static> {
    Operation::Single(Message::Request(Call {
        method: Cow::Borrowed("tools/call"),
        is_known: true,
        named: Named::Tool(Cow::Borrowed(name)),
        query: Query::NotShown,
    }))
}

/// A POST of a body, as nginx sends it.
pub(crate) fn check_request(body: Body<'_>) -> CheckRequest<'_> {
    CheckRequest {
        dialect: Dialect::AuthRequest,
        selector: Selector::Sole,
        http_method: "POST",
        target: "/mcp",
        authorization: Field::Absent,
        origin: Field::Absent,
        access_control_request_method: Field::Absent,
        traceparent: Field::Absent,
        tracestate: Field::Absent,
        content_type: Field::Absent,
        content_encoding: Field::Absent,
        protocol_version: Field::Absent,
        mcp_method: Field::Absent,
        mcp_name: Field::Absent,
        body,
        asked_by: GatewayRequest {
            method: "POST",
            target: "/authorize",
        },
    }
}
