//! Where a profile stands.

use crate::{
    profile::{
        device::Device,
        enrol,
        folder::{Profile, ProfileProblem},
        member::{Loaded, Member},
    },
    view::{
        ProblemView, WorkspaceState,
        problem::{Code, internal, problem},
    },
};

/// Where the profile stands.
pub(crate) enum State {
    Empty,
    Requested(Box<Device>),
    Member(Box<Member>),
    Keychain(ProblemView),
    Store(ProblemView),
    /// Only while one of the others is being made from another.
    Changing,
}

impl State {
    /// Opens a profile as it stands.
    pub(crate) fn open(profile: &Profile) -> Self {
        match profile.open() {
            Ok(None) => Self::Empty,
            Ok(Some(device)) => Self::of(device),
            Err(ProfileProblem::Keychain(problem)) => Self::Keychain(problem),
            Err(ProfileProblem::Store(problem)) => Self::Store(problem),
        }
    }

    /// What a device with keys and a store stands at.
    pub(crate) fn of(device: Device) -> Self {
        match Member::load(device) {
            Ok(Loaded::Waiting(device)) => Self::Requested(device),
            Ok(Loaded::Member(member)) => Self::Member(member),
            Err(problem) => Self::Store(problem),
        }
    }

    /// For the window.
    pub(crate) fn view(&mut self) -> WorkspaceState {
        match self {
            Self::Empty | Self::Changing => WorkspaceState::NotEnrolled,
            Self::Requested(device) => match enrol::request_view(device) {
                Ok(request) => WorkspaceState::RequestMade { request },
                // Keys are there and the request is not: it is made again from them.
                Err(_) => WorkspaceState::NotEnrolled,
            },
            Self::Member(member) => WorkspaceState::Ready { workspace: member.view() },
            Self::Keychain(problem) => WorkspaceState::KeychainProblem { problem: problem.clone() },
            Self::Store(problem) => WorkspaceState::StoreProblem { problem: problem.clone() },
        }
    }

    /// The device that waits for an administrator's answer.
    pub(crate) fn requested(&mut self) -> Result<&mut Device, ProblemView> {
        match self {
            Self::Requested(device) => Ok(device),
            Self::Empty => Err(problem(
                Code::NoRequest,
                "This device has made no request yet.",
                &["Make a request, hand it to an administrator, then join with their answer."],
            )),
            other => Err(other.refusal_to_enrol()),
        }
    }

    /// Why this profile can make no request and join nothing.
    pub(crate) fn refusal_to_enrol(&self) -> ProblemView {
        match self {
            Self::Keychain(problem) | Self::Store(problem) => problem.clone(),
            Self::Changing => internal("joining"),
            _ => problem(
                Code::AlreadyJoined,
                "This profile belongs to a workspace already.",
                &["Use another profile folder for another workspace."],
            ),
        }
    }
}
