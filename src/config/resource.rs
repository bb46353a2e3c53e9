//! The protected resources: `mcp`, and each entry of `resources`.

use super::{
    mistake::{Report, shown},
    oauth::{self, Common},
    place::{self, Place},
    section::Section,
    web::parse_web_url,
};
use crate::{
    domain::ResourceId,
    policy::{Enforcement, ResourceSettings},
};

/// Reads the enabled resources. Of the others only the shape counts, and that was checked.
pub(super) fn read(root: &Section, common: &Common<'_>, report: &mut Report) -> Vec<ResourceSettings> {
    let enabled = enabled(root, report);
    let places: Vec<Place> =
        enabled.iter().map(|(_, section)| place::read(section.section("server"), report)).collect();
    let written: Vec<Written<'_>> = enabled
        .into_iter()
        .zip(places)
        .map(|((id, section), place)| Written { id, section, place })
        .collect();
    if written.is_empty() {
        report.mistake("mcp.enabled", "no enabled resource", "`true`, or an enabled entry in `resources`");
    }
    check_apart(&written, report);
    let read = |resource: &Written<'_>| {
        let origin = &resource.place.origin;
        let is_alone = written.iter().filter(|other| other.place.origin == *origin).count() == 1;
        settings(resource, is_alone, common, report)
    };
    written.iter().map(read).collect()
}

struct Written<'a> {
    id: ResourceId,
    section: &'a Section,
    place: Place,
}

fn enabled<'a>(root: &'a Section, report: &mut Report) -> Vec<(ResourceId, &'a Section)> {
    let mut enabled: Vec<(ResourceId, &Section)> = Vec::new();
    let mcp = root.section("mcp");
    // A value that could not be read counts as `true`, so that what stands below is checked in the same go.
    if mcp.flag("enabled").unwrap_or(mcp.has("enabled")) {
        enabled.extend(ResourceId::parse("mcp").ok().map(|id| (id, mcp)));
    } else if mcp.is_written() {
        report.warn("mcp.enabled is not true: the section protects nothing".to_owned());
    }
    for entry in root.entries("resources").iter().filter(|entry| entry.flag("enabled").unwrap_or(true)) {
        entry.require("id", "the name of the resource", report);
        let id = id(entry, report);
        if enabled.iter().any(|(earlier, _)| Some(earlier) == id.as_ref()) {
            let found = shown(entry.text("id").unwrap_or_default());
            report.mistake(&entry.at("id"), found, "an id that no other resource has");
        }
        let stand_in = || ResourceId::parse("unnamed").ok();
        enabled.extend(id.or_else(stand_in).map(|id| (id, entry)));
    }
    enabled
}

fn id(entry: &Section, report: &mut Report) -> Option<ResourceId> {
    let text = entry.text("id")?;
    let id = ResourceId::parse(text);
    if let Err(error) = &id {
        report.mistake(&entry.at("id"), shown(text), error.to_string());
    }
    id.ok()
}

/// Requests must lead to one resource: no two share a host and a path.
fn check_apart(written: &[Written<'_>], report: &mut Report) {
    if written.len() < 2 {
        return;
    }
    for (index, resource) in written.iter().enumerate() {
        let server = resource.section.section("server");
        if resource.place.hosts.is_empty() && !server.has("hosts") && !server.has("base_url") {
            let path = format!("{}.server.hosts", resource.section.path());
            report.mistake(&path, "nothing", "`hosts` or `base_url`, since there are several resources");
        }
        for earlier in written.iter().take(index) {
            if let Some((host, path)) = meeting(&earlier.place, &resource.place) {
                let found = format!("{} on {}, which `{}` has too", shown(path), shown(host), earlier.id);
                let at = format!("{}.server.path", resource.section.path());
                report.mistake(&at, found, "one resource for each host and path");
            }
        }
    }
}

fn meeting<'a>(one: &'a Place, other: &'a Place) -> Option<(&'a String, &'a String)> {
    let host = one.hosts.iter().find(|host| other.hosts.contains(host))?;
    let path = one.paths().find(|path| other.paths().any(|second| second == *path))?;
    Some((host, path))
}

fn settings(
    resource: &Written<'_>,
    is_alone: bool,
    common: &Common<'_>,
    report: &mut Report,
) -> ResourceSettings {
    let Written { id, section, place } = resource;
    let enforcement = enforcement(section, place, is_alone, common, report);
    let text = |name: &str| section.text(name).map(str::to_owned);
    for name in ["resource_documentation", "resource_policy_uri", "resource_tos_uri"] {
        if let Some(url) = section.text(name).filter(|url| parse_web_url(url).is_none()) {
            report.mistake(&section.at(name), shown(url), "an http(s) URL without user name and fragment");
        }
    }
    ResourceSettings {
        id: id.clone(),
        identifier: place.identifier.clone(),
        base_url: place.base_url.clone(),
        origin: place.origin.clone(),
        path: place.path.clone(),
        extra_paths: place.extra_paths.clone(),
        hosts: place.hosts.clone(),
        resource_name: text("resource_name"),
        resource_documentation: text("resource_documentation"),
        resource_policy_uri: text("resource_policy_uri"),
        resource_tos_uri: text("resource_tos_uri"),
        enforcement,
    }
}

fn enforcement(
    section: &Section,
    place: &Place,
    is_alone: bool,
    common: &Common<'_>,
    report: &mut Report,
) -> Enforcement {
    let oauth = section.section("oauth");
    if oauth.flag("enabled") == Some(false) {
        report.warn(format!("{}.oauth.enabled is false: every request is permitted", section.path()));
        return Enforcement::Off;
    }
    if !oauth.has("enabled") {
        let at = format!("{}.oauth.enabled", section.path());
        report.mistake(&at, "nothing", "`true`, or `false` to permit every request");
    }
    if !section.section("server").has("base_url") {
        let at = format!("{}.server.base_url", section.path());
        report.mistake(&at, "nothing", "the origin by which clients reach the server");
    }
    let mut audiences = vec![place.identifier.clone()];
    if is_alone && place.base_url != place.identifier {
        audiences.push(place.base_url.clone());
    }
    Enforcement::On(Box::new(oauth::read(section, &audiences, common, report)))
}
