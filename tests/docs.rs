//! The reference pages in `docs/` say what the code does: every key and every reason, and none that is not there.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on shall stop"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use scopegate::{config, domain::Reason};

fn page(name: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The cells of each row of every table whose head begins with `first`, backticks of the first cell removed.
fn rows(page: &str, first: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut is_wanted = false;
    let mut is_inside = false;
    for line in page.lines() {
        if !line.starts_with('|') {
            is_inside = false;
            continue;
        }
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        if !is_inside {
            is_inside = true;
            is_wanted = cells[0] == first;
        } else if is_wanted && !line.starts_with("| -") {
            rows.push(cells);
        }
    }
    rows
}

/// `mcp` and each entry of `resources` have the same keys; the page lists them once.
fn written_once(key: &str) -> String {
    ["mcp.", "resources[]."].into_iter().find_map(|prefix| key.strip_prefix(prefix)).unwrap_or(key).to_owned()
}

#[test]
fn the_configuration_page_lists_every_key_and_no_other() {
    let known: BTreeSet<String> = config::keys().iter().map(|key| written_once(key)).collect();
    let mut listed = BTreeSet::new();
    for row in rows(&page("configuration.md"), "key") {
        let key = row[0].trim_matches('`').to_owned();
        assert!(listed.insert(key.clone()), "`{key}` is listed twice");
    }
    let missing: Vec<_> = known.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&known).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:?}; unknown: {unknown:?}");
}

#[test]
fn the_page_of_errors_lists_every_reason_with_its_status_and_description() {
    let listed: Vec<Vec<String>> =
        rows(&page("errors.md"), "code").into_iter().map(|row| row[..3].into()).collect();
    let reasons = Reason::ALL.map(|reason| {
        vec![format!("`{}`", reason.code()), reason.status().to_string(), reason.description().to_owned()]
    });
    assert_eq!(listed, reasons);
}

#[test]
fn the_gateways_page_names_the_series_that_are_installed() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/install");
    let install = fs::read_to_string(file).unwrap();
    let page = page("gateways.md");
    for (package, name) in [("nginx", "nginx"), ("caddy", "Caddy"), ("haproxy", "HAProxy")] {
        let (_, pinned) = install.split_once(&format!("'{package}=")).unwrap();
        let series = pinned.split_once(".*'").unwrap().0;
        assert!(page.contains(&format!("{name} {series}")), "{name} {series}");
    }
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for file in markdown_files(&root) {
        for target in links(&fs::read_to_string(&file).unwrap()) {
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let aim = if path.is_empty() { file.clone() } else { file.with_file_name(path) };
            if !aim.exists() || (!anchor.is_empty() && !anchors(&aim).contains(anchor)) {
                broken.push(format!("{} -> {target}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The pages of the project.
fn markdown_files(root: &Path) -> Vec<PathBuf> {
    let folders =
        [root.to_owned(), root.join("docs"), root.join("docs/decisions"), root.join("deploy/nginx")];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

/// The targets of `[text](target)` that are no web addresses.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).filter(|target| !target.contains("://")).collect()
}

/// The headings of a page, as web views of the repository name them.
fn anchors(file: &Path) -> BTreeSet<String> {
    let page = fs::read_to_string(file).unwrap();
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let plain = |heading: &str| heading.trim().to_lowercase().chars().filter(is_kept).collect::<String>();
    headings.map(|heading| plain(heading).replace(' ', "-")).collect()
}
