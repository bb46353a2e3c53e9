//! A mistake in a graph's files: its place and its text.

use std::{fmt::Display, path::Path};

use apollo_compiler::validation::DiagnosticList;

/// One mistake in a schema or in an execution configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found}")]
pub struct GraphFault {
    /// The file, the line if it is known, and the mistake.
    pub found: String,
    /// A correct value.
    pub expected: &'static str,
}

impl GraphFault {
    pub(super) fn in_file(file: &Path, found: impl Display, expected: &'static str) -> Self {
        Self {
            found: format!("`{}`: {found}", file.display()),
            expected,
        }
    }

    pub(super) fn in_line(
        file: &Path,
        line: usize,
        found: impl Display,
        expected: &'static str,
    ) -> Self {
        Self {
            found: format!("`{}` line {line}: {found}", file.display()),
            expected,
        }
    }

    /// The first [`MAX_FAULTS`] diagnostics of a schema.
    pub(super) fn of_diagnostics(file: &Path, diagnostics: &DiagnosticList) -> Vec<Self> {
        let lines = lines_of(diagnostics).take(MAX_FAULTS);
        lines
            .map(|(line, text)| match line {
                Some(line) => Self::in_line(file, line, text, VALID_SCHEMA),
                None => Self::in_file(file, text, VALID_SCHEMA),
            })
            .collect()
    }
}

/// The diagnostics as line numbers and one-line texts.
pub(super) fn lines_of(
    diagnostics: &DiagnosticList,
) -> impl Iterator<Item = (Option<usize>, String)> + use<'_> {
    diagnostics.iter().map(|diagnostic| {
        let line = diagnostic.line_column_range().map(|range| range.start.line);
        let text = diagnostic.error.to_string();
        (line, text.split_whitespace().collect::<Vec<_>>().join(" "))
    })
}

const VALID_SCHEMA: &str = "a valid GraphQL schema";

/// The most mistakes of one file that are reported.
const MAX_FAULTS: usize = 20;
