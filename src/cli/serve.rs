//! `scopegate serve`: runs the service until a signal stops it.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context;

use super::{
    arguments::OriginOptions, config_file, configuration_mistakes, failure, output, token,
};
use crate::{
    app::{Core, LoadSettings, Service, StopReason},
    clock::SystemClock,
    config::{Environment, Settings},
    policy::{Enforcement, PolicyTable},
    telemetry,
};

pub(super) fn run(options: &OriginOptions, environment: Environment) -> ExitCode {
    // The configuration is read before anything starts, so that the output has its mistakes and
    // nothing else.
    let first = match config_file::loader(options, environment)
        .and_then(|mut load| load().map(|first| (first, load)))
    {
        Ok((first, load)) => start(first, load, options.dev),
        Err(found) => return configuration_mistakes(&found),
    };
    match first {
        Ok(StopReason::Signal) => ExitCode::SUCCESS,
        Ok(StopReason::ActorEnded) => ExitCode::FAILURE,
        Err(error) => failure(&error),
    }
}

fn start(first: Settings, mut load: LoadSettings, is_dev: bool) -> anyhow::Result<StopReason> {
    let _log = telemetry::log::init(first.log).context("the log")?;
    actix::System::new().block_on(async move {
        let mut known = Some(first);
        let load: LoadSettings = Box::new(move || known.take().map_or_else(&mut load, Ok));
        let core = Core::start(load, Arc::new(SystemClock::default()))?;
        let greeting = is_dev.then(|| core.settings.clone());
        let service = Service::bind(core)?;
        if let (Some(settings), Some(address)) = (greeting, service.addresses().first()) {
            output(&development_greeting(&settings, &address.to_string())?);
        }
        service.run().await
    })
}

/// Two tokens, and a request to try each of them.
fn development_greeting(settings: &Settings, address: &str) -> anyhow::Result<String> {
    let all = token::mint_for_development(settings, &every_scope(settings))?;
    let connect = token::mint_for_development(settings, "mcp:connect")?;
    let ask = |name: &str| {
        format!(
            "curl -i 'http://{address}/authorize?resource=mcp' -H \"Authorization: Bearer ${name}\" \\\n  \
             -H 'X-Original-Method: POST' -H 'X-Original-URI: /mcp' -H 'Content-Type: application/json' \\\n  \
             -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}}'\n"
        )
    };
    Ok(format!(
        "scopegate runs with its development policy. Anyone who knows the secret can mint tokens: use it only on this \
         machine.\n\n\
         # every scope: answered 200\nALL={all}\n{}\n# only mcp:connect: answered 403, with the scopes to fetch\n\
         CONNECT={connect}\n{}\n",
        ask("ALL"),
        ask("CONNECT")
    ))
}

fn every_scope(settings: &Settings) -> String {
    let enforcement = settings
        .resources
        .first()
        .map(|resource| &resource.enforcement);
    match enforcement {
        Some(Enforcement::On(oauth)) => PolicyTable::compile(oauth).scopes_supported().to_string(),
        Some(Enforcement::Off) | None => String::new(),
    }
}
