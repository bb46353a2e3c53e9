//! Target: the `Authorization` header, with a valid token somewhere in it.

use support::{SECRET, SigningKey};

use crate::{
    draw::Draw,
    drive::{Outcome, drive},
    message,
    model::{self, Request},
    mutate::mutate,
    policies,
    service::Service,
};

#[test]
fn bearer() {
    let all = policies::all();
    let service = Service::start(&policies::document(&all), NOW);
    let signer = SigningKey::secret(SECRET);
    drive("bearer", 10, |draw: &mut Draw| {
        let index = draw.below(all.len());
        let token = message::token(draw, &signer, &all, index, NOW);
        let mut request = Request {
            method: "GET".to_owned(),
            target: all[index].facts.path.clone(),
            ..Request::default()
        };
        for _ in 0..draw.pick(&[&1, &1, &1, &1, &1, &1, &0, &2]).to_owned() {
            request
                .headers
                .push(("authorization".to_owned(), value(draw, &token)));
        }
        draw.show(|| {
            format!(
                "{:?}",
                request
                    .headers
                    .iter()
                    .map(|(_, value)| String::from_utf8_lossy(value))
                    .collect::<Vec<_>>()
            )
        });
        Outcome::of(
            service.permits(&all[index].id, &request),
            model::permits(&all[index].facts, &request, NOW),
        )
    });
}

fn value(draw: &mut Draw, token: &str) -> Vec<u8> {
    let scheme = if draw.chance(60) {
        "Bearer"
    } else {
        draw.pick(&SCHEMES)
    };
    let space = if draw.chance(70) {
        " "
    } else {
        draw.pick(&["  ", "\t", "", " \t", "\u{a0}", "\n"])
    };
    let end = if draw.chance(60) {
        ""
    } else {
        draw.pick(&ENDS)
    };
    let long = "A".repeat(16 * 1024 - token.len() + draw.below(3));
    let token = if draw.chance(2) {
        format!("{token}{long}")
    } else {
        token.to_owned()
    };
    let mut value = format!("{scheme}{space}{token}{end}").into_bytes();
    if draw.chance(25) {
        mutate(draw, &mut value, &WORDS);
    }
    value
}

const SCHEMES: [&str; 7] = ["bearer", "BEARER", "bEaReR", "Basic", "DPoP", "Bearer:", ""];
const ENDS: [&str; 10] = [
    " ",
    "\t",
    "=",
    "==",
    ",",
    "\0",
    " x",
    ", Bearer x",
    "\n",
    "\r\n",
];
const WORDS: [&str; 11] = [
    "Bearer ",
    " ",
    "\t",
    ",",
    ".",
    "..",
    "=",
    "\0",
    "\u{feff}",
    "eyJhbGciOiJub25lIn0.",
    "\"",
];

const NOW: i64 = 1_767_225_600;
