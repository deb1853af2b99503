//! One write at a time on each account: accounts stand side by side, and what waits for its
//! account waits in the order in which it came.

use countersign_model::{
    EntityRef, ProposalId,
    entity::{PlatformId, PlatformKind},
};
use std::collections::{BTreeMap, VecDeque};

/// Executions that run now, in this process, and those that wait for their account.
#[derive(Default)]
pub(super) struct Lanes(BTreeMap<(PlatformKind, PlatformId), Lane>);

#[derive(Default)]
struct Lane {
    running: Option<ProposalId>,
    waiting: VecDeque<ProposalId>,
}

impl Lanes {
    /// Takes an entity's account for an execution. `false` when it is taken: by this one, or by
    /// another one whose end ([`Self::leave`]) makes room.
    pub(super) fn enter(&mut self, entity: &EntityRef, proposal: ProposalId) -> bool {
        let account = (entity.platform, entity.account_id.clone());
        let lane = self.0.entry(account).or_default();
        match lane.running {
            None => {
                lane.waiting.retain(|waiting| *waiting != proposal);
                lane.running = Some(proposal);
                return true;
            }
            Some(running) if running == proposal => {}
            Some(_) if lane.waiting.contains(&proposal) => {}
            Some(_) => lane.waiting.push_back(proposal),
        }
        false
    }

    /// An execution has ended: which one may go on now, on the account that it had.
    pub(super) fn leave(&mut self, proposal: ProposalId) -> Option<ProposalId> {
        let lane = self.0.values_mut().find(|lane| lane.running == Some(proposal))?;
        lane.running = None;
        lane.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn one_at_a_time_on_an_account_and_accounts_side_by_side() {
        let [a, b, c] = [1, 2, 3].map(|id| ProposalId::from_uuid(Uuid::from_u128(id)));
        let id = |text| PlatformId::parse(text).unwrap();
        let entity = |account| EntityRef {
            platform: PlatformKind::GoogleAds,
            account_id: id(account),
            campaign_id: id("7"),
        };
        let mut lanes = Lanes::default();
        assert!(lanes.enter(&entity("1"), a));
        assert!(!lanes.enter(&entity("1"), a), "it runs already");
        assert!(!lanes.enter(&entity("1"), b));
        assert!(!lanes.enter(&entity("1"), b), "it waits once");
        assert!(lanes.enter(&entity("2"), c), "another account");
        assert_eq!(lanes.leave(a), Some(b));
        assert!(lanes.enter(&entity("1"), b));
        assert_eq!(lanes.leave(b), None);
        assert_eq!(lanes.leave(b), None, "it has left");
        assert!(!lanes.enter(&entity("2"), a), "the other account is still taken");
        assert_eq!(lanes.leave(c), Some(a));
    }
}
