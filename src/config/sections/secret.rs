//! A shared secret as a key source. No message ever shows it.

use std::{fs, path::Path};

use crate::{
    config::{
        declaration::{
            key::Key,
            kind::{Secret, Text, Word},
            shape::Part,
        },
        file::section::Section,
        mistake::{Report, shown},
        sections::token::ALGORITHMS,
    },
    keys::{Algorithm, SecretKey, SecretSettings},
};

/// The keys of an entry of `oauth.jwks` that concern a shared secret.
pub(in crate::config) const KEYS: Part =
    &[&SECRET, &SECRET_FILE, &SYMMETRIC_ALGORITHM, &HEADER_KEY_ID];

/// `oauth.jwks[].secret`.
pub(in crate::config) const SECRET: Key<Secret> = Key::new(
    "secret",
    Secret,
    "The secret. Never shown. Shorter than the hash (32, 48, 64 bytes) warns. `'${NAME}'` takes it from the environment.",
);

/// `oauth.jwks[].secret_file`.
pub(in crate::config) const SECRET_FILE: Key<Text> = Key::new(
    "secret_file",
    Text::PATH,
    "Read it from a file instead; one final line break is dropped.",
);

/// `oauth.jwks[].symmetric_algorithm`.
pub(in crate::config) const SYMMETRIC_ALGORITHM: Key<Word<Algorithm>> = Key::new(
    "symmetric_algorithm",
    Word(&[
        ("HS256", Algorithm::Hs256),
        ("HS384", Algorithm::Hs384),
        ("HS512", Algorithm::Hs512),
    ]),
    "Required with a secret.",
);

/// `oauth.jwks[].header_key_id`.
pub(in crate::config) const HEADER_KEY_ID: Key<Text> = Key::new(
    "header_key_id",
    Text::ANY,
    "Required with a secret: the `kid` of its tokens.",
);

/// Reads a source with `secret` or `secret_file`; the file is relative to `folder`.
pub(in crate::config) fn read(
    entry: &Section,
    folder: &Path,
    report: &mut Report,
) -> Option<SecretSettings> {
    entry.require(&SYMMETRIC_ALGORITHM, "`HS256`, `HS384` or `HS512`", report);
    entry.require(
        &HEADER_KEY_ID,
        "the `kid` of tokens that are signed with the secret",
        report,
    );
    let algorithm = algorithm(entry, report);
    let key_id = entry.find(&HEADER_KEY_ID);
    if key_id == Some("") {
        report.mistake(&entry.at(&HEADER_KEY_ID), "an empty text", "a key id");
    }
    let bytes = bytes(entry, folder, report);
    if let (Some(bytes), Some(algorithm)) = (&bytes, algorithm) {
        warn_of_short(bytes, algorithm, entry, report);
    }
    Some(SecretSettings {
        secret: SecretKey::new(&bytes?),
        algorithm: algorithm?,
        key_id: key_id?.to_owned(),
    })
}

fn algorithm(entry: &Section, report: &mut Report) -> Option<Algorithm> {
    let algorithm = entry.find(&SYMMETRIC_ALGORITHM)?;
    let others = entry.get(&ALGORITHMS);
    if entry.has(&ALGORITHMS) && others != [algorithm.name()] {
        let found = shown(&others.join(", "));
        report.mistake(
            &entry.at(&ALGORITHMS),
            found,
            format!("only {}, or no such key", shown(algorithm.name())),
        );
    }
    Some(algorithm)
}

fn bytes(entry: &Section, folder: &Path, report: &mut Report) -> Option<Vec<u8>> {
    if entry.has(&SECRET) && entry.has(&SECRET_FILE) {
        report.mistake(entry.path(), "`secret` and `secret_file`", "one of the two");
        return None;
    }
    let bytes = match entry.find(&SECRET) {
        Some(secret) => secret.as_bytes().to_vec(),
        None => file(entry, folder, report)?,
    };
    if bytes.is_empty() {
        let at = if entry.has(&SECRET) {
            entry.at(&SECRET)
        } else {
            entry.at(&SECRET_FILE)
        };
        report.mistake(
            &at,
            "an empty secret",
            "a secret as long as the hash, or longer",
        );
        return None;
    }
    Some(bytes)
}

/// The file's bytes without one final line break, which editors add.
fn file(entry: &Section, folder: &Path, report: &mut Report) -> Option<Vec<u8>> {
    let file = folder.join(entry.find(&SECRET_FILE)?);
    report.watch(file.clone());
    match fs::read(&file) {
        Ok(bytes) => {
            let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            Some(
                line.strip_suffix(b"\r")
                    .filter(|_| line.len() < bytes.len())
                    .unwrap_or(line)
                    .to_vec(),
            )
        }
        Err(error) => {
            let found = format!(
                "{} which cannot be read: {error}",
                shown(&file.display().to_string())
            );
            report.mistake(
                &entry.at(&SECRET_FILE),
                found,
                "a file, relative to the configuration file",
            );
            None
        }
    }
}

fn warn_of_short(bytes: &[u8], algorithm: Algorithm, entry: &Section, report: &mut Report) {
    let hash_bytes = match algorithm {
        Algorithm::Hs256 => 32,
        Algorithm::Hs384 => 48,
        Algorithm::Hs512 => 64,
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::EdDsa => return,
    };
    if bytes.len() < hash_bytes {
        report.warn(format!(
            "the secret of {} is shorter than the {hash_bytes} bytes that RFC 7518 asks for with {}",
            entry.path(),
            algorithm.name()
        ));
    }
}
