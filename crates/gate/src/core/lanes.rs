//! One change at a time on each account: accounts stand side by side. A change over several
//! accounts takes all of them or none, so that no two wait for each other; what waits is tried
//! again, in the order in which it came, when one ends.

use countersign_model::{ProposalId, entity::AccountRef};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Executions that run now, in this process, and those that wait for their accounts.
#[derive(Default)]
pub(super) struct Lanes {
    running: BTreeMap<AccountRef, ProposalId>,
    waiting: VecDeque<(ProposalId, BTreeSet<AccountRef>)>,
}

impl Lanes {
    /// Takes its accounts for an execution. `false` when one is taken: by this one, or by
    /// another one whose end ([`Self::leave`]) makes room.
    pub(super) fn enter(&mut self, accounts: &BTreeSet<AccountRef>, proposal: ProposalId) -> bool {
        if self.running.values().any(|running| *running == proposal) {
            return false;
        }
        let is_free = accounts.iter().all(|account| !self.running.contains_key(account));
        let at = self.waiting.iter().position(|(waiting, _)| *waiting == proposal);
        // Whoever came before and waits for one of them goes first: a change over many accounts
        // is not passed by those over one for ever.
        let before = self.waiting.iter().take(at.unwrap_or(self.waiting.len()));
        let is_first = before.into_iter().all(|(_, theirs)| theirs.is_disjoint(accounts));
        if is_free && is_first {
            if let Some(at) = at {
                self.waiting.remove(at);
            }
            self.running.extend(accounts.iter().map(|account| (account.clone(), proposal)));
            return true;
        }
        if at.is_none() {
            self.waiting.push_back((proposal, accounts.clone()));
        }
        false
    }

    /// An execution has ended: which ones may go on now, on the accounts that it had.
    pub(super) fn leave(&mut self, proposal: ProposalId) -> Vec<ProposalId> {
        let before = self.running.len();
        self.running.retain(|_, running| *running != proposal);
        if self.running.len() == before { vec![] } else { self.next() }
    }

    /// One whose turn has come does not enter, because its case has ended or must wait for something
    /// else: which ones may go on in its place. Without this they would wait behind it for ever.
    pub(super) fn give_way(&mut self, proposal: ProposalId) -> Vec<ProposalId> {
        let before = self.waiting.len();
        self.waiting.retain(|(waiting, _)| *waiting != proposal);
        if self.waiting.len() == before { vec![] } else { self.next() }
    }

    /// Those who wait for nobody but themselves, in the order in which they came.
    fn next(&self) -> Vec<ProposalId> {
        let mut taken: BTreeSet<_> = self.running.keys().cloned().collect();
        let mut next = vec![];
        for (waiting, accounts) in &self.waiting {
            if taken.is_disjoint(accounts) {
                next.push(*waiting);
            }
            taken.extend(accounts.iter().cloned());
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::entity::{PlatformId, PlatformKind};
    use uuid::Uuid;

    fn account(id: &str) -> AccountRef {
        let account_id = PlatformId::parse(id).unwrap();
        AccountRef { platform: PlatformKind::GoogleAds, account_id }
    }

    #[test]
    fn one_at_a_time_on_an_account_and_accounts_side_by_side() {
        let [a, b, c] = [1, 2, 3].map(|id| ProposalId::from_uuid(Uuid::from_u128(id)));
        let entity = |id| BTreeSet::from([account(id)]);
        let mut lanes = Lanes::default();
        assert!(lanes.enter(&entity("1"), a));
        assert!(!lanes.enter(&entity("1"), a), "it runs already");
        assert!(!lanes.enter(&entity("1"), b));
        assert!(!lanes.enter(&entity("1"), b), "it waits once");
        assert!(lanes.enter(&entity("2"), c), "another account");
        assert_eq!(lanes.leave(a), [b]);
        assert!(lanes.enter(&entity("1"), b));
        assert_eq!(lanes.leave(b), []);
        assert_eq!(lanes.leave(b), [], "it has left");
        assert!(!lanes.enter(&entity("2"), a), "the other account is still taken");
        assert_eq!(lanes.leave(c), [a]);
    }

    #[test]
    fn several_accounts_are_taken_together_and_nobody_is_passed_for_ever() {
        let [a, b, c, d] = [1, 2, 3, 4].map(|id| ProposalId::from_uuid(Uuid::from_u128(id)));
        let [one, two] = ["1", "2"].map(account);
        let only = |account: &AccountRef| BTreeSet::from([account.clone()]);
        let both = BTreeSet::from([one.clone(), two.clone()]);
        let mut lanes = Lanes::default();
        assert!(lanes.enter(&only(&one), a));
        assert!(!lanes.enter(&both, b), "one of them is taken");
        assert!(!lanes.enter(&only(&two), c), "free, but the change over both came before");
        assert_eq!(lanes.leave(a), [b]);
        assert!(lanes.enter(&both, b));
        assert!(!lanes.enter(&only(&one), d));
        assert_eq!(lanes.leave(b), [c, d], "each has an account of its own");
        assert!(lanes.enter(&only(&two), c) && lanes.enter(&only(&one), d));
    }

    #[test]
    fn who_does_not_come_in_its_turn_holds_up_nobody() {
        let [a, b, c] = [1, 2, 3].map(|id| ProposalId::from_uuid(Uuid::from_u128(id)));
        let account = BTreeSet::from([account("1")]);
        let mut lanes = Lanes::default();
        assert!(lanes.enter(&account, a));
        assert!(!lanes.enter(&account, b) && !lanes.enter(&account, c));
        assert_eq!(lanes.leave(a), [b]);
        assert_eq!(lanes.give_way(b), [c]);
        assert!(lanes.enter(&account, c));
        assert_eq!(lanes.give_way(c), [], "it runs, and waits for nobody");
        assert!(!lanes.enter(&account, b), "it came back, behind the one that runs");
        assert_eq!(lanes.leave(c), [b]);
    }
}
