//! Who there is: people with keys and roles, the gate's keys, the roster, the policy, campaigns.

use countersign_audit::{LogKeys, checkpoint};
use countersign_gate::identity::{FIRST_EPOCH, Identity};
use countersign_identity::totp::TotpSecret;
use countersign_model::{
    AgentId, Currency, DeviceId, Digest, EntityRef, Money, PersonId, PublicKey, Role, Roster,
    Signer as _, TimestampMs, WorkspaceId,
    entity::{PlatformId, PlatformKind},
    proposal::Initiator,
    roster::{Agent, Device, GateKeys, Person, RootKeys},
    signature::SigningKey,
    time::{DAY_MS, HOUR_MS},
    verdict::FactorKind,
};
use countersign_policy::{Files, files::DATA_FILE};
use countersign_sync::EpochKey;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, LazyLock},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The first moment.
pub const T0: i64 = 1_795_237_200_000;
/// How long a proposal can be decided.
pub const VALID_MS: i64 = HOUR_MS;
/// People: their names, roles, and whether they keep to the rules. `LIAR` has a device that
/// sends whatever it likes; `OWNER` owns the agent, so that no signature of hers counts.
pub const PEOPLE: [(&str, &str); 5] = [
    ("Olga Marker", "ops"),
    ("Finn Marker", "finance"),
    ("Otto Marker", "ops"),
    ("Ada Marker", "ops"),
    ("Lea Marker", "ops"),
];
pub const OWNER: usize = 3;
pub const LIAR: usize = 4;
/// Words that stand in plain text somewhere and must never be found on the relay.
pub const MARKERS: [&str; 4] = ["Marker", "MARKER", "campaign_name", "amount_micros"];
/// How many campaigns there are.
pub const CAMPAIGNS: usize = 4;
/// What each may spend at first, in micros: the last one over its whole flight, others on a day.
pub const BUDGETS: [i64; CAMPAIGNS] = [100_000_000, 40_000_000, 250_000_000, 900_000_000];
pub const IN_ALL: usize = CAMPAIGNS - 1;

pub fn uuid(number: u128) -> Uuid {
    Uuid::from_u128((0x0192_f0c1_0000_7000_8000_u128 << 48) | number)
}

/// A key of its own for each number, made once.
pub fn key(seed: u8) -> &'static SigningKey {
    static KEYS: LazyLock<Vec<SigningKey>> =
        LazyLock::new(|| (0..64).map(|seed| SigningKey::from_seed(&[seed; 32])).collect());
    &KEYS[usize::from(seed)]
}

pub fn public(seed: u8) -> PublicKey {
    key(seed).public_key()
}

pub fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(uuid(1))
}

pub fn gate_device() -> DeviceId {
    DeviceId::from_uuid(uuid(9))
}

pub fn person(who: usize) -> PersonId {
    PersonId::from_uuid(uuid(100 + who as u128))
}

pub fn device(who: usize) -> DeviceId {
    DeviceId::from_uuid(uuid(200 + who as u128))
}

pub fn person_key(who: usize) -> &'static SigningKey {
    key(20 + u8::try_from(who).unwrap())
}

pub fn role(who: usize) -> Role {
    Role::parse(PEOPLE[who].1).unwrap()
}

pub fn totp(who: usize) -> TotpSecret {
    TotpSecret::from_bytes([40 + u8::try_from(who).unwrap(); 20])
}

pub fn initiator() -> Initiator {
    Initiator { agent: agent(), agent_name: "proposer".into(), owner: person(OWNER) }
}

pub fn agent() -> AgentId {
    AgentId::from_uuid(uuid(30))
}

pub fn vkey() -> String {
    checkpoint::make_vkey("simulated/log", public(2)).unwrap()
}

pub fn log_keys() -> LogKeys {
    LogKeys { workspace: workspace(), gate_key: public(1), vkey: vkey() }
}

pub fn epoch() -> EpochKey {
    EpochKey::from_bytes(FIRST_EPOCH, [7; 32])
}

pub fn identity() -> Arc<Identity> {
    static IDENTITY: LazyLock<Arc<Identity>> = LazyLock::new(|| {
        Arc::new(Identity {
            workspace: workspace(),
            device: gate_device(),
            signing: SigningKey::from_seed(&[1; 32]),
            log: SigningKey::from_seed(&[2; 32]),
            origin: "simulated/log".into(),
            log_keys: log_keys(),
            epoch: epoch(),
            factors: Zeroizing::new([3; 32]),
        })
    });
    Arc::clone(&IDENTITY)
}

/// The roster of this version, with these people's devices revoked and since when.
pub fn roster(version: u64, now: TimestampMs, revoked: &BTreeMap<usize, TimestampMs>) -> Roster {
    let member = |who: usize| Person {
        id: person(who),
        name: PEOPLE[who].0.into(),
        roles: BTreeSet::from([role(who)]),
        devices: vec![Device {
            id: device(who),
            signing_key: person_key(who).public_key(),
            sealing_key: Digest::of(&[u8::try_from(who).unwrap()]),
            enrolled_at_ms: TimestampMs::from_millis(T0 - DAY_MS),
            revoked_at_ms: revoked.get(&who).copied(),
        }],
        factors: BTreeSet::from([FactorKind::Totp]),
    };
    Roster {
        workspace: workspace(),
        version,
        issued_at_ms: now,
        expires_at_ms: TimestampMs::from_millis(T0 + 3_650 * DAY_MS),
        root: RootKeys { keys: BTreeSet::from([public(10)]), threshold: 1 },
        gate: GateKeys { device: gate_device(), signing_key: public(1), log_vkey: vkey() },
        people: (0..PEOPLE.len()).map(member).collect(),
        agents: vec![Agent { id: agent(), name: "proposer".into(), owner: person(OWNER) }],
    }
}

pub fn usd(micros: i64) -> Money {
    Money::from_micros(micros, Currency::parse("USD").unwrap())
}

pub fn entity(campaign: usize) -> EntityRef {
    EntityRef {
        platform: PlatformKind::GoogleAds,
        account_id: PlatformId::parse("1234567890").unwrap(),
        campaign_id: PlatformId::parse(&(1_000 + campaign).to_string()).unwrap(),
    }
}

pub fn campaign_of(entity_ref: &EntityRef) -> usize {
    (0..CAMPAIGNS).find(|campaign| entity(*campaign) == *entity_ref).unwrap()
}

/// A short policy of three layers, so that it compiles in no time: the limits that the
/// reference model knows, and a rule of the lowest layer that would relax them all.
pub static POLICY: LazyLock<Files> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let data = std::fs::read_to_string(root.join(DATA_FILE)).unwrap();
    [
        ("protocol/guard.rego", PROTOCOL),
        ("corporate/budget.rego", CORPORATE),
        ("campaign/relax.rego", RELAXING),
        (DATA_FILE, &data),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .collect()
});

const PROTOCOL: &str = r#"# What every workspace keeps.
package countersign.protocol

# METADATA
# title: What spends less is never blocked
# description: One signature is enough.
findings contains {
	"rule": "decrease_is_never_blocked",
	"outcome": "allow",
	"risk_tier": "low",
	"words": "What spends less reduces risk.",
} if {
	input.direction == "decrease"
}
"#;

const CORPORATE: &str = r#"# What the company asks for.
package countersign.corporate

# METADATA
# title: A large rise
# description: Ops and finance must sign.
findings contains {
	"rule": "large_rise",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"words": "A rise beyond the limit needs ops and finance.",
} if {
	input.budget_delta_percent != null
	input.budget_delta_percent > data.limits.max_change_percent
}

# METADATA
# title: A campaign runs again, or longer
# description: Ops and finance must sign.
findings contains {
	"rule": "runs_again_or_longer",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"words": "A campaign that runs again, or longer, needs ops and finance.",
} if {
	input.kind in {"status_change", "schedule_change"}
	input.direction == "increase"
}
"#;

const RELAXING: &str = r#"# A campaign's wish.
package countersign.campaign

# METADATA
# title: This campaign would like to go without signatures
# description: A lower layer's wish, which no higher layer may heed.
findings contains {
	"rule": "campaign_wishes",
	"outcome": "allow",
	"risk_tier": "low",
	"words": "The campaign would like to go without signatures.",
} if {
	input.direction == "increase"
}
"#;
