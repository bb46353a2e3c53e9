use std::{
    fs::{self, File},
    io::Read,
    os::{fd::OwnedFd, unix::fs::PermissionsExt, unix::net::UnixStream},
};

use crate::audit::{AuditOutput, output::Output, writer::Writer};

/// An output that takes what fits and then fails, and its other end.
fn narrow() -> (Output, UnixStream) {
    let (near, far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    far.set_nonblocking(true).unwrap();
    (Output::Stdout(File::from(OwnedFd::from(near))), far)
}

fn line(number: usize) -> String {
    format!(
        "{{\"number\":{number},\"text\":\"{}\"}}\n",
        "x".repeat(3000)
    )
}

#[test]
fn a_cut_line_is_written_again_in_full_and_none_is_missing() {
    let (output, mut far) = narrow();
    let mut writer = Writer::new(output);
    (0..1000).for_each(|number| writer.push(line(number).as_bytes()));
    let mut received = Vec::new();
    let mut failures = 0;
    let records = loop {
        let outcome = writer.write();
        // The read ends with `WouldBlock` once it has everything that was sent.
        let _ = far.read_to_end(&mut received);
        match outcome {
            Ok(records) => break records,
            Err(_) => failures += 1,
        }
    };
    assert_eq!(records, 1000);
    assert!(failures > 1, "the output took everything at once");
    let received = String::from_utf8(received).unwrap();
    let whole: Vec<_> = received
        .lines()
        .filter(|line| line.ends_with('}'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(whole, (0..1000).map(line).collect::<Vec<_>>());
}

#[test]
fn a_new_file_is_only_for_its_owner_and_is_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let output = AuditOutput::File(path.clone());
    for text in ["a\n", "b\n"] {
        let mut writer = Writer::new(Output::open(&output).unwrap());
        writer.push(text.as_bytes());
        assert_eq!(writer.write().unwrap(), 1);
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\n");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_moved_file_is_written_until_it_is_closed_and_a_truncated_file_from_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let (path, moved) = (
        folder.path().join("audit.jsonl"),
        folder.path().join("audit.jsonl.1"),
    );
    let mut writer = Writer::new(Output::open(&AuditOutput::File(path.clone())).unwrap());
    let mut write = |text: &str, closes: bool| {
        if closes {
            writer.close();
        }
        writer.push(text.as_bytes());
        writer.write().unwrap();
    };
    write("a\n", false);
    fs::rename(&path, &moved).unwrap();
    write("b\n", false);
    write("c\n", true);
    assert_eq!(fs::read_to_string(&moved).unwrap(), "a\nb\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "c\n");
    File::create(&path).unwrap();
    write("d\n", false);
    assert_eq!(fs::read_to_string(&path).unwrap(), "d\n");
}

#[test]
fn lines_that_a_full_disk_rejects_go_to_the_next_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let mut writer = Writer::new(Output::open(&AuditOutput::File(path.clone())).unwrap());
    writer.push(b"a\n");
    assert!(writer.write().is_err());
    fs::remove_file(&path).unwrap();
    assert!(writer.write().is_err());
    writer.close();
    assert_eq!(writer.write().unwrap(), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "a\n");
}
