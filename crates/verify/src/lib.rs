//! The words of `countersign-verify`: a report as an auditor reads it. Reaches no file and
//! no key; the binary reads files and nothing else, never the network.

use countersign_audit::{Judgement, Report};
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
        line(format!("Checkpoint:   {} entries, root {} ({})", head.size, head.root, head.origin));
    }
    let counts = &report.counts;
    line(format!(
        "Read:         {} lines, {} entries, {} envelopes, {} policies; {} decisions, {} authorised, {} executed, {} cases open",
        counts.lines,
        counts.entries,
        counts.envelopes,
        counts.policies,
        counts.decisions,
        counts.authorized,
        counts.executed,
        counts.open_cases
    ));
    line(format!(
        "Score:        {} of {} entries carry every field that their kind must carry",
        counts.complete_entries, counts.entries
    ));
    if counts.stops > 0 || counts.resumes > 0 {
        let now = if report.stopped { "stopped" } else { "going on" };
        line(format!(
            "Kill switch:  {} stopped, {} resumed; work was {now} when this was exported",
            counts.stops, counts.resumes
        ));
    }
    if counts.prompts_read > 0 {
        line(format!("Prompts:      {} opened", counts.prompts_read));
    }
    if counts.clock_corrections > 0 {
        line(format!(
            "Clock:        corrected {} times; stamps before were in the future",
            counts.clock_corrections
        ));
    }
    for place in &report.open_executions {
        line(format!("Open:         {place}: begun, and not finished when this was exported"));
    }
    for finding in &report.findings {
        let claim = match finding.claim {
            countersign_audit::report::Claim::Integrity => "integrity",
            countersign_audit::report::Claim::Completeness => "completeness",
        };
        line(format!("- {claim}: {}: {}", finding.place, finding.what));
    }
    let untold = counts.findings - report.findings.len() as u64;
    if untold > 0 {
        let _ = writeln!(text, "- and {untold} more findings");
    }
    text
}
