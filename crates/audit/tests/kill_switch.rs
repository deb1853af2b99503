//! Control statements in an export: who stopped, who resumed, and what happened between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{
    keys,
    story::{budget, person, proposal_id},
    switch::{Switch, control},
};
use countersign_audit::{Judgement, halt};
use countersign_model::{
    Control, Digest,
    control::{Command, Halt},
    decision::Refusal,
    entry::EntryKind,
};

#[test]
fn a_stop_and_two_who_resume_are_whole() {
    let mut switch = Switch::stopped();
    let (one, two) = (switch.resume(1, 502), switch.resume(2, 503));
    switch.say(EntryKind::ResumeAsked, &one, &keys(3));
    switch.say(EntryKind::WorkResumed, &two, &keys(4));
    let read = control(2, 504, Command::ReadPrompt { proposal: proposal_id() });
    switch.say(EntryKind::PromptRead, &read, &keys(4));
    let report = switch.report();
    assert_eq!(report.findings, []);
    assert_eq!(report.counts.complete_entries, report.counts.entries);
    let counts = report.counts;
    assert_eq!((counts.stops, counts.resumes, counts.prompts_read), (1, 1, 1));
    assert!(!report.stopped && Switch::stopped().report().stopped);
    let mut told = Halt::default();
    let states = switch.story.bodies.iter().map(|body| {
        told = halt::after_entry(&told, body);
        told.is_stopped()
    });
    assert_eq!(states.filter(|stopped| *stopped).count(), 2, "from the stop to the second");
}

#[test]
fn an_increase_that_was_begun_while_work_was_stopped() {
    let words = "begun while work was stopped";
    Switch::stopped().found(words);
    let mut half = Switch::stopped();
    let one = half.resume(1, 502);
    half.say(EntryKind::ResumeAsked, &one, &keys(3));
    half.found(words);
    // The gate says that work was resumed; one person's word is not enough.
    let mut alone = Switch::stopped();
    let one = alone.resume(1, 502);
    alone.say(EntryKind::WorkResumed, &one, &keys(3));
    alone.found("fewer than two persons");
    let mut twice = Switch::stopped();
    let (one, again) = (twice.resume(1, 502), twice.resume(1, 503));
    twice.say(EntryKind::ResumeAsked, &one, &keys(3));
    twice.say(EntryKind::WorkResumed, &again, &keys(3));
    twice.found("does not follow from what was said before");
    let mut replayed = Switch::stopped();
    let one = replayed.resume(1, 502);
    let respelt = Control { id: one.id, ..replayed.resume(1, 502) };
    replayed.say(EntryKind::ResumeAsked, &one, &keys(3));
    replayed.say(EntryKind::WorkResumed, &respelt, &keys(3));
    replayed.found("counted before");
}

#[test]
fn a_decrease_passes_while_work_is_stopped() {
    // The same story downwards: everybody signs 90 where 100 holds.
    let stop = Switch::stopped();
    let mut lower = stop.story;
    let begun = lower.find(EntryKind::ExecutionIntended);
    begun.change = Some(budget(90));
    let switch = Switch { story: lower, stop: stop.stop };
    let report = switch.report();
    let stopped = report.findings.iter().any(|finding| finding.what.contains("was stopped"));
    assert!(!stopped, "{:?}", report.findings);
}

#[test]
fn statements_that_nobody_signed_or_that_say_something_else() {
    let mut forged = Switch::stopped();
    let one = forged.resume(2, 502);
    forged.say(EntryKind::ResumeAsked, &one, &keys(3));
    forged.found("the control statement should have been refused");
    let mut renamed = Switch::stopped();
    let one = renamed.resume(1, 502);
    renamed.say(EntryKind::ResumeAsked, &one, &keys(3)).actor.id = person(2).to_string();
    renamed.found("names another person than the one who signed");
    let mut turned = Switch::stopped();
    let read = control(2, 502, Command::ReadPrompt { proposal: proposal_id() });
    turned.say(EntryKind::WorkResumed, &read, &keys(4));
    turned.found("says something else than was signed");
    let mut elsewhere = Switch::stopped();
    let other = Command::Resume { stop: Digest::of(b"another stop"), text: "safe".into() };
    elsewhere.say(EntryKind::ResumeAsked, &control(2, 502, other), &keys(4));
    elsewhere.found("does not follow from what was said before");
    let mut again = Switch::stopped();
    let stop = control(2, 502, Command::Stop { text: String::new() });
    again.say(EntryKind::WorkStopped, &stop, &keys(4));
    again.found("does not follow from what was said before");
    let mut unread = Switch::stopped();
    let read = control(2, 502, Command::ReadPrompt { proposal: proposal_id() });
    unread.say(EntryKind::PromptRead, &read, &keys(3));
    unread.found("should have been refused");
}

#[test]
fn missing_envelopes_and_fields_are_named() {
    let mut switch = Switch::stopped();
    switch.story.envelopes.pop();
    let report = switch.report();
    assert_eq!(report.completeness, Judgement::Fails);
    let mut switch = Switch::stopped();
    let (one, two) = (switch.resume(1, 502), switch.resume(2, 503));
    switch.say(EntryKind::ResumeAsked, &one, &keys(3)).reason = None;
    switch.say(EntryKind::WorkResumed, &two, &keys(4));
    let refused = switch.resume(1, 504);
    let entry = switch.say(EntryKind::ControlRefused, &refused, &keys(3));
    entry.refusal = Some(Refusal::CaseSettled);
    let report = switch.report();
    assert_eq!((report.integrity, report.completeness), (Judgement::Holds, Judgement::Fails));
    let named: Vec<_> = report.findings.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(named, ["it lacks reason"]);
}
