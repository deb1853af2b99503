//! What the entries mean: every roster, proposal, verdict, decision, authorisation and
//! execution is checked again, so that a dishonest gate is found too.

use super::Reference;
use crate::{
    halt,
    report::{Claim, Counts, Findings, Place},
    trust::Trust,
};
use countersign_model::{
    Action, Control, ControlId, Decision, DecisionId, DecisionKind, Digest, Envelope, Outcome,
    PersonId, Proposal, ProposalId, Roster, Verdict,
    action::Direction,
    control::{self, Command, Halt},
    decision::{self, Refusal},
    entry::{ActorKind, DecisionRecord, Entry, EntryBody, EntryKind},
};
use std::collections::{BTreeMap, BTreeSet};

/// The content of an entry that a case depends on, and where it stands.
pub(super) struct Facts {
    place: Place,
    body: EntryBody,
}

impl Facts {
    /// Keeps what is needed later, and nothing of entries that no check refers to.
    pub(super) fn of(place: Place, entry: Entry) -> Option<Self> {
        let kept = match entry.body.action {
            EntryKind::RosterAccepted
            | EntryKind::ProposalReceived
            | EntryKind::VerdictIssued
            | EntryKind::DecisionAccepted
            | EntryKind::ChangeAuthorized
            | EntryKind::ExecutionIntended
            | EntryKind::ExecutionFinished
            | EntryKind::CaseRejected
            | EntryKind::ChangesRequested
            | EntryKind::CaseExpired
            | EntryKind::CaseSuperseded
            | EntryKind::WorkStopped
            | EntryKind::ResumeAsked
            | EntryKind::WorkResumed
            | EntryKind::PromptRead => true,
            EntryKind::DraftRefused
            | EntryKind::DecisionRefused
            | EntryKind::DeadlinePassed
            | EntryKind::RungClimbed
            | EntryKind::ControlRefused => false,
        };
        let body = EntryBody { flags: vec![], model: None, ..entry.body };
        kept.then_some(Self { place, body })
    }
}

/// The envelopes an entry refers to, and whether each must be in the export. Bytes that
/// were refused as malformed may be no envelope at all.
pub(super) fn references(entry: &Entry) -> Vec<(Digest, bool)> {
    let body = &entry.body;
    let output = match body.action {
        EntryKind::RosterAccepted
        | EntryKind::ProposalReceived
        | EntryKind::VerdictIssued
        | EntryKind::WorkStopped
        | EntryKind::ResumeAsked
        | EntryKind::WorkResumed
        | EntryKind::PromptRead
        | EntryKind::ControlRefused => body.output_hash,
        _ => None,
    };
    let is_readable = body.refusal != Some(Refusal::Malformed);
    let decision = body
        .decision
        .as_ref()
        .map(|record| (record.envelope, record.refusal != Some(Refusal::Malformed)));
    let approvals = body.approvals.iter().map(|approval| (approval.envelope, true));
    output
        .map(|digest| (digest, is_readable))
        .into_iter()
        .chain(decision)
        .chain(approvals)
        .collect()
}

/// A case as it is known so far.
struct Case {
    proposal: Proposal,
    digest: Digest,
    verdict: Option<(Verdict, Digest)>,
    /// Accepted decisions by the digest of their envelopes.
    decisions: BTreeMap<Digest, Decision>,
    closed: bool,
    authorized: Option<Action>,
    intended: Option<Place>,
    finished: bool,
}

struct Judge<'a> {
    trust: &'a Trust,
    own_word: bool,
    references: &'a BTreeMap<Digest, Reference>,
    findings: &'a mut Findings,
    counts: &'a mut Counts,
    roster: Option<Roster>,
    cases: BTreeMap<ProposalId, Case>,
    seen: BTreeSet<DecisionId>,
    controls: BTreeSet<ControlId>,
    halt: Halt,
}

/// What is not over at the end of the log.
pub(super) struct Open {
    /// Executions that were begun and not finished.
    pub(super) executions: Vec<Place>,
    /// Whether work is stopped.
    pub(super) halt: Halt,
}

/// Checks every case and returns what is still open.
pub(super) fn check(
    trust: &Trust,
    own_word: bool,
    facts: &[Facts],
    references: &BTreeMap<Digest, Reference>,
    findings: &mut Findings,
    counts: &mut Counts,
) -> Open {
    let mut judge = Judge {
        trust,
        own_word,
        references,
        findings,
        counts,
        roster: None,
        cases: BTreeMap::new(),
        seen: BTreeSet::new(),
        controls: BTreeSet::new(),
        halt: Halt::Running,
    };
    for fact in facts {
        if let Err(what) = judge.take(fact) {
            judge.findings.add(Claim::Integrity, fact.place, what);
        }
    }
    let open = |case: &Case| if case.finished { None } else { case.intended };
    let mut executions: Vec<Place> = judge.cases.values().filter_map(open).collect();
    executions.sort();
    Open { executions, halt: judge.halt }
}

type Checked = Result<(), String>;

fn require(holds: bool, what: &str) -> Checked {
    if holds { Ok(()) } else { Err(what.into()) }
}

impl Judge<'_> {
    fn take(&mut self, fact: &Facts) -> Checked {
        let body = &fact.body;
        match body.action {
            EntryKind::RosterAccepted => self.roster(body),
            EntryKind::ProposalReceived => self.proposal(body),
            EntryKind::VerdictIssued => self.verdict(body),
            EntryKind::DecisionAccepted => self.decision(body),
            EntryKind::ChangeAuthorized => self.authorized(body),
            EntryKind::ExecutionIntended => self.intended(fact.place, body),
            EntryKind::ExecutionFinished => self.finished(body),
            EntryKind::CaseRejected => self.closed(body, DecisionKind::Reject),
            EntryKind::ChangesRequested => self.closed(body, DecisionKind::RequestChanges),
            EntryKind::CaseExpired | EntryKind::CaseSuperseded => {
                self.case(body)?.closed = true;
                Ok(())
            }
            EntryKind::WorkStopped | EntryKind::ResumeAsked | EntryKind::WorkResumed => {
                self.control(body)
            }
            EntryKind::PromptRead => self.prompt_read(body),
            EntryKind::DraftRefused
            | EntryKind::DecisionRefused
            | EntryKind::DeadlinePassed
            | EntryKind::RungClimbed
            | EntryKind::ControlRefused => Ok(()),
        }
    }

    /// The envelope an entry refers to; an absent one is a finding of its own already.
    fn envelope(&self, digest: Option<Digest>) -> Option<&Envelope> {
        self.references.get(&digest?)?.envelope.as_ref().map(|(_, envelope)| envelope)
    }

    fn case(&mut self, body: &EntryBody) -> Result<&mut Case, String> {
        let id = body.proposal_id.ok_or("it names no proposal")?;
        self.cases
            .get_mut(&id)
            .ok_or_else(|| "its proposal was never received, or is not valid".into())
    }

    fn roster(&mut self, body: &EntryBody) -> Checked {
        let Some(envelope) = self.envelope(body.output_hash) else { return Ok(()) };
        let opened = match &self.roster {
            Some(roster) => roster.open_next(envelope, body.at_ms),
            None if self.own_word => envelope
                .peek_unverified::<Roster>()
                .map_err(Into::into)
                .and_then(|own| Roster::open_first(envelope, &own.root, body.at_ms)),
            None => Roster::open_first(envelope, &self.trust.root(), body.at_ms),
        };
        let roster = opened.map_err(|error| error.to_string())?;
        require(roster.workspace == self.trust.workspace, "the roster is of another workspace")?;
        require(
            roster.gate.signing_key == self.trust.gate_key
                && roster.gate.log_vkey == self.trust.log_vkey,
            "the roster names another gate key or log key than those this export is checked with",
        )?;
        self.roster = Some(roster);
        Ok(())
    }

    fn proposal(&mut self, body: &EntryBody) -> Checked {
        let Some(envelope) = self.envelope(body.output_hash) else { return Ok(()) };
        let opened = Proposal::open(envelope, self.trust.gate_key);
        let opened = opened.map_err(|error| format!("the proposal is refused: {error}"))?;
        let proposal = opened.predicate;
        require(
            proposal.workspace == self.trust.workspace,
            "the proposal is of another workspace",
        )?;
        require(
            body.proposal_id == Some(proposal.id),
            "the proposal is another than the entry names",
        )?;
        let same = body.change.as_ref().is_none_or(|change| *change == proposal.action);
        require(same, "the entry shows another change than the proposal")?;
        require(!self.cases.contains_key(&proposal.id), "the proposal was received before")?;
        let case = Case {
            digest: opened.subject,
            verdict: None,
            decisions: BTreeMap::new(),
            closed: false,
            authorized: None,
            intended: None,
            finished: false,
            proposal,
        };
        self.cases.insert(case.proposal.id, case);
        Ok(())
    }

    fn verdict(&mut self, body: &EntryBody) -> Checked {
        let gate = self.trust.gate_key;
        let Some(envelope) = self.envelope(body.output_hash).cloned() else { return Ok(()) };
        let case = self.case(body)?;
        let opened = Verdict::open(&envelope, case.digest, gate);
        let verdict = opened.map_err(|error| format!("the verdict is refused: {error}"))?.predicate;
        require(verdict.proposal == case.proposal.id, "the verdict names another proposal")?;
        require(
            body.policy.as_ref() == Some(&verdict.policy),
            "the entry names another policy than the verdict",
        )?;
        require(
            case.verdict.is_none(),
            "the case had a verdict before; a later one never replaces it",
        )?;
        let digest = verdict.digest().map_err(|error| error.to_string())?;
        case.verdict = Some((verdict, digest));
        Ok(())
    }

    fn decision(&mut self, body: &EntryBody) -> Checked {
        let record = body.decision.as_ref().ok_or("it names no decision")?;
        let Some(envelope) = self.envelope(Some(record.envelope)) else { return Ok(()) };
        let roster = self.roster.as_ref().ok_or("no roster was in force")?;
        let signed = decision::verify(envelope, roster).map_err(|refusal| {
            format!("the decision should have been refused: {}", words(refusal))
        })?;
        let fresh = self.seen.insert(signed.decision().id);
        require(fresh, "the same decision was counted before")?;
        let case = self.case(body)?;
        require(signed.proposal_digest() == case.digest, "the decision is about another proposal")?;
        check_decision(body, record, case, signed.decision())?;
        case.decisions.insert(record.envelope, signed.decision().clone());
        self.counts.decisions += 1;
        Ok(())
    }

    fn authorized(&mut self, body: &EntryBody) -> Checked {
        let change = body.change.clone().ok_or("it names no change")?;
        let case = self.case(body)?;
        require(case.authorized.is_none(), "the case was authorised before")?;
        require(!case.closed, "the case had ended before it was authorised")?;
        check_quorum(body, case, &change)?;
        case.authorized = Some(change);
        self.counts.authorized += 1;
        Ok(())
    }

    /// The kill switch: each step rests on a person's signature, and two different
    /// persons' before work goes on.
    fn control(&mut self, body: &EntryBody) -> Checked {
        let stopped_before = self.halt.is_stopped();
        // Whatever the finding, what follows is judged by what the log says.
        let told = halt::after_entry(&self.halt, body);
        let before = std::mem::replace(&mut self.halt, told);
        let Some(signed) = self.signed_control(body)? else { return Ok(()) };
        let digest = body.output_hash.ok_or("it names no control statement")?;
        let after = before
            .after(&signed, digest)
            .map_err(|_| "the control statement does not follow from what was said before")?;
        let fits = match (&signed.command, body.action) {
            (Command::Stop { .. }, EntryKind::WorkStopped) => !stopped_before,
            (Command::Resume { .. }, EntryKind::ResumeAsked) => after.is_stopped(),
            (Command::Resume { .. }, EntryKind::WorkResumed) => !after.is_stopped(),
            _ => false,
        };
        require(
            fits,
            "the entry says something else than was signed, or fewer than two persons resumed work",
        )?;
        match body.action {
            EntryKind::WorkStopped => self.counts.stops += 1,
            EntryKind::WorkResumed => self.counts.resumes += 1,
            _ => {}
        }
        Ok(())
    }

    fn prompt_read(&mut self, body: &EntryBody) -> Checked {
        self.case(body)?;
        let Some(signed) = self.signed_control(body)? else { return Ok(()) };
        let fits = matches!(&signed.command, Command::ReadPrompt { proposal }
            if body.proposal_id == Some(*proposal));
        require(fits, "the entry tells of another prompt than the one signed for")?;
        self.counts.prompts_read += 1;
        Ok(())
    }

    /// The statement behind an entry, verified again; an absent envelope is a finding of
    /// its own already.
    fn signed_control(&mut self, body: &EntryBody) -> Result<Option<Control>, String> {
        let Some(envelope) = self.envelope(body.output_hash) else { return Ok(None) };
        let roster = self.roster.as_ref().ok_or("no roster was in force")?;
        let signed = control::verify(envelope, roster).map_err(|refusal| {
            format!("the control statement should have been refused: {}", words(refusal))
        })?;
        require(
            body.actor.kind == ActorKind::Person
                && body.actor.id == signed.control.person.to_string(),
            "the entry names another person than the one who signed",
        )?;
        let fresh = self.controls.insert(signed.control.id);
        require(fresh, "the same control statement was counted before")?;
        Ok(Some(signed.control))
    }

    fn intended(&mut self, place: Place, body: &EntryBody) -> Checked {
        let raises =
            body.change.as_ref().is_some_and(|change| change.direction() == Direction::Increase);
        if raises && self.halt.is_stopped() {
            let words = "a change that raises spend was begun while work was stopped";
            self.findings.add(Claim::Integrity, place, words);
        }
        let case = self.case(body)?;
        require(case.authorized.is_some(), "it was never authorised")?;
        require(case.authorized == body.change, "another change was authorised than was begun")?;
        case.intended = Some(place);
        Ok(())
    }

    fn finished(&mut self, body: &EntryBody) -> Checked {
        let case = self.case(body)?;
        require(case.intended.is_some(), "it was finished without having been begun")?;
        require(case.authorized == body.change, "another change was authorised than was made")?;
        require(!case.finished, "it was finished before")?;
        case.finished = true;
        self.counts.executed += 1;
        Ok(())
    }

    fn closed(&mut self, body: &EntryBody, kind: DecisionKind) -> Checked {
        let record = body.decision.as_ref().ok_or("it names no decision")?;
        let case = self.case(body)?;
        let decision = case.decisions.get(&record.envelope);
        let fits = decision.is_some_and(|decision| decision.kind == kind);
        case.closed = true;
        require(fits, "no accepted decision says so")
    }
}

fn words(refusal: Refusal) -> String {
    refusal.words().into()
}

/// The rules that make a verified decision count in its case.
fn check_decision(
    body: &EntryBody,
    record: &DecisionRecord,
    case: &Case,
    decision: &Decision,
) -> Checked {
    let (verdict, verdict_digest) = case.verdict.as_ref().ok_or("the case has no valid verdict")?;
    require(
        record.id == decision.id && record.kind == decision.kind,
        "the entry tells of another decision than the one signed",
    )?;
    require(record.refusal.is_none(), "it is both accepted and refused")?;
    require(
        decision.verdict == *verdict_digest && decision.policy == verdict.policy.digest,
        "the decision was made under another verdict",
    )?;
    require(
        decision.entity_revision == case.proposal.entity_revision,
        "the decision is about another revision of the entity",
    )?;
    require(
        decision.person != case.proposal.initiator.owner,
        "the agent's owner decided about the agent's own proposal",
    )?;
    let again = case.decisions.values().any(|earlier| earlier.person == decision.person);
    require(!again, "the same person had decided this case before")?;
    require(
        decision.signed_at_ms <= decision.valid_until_ms
            && body.at_ms <= decision.valid_until_ms
            && body.at_ms <= case.proposal.expires_at_ms,
        "the decision had expired when it was accepted",
    )?;
    let (fits, factors) = match (decision.kind, &decision.effective) {
        (DecisionKind::Approve, Some(change)) => {
            (*change == case.proposal.action, &verdict.factors.to_decide)
        }
        (DecisionKind::Override, Some(change)) => {
            (change.is_covered_by(&case.proposal.action), &verdict.factors.to_override)
        }
        (DecisionKind::Reject | DecisionKind::RequestChanges, None) => {
            (true, &verdict.factors.to_decide)
        }
        _ => (false, &verdict.factors.to_decide),
    };
    require(fits, "the decision's change does not fit the proposal")?;
    require(
        decision.requested.is_none() || decision.kind == DecisionKind::RequestChanges,
        "the decision asks for changes without sending the case back",
    )?;
    let used = decision.mfa.as_ref().map(countersign_model::MfaProof::kind);
    require(
        factors.is_empty() || used.is_some_and(|kind| factors.contains(&kind)),
        "the decision lacks the second factor that the verdict asks for",
    )?;
    require(record.factor == used, "the entry names another second factor than the decision")
}

/// The quorum of the stored verdict, counted by persons; every signature a ceiling.
fn check_quorum(body: &EntryBody, case: &Case, change: &Action) -> Checked {
    let (verdict, _) = case.verdict.as_ref().ok_or("the case has no valid verdict")?;
    require(verdict.outcome != Outcome::Block, "policy had blocked it")?;
    require(
        !verdict.quorum.is_empty(),
        "the verdict stores no quorum, so nothing can be authorised",
    )?;
    require(
        body.policy.as_ref() == Some(&verdict.policy),
        "it names another policy than the verdict",
    )?;
    require(change.is_covered_by(&case.proposal.action), "the change goes beyond the proposal")?;
    let mut persons: BTreeSet<PersonId> = BTreeSet::new();
    for approval in &body.approvals {
        let decision = case
            .decisions
            .get(&approval.envelope)
            .ok_or("it rests on a decision that was not accepted in this case")?;
        require(
            decision.person == approval.person
                && decision.role == approval.role
                && decision.id == approval.decision,
            "an approval is told otherwise than it was signed",
        )?;
        require(persons.insert(decision.person), "one person is counted twice")?;
        let ceiling =
            decision.effective.as_ref().ok_or("it rests on a decision that permits nothing")?;
        require(
            change.is_covered_by(ceiling),
            "the change goes beyond what one of its approvers signed",
        )?;
    }
    for group in &verdict.quorum {
        let held = body.approvals.iter().filter(|approval| approval.role == group.role).count();
        if group.minimum == 0 || held < usize::from(group.minimum) {
            return Err(format!(
                "the quorum asks for {} of role {}, and {held} signed",
                group.minimum, group.role
            ));
        }
    }
    Ok(())
}
