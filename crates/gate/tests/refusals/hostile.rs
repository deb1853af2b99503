//! An insider's device writes what it likes between honest drafts and decisions: the gate goes
//! on, honest work gets its outcome, what the insider can add to the log is bounded, and the
//! log holds before the verifier.

#[path = "../../../document/tests/hostile/mod.rs"]
mod generator;
#[path = "../../../client/tests/world/shelf.rs"]
#[allow(unreachable_pub, dead_code, reason = "other tests use the rest of it")]
mod shelf;

use crate::support::{World, desktop::Desktop, draft_of, now};
use countersign_gate::store::Store;
use countersign_model::{
    DecisionKind, ProposalId,
    entry::{ActorKind, Entry, EntryKind, ExecutionStatus},
};
use generator::{Hostile, Insider};
use serde_json::{Value, json};
use shelf::Shelf;
use std::time::{Duration, Instant};

/// So many hostile records at once: in a long run, and in one of the suite.
const AT_ONCE: [usize; 2] = [100, 25];
/// The least of rounds, each of another kind.
const ROUNDS: usize = 4;
/// Of the cases that were opened last, so many are the insider's to write in.
const CASES: usize = 8;
/// What the gate logs of one device and hour: refused control statements, and as much again of
/// what nobody signed.
const PER_HOUR: usize = 16;
/// How often an hour somebody's reading of one prompt is logged.
const READS_PER_CASE: usize = 4;
/// Decisions of one person that are judged in one case, and the one that says that it was all.
const PER_CASE: usize = 33;
/// The least that a budget can be changed by here, in micros.
const STEP: i64 = 10_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What is proposed in a round, and how it ends.
#[derive(Clone, Copy)]
enum Round {
    /// +25 %, which is approved.
    Large,
    /// +25 %, which ops rejects.
    Rejected,
    /// A cent up or down, which is approved.
    Small(i64),
}

impl Round {
    const fn of(number: usize) -> Self {
        match number {
            0 => Self::Large,
            _ => match number % 4 {
                1 => Self::Rejected,
                2 => Self::Small(STEP),
                _ => Self::Small(-STEP),
            },
        }
    }
}

struct Team {
    world: World,
    shelf: Shelf,
    ops: Desktop,
    finance: Desktop,
    insider: Desktop,
    token: String,
    /// Gates of this run: what is only counted in memory starts over with each.
    gates: usize,
    begun: Instant,
    at_once: usize,
    written: usize,
}

impl Team {
    async fn gather(at_once: usize) -> Self {
        let shelf = Shelf::start().await;
        let mut world = World::at(shelf.url()).await;
        let ops = world.admit(1, "Olivia", "ops", None).await;
        let finance = world.admit(2, "Felix", "finance", None).await;
        let owner = world.admit(3, "Omar", "ops", None).await;
        let insider = world.admit(4, "Ines", "ops", None).await;
        let token = world.add_agent(owner.person).await;
        world.configure("agents", json!({"drafts_per_hour": 1_000_000}));
        world.serve().await;
        let begun = Instant::now();
        let (gates, written) = (1, 0);
        Self { world, shelf, ops, finance, insider, token, gates, begun, at_once, written }
    }

    fn hostile(&self, seed: u64) -> Hostile {
        let insider = Insider {
            workspace: self.insider.workspace(),
            person: self.insider.person,
            device: self.insider.device,
            key: self.insider.key(),
            role: "ops".into(),
            now: now(),
            cases: vec![],
            seen: vec![],
        };
        Hostile::new(seed, insider)
    }

    async fn draft(&self, round: Round) -> ProposalId {
        let (_, listed) = self.world.call(&self.token, "list_campaigns", json!({})).await;
        let campaign = &listed["campaigns"][0];
        let mut draft = draft_of(campaign);
        if let Round::Small(by) = round {
            let before = campaign["budget"]["amount"]["amount_micros"].as_str().unwrap();
            let after = before.parse::<i64>().unwrap() + by;
            draft["change"]["after"]["amount_micros"] = json!(after.to_string());
        }
        let (failed, receipt) = self.world.call(&self.token, "draft_budget_change", draft).await;
        assert!(!failed, "{receipt}");
        receipt["proposal"].as_str().unwrap().parse().unwrap()
    }

    /// One honest case from its draft to its outcome, and hostile records meanwhile.
    async fn round(&mut self, number: usize, hostile: &mut Hostile) {
        let round = Round::of(number);
        let case = self.draft(round).await;
        let seen = self.ops.open(case).await;
        let knows = &mut hostile.insider;
        knows.cases.push((case, seen.subject));
        if knows.cases.len() > CASES {
            knows.cases.remove(0);
        }
        knows.now = now();
        knows.seen = self.ops.last_read.iter().cloned().collect();
        let bodies: Vec<_> = (0..self.at_once).map(|_| hostile.body()).collect();
        self.insider.write(&bodies).await;
        self.written += bodies.len();
        let mut decision = self.ops.approval(&seen);
        if let Round::Rejected = round {
            decision.kind = DecisionKind::Reject;
            decision.effective = None;
            decision.reason.code = "over_budget".into();
        }
        assert_eq!(self.ops.decide(&seen, &decision).await, None);
        let asks_finance = seen.verdict.quorum.iter().any(|group| group.role.as_str() == "finance");
        if asks_finance && !matches!(round, Round::Rejected) {
            let seen = self.finance.open(case).await;
            let approval = self.finance.approval(&seen);
            assert_eq!(self.finance.decide(&seen, &approval).await, None);
        }
        let outcome = self
            .ops
            .wait_for("the outcome", |entry| {
                let kinds = [EntryKind::ExecutionFinished, EntryKind::CaseRejected];
                entry.body.event.proposal_id() == Some(case)
                    && kinds.contains(&entry.body.event.kind())
            })
            .await;
        match (round, outcome.body.event.platform()) {
            (Round::Rejected, None) => {}
            (Round::Large | Round::Small(_), Some(platform)) => {
                assert_eq!(platform.status, ExecutionStatus::Applied);
            }
            (_, platform) => panic!("another outcome: {platform:?}"),
        }
    }

    /// The relay forgets what everybody has read, the gate its own records too.
    async fn forget(&mut self) {
        self.finance.sync().await;
        self.ops.sync().await;
        let store = Store::open(&self.world.data().join("gate.sqlite")).unwrap();
        let state = store.read(|reader| reader.meta("reader")).unwrap().unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        if state["cursor"] == self.shelf.head() {
            self.shelf.forget();
        }
    }

    /// The gate is killed and starts again where it was.
    async fn restart(&mut self) {
        self.world.kill_gate();
        self.world.serve().await;
        self.gates += 1;
    }

    /// What one device can add to the log has an end for each burst, and nothing else grows
    /// with what it sends.
    fn assert_bounded(&mut self, rounds: usize) {
        assert!(!self.world.has_ended(), "the gate has ended: {}", self.world.log());
        let hours = usize::try_from(self.begun.elapsed().as_secs() / 3_600).unwrap();
        let bursts = self.gates + hours;
        let entries = &self.ops.entries;
        let count = |fits: &dyn Fn(&Entry) -> bool| entries.iter().filter(|one| fits(one)).count();
        let content = count(&|one| one.body.event.kind() == EntryKind::ContentRefused);
        assert!(content >= 1 && content <= bursts, "{content} in {bursts} bursts");
        let refused = |one: &Entry| {
            let kinds = [EntryKind::DecisionRefused, EntryKind::ControlRefused];
            kinds.contains(&one.body.event.kind())
        };
        let unsigned = count(&|one| refused(one) && one.body.actor.kind == ActorKind::Gate);
        assert!(unsigned <= PER_HOUR * bursts, "{unsigned} in {bursts} bursts");
        let insider = self.insider.person.to_string();
        let of_insider = |one: &Entry| one.body.actor.id == insider;
        let decisions = count(&|one| of_insider(one) && one.body.event.decision().is_some());
        assert!(decisions <= PER_CASE * rounds, "{decisions} in {rounds} cases");
        let reads = count(&|one| one.body.event.kind() == EntryKind::PromptRead);
        assert!(reads <= READS_PER_CASE * rounds * bursts, "{reads} in {rounds} cases");
        let others = count(&|one| of_insider(one) && one.body.event.decision().is_none()) - reads;
        assert!(others <= PER_HOUR * bursts, "{others} in {bursts} bursts");
        let own = count(&|one| one.body.actor.id != insider);
        assert!(own <= 10 + 8 * rounds + (1 + PER_HOUR) * bursts, "{own} in {rounds} rounds");
        let store = Store::open(&self.world.data().join("gate.sqlite")).unwrap();
        let reader = store.read(|reader| reader.meta("reader")).unwrap().unwrap();
        assert!(reader.len() < 64 * 1024, "the reader's state has {} bytes", reader.len());
        let file = std::fs::metadata(self.world.data().join("gate.sqlite")).unwrap().len();
        let room = 4_000_000 + 700_000 * u64::try_from(rounds).unwrap();
        assert!(file < room, "the database has {file} bytes");
        let log = self.world.log();
        assert!(!log.contains("at fault"), "neither the relay nor a chain of records is at fault");
        let log = u64::try_from(log.len()).unwrap();
        assert!(log < 100_000 + 40_000 * u64::try_from(rounds).unwrap(), "{log} bytes are logged");
        let peak = self.world.memory_kib("VmHWM");
        assert!(peak < 400 * 1024, "the gate held {peak} KiB");
    }
}

/// By default it takes seconds; `COUNTERSIGN_HOSTILE_SECONDS=3600` makes it an hour,
/// `COUNTERSIGN_HOSTILE_SEED` another run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_records_between_honest_work_stop_no_gate() {
    let seed = setting("COUNTERSIGN_HOSTILE_SEED", 7);
    let lasts = Duration::from_secs(setting("COUNTERSIGN_HOSTILE_SECONDS", 0));
    let at_once = AT_ONCE[usize::from(lasts.is_zero())];
    let mut team = Team::gather(at_once).await;
    if !lasts.is_zero() {
        // Beside other work: what comes late is no hang.
        team.ops.patience = Duration::from_secs(600);
        team.finance.patience = team.ops.patience;
    }
    let mut hostile = team.hostile(seed);
    let mut rounds = 0;
    while rounds < ROUNDS || team.begun.elapsed() < lasts {
        team.round(rounds, &mut hostile).await;
        rounds += 1;
        team.assert_bounded(rounds);
        if rounds % 64 == 2 {
            team.restart().await;
        }
        if rounds % 16 == 0 {
            team.forget().await;
            println!("{rounds} rounds, {} KiB at most", team.world.memory_kib("VmHWM"));
        }
    }
    let lines = team.world.assert_export_holds().await;
    println!(
        "seed {seed}: {} hostile records and {rounds} honest cases in {:?}; {} entries, {lines} lines exported, the gate held {} KiB at most",
        team.written,
        team.begun.elapsed(),
        team.ops.entries.len(),
        team.world.memory_kib("VmHWM"),
    );
}
