//! `scopegate token`: mints a development token with the configured shared secret.

use std::process::ExitCode;

use anyhow::{Context, bail};

use super::{
    arguments::TokenOptions, config_file, configuration_mistakes, failure, mistakes, output,
};
use crate::{
    clock::{Clock, SystemClock},
    config::{Environment, Settings},
    domain::Scope,
    keys::{SecretSettings, SourceSettings},
    policy::{Enforcement, OauthSettings, ResourceSettings, SourceRules},
    token::{Audience, IssuerRule, NewClaims, mint},
};

pub(super) fn run(options: &TokenOptions, environment: Environment) -> ExitCode {
    if options.origin.dev && environment.get("SCOPEGATE_DEV_SECRET").is_none() {
        return mistakes(
            &"SCOPEGATE_DEV_SECRET is not set, so this command cannot know the secret of the running service; \
              set it to the same value (`export SCOPEGATE_DEV_SECRET=...`) for `serve --dev` and for `token --dev`",
        );
    }
    let settings =
        match config_file::loader(&options.origin, environment).and_then(|mut load| load()) {
            Ok(settings) => settings,
            Err(found) => return configuration_mistakes(&found),
        };
    match mint_with(&settings, options) {
        Ok(token) => output(&format!("{token}\n")),
        Err(error) => failure(&error),
    }
}

/// Mints a token for the built-in resource that is valid for an hour.
pub(super) fn mint_for_development(settings: &Settings, scope: &str) -> anyhow::Result<String> {
    let resource = settings.resources.first().context("there is no resource")?;
    let (secret, claims) = claims_for(resource)?;
    let claims = NewClaims {
        scope: scope.to_owned(),
        ..claims
    };
    Ok(mint(secret, &claims)?)
}

fn mint_with(settings: &Settings, options: &TokenOptions) -> anyhow::Result<String> {
    for scope in options.scope.split_whitespace() {
        Scope::parse(scope).with_context(|| format!("--scope: found `{scope}`, expected"))?;
    }
    let (secret, claims) = claims_for(choose(settings, options.resource.as_deref())?)?;
    let claims = NewClaims {
        subject: options.sub.clone(),
        client_id: options.client_id.clone(),
        scope: options
            .scope
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        expires_at: claims.issued_at + i64::try_from(options.ttl.as_secs()).context("--ttl")?,
        ..claims
    };
    Ok(mint(secret, &claims)?)
}

fn choose<'s>(settings: &'s Settings, id: Option<&str>) -> anyhow::Result<&'s ResourceSettings> {
    match (id, settings.resources.as_slice()) {
        (None, [sole]) => Ok(sole),
        (None, _) => bail!("there are several resources: name one with --resource"),
        (Some(id), all) => all
            .iter()
            .find(|resource| resource.id.as_str() == id)
            .with_context(|| format!("no resource has the id `{id}`")),
    }
}

/// The secret of a resource, and the claims that its rules require.
fn claims_for(resource: &ResourceSettings) -> anyhow::Result<(&SecretSettings, NewClaims)> {
    let Enforcement::On(oauth) = &resource.enforcement else {
        bail!(
            "resource `{}` has `oauth.enabled: false`: it needs no token",
            resource.id
        )
    };
    let (rules, secret) = secret_of(oauth).with_context(|| {
        format!(
            "resource `{}` has no shared secret to sign with",
            resource.id
        )
    })?;
    let issuer = match &rules.token.issuer {
        IssuerRule::Exactly(issuer) => Some(issuer.clone()),
        IssuerRule::AbsentOrOneOf(issuers) => issuers.first().cloned(),
        IssuerRule::Discovered => None,
    };
    let audience = match &rules.token.audience {
        Audience::OneOf(audiences) => audiences.first().cloned(),
        Audience::Any => None,
    };
    let issued_at = SystemClock::default().unix_seconds();
    let claims = NewClaims {
        issuer: issuer.map(|issuer| issuer.as_str().to_owned()),
        audience: Some(audience.unwrap_or_else(|| resource.identifier.clone())),
        subject: "developer".to_owned(),
        client_id: "scopegate-cli".to_owned(),
        scope: String::new(),
        issued_at,
        expires_at: issued_at + HOUR_SECONDS,
        token_id: format!("{:016x}", fastrand::u64(..)),
    };
    Ok((secret, claims))
}

fn secret_of(oauth: &OauthSettings) -> Option<(&SourceRules, &SecretSettings)> {
    oauth.sources.iter().find_map(|rules| match &rules.keys {
        SourceSettings::Secret(secret) => Some((rules, secret)),
        SourceSettings::Remote(_) => None,
    })
}

const HOUR_SECONDS: i64 = 3600;
