//! Mutations of bytes without regard to structure, and the files that they start from.

use std::{fs, path::Path};

use crate::draw::Draw;

/// The files of `seeds/NAME`, in the order of their names.
pub(crate) fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(name);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Makes one to four mutations. `words` are the tokens that matter to the format.
pub(crate) fn mutate(draw: &mut Draw, bytes: &mut Vec<u8>, words: &[&str]) {
    for _ in 0..=draw.below(4) {
        once(draw, bytes, words);
    }
}

fn once(draw: &mut Draw, bytes: &mut Vec<u8>, words: &[&str]) {
    let at = draw.below(bytes.len() + 1);
    let most = 1 << draw.below(7);
    let end = (at + draw.below(most)).min(bytes.len());
    match draw.below(8) {
        0 | 1 if at < bytes.len() => bytes[at] ^= *draw.one(&[1, 2, 4, 8, 16, 32, 64, 128]),
        2 if at < bytes.len() => bytes[at] = draw.byte(),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let copied = bytes[at..end].to_vec();
            let to = draw.below(bytes.len() + 1);
            bytes.splice(to..to, copied);
        }
        5 => bytes.truncate(at),
        6 => drop(bytes.splice(at..end, draw.pick(words).bytes())),
        _ => drop(bytes.splice(at..at, draw.pick(words).bytes())),
    }
}
