//! Target 4: Envoy's `Check`.

use std::fs;

use super::usual::Usual;
use crate::{
    envoy::{check, is_allow, question},
    process::{SERVER_CORE, Server, free_port},
    report::{
        Goal::{AtLeast, AtMost},
        Report,
        Unit::{Microseconds, Times},
    },
    requests::call,
    series::{Plan, Side, alternate, charged},
    tools::h2load,
};

pub fn measure(plan: Plan, report: &mut Report) {
    let usual = Usual::start(SERVER_CORE, 1, "");
    let ask = |port, question: &[u8]| {
        actix_web::rt::System::new().block_on(check(port, question.to_vec()))
    };
    let body = call("get_weather", 1024);
    let granted = question(Some(&usual.token), &body);
    let answer = ask(usual.service.grpc_port, &granted);
    assert!(is_allow(answer.clone()));
    assert!(!is_allow(ask(
        usual.service.grpc_port,
        &question(None, &body)
    )));

    let (folder, bare_port) = (tempfile::tempdir().unwrap(), free_port());
    let file = folder.path().join("answer");
    fs::write(&file, &answer).unwrap();
    let own = std::env::current_exe().unwrap();
    let command = [
        own.to_str().unwrap(),
        "serve-grpc",
        &bare_port.to_string(),
        file.to_str().unwrap(),
    ];
    let bare = Server::start(&command, SERVER_CORE, bare_port);
    assert_eq!(ask(bare_port, &granted), answer);

    let side = |name, server, port| {
        let granted = &granted;
        Side::new(name, move || {
            charged(&[server], || h2load(port, granted, plan.duration))
        })
    };
    let sides = alternate(
        plan,
        vec![
            side("bare tonic, `Check`", &bare, bare_port),
            side(
                "scopegate, `Check`",
                &usual.service.server,
                usual.service.grpc_port,
            ),
        ],
    );
    let what = "`Check`, warm, `tools/call` of 1 KiB";
    report.row(
        4,
        what,
        "bare tonic that reads it",
        Microseconds,
        AtMost(5.0),
        sides[1].dearer_than(&sides[0]),
    );
    report.row(
        4,
        what,
        "its requests/s",
        Times,
        AtLeast(0.85),
        sides[1].rate_against(&sides[0]),
    );
    report.sides.extend(sides);
}
