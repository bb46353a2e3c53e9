//! Keys that a lenient parser takes for another key: Go's `encoding/json` ignores case, and C strings end at a NUL.
//! CVE-2026-27896 and similar bypasses worked in this way.

/// Whether `key` could be taken for a watched word without being one. The watched words are [`EVERYWHERE`] and
/// `also`. Such a key differs from a word only by case or Unicode case folding, or it contains a NUL.
pub(super) fn is_deceptive(key: &str, also: &[&str]) -> bool {
    // No watched word resembles another one.
    if EVERYWHERE.contains(&key) {
        return false;
    }
    let is_ascii = key.is_ascii();
    let looks_like = |word: &str| {
        if is_ascii {
            key.eq_ignore_ascii_case(word)
        } else {
            is_folded(key, word)
        }
    };
    let has_nul = key.bytes().fold(false, |so_far, byte| so_far | (byte == 0));
    has_nul
        || EVERYWHERE
            .iter()
            .chain(also)
            .any(|word| looks_like(word) && key != *word)
}

/// Whether the two are equal after case folding. Converting to upper case and then to lower case turns `ſ` into
/// `s`, the Kelvin sign into `k`, `ı` into `i` and `ﬁ` into `fi`. `İ` leaves a combining dot above, which is
/// dropped.
fn is_folded(key: &str, word: &str) -> bool {
    let folded = key
        .chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase);
    folded
        .filter(|c| *c != DOT_ABOVE)
        .eq(word.chars().flat_map(char::to_lowercase))
}

const DOT_ABOVE: char = '\u{307}';

/// The words that are watched in every object.
const EVERYWHERE: [&str; 9] = [
    "jsonrpc",
    "id",
    "method",
    "params",
    "name",
    "uri",
    "arguments",
    "taskId",
    "ref",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_differs_by_case_folding_or_a_nul_is_deceptive() {
        for key in [
            "Method",
            "METHOD",
            "paramſ",
            "tasKId",
            "taskid",
            "ıd",
            "İD",
            "URI",
            "urı",
            "Ref",
            "na\0me",
            "x\0",
            "notiﬁcations",
            "Type",
        ] {
            assert!(is_deceptive(key, &["notifications", "type"]), "{key:?}");
        }
    }

    #[test]
    fn no_watched_word_resembles_another() {
        let watched = [
            "result",
            "error",
            "_meta",
            "notifications",
            "type",
            "query",
            "resourceSubscriptions",
        ];
        for word in EVERYWHERE {
            let others: Vec<&str> = EVERYWHERE
                .into_iter()
                .chain(watched)
                .filter(|other| *other != word)
                .collect();
            assert!(others.iter().all(|other| !is_folded(word, other)), "{word}");
        }
    }

    #[test]
    fn the_words_themselves_and_unrelated_keys_are_not_deceptive() {
        for key in [
            "method", "taskId", "type", "", "cursor", "methods", "nâme", "имя", "ids",
        ] {
            assert!(!is_deceptive(key, &["type"]), "{key:?}");
        }
    }
}
