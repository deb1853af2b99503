use super::*;
use crate::{
    Action, AmountLimits, BudgetChange, CampaignStatus, Currency, DeviceId, EntityRef, Money,
    Outcome, ProposalId, Ratio,
    causes::in_full,
    decision::Refusal,
    draft::ModelRef,
    entity::{AccountRef, PlatformId, PlatformKind},
    reason::Reason,
    signature::SigningKey,
    verdict::{Flag, Layer, PolicyRef},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use strum::VariantArray as _;
use uuid::Uuid;

fn to(amount_micros: i64) -> Action {
    let currency = Currency::parse("USD").unwrap();
    let id = |text: &str| PlatformId::parse(text).unwrap();
    Action::BudgetChange(BudgetChange {
        entity: EntityRef {
            platform: PlatformKind::GoogleAds,
            account_id: id("1"),
            campaign_id: id("2"),
        },
        campaign_name: "x".into(),
        budget_resource: "customers/1/campaignBudgets/3".into(),
        shared_by: 1,
        status: CampaignStatus::Enabled,
        limits: AmountLimits::unknown(currency),
        before: Money::from_micros(10, currency),
        after: Money::from_micros(amount_micros, currency),
        window: None,
    })
}

/// What the fields of an event are made of.
#[derive(Clone, Debug)]
struct Seed {
    number: u64,
    amount: i64,
    line: String,
    text: String,
    some: bool,
}

impl Seed {
    fn full() -> Self {
        Self { number: 3, amount: 20, line: "a".into(), text: "b".into(), some: true }
    }

    fn any() -> impl Strategy<Value = Self> {
        let parts = (
            0..1_u64 << 53,
            1..1_i64 << 50,
            "[ -~é“]{1,40}",
            "[ -~é\n\u{1f980}]{0,40}",
            any::<bool>(),
        );
        parts.prop_map(|(number, amount, line, text, some)| Self {
            number,
            amount,
            line,
            text,
            some,
        })
    }

    fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.number) + 1)
    }

    fn digest(&self, of: &str) -> Digest {
        Digest::of(format!("{of} {}", self.number).as_bytes())
    }

    /// The event of a kind, with every field that it can have if `some`.
    fn event(&self, kind: EntryKind) -> LogEvent {
        let proposal_id = ProposalId::from_uuid(self.uuid());
        let output_hash = self.digest("output");
        let input_commitment = self.digest("input");
        let role = || Role::parse("finance").unwrap();
        let reason = || Reason { code: "stop".into(), text: self.text.clone() };
        let account = || AccountRef {
            platform: PlatformKind::GoogleAds,
            account_id: PlatformId::parse(&self.number.to_string()).unwrap(),
        };
        let policy = || PolicyRef { version: "2026.11".into(), digest: self.digest("policy") };
        let flag = Flag {
            rule: "a_rule".into(),
            layer: Layer::Brand,
            outcome: Outcome::Escalate,
            words: self.line.clone(),
        };
        let decision = || DecisionRecord {
            id: DecisionId::from_uuid(self.uuid()),
            kind: DecisionKind::Approve,
            envelope: self.digest("decision"),
            factor: self.some.then_some(FactorKind::Totp),
        };
        let approval = Approval {
            person: PersonId::from_uuid(self.uuid()),
            role: role(),
            decision: DecisionId::from_uuid(self.uuid()),
            envelope: self.digest("decision"),
        };
        let until_ms = self.some.then_some(TimestampMs::from_millis(self.amount));
        let platform = PlatformRecord {
            request_ids: vec![self.line.clone()],
            status: ExecutionStatus::Mismatch,
            code: self.some.then(|| self.line.clone()),
            read_back: self.some.then(|| to(self.amount)),
            legs: vec![],
        };
        match kind {
            EntryKind::RosterAccepted => LogEvent::RosterAccepted { output_hash },
            EntryKind::ProposalReceived => LogEvent::ProposalReceived {
                proposal_id,
                model: ModelRef {
                    id: self.line.clone(),
                    version: "2".into(),
                    training_snapshot: self.digest("snapshot"),
                },
                prompt_commitment: self.digest("prompt"),
                output_hash,
                explanation_digest: self.digest("explanation"),
                confidence: Ratio::from_millionths(self.amount % 1_000_000),
                change: to(self.amount),
            },
            EntryKind::DraftRefused => {
                LogEvent::DraftRefused { input_commitment, count: self.number }
            }
            EntryKind::VerdictIssued => LogEvent::VerdictIssued {
                proposal_id,
                input_commitment,
                output_hash,
                policy: policy(),
                flags: self.some.then_some(flag).into_iter().collect(),
            },
            EntryKind::DecisionAccepted => {
                LogEvent::DecisionAccepted { proposal_id, decision: decision(), reason: reason() }
            }
            EntryKind::DecisionRefused => LogEvent::DecisionRefused {
                proposal_id,
                decision: decision(),
                reason: self.some.then(reason),
                refusal: Refusal::Expired,
            },
            EntryKind::ChangeAuthorized => LogEvent::ChangeAuthorized {
                proposal_id,
                change: to(self.amount),
                approvals: vec![approval],
                policy: policy(),
            },
            EntryKind::ExecutionIntended => {
                LogEvent::ExecutionIntended { proposal_id, change: to(self.amount) }
            }
            EntryKind::ExecutionWaiting => LogEvent::ExecutionWaiting {
                proposal_id,
                waiting: Waiting { code: self.line.clone(), until_ms },
            },
            EntryKind::ExecutionFinished => {
                LogEvent::ExecutionFinished { proposal_id, change: to(self.amount), platform }
            }
            EntryKind::CaseRejected => {
                LogEvent::CaseRejected { proposal_id, decision: decision(), reason: reason() }
            }
            EntryKind::ChangesRequested => {
                LogEvent::ChangesRequested { proposal_id, decision: decision(), reason: reason() }
            }
            EntryKind::CaseExpired => LogEvent::CaseExpired { proposal_id },
            EntryKind::DeadlinePassed => LogEvent::DeadlinePassed { proposal_id },
            EntryKind::CaseSuperseded => LogEvent::CaseSuperseded { proposal_id },
            EntryKind::RungClimbed => LogEvent::RungClimbed { proposal_id, told: role() },
            EntryKind::WorkStopped => LogEvent::WorkStopped { output_hash, reason: reason() },
            EntryKind::ResumeAsked => LogEvent::ResumeAsked { output_hash, reason: reason() },
            EntryKind::WorkResumed => LogEvent::WorkResumed { output_hash, reason: reason() },
            EntryKind::PromptRead => LogEvent::PromptRead { proposal_id, output_hash },
            EntryKind::RollbackAsked => {
                LogEvent::RollbackAsked { proposal_id, output_hash, reason: reason() }
            }
            EntryKind::RollbackOpened => LogEvent::RollbackOpened {
                proposal_id,
                of: proposal_id,
                statement: input_commitment,
                output_hash,
                change: to(self.amount),
            },
            EntryKind::ControlRefused => {
                LogEvent::ControlRefused { output_hash, refusal: Refusal::Replayed }
            }
            EntryKind::PolicyPublished => {
                LogEvent::PolicyPublished { output_hash, policy: policy() }
            }
            EntryKind::ContentRefused => LogEvent::ContentRefused {
                device: DeviceId::from_uuid(self.uuid()),
                input_commitment,
                count: self.number,
            },
            EntryKind::ClockCorrected => LogEvent::ClockCorrected { reason: reason() },
            EntryKind::WritingOpened => LogEvent::WritingOpened {
                account: account(),
                credential: self.line.clone(),
                reason: reason(),
            },
            EntryKind::WritingClosed => {
                LogEvent::WritingClosed { account: account(), reason: reason() }
            }
        }
    }

    fn entry(&self, kind: EntryKind) -> Entry {
        let workspace = WorkspaceId::from_uuid(self.uuid());
        let at = TimestampMs::from_millis(self.amount);
        let head = EntryHead::of(workspace, self.number, self.digest("before"), at);
        let actor = Actor { kind: ActorKind::Gate, id: self.line.clone(), role: None };
        EntryBody::new(head, actor, self.event(kind))
            .sign(&SigningKey::from_seed(&[1; 32]))
            .unwrap()
    }
}

/// Why an entry with this event is not read.
fn refused(entry: &Entry, event: &BTreeMap<String, Value>) -> String {
    let mut value = serde_json::to_value(entry).unwrap();
    value["body"]["event"] = json!(event);
    let bytes = canonical::to_bytes(&value).unwrap();
    let error = Entry::from_bytes(&bytes).unwrap_err();
    assert!(matches!(error, EntryError::Malformed(CanonicalError::Read(_))), "{error}");
    in_full(&error)
}

/// The fields of an event with all that its kind can have.
fn fields(kind: EntryKind) -> BTreeMap<String, Value> {
    serde_json::from_value(json!(Seed::full().event(kind))).unwrap()
}

#[test]
fn an_event_has_the_fields_of_its_kind_and_no_others() {
    let all: BTreeMap<String, Value> =
        EntryKind::VARIANTS.iter().flat_map(|kind| fields(*kind)).collect();
    assert_eq!(all.len(), 24, "{:?}", all.keys());
    for kind in EntryKind::VARIANTS {
        let (own, entry) = (fields(*kind), Seed::full().entry(*kind));
        assert_eq!(own["kind"], json!(kind));
        for (name, value) in &all {
            let mut changed = own.clone();
            let words = match changed.insert(name.clone(), value.clone()) {
                None => format!("unknown field `{name}`"),
                Some(_) => {
                    changed.remove(name);
                    format!("missing field `{name}`")
                }
            };
            // Whoever signed nothing gave no reason.
            if (*kind, name.as_str()) == (EntryKind::DecisionRefused, "reason") {
                continue;
            }
            let found = refused(&entry, &changed);
            assert!(found.contains(&words), "{kind:?} {name}: {found}");
        }
    }
}

#[test]
fn a_kind_that_there_is_not_is_refused_by_name() {
    let entry = Seed::full().entry(EntryKind::CaseExpired);
    let mut event = fields(EntryKind::CaseExpired);
    event.insert("kind".into(), "case_closed".into());
    assert!(refused(&entry, &event).contains("unknown variant `case_closed`"));
}

#[test]
fn what_an_event_is_about_stands_in_its_fields() {
    for kind in EntryKind::VARIANTS {
        let (event, own) = (Seed::full().event(*kind), fields(*kind));
        assert_eq!(event.kind(), *kind);
        for (name, found) in [
            ("proposal_id", json!(event.proposal_id())),
            ("output_hash", json!(event.output_hash())),
            ("decision", json!(event.decision())),
            ("refusal", json!(event.refusal())),
            ("reason", json!(event.reason())),
            ("change", json!(event.change())),
        ] {
            assert_eq!(own.get(name).unwrap_or(&Value::Null), &found, "{kind:?} {name}");
        }
        let named = ["output_hash", "decision", "approvals"];
        let named = named.iter().filter(|name| own.contains_key(**name)).count();
        let references = event.references();
        assert_eq!(references.len(), named, "{kind:?}");
        for reference in references {
            let is_policy = *kind == EntryKind::PolicyPublished;
            assert_eq!(reference.kind == ReferenceKind::Policy, is_policy);
            assert!(reference.required);
        }
    }
}

#[test]
fn bytes_that_were_refused_as_malformed_may_be_absent() {
    let mut refused = Seed::full().event(EntryKind::ControlRefused);
    if let LogEvent::ControlRefused { refusal, .. } = &mut refused {
        *refusal = Refusal::Malformed;
    }
    assert!(!refused.references()[0].required);
}

#[test]
fn the_short_way_reads_every_kind() {
    for kind in EntryKind::VARIANTS {
        let entry = Seed::full().entry(*kind);
        assert_eq!(leaf::read(&entry.to_bytes().unwrap()), Some(entry), "{kind:?}");
    }
}

/// The short way may only take what the long way takes, as the same entry.
#[test]
fn the_short_way_takes_no_other_spelling() {
    let long = |bytes: &[u8]| canonical::from_bytes::<Entry>(bytes).ok();
    for kind in [EntryKind::DraftRefused, EntryKind::DecisionAccepted] {
        let bytes = Seed::full().entry(kind).to_bytes().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        for place in 0..bytes.len() {
            for byte in [b' ', b'"', b'0', b'\\', bytes[place] ^ 1] {
                let mut altered = bytes.clone();
                altered[place] = byte;
                let short = leaf::read(&altered);
                assert!(short.is_none() || short == long(&altered), "{kind:?} {place} {byte}");
                altered.insert(place, bytes[place]);
                let short = leaf::read(&altered);
                assert!(short.is_none() || short == long(&altered), "{kind:?} +{place} {byte}");
            }
        }
        for (one, other) in [
            ("\"at_ms\":", "\"at_ms\":0"),
            ("\"at_ms\":", "\"at_ms\":-"),
            ("\"at_ms\":", "\"at_ms\":+"),
            ("\"at_ms\":", "\"at_ms\":9007199254740993,\"at_ms\":"),
            ("\"seq\":", "\"seq\":0"),
            ("\"seq\":", "\"seq\":18446744073709551615,\"seq\":"),
            ("\"role\":null", "\"role\":\"\""),
            (",\"kind\":\"gate\"", ",\"kind\":\"\\u0067ate\""),
            ("\"actor\":{", "\"actor\":{\"id\":\"x\","),
            ("{\"body\":", " {\"body\":"),
        ] {
            let altered = text.replacen(one, other, 1);
            let short = leaf::read(altered.as_bytes());
            assert!(short.is_none() || short == long(altered.as_bytes()), "{kind:?} {other}");
        }
    }
}

proptest! {
    #[test]
    fn an_entry_of_every_kind_is_read_as_it_was_written(seed in Seed::any()) {
        let mut written = BTreeSet::new();
        for kind in EntryKind::VARIANTS {
            let entry = seed.entry(*kind);
            let leaf = entry.to_bytes().unwrap();
            let read = Entry::from_bytes(&leaf).unwrap();
            prop_assert_eq!(&read, &entry);
            prop_assert_eq!(&canonical::from_bytes::<Entry>(&leaf).unwrap(), &entry);
            prop_assert_eq!(read.to_bytes().unwrap(), leaf.clone());
            prop_assert_eq!(read.signing_bytes_in(&leaf).unwrap(), entry.body.signing_bytes().unwrap());
            let signer = SigningKey::from_seed(&[1; 32]);
            prop_assert_eq!(&entry.body.sign_leaf(&signer).unwrap(), &leaf);
            prop_assert!(written.insert(leaf), "two kinds are written alike");
        }
    }
}

#[test]
fn what_may_have_been_made_counts_as_made() {
    let (authorized, other) = (to(20), to(15));
    let record = |status, read_back: Option<&Action>| PlatformRecord {
        request_ids: vec![],
        status,
        code: None,
        read_back: read_back.cloned(),
        legs: vec![],
    };
    for (status, read_back, counted) in [
        (ExecutionStatus::Applied, Some(&authorized), Some(&authorized)),
        (ExecutionStatus::Mismatch, Some(&other), Some(&other)),
        (ExecutionStatus::Unknown, None, Some(&authorized)),
        (ExecutionStatus::NotApplied, Some(&other), None),
        (ExecutionStatus::Stale, Some(&other), None),
    ] {
        let counted: Vec<_> = counted.into_iter().cloned().collect();
        assert_eq!(record(status, read_back).counted(&authorized), counted, "{status:?}");
    }
}
