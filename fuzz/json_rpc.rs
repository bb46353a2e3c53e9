//! Target: a complete request (HTTP method, path, headers, JSON-RPC body) through the complete
//! decision.

use support::{SECRET, SigningKey};

use crate::{
    draw::Draw,
    drive::{Outcome, drive},
    message,
    model::{self, Request},
    mutate::seeds,
    policies,
    service::Service,
};

#[test]
fn json_rpc() {
    let all = policies::all();
    let service = Service::start(&policies::document(&all), NOW);
    let signer = SigningKey::secret(SECRET);
    let seeds = seeds("json_rpc");
    drive("json_rpc", 15, |draw: &mut Draw| {
        let index = draw.below(all.len());
        let token = message::token(draw, &signer, &all, index, NOW);
        let request = message::request(draw, &all[index], &token, &seeds);
        draw.show(|| {
            format!(
                "{}: {}\n  {}",
                all[index].id,
                shown(&request),
                shown_policy(&all[index])
            )
        });
        Outcome::of(
            service.permits(&all[index].id, &request),
            model::permits(&all[index].facts, &request, NOW),
        )
    });
}

fn shown(request: &Request) -> String {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {:?}", String::from_utf8_lossy(value)));
    let body = String::from_utf8_lossy(&request.body);
    format!(
        "{} {}\n  {}\n  {body:?}",
        request.method,
        request.target,
        headers.collect::<Vec<_>>().join("\n  ")
    )
}

fn shown_policy(protected: &policies::Protected) -> String {
    format!("{:?}", protected.facts.policy)
}

const NOW: i64 = 1_767_225_600;
