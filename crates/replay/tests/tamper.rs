//! Change, drop, swap or truncate any byte or line of an export: it is found, and the
//! finding names the place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation
)]

mod world;

use countersign_audit::{Judgement, Report};
use countersign_replay::verify_export;
use world::{Gate, trust};

fn verify(file: &[u8]) -> Report {
    verify_export(file, Some(&trust()), None).unwrap()
}

fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Asserts that something is found and that a place on one of `lines` is named.
#[track_caller]
fn found_at(report: &Report, lines: &[u64], what: &str) {
    let fails = [report.integrity, report.completeness].contains(&Judgement::Fails);
    assert!(fails, "unseen: {what}");
    let named = report.findings.iter().any(|finding| lines.contains(&finding.place.line));
    let named = named || lines.iter().any(|line| is_doubted(report, *line));
    assert!(named, "{what}: no finding on {lines:?}, but {:#?}", report.findings);
}

/// Whether a cosignature on a line is said not to be believed.
fn is_doubted(report: &Report, line: u64) -> bool {
    report.witnesses.doubts.iter().any(|doubt| doubt.place.line == line)
}

/// What a line itself shows when one of its bytes is not what was signed; findings that
/// only follow from a neighbour are left out.
fn speaks_of_its_own_line(what: &str) -> bool {
    let own = [
        "malformed",
        "not signed",
        "canonical",
        "neither an entry",
        "is missing",
        "no entry refers",
        "not a manifest",
        "cannot be read",
        "does not fit",
    ];
    own.iter().any(|words| what.contains(words))
}

/// One byte of every line at once, so that each byte of the file is flipped in one run.
#[test]
fn every_flipped_byte_is_found_on_its_line() {
    let all = lines(&Gate::honest().export());
    // The policy's line is ten times longer than any other: of its bytes, the first ones.
    let is_policy = |line: &Vec<u8>| line.starts_with(b"{\"policy\"");
    let longest = all.iter().filter(|line| !is_policy(line)).map(Vec::len).max().unwrap();
    for index in 0..longest {
        let mut changed = all.clone();
        let mut flipped = vec![];
        for (number, line) in (1u64..).zip(&mut changed) {
            // The line feed joins two lines; it has its turn below.
            if index + 1 < line.len() {
                line[index] ^= 1 << (index % 5);
                if line[index] == b'\n' {
                    line[index] ^= 3;
                }
                flipped.push(number);
            }
        }
        let report = verify(&changed.concat());
        for number in flipped {
            let own = report.findings.iter().any(|finding| {
                finding.place.line == number && speaks_of_its_own_line(&finding.what)
            });
            let own = own || is_doubted(&report, number);
            assert!(own, "byte {index} of line {number} unseen: {:#?}", report.findings);
        }
    }
}

#[test]
fn a_flipped_byte_alone_is_found_on_its_line() {
    let file = Gate::honest().export();
    let mut line = 1;
    for index in 0..file.len() {
        if index % 199 == 0 || file[index] == b'\n' {
            let mut changed = file.clone();
            changed[index] ^= 1 << (index % 8);
            found_at(&verify(&changed), &[line], &format!("byte {index} of line {line}"));
        }
        line += u64::from(file[index] == b'\n');
    }
}

#[test]
fn every_dropped_line_is_found() {
    let all = lines(&Gate::honest().export());
    for drop in 0..all.len() {
        let mut kept = all.clone();
        let dropped = kept.remove(drop);
        let report = verify(&kept.concat());
        let line = drop as u64 + 1;
        let fails = [report.integrity, report.completeness].contains(&Judgement::Fails);
        assert!(fails, "line {line} dropped unseen");
        if let Some(envelope) = dropped.strip_prefix(b"{\"envelope\":") {
            let digest = countersign_model::Digest::of(&envelope[..envelope.len() - 2]);
            let named =
                report.findings.iter().any(|finding| finding.place.envelope == Some(digest));
            assert!(named, "line {line} dropped: {:#?}", report.findings);
        }
    }
}

#[test]
fn every_swapped_pair_is_found() {
    let all = lines(&Gate::honest().export());
    for first in 0..all.len() - 1 {
        let mut swapped = all.clone();
        swapped.swap(first, first + 1);
        let line = first as u64 + 1;
        found_at(&verify(&swapped.concat()), &[line, line + 1], &format!("{line} swapped"));
    }
}

#[test]
fn truncation_is_found_where_the_file_ends() {
    let file = Gate::honest().export();
    let mut line = 1;
    for end in 0..file.len() {
        let at_edge = file[end] == b'\n' || end == 0 || file[end - 1] == b'\n';
        if at_edge || end % 199 == 0 {
            let report = verify(&file[..end]);
            // At a line's end, what is missing is the next line.
            found_at(&report, &[line], &format!("cut at byte {end}"));
        }
        line += u64::from(file[end] == b'\n');
    }
}

#[test]
fn added_bytes_and_doubled_lines_are_found() {
    let file = Gate::honest().export();
    let all = lines(&file);
    let end = all.len() as u64 + 1;
    for extra in [b"\n".as_slice(), b"x", b"{}\n", b"\0"] {
        found_at(&verify(&[&file, extra].concat()), &[end], "bytes after the end");
    }
    for at in 0..all.len() {
        let mut doubled = all.clone();
        doubled.insert(at, all[at].clone());
        found_at(&verify(&doubled.concat()), &[at as u64 + 2], &format!("line {} twice", at + 1));
    }
    let long = [file.clone(), vec![b'a'; 600_000], b"\n".to_vec()].concat();
    found_at(&verify(&long), &[end], "a line without end");
}

#[test]
fn every_place_is_named_not_only_the_first() {
    let mut all = lines(&Gate::honest().export());
    for line in [3, 6, 11, 14] {
        let at = all[line - 1].len() / 2;
        all[line - 1][at] ^= 1;
    }
    let report = verify(&all.concat());
    for line in [3, 6, 11, 14] {
        found_at(&report, &[line], "one of three");
    }
}
