//! Keys that a careless reader takes for another key: Go's `encoding/json` ignores case, C strings end at a
//! NUL (CVE-2026-27896 and its like were bypasses of exactly this kind).

/// Whether `key` is not one of the words that are watched everywhere, nor one of `also`, but could be taken
/// for one: it differs by case alone, by Unicode case folding, or it holds a NUL.
pub(super) fn is_deceptive(key: &str, also: &[&str]) -> bool {
    // None of these words could be taken for another of them.
    if EVERYWHERE.contains(&key) {
        return false;
    }
    let is_ascii = key.is_ascii();
    let looks_like =
        |word: &str| if is_ascii { key.eq_ignore_ascii_case(word) } else { is_folded(key, word) };
    let has_nul = key.bytes().fold(false, |so_far, byte| so_far | (byte == 0));
    has_nul || EVERYWHERE.iter().chain(also).any(|word| looks_like(word) && key != *word)
}

/// Whether the two are equal once case is gone. Upper case first, then lower, is how `ſ` becomes `s`, the
/// Kelvin sign `k`, `ı` becomes `i` and `ﬁ` becomes `fi`; `İ` leaves a dot above, which is dropped.
fn is_folded(key: &str, word: &str) -> bool {
    let folded = key.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    folded.filter(|c| *c != DOT_ABOVE).eq(word.chars().flat_map(char::to_lowercase))
}

const DOT_ABOVE: char = '\u{307}';

const EVERYWHERE: [&str; 9] =
    ["jsonrpc", "id", "method", "params", "name", "uri", "arguments", "taskId", "ref"];

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
    fn no_word_is_deceptive_beside_the_others() {
        let watched = ["result", "error", "_meta", "notifications", "type", "query", "resourceSubscriptions"];
        for word in EVERYWHERE {
            let others: Vec<&str> =
                EVERYWHERE.into_iter().chain(watched).filter(|other| *other != word).collect();
            assert!(others.iter().all(|other| !is_folded(word, other)), "{word}");
        }
    }

    #[test]
    fn the_words_themselves_and_others_are_not() {
        for key in ["method", "taskId", "type", "", "cursor", "methods", "nâme", "имя", "ids"] {
            assert!(!is_deceptive(key, &["type"]), "{key:?}");
        }
    }
}
