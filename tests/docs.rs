//! Compares the pages with the code: the keys, reasons and versions that they list, and every link
//! and path in them.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use scopegate::{config, domain::Reason};

fn page(name: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The cells of each row of every table whose head begins with `first`, without the backticks of
/// the first cell.
fn rows(page: &str, first: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut is_wanted = false;
    let mut is_inside = false;
    for line in page.lines() {
        if !line.starts_with('|') {
            is_inside = false;
            continue;
        }
        let cells: Vec<_> = line
            .trim_matches('|')
            .split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect();
        if !is_inside {
            is_inside = true;
            is_wanted = cells[0] == first;
        } else if is_wanted && !line.starts_with("| -") {
            rows.push(cells);
        }
    }
    rows
}

/// Removes the prefix that `mcp` and `resources[]` share: the page lists their keys once.
fn written_once(key: &str) -> String {
    ["mcp.", "resources[]."]
        .into_iter()
        .find_map(|prefix| key.strip_prefix(prefix))
        .unwrap_or(key)
        .to_owned()
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
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "missing: {missing:?}; unknown: {unknown:?}"
    );
}

#[test]
fn the_page_of_errors_lists_every_reason_with_its_status_and_description() {
    let listed: Vec<Vec<String>> = rows(&page("errors.md"), "code")
        .into_iter()
        .map(|row| row[..3].into())
        .collect();
    let reasons = Reason::ALL.map(|reason| {
        vec![
            format!("`{}`", reason.code()),
            reason.status().to_string(),
            reason.description().to_owned(),
        ]
    });
    assert_eq!(listed, reasons);
}

#[test]
fn the_gateways_page_names_the_series_that_are_installed() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/install");
    let install = fs::read_to_string(file).unwrap();
    let page = page("gateways.md");
    for (package, name) in [
        ("nginx", "nginx"),
        ("caddy", "Caddy"),
        ("haproxy", "HAProxy"),
    ] {
        let (_, pinned) = install.split_once(&format!("'{package}=")).unwrap();
        let series = pinned.split_once(".*'").unwrap().0;
        assert!(
            page.contains(&format!("{name} {series}")),
            "{name} {series}"
        );
    }
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for file in markdown_files(&root) {
        for target in links(&fs::read_to_string(&file).unwrap()) {
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let aim = if path.is_empty() {
                file.clone()
            } else {
                file.with_file_name(path)
            };
            if !aim.exists() || (!anchor.is_empty() && !anchors(&aim).contains(anchor)) {
                broken.push(format!("{} -> {target}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Comments of the code, and texts of scripts and settings, name pages by their path from the root.
#[test]
fn every_page_that_the_code_names_exists() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![
        root.join("Cargo.toml"),
        root.join("deny.toml"),
        root.join("tests/install"),
    ];
    for folder in ["src", "benches", "fuzz", "tests/api", "tests/model"] {
        add_rust_files(&root.join(folder), &mut files);
    }
    let mut broken = Vec::new();
    for file in files {
        for target in named_pages(&fs::read_to_string(&file).unwrap()) {
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let page = root.join(path);
            if !page.exists() || (!anchor.is_empty() && !anchors(&page).contains(anchor)) {
                broken.push(format!("{} -> {target}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_design_page_is_listed() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let listed: BTreeSet<_> = links(&page("design/README.md")).into_iter().collect();
    for file in markdown_files(&root)
        .iter()
        .filter(|file| file.starts_with(root.join("docs/design")))
    {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            name == "README.md" || listed.contains(name),
            "docs/design/README.md does not list {name}"
        );
        let text = fs::read_to_string(file).unwrap();
        assert!(
            name == "README.md" || text.contains("\n## History\n"),
            "{name} has no history"
        );
    }
}

#[test]
fn every_path_that_contributing_names_exists() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let folders = ["src/", "tests/", "docs/", "benches/", "deploy/", "fuzz/"];
    let quoted = text.split('`').skip(1).step_by(2);
    let words = quoted.filter_map(|code| code.split_whitespace().next());
    for path in words.filter(|word| folders.iter().any(|folder| word.starts_with(folder))) {
        // Scripts make the hidden folders.
        assert!(path.contains("/.") || root.join(path).exists(), "{path}");
    }
}

/// The pages of the project.
fn markdown_files(root: &Path) -> Vec<PathBuf> {
    let folders = [
        root.to_owned(),
        root.join("docs"),
        root.join("docs/design"),
        root.join("deploy/nginx"),
    ];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect()
}

fn add_rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_rust_files(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// The paths `docs/….md` in a text, each with its anchor if it has one.
fn named_pages(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '#');
    let words = text
        .split(|c| !is_part(c))
        .map(|word| word.trim_end_matches('.'));
    let pages = words.filter(|word| {
        let path = word.split('#').next().unwrap();
        path.starts_with("docs/") && Path::new(path).extension().is_some_and(|end| end == "md")
    });
    pages.map(str::to_owned).collect()
}

/// The targets of `[text](target)`, except web addresses.
fn links(page: &str) -> Vec<String> {
    let targets = page
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    targets
        .map(|(target, _)| target.to_owned())
        .filter(|target| !target.contains("://"))
        .collect()
}

/// The headings of a page, as web views of the repository name them.
fn anchors(file: &Path) -> BTreeSet<String> {
    let page = fs::read_to_string(file).unwrap();
    let headings = page
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#'));
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let plain = |heading: &str| {
        heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(is_kept)
            .collect::<String>()
    };
    headings
        .map(|heading| plain(heading).replace(' ', "-"))
        .collect()
}
