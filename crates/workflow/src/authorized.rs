//! Authority as a type: what only a quorum of signatures can make.

use crate::Case;
use countersign_model::{Action, DecisionKind, Digest, ProposalId, TimestampMs, entry::Approval};
use std::fmt;

/// A change that the stored quorum has signed. Whoever holds one may execute it; nothing
/// else may be executed. It cannot be made, copied, stored or read outside this room:
///
/// ```compile_fail
/// use countersign_workflow::Authorized;
/// fn forge<A>(action: A) -> Authorized<A> {
///     Authorized { action, proposal: todo!(), proposal_digest: todo!(), approvals: vec![], valid_until_ms: todo!() }
/// }
/// ```
///
/// ```compile_fail
/// use countersign_workflow::{Authorized, Case};
/// fn skip_the_step(case: &Case) -> Option<Authorized<countersign_model::Action>> {
///     Authorized::by_quorum(case, case.clock_ms())
/// }
/// ```
///
/// ```compile_fail
/// use countersign_workflow::Authorized;
/// fn twice<A: Clone>(authorized: &Authorized<A>) -> Authorized<A> {
///     Clone::clone(authorized)
/// }
/// ```
///
/// ```compile_fail
/// fn needs_deserialize<T: serde::de::DeserializeOwned>() {}
/// needs_deserialize::<countersign_workflow::Authorized<countersign_model::Action>>();
/// ```
///
/// ```compile_fail
/// fn needs_serialize<T: serde::Serialize>() {}
/// needs_serialize::<countersign_workflow::Authorized<countersign_model::Action>>();
/// ```
pub struct Authorized<A> {
    proposal: ProposalId,
    proposal_digest: Digest,
    action: Box<A>,
    approvals: Vec<Approval>,
    valid_until_ms: TimestampMs,
}

impl<A> Authorized<A> {
    /// The case.
    #[must_use]
    pub const fn proposal(&self) -> ProposalId {
        self.proposal
    }

    /// Digest of the proposal that was signed.
    #[must_use]
    pub const fn proposal_digest(&self) -> Digest {
        self.proposal_digest
    }

    /// The change that every counted signature covers.
    #[must_use]
    pub fn action(&self) -> &A {
        &self.action
    }

    /// The last moment at which every counted signature is valid by its own words, and the
    /// proposal with them. After it nothing may be sent.
    #[must_use]
    pub const fn valid_until_ms(&self) -> TimestampMs {
        self.valid_until_ms
    }

    /// The signatures, by role and person.
    #[must_use]
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }
}

impl Authorized<Action> {
    /// The one constructor: counts the signatures that are valid at `at` against the
    /// quorum stored in the case.
    pub(crate) fn by_quorum(case: &Case, at: TimestampMs) -> Option<Self> {
        let counted = case.valid_at(at);
        let progress = crate::progress(case.verdict(), &counted);
        let action = progress.effective.filter(|_| progress.quorum_holds)?;
        if !action.is_covered_by(&case.proposal().action) {
            return None;
        }
        let approvals = counted
            .iter()
            .filter(|one| matches!(one.kind(), DecisionKind::Approve | DecisionKind::Override))
            .map(|one| Approval {
                person: one.person(),
                role: one.role().clone(),
                decision: one.decision(),
                envelope: one.envelope(),
            })
            .collect();
        let signed_until = counted.iter().map(crate::Counted::valid_until_ms).min()?;
        let valid_until_ms = signed_until.min(case.proposal().expires_at_ms.plus_ms(-1));
        let (proposal, proposal_digest) = (case.proposal().id, case.proposal_digest());
        Some(Self {
            proposal,
            proposal_digest,
            action: Box::new(action),
            approvals,
            valid_until_ms,
        })
    }
}

/// Names the case, never the amounts.
impl<A> fmt::Debug for Authorized<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized").field("proposal", &self.proposal).finish_non_exhaustive()
    }
}
