//! The words of `countersign-verify`: a report as an auditor reads it. Reaches no file and
//! no key; the binary reads files and nothing else, never the network.

pub mod side_file;

use countersign_audit::{
    Judgement, Report,
    report::{Claim, Counts, Doubted, Finding, Witnesses, counted},
};
use countersign_model::text::{isolated, shown_line};
use std::fmt::Write as _;

/// The process's exit code: 0 both verdicts hold, 1 findings, 2 no export at all.
#[must_use]
pub fn exit_code(report: &Report) -> u8 {
    let holds = report.integrity == Judgement::Holds && report.completeness == Judgement::Holds;
    match (report.unreadable, holds) {
        (true, _) => 2,
        (false, true) => 0,
        (false, false) => 1,
    }
}

/// The report as text: two verdicts, whose word it is, what was read, every finding.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    let judged = |judgement, holds: &str, fails: &str| match judgement {
        Judgement::Holds => format!("HOLDS  ({holds})"),
        Judgement::Fails => format!("FAILS  ({fails})"),
    };
    let integrity = judged(
        report.integrity,
        "nothing was altered, and every entry follows from what was signed",
        "something was altered or follows from nothing; see below",
    );
    let completeness = judged(
        report.completeness,
        "nothing is missing up to the signed checkpoint",
        "something is missing; see below",
    );
    line(format!("Integrity:    {integrity}"));
    line(format!("Completeness: {completeness}"));
    line(match report.own_word {
        false => "Keys:         as given with --trust".into(),
        true => "Keys:         the export's own word. It agrees with itself or not; whose it is, only --trust can show.".into(),
    });
    if let Some(head) = &report.checkpoint {
        let entries = counted(head.size, "entry", "entries");
        let origin = shown_line(&head.origin);
        line(format!("Checkpoint:   {entries}, root {} ({origin})", head.root));
    }
    let counts = &report.counts;
    line(format!("Read:         {}", read(counts)));
    line(format!(
        "Score:        of {}, {} be read and refer only to what is in the file",
        counted(counts.entries, "entry", "entries"),
        counted(counts.complete_entries, "can", "can")
    ));
    witness_lines(&report.witnesses).into_iter().for_each(&mut line);
    if counts.stops > 0 || counts.resumes > 0 {
        let now = if report.stopped { "stopped" } else { "going on" };
        line(format!(
            "Stop:         stopped {}, resumed {}; work was {now} when this was exported",
            counted(counts.stops, "time", "times"),
            counted(counts.resumes, "time", "times")
        ));
    }
    if counts.prompts_read > 0 {
        let prompts = counted(counts.prompts_read, "prompt was", "prompts were");
        line(format!("Prompts:      {prompts} opened"));
    }
    if counts.clock_corrections > 0 {
        line(format!(
            "Clock:        corrected {}; stamps before were in the future",
            counted(counts.clock_corrections, "time", "times")
        ));
    }
    for place in &report.open_executions {
        line(format!("Open:         {place}: begun, and not finished when this was exported"));
    }
    report.findings.iter().map(finding_line).for_each(&mut line);
    let untold = counts.findings - report.findings.len() as u64;
    if untold > 0 {
        let _ = writeln!(text, "- and {} more", counted(untold, "finding", "findings"));
    }
    text
}

fn finding_line(finding: &Finding) -> String {
    let claim = match finding.claim {
        Claim::Integrity => "integrity",
        Claim::Completeness => "completeness",
    };
    format!("- {claim}: {}: {}", finding.place, shown_line(&finding.what))
}

/// What was read, with its counts.
fn read(counts: &Counts) -> String {
    let read = [
        counted(counts.lines, "line", "lines"),
        counted(counts.entries, "entry", "entries"),
        counted(counts.envelopes, "envelope", "envelopes"),
        counted(counts.policies, "policy", "policies"),
        counted(counts.cosigned, "cosigned head", "cosigned heads"),
    ];
    let meant = [
        counted(counts.decisions, "decision", "decisions"),
        format!("{} authorised", counts.authorized),
        format!("{} executed", counts.executed),
        counted(counts.open_cases, "case open", "cases open"),
    ];
    format!("{}; {}", read.join(", "), meant.join(", "))
}

/// How much of the log somebody other than the gate has seen.
fn witness_lines(witnesses: &Witnesses) -> Vec<String> {
    let Witnesses { devices, persons, entries, unseen, doubts } = witnesses;
    let seen = match (devices, unseen) {
        (0, _) => "none; that everybody was shown this log is the gate's word".to_owned(),
        (_, unseen) => {
            let who = format!(
                "{} of {}",
                counted(*devices, "device", "devices"),
                counted(*persons, "person", "persons")
            );
            let rest = match unseen {
                0 => "all of it".to_owned(),
                1 => "no witness saw the last entry".to_owned(),
                unseen => format!("no witness saw the last {unseen} entries"),
            };
            format!("{who} saw {} of this log; {rest}", counted(*entries, "entry", "entries"))
        }
    };
    let doubts = doubts.iter().map(|doubt| {
        let (place, entries) = (doubt.place, counted(doubt.size, "entry", "entries"));
        let why = match &doubt.whose {
            Doubted::Unknown(name) => format!("{} is not on the roster", isolated(name)),
            Doubted::Revoked(device) => format!("{device} was revoked when it cosigned"),
        };
        format!("Not believed: {place}: a cosignature over {entries}: {why}")
    });
    std::iter::once(format!("Witnesses:    {seen}")).chain(doubts).collect()
}
