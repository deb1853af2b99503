//! Two of the invariants of ARCHITECTURE.md that bytes and roster alone decide.
#![expect(clippy::unwrap_used, reason = "fixed inputs that cannot be made fail the test")]

use countersign_model::{
    Action, AmountLimits, BudgetChange, CampaignStatus, Currency, Decision, DecisionId,
    DecisionKind, DeviceId, Digest, EntityRef, Envelope, MfaProof, Money, PersonId, ProposalId,
    Role, Roster, Signer, TimestampMs, WorkspaceId,
    confirm::{self, Language},
    decision::{self, Refusal},
    entity::{PlatformId, PlatformKind},
    reason::Reason,
    roster::{Device, GateKeys, Person, RootKeys},
    signature::SigningKey,
    text,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const PROPOSAL: Digest = Digest::from_bytes([9; 32]);

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn at(millis: i64) -> TimestampMs {
    TimestampMs::from_millis(millis)
}

fn finance() -> Role {
    Role::parse("finance").unwrap()
}

fn override_to(after_micros: i64, words: &str, signed_at: TimestampMs) -> Decision {
    let usd = Currency::parse("USD").unwrap();
    let change = BudgetChange {
        entity: EntityRef {
            platform: PlatformKind::GoogleAds,
            account_id: PlatformId::parse("1234567890").unwrap(),
            campaign_id: PlatformId::parse("1001").unwrap(),
        },
        campaign_name: "flash_sale_burst".into(),
        budget_resource: "customers/1234567890/campaignBudgets/2001".into(),
        shared_by: 1,
        status: CampaignStatus::Enabled,
        limits: AmountLimits::unknown(usd),
        before: Money::from_micros(100_000_000, usd),
        after: Money::from_micros(after_micros, usd),
        window: None,
    };
    Decision {
        id: DecisionId::from_uuid(id(1)),
        workspace: WorkspaceId::from_uuid(id(2)),
        proposal: ProposalId::from_uuid(id(3)),
        kind: DecisionKind::Override,
        effective: Some(Action::BudgetChange(change)),
        reason: Reason { code: "budget_headroom".into(), text: words.into() },
        person: PersonId::from_uuid(id(4)),
        device: DeviceId::from_uuid(id(5)),
        role: finance(),
        on_behalf_of: None,
        verdict: Digest::from_bytes([1; 32]),
        policy: Digest::from_bytes([2; 32]),
        entity_revision: 0,
        evidence_shown: vec![],
        comments_shown: vec![],
        requested: None,
        checkpoint_seen: None,
        signed_at_ms: signed_at,
        valid_until_ms: signed_at.plus_ms(60_000),
        mfa: Some(MfaProof::Totp { code: "654321".into() }),
    }
}

fn roster(revoked_at_ms: Option<TimestampMs>) -> Roster {
    let root = SigningKey::from_seed(&[2; 32]);
    let gate = SigningKey::from_seed(&[3; 32]);
    let device = Device {
        id: DeviceId::from_uuid(id(5)),
        signing_key: key().public_key(),
        sealing_key: Digest::from_bytes([4; 32]),
        enrolled_at_ms: at(1_000),
        revoked_at_ms,
    };
    let person = Person {
        id: PersonId::from_uuid(id(4)),
        name: "Felix".into(),
        roles: BTreeSet::from([finance()]),
        devices: vec![device],
        factors: BTreeSet::new(),
    };
    Roster {
        workspace: WorkspaceId::from_uuid(id(2)),
        version: 1,
        issued_at_ms: at(0),
        expires_at_ms: at(i64::MAX),
        root: RootKeys { keys: BTreeSet::from([root.public_key()]), threshold: 1 },
        gate: GateKeys {
            device: DeviceId::from_uuid(id(6)),
            signing_key: gate.public_key(),
            log_vkey: "log+00000000+AA".into(),
        },
        people: vec![person],
        agents: vec![],
    }
}

fn signed(decision: &Decision) -> Envelope {
    let bytes = decision::statement_bytes(decision, PROPOSAL).unwrap();
    let key = key();
    let signer: &dyn Signer = &key;
    Envelope::sign_payload(&bytes, &[signer]).unwrap()
}

#[test]
fn the_sheet_reads_so() {
    let decision = override_to(115_000_000, "Enough.", at(0));
    let bytes = decision::statement_bytes(&decision, PROPOSAL).unwrap();
    let text = confirm::render(&bytes, Language::En).unwrap().to_text();
    for line in [
        "Override a budget change",
        "Daily budget now: USD 100.00",
        "Daily budget after: USD 115.00",
        "Change: +15%",
        "At most in all: USD 3,496.00",
        "Until: further notice",
        "Reason: Not enough budget headroom for the full change",
        "In your words: \u{2068}Enough.\u{2069}",
        "You sign as: finance",
        "Second factor: code from your authenticator (TOTP)",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} is not in:\n{text}");
    }
    assert!(!text.contains("654321"), "the code is shown");
}

/// The window reads the same table: an amount has one spelling in a case and on its sheet.
#[test]
fn the_sheet_spells_amounts_as_the_window() {
    let table: Vec<BTreeMap<String, String>> =
        serde_json::from_str(include_str!("amounts.json")).unwrap();
    assert!(!table.is_empty());
    for row in table {
        let mut decision = override_to(1, "Enough.", at(0));
        let Some(Action::BudgetChange(change)) = &mut decision.effective else { panic!() };
        let currency = Currency::parse(&row["currency"]).unwrap();
        change.before = Money::from_micros(1, currency);
        change.after = Money::from_micros(row["micros"].parse().unwrap(), currency);
        let bytes = decision::statement_bytes(&decision, PROPOSAL).unwrap();
        for (language, name) in [(Language::En, "en"), (Language::De, "de")] {
            let sheet = confirm::render(&bytes, language).unwrap();
            let line = sheet.lines.iter().find(|line| line.key == "budget_after").unwrap();
            assert_eq!(line.value, row[name]);
        }
    }
}

/// A platform's name cannot be refused: it is signed as it is, and what it hides is read.
#[test]
fn what_a_name_hides_is_on_the_sheet() {
    let mut decision = override_to(115_000_000, "One.\r\nDaily budget after: USD 1.00", at(5_000));
    let name = "Spring \u{202e}00.005 DSU\u{202c}\nDaily budget after: USD 1.00";
    let Some(Action::BudgetChange(change)) = &mut decision.effective else { panic!() };
    change.campaign_name = name.into();
    let bytes = decision::statement_bytes(&decision, PROPOSAL).unwrap();
    let sheet = confirm::render(&bytes, Language::En).unwrap();
    let campaign = sheet.lines.iter().find(|line| line.key == "campaign").unwrap();
    let shown = "Spring ‹U+202E›00.005 DSU‹U+202C›‹U+000A›Daily budget after: USD 1.00";
    assert_eq!(campaign.value, shown);
    // No value begins a line as a fact of its own.
    let text = sheet.to_text();
    assert!(text.contains(&format!("Campaign: \u{2068}{shown}\u{2069}\n")), "{text}");
    let budgets = text.lines().filter(|line| line.starts_with("Daily budget after"));
    assert_eq!(budgets.collect::<Vec<_>>(), ["Daily budget after: USD 115.00"]);
    let verified = decision::verify(&signed(&decision), &roster(None)).unwrap();
    let Some(Action::BudgetChange(change)) = &verified.decision().effective else { panic!() };
    assert_eq!(change.campaign_name, name, "the bytes are the platform's");
}

proptest! {
    /// What the gate renders from the envelope is what the person read, and what differs
    /// in a signed amount or word differs on the sheet.
    #[test]
    fn what_you_see_is_what_you_sign(
        one in 0i64..1_000_000_000_000,
        other in 0i64..1_000_000_000_000,
        words in "\\PC{0,60}",
        other_words in "\\PC{0,60}",
        german: bool,
    ) {
        // What hides something is refused before it is shown (`model::text`).
        prop_assume!([&words, &other_words].iter().all(|one| text::check_text(one, 1_000).is_ok()));
        let language = if german { Language::De } else { Language::En };
        let decision = override_to(one, &words, at(5_000));
        let bytes = decision::statement_bytes(&decision, PROPOSAL).unwrap();
        let seen = confirm::render(&bytes, language).unwrap();
        let at_the_gate = confirm::render(&signed(&decision).payload().unwrap(), language).unwrap();
        prop_assert_eq!(&seen, &at_the_gate);

        let changed = override_to(other, &other_words, at(5_000));
        let changed_bytes = decision::statement_bytes(&changed, PROPOSAL).unwrap();
        let shown = confirm::render(&changed_bytes, language).unwrap();
        prop_assert_eq!(seen.lines == shown.lines, decision == changed);
        prop_assert_eq!(seen.digest == shown.digest, decision == changed);
    }

    /// The roster that the gate holds decides, whenever a decision arrives.
    #[test]
    fn revoked_means_refused(signed_at in 1_000i64..10_000, revoked_at in 1_000i64..10_000) {
        let envelope = signed(&override_to(115_000_000, "Enough.", at(signed_at)));
        prop_assert!(decision::verify(&envelope, &roster(None)).is_ok());
        let verified = decision::verify(&envelope, &roster(Some(at(revoked_at))));
        if signed_at >= revoked_at {
            prop_assert_eq!(verified, Err(Refusal::DeviceRevoked));
        } else {
            prop_assert!(verified.is_ok());
        }
    }
}

#[test]
fn a_signature_from_before_its_device_is_a_clock_fault() {
    let envelope = signed(&override_to(115_000_000, "Enough.", at(999)));
    assert_eq!(decision::verify(&envelope, &roster(None)), Err(Refusal::ClockSkew));
}
