//! Suggests a replacement for an unknown key: the nearest key of its section, or the section to
//! which the key belongs.

use crate::config::declaration::shape::{Keys, Shape, each, find};

/// Suggests a replacement for `name`, which is not one of the `keys` of the section at `path`.
/// `written` holds the names that the section contains, `root` the sections at the top of the file.
pub(in crate::config) fn instead_of(
    name: &str,
    path: &str,
    keys: Keys,
    written: &[&str],
    root: Keys,
) -> String {
    if let Some(nearest) = nearest(name, keys, written) {
        return format!("`{nearest}`");
    }
    if let Some(place) = elsewhere(name, path, keys, root) {
        return place;
    }
    let names: Vec<&str> = each(keys).map(|key| key.name()).collect();
    format!("one of {}", names.join(", "))
}

/// Finds the key of the section that differs in the fewest letters, at most two.
fn nearest(name: &str, keys: Keys, written: &[&str]) -> Option<&'static str> {
    // For a shared secret `algorithm` means another key than `algorithms`.
    let has_secret = written.iter().any(|name| name.starts_with("secret"));
    if has_secret && strsim::levenshtein(name, "algorithm") <= 2 {
        return find(keys, "symmetric_algorithm").map(|key| key.name());
    }
    let distances = each(keys).map(|key| (strsim::levenshtein(name, key.name()), key.name()));
    distances
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, nearest)| nearest)
}

/// Finds a section with a key of this name: an outer one, an inner one, or one at the top of the
/// file.
fn elsewhere(name: &str, path: &str, keys: Keys, root: Keys) -> Option<String> {
    let around = path.rsplit_once(['.', '[']).map(|(around, _)| around);
    if let Some(around) =
        around.filter(|around| keys_at(around, root).is_some_and(|keys| find(keys, name).is_some()))
    {
        return Some(format!("it one level up, under `{around}`"));
    }
    if let Some(inside) = inside(name, keys) {
        return Some(format!("it one level down: `{path}.{inside}`"));
    }
    if find(root, name).is_some() {
        return Some(format!("it at the top of the file: `{name}`"));
    }
    inside(name, root).map(|top| format!("it at the top of the file: `{top}`"))
}

/// Finds the path of a key of this name in a section with these keys.
fn inside(name: &str, keys: Keys) -> Option<String> {
    each(keys).find_map(|key| {
        let Shape::Section(keys) = key.shape() else {
            return None;
        };
        find(keys, name).map(|_| format!("{}.{name}", key.name()))
    })
}

/// Finds the keys of the section at a path.
fn keys_at(path: &str, root: Keys) -> Option<Keys> {
    path.split('.').try_fold(root, |keys, segment| {
        let name = segment.split_once('[').map_or(segment, |(name, _)| name);
        find(keys, name)?.shape().keys()
    })
}
