//! Why a set of policies was refused.

/// A place in a policy file and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy {file}, line {line}: {words}")]
pub struct PolicyError {
    /// The file's name as it was given; `data.json` for the data.
    pub file: String,
    /// The line, from 1; 0 when it is not about one line.
    pub line: u32,
    /// What is wrong and what to do.
    pub words: String,
}

impl PolicyError {
    /// About the data document.
    pub(crate) fn data(words: impl Into<String>) -> Self {
        Self { file: "data.json".into(), line: 0, words: words.into() }
    }

    /// From the engine's report, whose place is written `--> file:line:column`.
    pub(crate) fn engine(fallback: &str, report: &str) -> Self {
        let place = report.split("--> ").nth(1).and_then(|rest| rest.lines().next());
        let mut parts = place.unwrap_or_default().rsplitn(3, ':');
        let (_, line, file) = (parts.next(), parts.next(), parts.next());
        Self {
            file: file.unwrap_or(fallback).into(),
            line: line.and_then(|line| line.parse().ok()).unwrap_or(0),
            words: report.lines().rfind(|line| !line.trim().is_empty()).map_or_else(
                || "the policy could not be compiled".into(),
                |line| line.trim().trim_start_matches("| ").into(),
            ),
        }
    }
}
