//! `server.audit`: which decisions are written down, and where.

use std::path::Path;

use super::{
    mistake::{Report, shown},
    section::Section,
    server::SUBJECTS,
};
use crate::{
    audit::{AuditOutput, AuditSettings, WhenFull},
    telemetry::{SamplingRatio, log::SubjectLogging},
};

/// Reads the section; its file is relative to `folder`. Without a section nothing is written; a section without
/// `output` is a mistake, since somebody expects to find a log.
pub(super) fn read(audit: &Section, folder: &Path, report: &mut Report) -> Option<AuditSettings> {
    if !audit.is_written() {
        return None;
    }
    let expected = "`stdout`, or the path of a file";
    audit.require("output", expected, report);
    let output = audit.text("output");
    if output == Some("") {
        report.mistake(&audit.at("output"), "an empty text", expected);
    }
    let whens = [("drop", WhenFull::Drop), ("refuse", WhenFull::Refuse)];
    let settings = AuditSettings {
        output: match output? {
            "stdout" => AuditOutput::Stdout,
            path => AuditOutput::File(folder.join(path)),
        },
        permits: audit.share("permits").unwrap_or(SamplingRatio::NONE),
        operations: operations(audit, report),
        subject: audit.choice("subject", SubjectLogging::Hashed, &SUBJECTS, report),
        queue: audit.number("queue", 8192, 16..=1_000_000, report),
        when_full: audit.choice("when_full", WhenFull::Drop, &whens, report),
    };
    Some(settings)
}

fn operations(audit: &Section, report: &mut Report) -> Vec<String> {
    let globs = audit.texts("operations").unwrap_or_default();
    for (index, glob) in globs.iter().enumerate().filter(|(_, glob)| glob.is_empty()) {
        let path = format!("{}[{index}]", audit.at("operations"));
        report.mistake(&path, shown(glob), "a method, a name, or a glob");
    }
    globs.to_vec()
}
