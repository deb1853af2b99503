//! Joining a workspace from the command line, for fleets and for tests.

use crate::shell::WindowShell;
use anyhow::{Context as _, bail};
use countersign_client::{
    Controller, OsSecretStore, system_clock,
    view::{ProblemView, WorkspaceState},
};
use std::{fs, path::Path, sync::Arc};

/// Makes the profile's keys if there are none and writes the enrolment request.
///
/// # Errors
/// What stands in the way and what to do, in words.
pub fn write_request(profile: &Path, out: &Path) -> anyhow::Result<()> {
    let request = open(profile).make_enrolment_request().map_err(words)?;
    fs::write(out, &request.json).with_context(|| format!("{} cannot be written", out.display()))
}

/// Reads an enrolment file and joins its workspace, if it has the six words that the
/// administrator's `admit` printed: they must come by another way than the file.
///
/// # Errors
/// What stands in the way and what to do, in words.
pub fn accept(profile: &Path, file: &Path, root_words: &str) -> anyhow::Result<()> {
    let json =
        fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let root_words: Vec<_> = root_words.split_whitespace().map(str::to_lowercase).collect();
    match open(profile).join_workspace(&json, &root_words).map_err(words)? {
        WorkspaceState::Ready { .. } => Ok(()),
        WorkspaceState::KeychainProblem { problem } | WorkspaceState::StoreProblem { problem } => {
            Err(words(problem))
        }
        WorkspaceState::NotEnrolled | WorkspaceState::RequestMade { .. } => {
            bail!("the device is still not enrolled; make a request first")
        }
    }
}

fn open(profile: &Path) -> Controller<WindowShell> {
    let secrets = Arc::new(OsSecretStore);
    Controller::open(profile.to_path_buf(), secrets, WindowShell::silent(), system_clock())
}

fn words(problem: ProblemView) -> anyhow::Error {
    anyhow::anyhow!("{} ({}) {}", problem.message, problem.code, problem.hints.join(" "))
}
