//! Targets 1, 2, 3 and 6: tokens that were seen before.

use super::usual::{Bare, Usual};
use crate::{
    process::SERVER_CORE,
    report::{
        Goal::{AtLeast, AtMost, Open},
        Report,
        Unit::{Microseconds, Times},
    },
    requests::{call, get, post},
    series::{Plan, Side, alternate},
    tokens::token,
};

pub fn measure(plan: Plan, report: &mut Report) {
    let usual = Usual::start(SERVER_CORE, 1, "");
    let silent = Usual::start(SERVER_CORE, 1, "  log: {level: warn}\n");
    let fields = usual.fields();
    let (actix, nginx) = (Bare::actix(SERVER_CORE, &fields), Bare::nginx(&fields));
    let [scopegate, silent_scopegate] = [[&usual.service.server], [&silent.service.server]];
    let [actix, nginx] = [[&actix.server], [&nginx.server]];
    let granted = get(Some(&usual.token));
    let body = post("/mcp", &usual.token, &call("get_weather", 1024));
    let missing = get(None);
    let [narrow, silent_narrow] =
        [&usual, &silent].map(|usual| get(Some(&token(&usual.key, 2, "mail:messages:read"))));
    let side = |name, servers, request, status| Side::http(name, servers, request, status, plan);
    let sides = alternate(
        plan,
        vec![
            side("bare actix-web", &actix, &granted, 200),
            side("scopegate, permit", &scopegate, &granted, 200),
            side("nginx `return 200`", &nginx, &granted, 200),
            side("bare actix-web, 1 KiB body", &actix, &body, 200),
            side("scopegate, permit, 1 KiB body", &scopegate, &body, 200),
            side("scopegate, 401", &scopegate, &missing, 401),
            side("scopegate, 403", &scopegate, &narrow, 403),
            side(
                "scopegate, 401, `log.level: warn`",
                &silent_scopegate,
                &missing,
                401,
            ),
            side(
                "scopegate, 403, `log.level: warn`",
                &silent_scopegate,
                &silent_narrow,
                403,
            ),
        ],
    );
    let [
        bare,
        permit,
        nginx,
        bare_body,
        permit_body,
        denied_401,
        denied_403,
        silent_401,
        silent_403,
    ] = &sides[..]
    else {
        unreachable!()
    };
    let what = "`/authorize`, warm, no body";
    report.row(
        1,
        what,
        "bare actix-web",
        Microseconds,
        AtMost(2.0),
        permit.dearer_than(bare),
    );
    report.row(
        1,
        what,
        "its requests/s",
        Times,
        AtLeast(0.90),
        permit.rate_against(bare),
    );
    report.row(
        2,
        what,
        "nginx `return 200`",
        Microseconds,
        AtMost(0.0),
        permit.dearer_than(nginx),
    );
    let what = "`/authorize/mcp`, warm, `tools/call` of 1 KiB";
    report.row(
        3,
        what,
        "bare actix-web that reads it",
        Microseconds,
        AtMost(3.5),
        permit_body.dearer_than(bare_body),
    );
    for (status, denied, silent) in [(401, denied_401, silent_401), (403, denied_403, silent_403)] {
        let what = format!("{status} with its challenge");
        report.row(
            6,
            &what,
            "requests/s of target 1",
            Times,
            AtLeast(0.90),
            denied.rate_against(permit),
        );
        let what = format!("{what}, without its log line");
        report.row(
            6,
            &what,
            "requests/s of target 1",
            Times,
            Open,
            silent.rate_against(permit),
        );
    }
    report.sides.extend(sides);
}
