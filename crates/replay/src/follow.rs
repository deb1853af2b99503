//! Follows a log: finds the cause behind each entry, lets the judge say what it implies, and
//! compares. Nothing more may stand in the log, and nothing may be missing.

use crate::{
    Change, Content, Expected, Judged, Keep, World,
    control::{Stated, control},
    decision::{Arrived, decision, factor_told},
    draft::implied,
    execution,
    expected::{Implied, Issued},
    time, world,
};
use countersign_audit::Trust;
use countersign_model::{
    DeviceId, Digest, Envelope, PolicyBundle, Proposal, PublicKey, Roster, TimestampMs, Verdict,
    WorkspaceId,
    causes::in_full,
    decision::Refusal,
    entity::AccountRef,
    entry::{Actor, ActorKind, DecisionRecord, EntryBody, EntryHead, LogEvent},
    envelope::EnvelopeError,
    reason::Reason,
    roster::{RootKeys, RosterError},
};
use countersign_policy::PolicySet;
use std::sync::Arc;

/// The public keys that a follower trusts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anchors {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Signs proposals, verdicts and entries.
    pub gate_key: PublicKey,
    /// Signs checkpoints.
    pub log_vkey: String,
    /// The keys that the first roster must satisfy; `None` takes the roster's own word.
    pub root: Option<RootKeys>,
}

impl Anchors {
    /// From an auditor's public keys.
    #[must_use]
    pub fn of(trust: &Trust) -> Self {
        let Trust { workspace, gate_key, log_vkey, .. } = trust.clone();
        Self { workspace, gate_key, log_vkey, root: Some(trust.root()) }
    }

    /// The root keys for the first roster.
    ///
    /// # Errors
    /// When the roster's own word is to be taken and it cannot be read.
    pub(crate) fn root(&self, envelope: &Envelope) -> Result<RootKeys, RosterError> {
        match &self.root {
            Some(root) => Ok(root.clone()),
            None => Ok(envelope.peek_unverified::<Roster>()?.root),
        }
    }
}

/// The bytes that entries refer to.
pub trait Sources {
    /// Canonical bytes by their digest; `None` when they are not at hand.
    fn bytes(&self, digest: Digest) -> Option<Vec<u8>>;
}

impl<F: Fn(Digest) -> Option<Vec<u8>>> Sources for F {
    fn bytes(&self, digest: Digest) -> Option<Vec<u8>> {
        self(digest)
    }
}

/// Why an entry is not what the signed records imply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Something that it refers to is not at hand, so that it cannot be judged.
    Missing(Digest),
    /// It says something else, or should not stand here, or not yet.
    Wrong(String),
    /// Something should stand before it.
    Absent(String),
}

/// A follower of one log. What it has to remember between entries is in the view; here is
/// only what can be made again.
pub struct Follower {
    anchors: Anchors,
    policy: Option<Arc<PolicySet>>,
}

/// What was found out about an entry's cause.
type Caused = Result<Judged, Fault>;

fn wrong(words: impl Into<String>) -> Fault {
    Fault::Wrong(words.into())
}

impl Follower {
    /// A follower that trusts these keys.
    #[must_use]
    pub fn new(anchors: Anchors) -> Self {
        Self::resume(anchors, None)
    }

    /// A follower that goes on where another has stopped, under the policy in force there
    /// ([`crate::world::compile`]).
    #[must_use]
    pub fn resume(anchors: Anchors, policy: Option<Arc<PolicySet>>) -> Self {
        Self { anchors, policy }
    }

    /// The compiled policy in force, for [`Follower::resume`].
    #[must_use]
    pub fn into_policy(self) -> Option<Arc<PolicySet>> {
        self.policy
    }

    /// Takes the next entry, whose place, chain and signature were checked. Every fault found
    /// is returned; the state goes on from what the records imply.
    ///
    /// # Errors
    /// The view's own: the state cannot be read or kept.
    pub fn take<K: Keep>(
        &mut self,
        view: &mut K,
        entry: &EntryBody,
        sources: &dyn Sources,
    ) -> Result<Vec<Fault>, K::Error> {
        let mut faults = vec![];
        self.check_head(&view.world()?, entry, &mut faults);
        if self.is_next_expected(view, entry, sources, &mut faults)? {
            return Ok(faults);
        }
        self.pass_time(view, entry)?;
        if self.is_next_expected(view, entry, sources, &mut faults)? {
            return Ok(faults);
        }
        match self.cause(view, entry, sources)? {
            Ok(implied) => {
                keep(view, &implied.changes)?;
                expect(view, implied.expected)?;
                if !self.is_next_expected(view, entry, sources, &mut faults)? {
                    faults.push(wrong("it does not follow from what was signed"));
                }
            }
            Err(fault) => faults.push(fault),
        }
        Ok(faults)
    }

    fn check_head(&self, world: &World, entry: &EntryBody, faults: &mut Vec<Fault>) {
        let head = EntryHead::of(entry.workspace, entry.seq, entry.prev_hash, entry.at_ms);
        if head.event_id != entry.event_id {
            faults.push(wrong("its event id does not belong to its position"));
        }
        let is_roster = matches!(entry.event, LogEvent::RosterAccepted { .. });
        if world.roster.is_none() && !is_roster {
            faults.push(Fault::Absent("no roster was in force".into()));
        }
        let goes_back = world.clock_ms.is_some_and(|clock| entry.at_ms < clock);
        if goes_back && !corrects_clock(entry) {
            faults.push(wrong("its time is earlier than that of the entry before it"));
        }
    }

    /// Whether the entry is the next of those that must follow. What was expected and does not
    /// come is named once and then no longer waited for.
    fn is_next_expected<K: Keep>(
        &self,
        view: &mut K,
        entry: &EntryBody,
        sources: &dyn Sources,
        faults: &mut Vec<Fault>,
    ) -> Result<bool, K::Error> {
        let world = view.world()?;
        let Some((next, rest)) = world.expected.split_first() else { return Ok(false) };
        let same_moment = world.clock_ms == Some(entry.at_ms);
        let found = match next {
            Expected::Entry(content) => Ok(Some((**content).clone())),
            Expected::Verdict(issued) => self.verdict_told(view, issued, entry, sources)?,
        };
        let content = match found {
            Ok(content) => content,
            Err(fault) => {
                faults.push(fault);
                view.keep(&Change::Expected(rest.to_vec()))?;
                return Ok(true);
            }
        };
        let is_meant =
            next.kind() == entry.event.kind() && next.proposal_id() == entry.event.proposal_id();
        match content.map(|content| content.first_difference(entry)) {
            Some(None) if same_moment => {
                view.keep(&Change::Expected(rest.to_vec()))?;
                return Ok(true);
            }
            Some(None) => faults.push(wrong("its time differs from that of its cause")),
            Some(Some(field)) if is_meant => {
                let words = format!("`{field}` differs from what was signed");
                faults.push(wrong(words));
            }
            Some(Some(_)) | None => {
                let words = format!("before it, {} is missing", describe(next));
                faults.push(Fault::Absent(words));
            }
        }
        if is_meant {
            view.keep(&Change::Expected(rest.to_vec()))?;
            return Ok(true);
        }
        view.keep(&Change::Expected(vec![]))?;
        Ok(false)
    }

    /// The verdict's entry that must come, with the envelope that this entry names: any that says
    /// exactly this will do. `None` when the entry is no verdict's.
    fn verdict_told<K: Keep>(
        &self,
        view: &K,
        issued: &Issued,
        entry: &EntryBody,
        sources: &dyn Sources,
    ) -> Result<Result<Option<Content>, Fault>, K::Error> {
        let LogEvent::VerdictIssued { output_hash, .. } = entry.event else { return Ok(Ok(None)) };
        let Some(case) = view.case(issued.proposal())? else { return Ok(Ok(None)) };
        let envelope = match envelope(output_hash, sources) {
            Ok(found) => found,
            Err(fault) => return Ok(Err(fault)),
        };
        Ok(match Verdict::open(&envelope, case.proposal_digest(), self.anchors.gate_key) {
            Err(error) => Err(refused("verdict", &error)),
            Ok(_) if !envelope.has_one_signature() => {
                Err(wrong("the verdict has more signatures than the gate's"))
            }
            Ok(opened) if opened.predicate != *case.verdict() => {
                let field = crate::draft::difference(case.verdict(), &opened.predicate);
                let words = format!(
                    "the policy in force says something other than the verdict: {field} differs"
                );
                Err(wrong(words))
            }
            Ok(_) => Ok(Some(issued.clone().in_envelope(output_hash))),
        })
    }

    /// Timers that are due by the entry's moment come before it.
    fn pass_time<K: Keep>(&self, view: &mut K, entry: &EntryBody) -> Result<(), K::Error> {
        if corrects_clock(entry) {
            return Ok(());
        }
        let at = view.world()?.clock_ms.map_or(entry.at_ms, |clock| clock.max(entry.at_ms));
        view.keep(&Change::Clock(at))?;
        for (due, proposal) in view.due(at)? {
            let judged = time::fire(view, due, proposal, at)?;
            keep(view, &judged.changes)?;
            expect(view, judged.entries.into_iter().map(Expected::from).collect())?;
        }
        Ok(())
    }

    fn cause<K: Keep>(
        &mut self,
        view: &mut K,
        entry: &EntryBody,
        sources: &dyn Sources,
    ) -> Result<Result<Implied, Fault>, K::Error> {
        let at = entry.at_ms;
        let caused = match &entry.event {
            LogEvent::ProposalReceived { output_hash, .. }
            | LogEvent::RollbackOpened { output_hash, .. } => {
                return self.draft(view, *output_hash, at, sources);
            }
            LogEvent::RosterAccepted { output_hash } => {
                self.roster(view, *output_hash, at, sources)?
            }
            LogEvent::PolicyPublished { output_hash, .. } => {
                self.policy(view, *output_hash, sources)?
            }
            LogEvent::DecisionAccepted { decision, .. } => {
                judge(view, decision, None, at, sources)?
            }
            LogEvent::DecisionRefused { decision, refusal, .. } => {
                judge(view, decision, Some(*refusal), at, sources)?
            }
            LogEvent::WorkStopped { output_hash, .. }
            | LogEvent::ResumeAsked { output_hash, .. }
            | LogEvent::WorkResumed { output_hash, .. }
            | LogEvent::PromptRead { output_hash, .. }
            | LogEvent::RollbackAsked { output_hash, .. }
            | LogEvent::ControlRefused { output_hash, .. } => {
                state(view, *output_hash, at, sources)?
            }
            LogEvent::ExecutionIntended { proposal_id, .. } => {
                let judged = execution::intend(view, *proposal_id, at)?;
                judged.map_err(|why| wrong(format!("it was begun, and {why}")))
            }
            LogEvent::ExecutionWaiting { proposal_id, waiting } => {
                let judged = execution::wait(view, *proposal_id, waiting.clone(), at)?;
                judged.map_err(|why| wrong(format!("it was said to wait, and {why}")))
            }
            LogEvent::ExecutionFinished { proposal_id, platform, .. } => {
                let judged = execution::finish(view, *proposal_id, platform.clone(), at)?;
                judged.map_err(|why| wrong(format!("it was finished, and {why}")))
            }
            LogEvent::DraftRefused { input_commitment, count } => {
                drafts_refused(&view.world()?, &entry.actor, *input_commitment, *count)
            }
            LogEvent::ContentRefused { device, input_commitment, count } => {
                content_refused(&view.world()?, *device, *input_commitment, *count)
            }
            LogEvent::ClockCorrected { reason } => {
                let judged = world::clock_corrected(view, reason.text.clone(), at)?;
                judged.map_err(|error| wrong(in_full(&error)))
            }
            LogEvent::WritingOpened { account, credential, reason } => {
                writing_changed(&view.world()?, account, Some(credential), reason)
            }
            LogEvent::WritingClosed { account, reason } => {
                writing_changed(&view.world()?, account, None, reason)
            }
            LogEvent::VerdictIssued { .. }
            | LogEvent::ChangeAuthorized { .. }
            | LogEvent::CaseRejected { .. }
            | LogEvent::ChangesRequested { .. }
            | LogEvent::CaseExpired { .. }
            | LogEvent::DeadlinePassed { .. }
            | LogEvent::CaseSuperseded { .. }
            | LogEvent::RungClimbed { .. } => {
                Err(wrong("nothing that was signed leads to it here"))
            }
        };
        Ok(caused.map(Implied::from))
    }

    fn roster<K: Keep>(
        &self,
        view: &K,
        digest: Digest,
        at: TimestampMs,
        sources: &dyn Sources,
    ) -> Result<Caused, K::Error> {
        let envelope = match envelope(digest, sources) {
            Ok(found) => found,
            Err(fault) => return Ok(Err(fault)),
        };
        let judged = world::roster(&view.world()?, &self.anchors, &envelope, digest, at);
        Ok(judged.map_err(|error| wrong(in_full(&error))))
    }

    fn policy<K: Keep>(
        &mut self,
        view: &K,
        digest: Digest,
        sources: &dyn Sources,
    ) -> Result<Caused, K::Error> {
        let Some(bytes) = sources.bytes(digest) else { return Ok(Err(Fault::Missing(digest))) };
        let Ok(bundle) = PolicyBundle::from_bytes(&bytes) else {
            return Ok(Err(wrong("the policy cannot be read")));
        };
        Ok(match world::policy(&view.world()?, &bundle, digest) {
            Ok((judged, set)) => {
                self.policy = Some(set);
                Ok(judged)
            }
            Err(error) => Err(wrong(in_full(&error))),
        })
    }

    fn draft<K: Keep>(
        &self,
        view: &K,
        digest: Digest,
        at: TimestampMs,
        sources: &dyn Sources,
    ) -> Result<Result<Implied, Fault>, K::Error> {
        let Some(policy) = &self.policy else { return Ok(Err(wrong("no policy was in force"))) };
        let envelope = match envelope(digest, sources) {
            Ok(found) => found,
            Err(fault) => return Ok(Err(fault)),
        };
        let opened = match Proposal::open(&envelope, self.anchors.gate_key) {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(refused("proposal", &error))),
        };
        if !envelope.has_one_signature() {
            return Ok(Err(wrong("the proposal has more signatures than the gate's")));
        }
        let implied = implied(view, policy, opened.predicate, digest, at)?;
        Ok(implied.map_err(|error| wrong(in_full(&error))))
    }
}

/// Judges a decision by its envelope; the entry says what came of its second factor.
fn judge<K: Keep>(
    view: &K,
    record: &DecisionRecord,
    refusal: Option<Refusal>,
    at: TimestampMs,
    sources: &dyn Sources,
) -> Result<Caused, K::Error> {
    let envelope = match envelope(record.envelope, sources) {
        Ok(envelope) => envelope,
        Err(fault) => return Ok(Err(fault)),
    };
    let foreign = || Err(wrong("it is not a decision about a case of this log"));
    let Ok(claim) = envelope.claim() else { return Ok(foreign()) };
    Ok(match decision(view, claim, record.envelope, at)? {
        Arrived::Known => Err(wrong("the same decision was judged before")),
        Arrived::Foreign => foreign(),
        Arrived::Unsigned(judged) | Arrived::Refused(judged) => Ok(judged),
        Arrived::Open(open) => {
            let factor = factor_told(open.signed().decision(), record, refusal);
            Ok(open.judge(factor))
        }
    })
}

/// Judges a control statement by its envelope.
fn state<K: Keep>(
    view: &K,
    digest: Digest,
    at: TimestampMs,
    sources: &dyn Sources,
) -> Result<Caused, K::Error> {
    let envelope = match envelope(digest, sources) {
        Ok(found) => found,
        Err(fault) => return Ok(Err(fault)),
    };
    Ok(match control(view, &envelope, digest, at)? {
        Stated::Known => Err(wrong("the same control statement was judged before")),
        Stated::Unsigned(judged) | Stated::Judged(judged) => Ok(judged),
    })
}

/// Whether this entry may set the log's clock back.
const fn corrects_clock(entry: &EntryBody) -> bool {
    matches!(entry.event, LogEvent::ClockCorrected { .. })
}

fn keep<K: Keep>(view: &mut K, changes: &[Change]) -> Result<(), K::Error> {
    changes.iter().try_for_each(|change| view.keep(change))
}

/// What must come now, after what had to come already.
fn expect<K: Keep>(view: &mut K, entries: Vec<Expected>) -> Result<(), K::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut expected = view.world()?.expected;
    expected.extend(entries);
    view.keep(&Change::Expected(expected))
}

fn refused(what: &str, error: &EnvelopeError) -> Fault {
    wrong(format!("the {what} is refused: {}", in_full(error)))
}

/// The envelope that an entry refers to.
fn envelope(digest: Digest, sources: &dyn Sources) -> Result<Envelope, Fault> {
    let bytes = sources.bytes(digest).ok_or(Fault::Missing(digest))?;
    Envelope::from_bytes(&bytes).map_err(|error| wrong(in_full(&error)))
}

/// Refusals that the gate counts; what was refused is not in the log, and for how often the
/// gate's word is taken. Whoever they are about must be on the roster.
fn drafts_refused(world: &World, actor: &Actor, first: Digest, count: u64) -> Caused {
    let roster = counting(world, count)?;
    let agent = actor.id.parse().ok().and_then(|agent| roster.agent(agent));
    let agent = agent.filter(|_| actor.kind == ActorKind::Agent);
    let agent = agent.ok_or_else(|| wrong("the roster in force has no such agent"))?;
    Ok(only(world::drafts_refused(agent.id, first, count)))
}

fn content_refused(world: &World, device: DeviceId, first: Digest, count: u64) -> Caused {
    let roster = counting(world, count)?;
    if !roster.people.iter().flat_map(|person| &person.devices).any(|one| one.id == device) {
        return Err(wrong("the roster in force has no such device"));
    }
    Ok(only(world::content_refused(roster.gate.device, device, first, count)))
}

/// What an operator of the gate has allowed; that it was an operator is the gate's word.
fn writing_changed(
    world: &World,
    account: &AccountRef,
    credential: Option<&String>,
    reason: &Reason,
) -> Caused {
    let roster = world.roster.as_deref().ok_or_else(|| wrong("no roster was in force"))?;
    let (account, text) = (account.clone(), reason.text.clone());
    Ok(only(world::writing_changed(roster.gate.device, account, credential.cloned(), text)))
}

fn counting(world: &World, count: u64) -> Result<&Roster, Fault> {
    let roster = world.roster.as_deref().ok_or_else(|| wrong("no roster was in force"))?;
    if count == 0 { Err(wrong("it counts nothing")) } else { Ok(roster) }
}

fn only(content: Content) -> Judged {
    let mut judged = Judged::default();
    judged.log(content);
    judged
}

/// An entry that should stand in the log, for a finding's words.
#[must_use]
pub fn describe(expected: &Expected) -> String {
    let kind = serde_json::to_value(expected.kind()).unwrap_or_default();
    let kind = kind.as_str().unwrap_or_default().to_owned();
    match expected.proposal_id() {
        Some(proposal) => format!("`{kind}` of {proposal}"),
        None => format!("`{kind}`"),
    }
}
