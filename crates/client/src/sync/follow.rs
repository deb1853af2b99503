//! Follows the log with the judge that gate and verifier ask: every entry must be what the
//! signed records imply, nothing more and nothing less, the published policy evaluated again
//! included. A few entries at a time, behind the open window; where it stands is in the store.

mod sources;
mod state;

#[cfg(test)]
mod tests;

use crate::{
    case::fault::FaultCode,
    lists::log_check::Followed,
    profile::{
        access::lock,
        failure::{Broken, Failure},
        member::{Me, Member},
    },
    sync::{
        faults::fault,
        follow::{
            sources::Kept,
            state::{Following, Waiting},
        },
        shared::Shared,
        trouble::LocalError,
        watcher::Watcher,
    },
    view::sentence::sentence,
};
use countersign_model::{
    Digest, PolicyBundle, ProposalId, TimestampMs,
    causes::in_full,
    entry::{Entry, EntryBody, LogEvent},
};
use countersign_policy::PolicySet;
use countersign_replay::{Anchors, Fault, Follower, world};
use countersign_store::{FollowedFault, Reader, StoreError, Tx};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::yield_now, time::timeout};

/// Entries of one transaction.
const MAX_ENTRIES: u32 = 16;
/// How long one transaction goes on taking up entries: someone who is typing waits for it.
const WITHIN: Duration = Duration::from_millis(8);
/// How often it is looked whether that time is over, or a store that was in the way is free.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// What one transaction has come to.
#[derive(Default)]
pub(crate) struct Step {
    /// Cases that the window should hear of: judged for the first time, or found wrong.
    cases: BTreeSet<ProposalId>,
    /// Something was found that must not be hidden.
    found: bool,
    next: Next,
}

/// What is to be done after a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Next {
    /// Go on: there are more entries.
    More,
    /// The next entry refers to what is not here yet.
    Wait,
    /// All entries were followed.
    #[default]
    Rest,
}

/// Why an entry was not taken.
enum Stop {
    /// What it refers to is not here yet.
    Waits(Digest),
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Follows the log, for ever.
pub(crate) async fn keep<W: Watcher>(shared: &Shared<W>) {
    let mut policy = None;
    loop {
        match step(shared, &mut policy) {
            Ok(Next::More) => yield_now().await,
            Ok(Next::Rest) => shared.follow.notified().await,
            Ok(Next::Wait) => {
                let _ = timeout(AGAIN_AFTER, shared.follow.notified()).await;
            }
            Err(error) => {
                // Not a member yet, or the store is in the way, which ends without a word.
                tracing::debug!(error = in_full(&error), "the log is not followed");
                let _ = timeout(AGAIN_AFTER, shared.follow.notified()).await;
            }
        }
    }
}

/// Follows as far as what is here allows.
pub(crate) fn settle<W: Watcher>(shared: &Shared<W>) -> Result<(), LocalError> {
    let mut policy = None;
    while step(shared, &mut policy)? == Next::More {}
    Ok(())
}

/// What was found so far, for the check of the whole log.
pub(crate) fn found(reader: &Reader<'_>) -> Result<Followed, Failure> {
    let place = state::place(reader)?;
    Ok(Followed {
        wrong: reader.first_followed_fault(false)?,
        missing: reader.first_followed_fault(true)?,
        waits_at: place.waiting.map(|_| place.next),
    })
}

/// Follows a few entries.
fn step<W: Watcher>(
    shared: &Shared<W>,
    policy: &mut Option<Arc<PolicySet>>,
) -> Result<Next, LocalError> {
    let now = shared.now();
    let contact = lock(&shared.link).last_contact_ms;
    let step = shared.member(|Member { me, store, .. }| {
        if !store.read(is_behind)? {
            return Ok(Step::default());
        }
        Ok(store.transaction(|tx| follow(tx, me, policy, contact, now))?)
    })?;
    shared.tell_cases(&step.cases);
    if step.found {
        shared.tell_connection();
    }
    Ok(step.next)
}

/// Whether entries are here that were not followed.
fn is_behind(reader: &Reader<'_>) -> Result<bool, Failure> {
    let size = reader.log_head()?.map_or(0, |head| head.size);
    Ok(state::place(reader)?.next < size)
}

/// Follows a few entries in one transaction. `contact` is when the relay was heard last;
/// `policy` is compiled again only when it is another than before.
fn follow(
    tx: &Tx<'_>,
    me: &Me,
    policy: &mut Option<Arc<PolicySet>>,
    contact: Option<TimestampMs>,
    now: TimestampMs,
) -> Result<Step, Failure> {
    let mut following = Following::load(tx)?;
    // One that was made in a transaction that failed may be of another place.
    let compiled = policy.take().filter(|set| following.is_in_force(set));
    let compiled = compiled.map_or_else(|| compile(tx, &following), |set| Ok(Some(set)))?;
    let mut follower = Follower::resume(anchors(me), compiled);
    let size = tx.log_head()?.map_or(0, |head| head.size);
    let mut step = Step::default();
    // Compiling a policy may take longer than that: one entry at least is followed.
    let begun = Instant::now();
    for entries in 0..MAX_ENTRIES {
        let seq = following.place.next;
        if seq >= size || (entries > 0 && begun.elapsed() > WITHIN) {
            break;
        }
        let Some(bytes) = tx.log_entry(seq)? else { break };
        let entry = Entry::from_bytes(&bytes).map_err(|_| Broken("stored log entry"))?.body;
        let Some(faults) = take(tx, &mut following, &mut follower, &entry, contact)? else {
            following.store()?;
            return Ok(Step { next: Next::Wait, ..step });
        };
        let found = note(tx, &entry, faults, now)?;
        if found || matches!(entry.event, LogEvent::VerdictIssued { .. }) {
            step.cases.extend(entry.event.proposal_id());
        }
        step.found |= found;
        following.place.next = seq + 1;
        following.place.waiting = None;
    }
    if following.place.next < size {
        step.next = Next::More;
    }
    following.store()?;
    *policy = follower.into_policy();
    Ok(step)
}

/// Takes one entry. `None` if it has to wait for what it refers to; then nothing is changed
/// but since when.
fn take(
    tx: &Tx<'_>,
    following: &mut Following<'_>,
    follower: &mut Follower,
    entry: &EntryBody,
    contact: Option<TimestampMs>,
) -> Result<Option<Vec<Fault>>, Failure> {
    let before = following.clone();
    let patient = following.place.waiting.is_none_or(|waiting| waiting.is_patient(contact));
    let sources = Kept::new(tx, entry);
    let taken = tx.attempt(|_| {
        let mut faults = follower.take(following, entry, &sources)?;
        sources.check()?;
        faults.extend(other_roster(tx, following, entry)?);
        let missing = faults.iter().find_map(|fault| match fault {
            Fault::Missing(digest) => Some(*digest),
            Fault::Wrong(_) | Fault::Absent(_) => None,
        });
        match missing {
            Some(digest) if patient => Err(Stop::Waits(digest)),
            _ => Ok(faults),
        }
    });
    match taken {
        Ok(faults) => Ok(Some(faults)),
        Err(Stop::Waits(digest)) => {
            *following = before;
            if following.place.waiting.is_none() {
                tracing::info!(seq = entry.seq, %digest, "the log refers to what is not here yet");
                following.place.waiting = Some(Waiting { since_ms: contact });
            }
            Ok(None)
        }
        Err(Stop::Store(error)) => Err(error.into()),
    }
}

/// The log's roster of a version must be the one that this device trusts by its own chain.
fn other_roster(
    tx: &Tx<'_>,
    following: &Following<'_>,
    entry: &EntryBody,
) -> Result<Option<Fault>, StoreError> {
    let LogEvent::RosterAccepted { output_hash } = entry.event else { return Ok(None) };
    let version = following.roster.as_ref().map(|roster| roster.version);
    let own = tx.rosters()?.into_iter().find(|(own, _)| Some(*own) == version);
    let is_other = own.is_some_and(|(_, bytes)| output_hash != Digest::of(&bytes));
    Ok(is_other.then(|| Fault::Wrong("it is another roster than the one trusted here".into())))
}

/// Keeps what is wrong with an entry. `true` if there is something that is not known yet.
fn note(
    tx: &Tx<'_>,
    entry: &EntryBody,
    faults: Vec<Fault>,
    now: TimestampMs,
) -> Result<bool, StoreError> {
    let mut found = false;
    for one in faults {
        let (code, missing, words) = match one {
            Fault::Wrong(words) => (FaultCode::LogNotSignedFor, false, words),
            Fault::Absent(words) => (FaultCode::LogLeftOut, true, words),
            Fault::Missing(digest) => (
                FaultCode::LogSourceMissing,
                true,
                format!("it refers to {digest}, which is not here"),
            ),
        };
        let (seq, proposal) = (entry.seq, entry.event.proposal_id());
        // What follows from the first fault of a case is not said again.
        let kept = FollowedFault { seq, proposal, missing, words };
        if tx.add_followed_fault(&kept)? {
            tracing::warn!(seq, code = code.as_str(), words = %kept.words, "the log does not follow from what was signed");
            let words = format!("entry {seq} of the log: {}", kept.words);
            tx.add_fault(&fault(code, &sentence(&words), now))?;
            found = true;
        }
    }
    Ok(found)
}

/// Whose log it is. The first roster is taken by its own word: the chain from it must lead to
/// the one that was trusted at enrolment.
fn anchors(me: &Me) -> Anchors {
    let gate = &me.roster.gate;
    Anchors {
        workspace: me.workspace,
        gate_key: gate.signing_key,
        log_vkey: gate.log_vkey.clone(),
        root: None,
    }
}

/// The policy in force where the log was followed to.
fn compile(tx: &Tx<'_>, following: &Following<'_>) -> Result<Option<Arc<PolicySet>>, Failure> {
    let Some(policy) = &following.place.policy else { return Ok(None) };
    let bytes = tx.policy_bundle(policy.digest)?.ok_or(Broken("stored policy"))?;
    let bundle = PolicyBundle::from_bytes(&bytes).map_err(|_| Broken("stored policy"))?;
    Ok(world::compile(&bundle).map(Some).map_err(|_| Broken("stored policy"))?)
}
