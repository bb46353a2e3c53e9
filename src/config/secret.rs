//! A shared secret as a key source. Nothing here ever shows it.

use std::{fs, path::Path};

use super::{
    mistake::{Report, shown},
    section::Section,
};
use crate::keys::{Algorithm, SecretKey, SecretSettings};

/// Reads a source with `secret` or `secret_file`; the file is relative to `folder`.
pub(super) fn read(entry: &Section, folder: &Path, report: &mut Report) -> Option<SecretSettings> {
    entry.require("symmetric_algorithm", "`HS256`, `HS384` or `HS512`", report);
    entry.require("header_key_id", "the `kid` of tokens that are signed with the secret", report);
    let algorithm = algorithm(entry, report);
    let key_id = entry.text("header_key_id");
    if key_id == Some("") {
        report.mistake(&entry.at("header_key_id"), "an empty text", "a key id");
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
    let name = entry.text("symmetric_algorithm")?;
    let algorithm = Algorithm::parse(name).filter(|algorithm| algorithm.is_symmetric());
    if algorithm.is_none() {
        let expected = "`HS256`, `HS384` or `HS512`";
        report.mistake(&entry.at("symmetric_algorithm"), shown(name), expected);
    }
    let others = entry.texts("algorithms").unwrap_or_default();
    if entry.has("algorithms") && others != [name] {
        let found = shown(&others.join(", "));
        report.mistake(&entry.at("algorithms"), found, format!("{} alone, or nothing", shown(name)));
    }
    algorithm
}

fn bytes(entry: &Section, folder: &Path, report: &mut Report) -> Option<Vec<u8>> {
    if entry.has("secret") && entry.has("secret_file") {
        report.mistake(entry.path(), "`secret` and `secret_file`", "one of the two");
        return None;
    }
    let name = if entry.has("secret") { "secret" } else { "secret_file" };
    let bytes = match entry.text("secret") {
        Some(secret) => secret.as_bytes().to_vec(),
        None => file(entry, folder, report)?,
    };
    if bytes.is_empty() {
        report.mistake(&entry.at(name), "an empty secret", "a secret as long as the hash, or longer");
        return None;
    }
    Some(bytes)
}

/// The file's bytes without one final line break, which editors add.
fn file(entry: &Section, folder: &Path, report: &mut Report) -> Option<Vec<u8>> {
    let file = folder.join(entry.text("secret_file")?);
    report.watch(file.clone());
    match fs::read(&file) {
        Ok(bytes) => {
            let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            Some(line.strip_suffix(b"\r").filter(|_| line.len() < bytes.len()).unwrap_or(line).to_vec())
        }
        Err(error) => {
            let found = format!("{} which cannot be read: {error}", shown(&file.display().to_string()));
            report.mistake(&entry.at("secret_file"), found, "a file, relative to the configuration file");
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
