//! Statements that an enrolled person can sign and nobody should have to fear.

use super::{Insider, Random};
use countersign_model::{
    Comment, CommentId, Control, ControlId, Decision, DecisionId, DecisionKind, Digest, Envelope,
    MfaProof, PersonId, ProposalId, Role, TimestampMs, canonical, comment,
    control::{self, Command},
    decision::CheckpointSeen,
    reason::Reason,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A comment or a decision by the insider, with hostile content, in canonical bytes.
pub fn signed(random: &mut Random, insider: &Insider) -> Vec<u8> {
    let (case, proposal) = about(random, insider);
    let payload = if random.below(2) == 0 {
        comment_payload(random, insider, case, proposal)
    } else {
        decision_payload(random, insider, case, proposal)
    };
    let envelope = Envelope::sign_payload(&payload, &[&insider.key]).unwrap();
    let bytes = envelope.to_bytes().unwrap();
    if random.below(4) > 0 {
        return bytes;
    }
    // With signatures that nobody asked for.
    let mut value: Value = serde_json::from_slice(&bytes).unwrap();
    let junk = json!({"keyid": "00".repeat(32), "sig": "x".repeat(random.below(2_000))});
    let signatures = value["signatures"].as_array_mut().unwrap();
    for _ in 0..=random.below(20) {
        let at = random.below(signatures.len() + 1);
        signatures.insert(at, junk.clone());
    }
    canonical::to_bytes(&value).unwrap()
}

fn about(random: &mut Random, insider: &Insider) -> (ProposalId, Digest) {
    if insider.cases.is_empty() || random.below(8) == 0 {
        return (ProposalId::from_uuid(random.uuid()), random.digest());
    }
    let (case, digest) = *random.pick(&insider.cases);
    (case, if random.below(6) == 0 { random.digest() } else { digest })
}

/// The present or any other moment.
fn moment(random: &mut Random, insider: &Insider) -> TimestampMs {
    if random.below(3) == 0 { insider.now } else { far(random) }
}

fn far(random: &mut Random) -> TimestampMs {
    // Canonical JSON holds integers up to 2^53.
    let number = i64::try_from(random.number() % (1 << 53)).unwrap();
    TimestampMs::from_millis(if random.below(2) == 0 { -number } else { number })
}

/// Mostly short enough, and else up to any length.
fn some_words(random: &mut Random, fits: usize, far: usize) -> String {
    let most = sized(random, fits, far);
    words(random, most)
}

fn words(random: &mut Random, most: usize) -> String {
    let letters = ["x", "\u{0}", "\u{202e}", "é", "𝄞", "\n", "\"", "</script>", " AND "];
    let letter = *random.pick(&letters);
    letter.repeat(random.below(most))
}

/// Of a size that fits mostly, and of any other else.
fn sized(random: &mut Random, fits: usize, far: usize) -> usize {
    if random.below(4) > 0 { fits } else { far }
}

fn people(random: &mut Random, insider: &Insider) -> BTreeSet<PersonId> {
    let most = sized(random, 20, 600);
    let mut people: BTreeSet<_> =
        (0..random.below(most)).map(|_| PersonId::from_uuid(random.uuid())).collect();
    if random.below(3) == 0 {
        people.insert(insider.person);
    }
    people
}

fn comment_payload(
    random: &mut Random,
    insider: &Insider,
    case: ProposalId,
    proposal: Digest,
) -> Vec<u8> {
    let comment = Comment {
        id: CommentId::from_uuid(random.uuid()),
        workspace: insider.workspace,
        proposal: case,
        person: insider.person,
        device: insider.device,
        text: some_words(random, 400, 5_000),
        mentions: people(random, insider),
        question_for: if random.below(2) == 0 { people(random, insider) } else { BTreeSet::new() },
        answers: (random.below(3) == 0).then(|| CommentId::from_uuid(random.uuid())),
        signed_at_ms: moment(random, insider),
    };
    comment::statement_bytes(&comment, proposal).unwrap()
}

fn decision_payload(
    random: &mut Random,
    insider: &Insider,
    case: ProposalId,
    proposal: Digest,
) -> Vec<u8> {
    let kinds = [
        DecisionKind::Approve,
        DecisionKind::Reject,
        DecisionKind::Override,
        DecisionKind::RequestChanges,
    ];
    let code = match random.below(3) {
        0 => words(random, 300),
        1 => "over_budget".into(),
        _ => "within_plan".into(),
    };
    let reason = Reason { code, text: some_words(random, 200, 30_000) };
    let size = random.number() % (1 << 53);
    let decision = Decision {
        id: DecisionId::from_uuid(random.uuid()),
        workspace: insider.workspace,
        proposal: case,
        kind: *random.pick(&kinds),
        effective: None,
        reason,
        person: insider.person,
        device: insider.device,
        role: Role::parse(&insider.role).unwrap(),
        on_behalf_of: None,
        verdict: random.digest(),
        policy: random.digest(),
        entity_revision: random.number() % (1 << 53),
        evidence_shown: vec![random.digest(); random.below(200)],
        comments_shown: vec![random.digest(); random.below(200)],
        requested: None,
        checkpoint_seen: (random.below(3) == 0)
            .then(|| CheckpointSeen { size, root: random.digest() }),
        signed_at_ms: moment(random, insider),
        valid_until_ms: far(random),
        mfa: (random.below(3) == 0)
            .then(|| MfaProof::Totp { code: format!("{:06}", random.below(1_000_000)) }),
    };
    countersign_model::decision::statement_bytes(&decision, proposal).unwrap()
}

/// A control statement of the insider; what it says is harmless, how it says it is not.
pub fn control(random: &mut Random, insider: &Insider) -> Vec<u8> {
    let (text, far) = (words(random, 9_000), far(random));
    let (command, signed_at_ms) = match random.below(3) {
        // Anybody may stop, and would stop the test.
        0 => (Command::Stop { text }, far),
        1 => (Command::Resume { stop: random.digest(), text }, moment(random, insider)),
        _ => (Command::ReadPrompt { proposal: about(random, insider).0 }, moment(random, insider)),
    };
    let control = Control {
        id: ControlId::from_uuid(random.uuid()),
        workspace: insider.workspace,
        command,
        person: insider.person,
        device: insider.device,
        signed_at_ms,
    };
    let payload = control::statement_bytes(&control).unwrap();
    Envelope::sign_payload(&payload, &[&insider.key]).unwrap().to_bytes().unwrap()
}

/// What looks like a cosigned checkpoint and is none.
pub fn cosigned(random: &mut Random, insider: &Insider) -> String {
    let name = format!("countersign/{}/device/{}", insider.workspace, insider.device);
    let (origin, root) = (words(random, 20), words(random, 60));
    let (size, line) = (random.number(), words(random, 2_000));
    format!("{origin}\n{size}\n{root}\n\n\u{2014} {name} {line}\n")
}

/// Something filed as an envelope.
pub fn junk(random: &mut Random) -> Vec<u8> {
    match random.below(5) {
        0 => {
            let count = random.below(900);
            random.bytes(count)
        }
        1 => "[".repeat(random.below(800)).into_bytes(),
        2 => {
            let deep = format!("{}1{}", "{\"a\":".repeat(90), "}".repeat(90));
            enveloped(deep.as_bytes())
        }
        3 => {
            let kinds = ["proposal", "verdict", "decision", "comment", "control", "roster"];
            let kind = random.pick(&kinds);
            let statement = json!({
                "_type": "https://in-toto.io/Statement/v1",
                "predicate": {"id": words(random, 100)},
                "predicateType": format!("urn:countersign:{kind}:v1"),
                "subject": [],
            });
            enveloped(statement.to_string().as_bytes())
        }
        _ => vec![],
    }
}

/// An unsigned envelope around any payload. Made through the real one, which asks no questions
/// of a payload.
fn enveloped(payload: &[u8]) -> Vec<u8> {
    Envelope::sign_payload(payload, &[]).unwrap().to_bytes().unwrap()
}

/// A roster of the insider's own making.
pub fn roster(random: &mut Random, insider: &Insider) -> Vec<u8> {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": {
            "version": random.number() % (1 << 53),
            "workspace": insider.workspace.to_string(),
            "people": vec![json!({"name": "x"}); random.below(300)],
        },
        "predicateType": "urn:countersign:roster:v1",
        "subject": [{"digest": {"sha256": "00".repeat(32)}, "name": "roster"}],
    });
    let payload = canonical::to_bytes(&statement).unwrap();
    Envelope::sign_payload(&payload, &[&insider.key]).unwrap().to_bytes().unwrap()
}
