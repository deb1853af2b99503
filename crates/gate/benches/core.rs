//! What a decision costs the gate, beside what it cannot do without in the same run: verifying
//! two signatures (the record's and the decision's), asking the policy once, and one fdatasync.
//! First one decision at a time, then 64 in one page of records.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use countersign_gate::{
    clock::Clocks,
    core::{Effect, Event, PageAnswer, Rules},
    data::DataDir,
    identity::Identity,
    ledger::Ledger,
    policies,
    relay::Relay,
    shell::Shell,
    store::Store,
};
use countersign_model::{
    Proposal, Signature, Signer as _, signature::SigningKey, verdict::AutonomyMode,
};
use countersign_policy::{PolicyInput, PolicySet, Trailing};
use countersign_sync::wire::Page;
use serde_json::json;
use std::{
    fs::File,
    hint::black_box,
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};
use support::{World, desktop::Desktop, root};
use uuid::Uuid;

/// Few enough for what a device may ask of a relay at once. Decisions one at a time, and pages of [`IN_FLIGHT`] after them.
const SINGLE: usize = 64;
const PAGES: usize = 2;
const IN_FLIGHT: usize = 64;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let mut world = World::start().await;
    let agents = json!({
        "requests_per_second": 1_000, "burst": 10_000, "concurrent": 16,
        "bytes_in_flight": 4_194_304, "drafts_per_hour": 100_000, "open_cases": 10_000,
    });
    world.configure("agents", agents);
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let owner = world.admit(2, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    let mut cases = vec![];
    for number in 0..SINGLE + PAGES * IN_FLIGHT {
        let receipt = world.draft(&token, number % 4).await;
        cases.push(receipt["proposal"].as_str().unwrap().parse().unwrap());
    }
    let (mut envelopes, mut proposal) = (vec![], None);
    for case in &cases {
        let seen = ops.open(*case).await;
        envelopes.push((*case, ops.sign(&ops.approval(&seen), seen.subject)));
        proposal.get_or_insert(seen.proposal);
    }
    world.kill_gate();
    for (case, envelope) in &envelopes {
        ops.send(*case, envelope).await;
    }

    let mut shell = Measured::open(&world);
    let records = shell.records(&world, &ops).await;
    assert_eq!(records.len(), cases.len());
    let (single, many) = records.split_at(SINGLE);
    let mut bare = Bare::new(&world, &proposal.unwrap());
    let (mut whole, mut least) = (vec![], vec![]);
    let before = shell.entries();
    for record in single {
        whole.push(shell.take(std::slice::from_ref(record)));
        least.push(bare.one_durably());
    }
    assert_eq!(shell.entries() - before, SINGLE as u64, "each decision stands in the log");
    let (whole, least) = (median(&mut whole), median(&mut least));
    println!("one decision at a time, {SINGLE} of them, p50:");
    println!("  the gate: {whole:?} = {:.2} x", ratio(whole, least));
    println!("  two verifications, one policy and one fdatasync: {least:?}");

    let (mut whole, mut cpu) = (Duration::ZERO, Duration::ZERO);
    for page in many.chunks(IN_FLIGHT) {
        whole += shell.take(page);
        cpu += bare.page(page.len());
    }
    let per_second = |time: Duration| (PAGES * IN_FLIGHT) as f64 / time.as_secs_f64();
    println!("{IN_FLIGHT} in flight, {PAGES} times:");
    println!("  the gate: {:.0} decisions a second", per_second(whole));
    println!("  verifications and policy alone: {:.0} a second", per_second(cpu));
    println!("  {:.0} % of that bound", 100.0 * ratio(cpu, whole));
}

/// The real shell on the data that the killed gate left.
struct Measured {
    shell: Shell,
    began: Instant,
    identity: Arc<Identity>,
}

impl Measured {
    fn open(world: &World) -> Self {
        let data = DataDir::new(&world.data());
        let store = Arc::new(Store::open(&data.database()).unwrap());
        let identity = Arc::new(Identity::load(&data, &store).unwrap());
        let ledger = Ledger::open(store, Arc::clone(&identity)).unwrap();
        let (policies, files) = policies::load(&root().join("policies")).unwrap();
        let began = Instant::now();
        let rules = Rules { policies, files };
        let shell = Shell::new(ledger, rules, 86_400_000, Clocks::read(began)).unwrap();
        let mut measured = Self { shell, began, identity };
        measured.handle(Event::Started);
        measured
    }

    fn handle(&mut self, event: Event) -> Option<PageAnswer> {
        let clocks = Clocks::read(self.began);
        let left = self.shell.handle(event, clocks, &mut Uuid::now_v7).unwrap();
        left.into_iter().find_map(|effect| match effect {
            Effect::Page(place) => Some(place),
            _ => None,
        })
    }

    /// Everything of the device's that the gate has not taken in, each with its position; what
    /// came before it is taken in.
    async fn records(&mut self, world: &World, ops: &Desktop) -> Vec<(u64, Vec<u8>)> {
        let relay =
            Relay::new(world.relay_url.parse().unwrap(), Arc::clone(&self.identity)).unwrap();
        let (mut found, mut before) = (vec![], vec![]);
        let mut after = self.handle(Event::Reconnected).unwrap().cursor;
        loop {
            let page = relay.page(after).await.unwrap();
            let Some((last, _)) = page.records.last() else { break };
            after = *last;
            for (position, bytes) in page.records {
                let record = countersign_sync::SealedRecord::decode(&bytes).unwrap();
                let is_own = record.header().writer == ops.device;
                if is_own { &mut found } else { &mut before }.push((position, bytes));
            }
        }
        before.chunks(IN_FLIGHT).for_each(|some| {
            self.take(some);
        });
        found
    }

    fn take(&mut self, records: &[(u64, Vec<u8>)]) -> Duration {
        let head = records.last().unwrap().0;
        let page = Page { head, records: records.to_vec() };
        let begun = Instant::now();
        black_box(self.handle(Event::Page(page)));
        begun.elapsed()
    }

    fn entries(&self) -> u64 {
        self.shell.ledger().store().read(|reader| reader.log_size()).unwrap()
    }
}

/// What no gate can do without.
struct Bare {
    key: SigningKey,
    signed: Vec<(Vec<u8>, Signature)>,
    policies: PolicySet,
    facts: PolicyInput,
    file: File,
}

impl Bare {
    fn new(world: &World, proposal: &Proposal) -> Self {
        let key = SigningKey::from_seed(&[7; 32]);
        // A record and a decision are about as long.
        let signed = [2_048_usize, 1_400].map(|length| {
            let bytes = vec![7; length];
            let signature = key.sign(&bytes).unwrap();
            (bytes, signature)
        });
        let (policies, _) = policies::load(&root().join("policies")).unwrap();
        let trailing = Trailing { increases_micros: 0 };
        let facts = PolicyInput::of(proposal, trailing, AutonomyMode::ProposeOnly);
        let file = File::create(world.folder.path().join("bare")).unwrap();
        Self { key, signed: signed.into(), policies, facts, file }
    }

    fn judge(&self) {
        for (bytes, signature) in &self.signed {
            self.key.public_key().verify(black_box(bytes), signature).unwrap();
        }
        black_box(self.policies.evaluate(black_box(&self.facts)).unwrap());
    }

    fn one_durably(&mut self) -> Duration {
        let begun = Instant::now();
        self.judge();
        self.file.write_all(&[7; 4_096]).unwrap();
        self.file.sync_data().unwrap();
        begun.elapsed()
    }

    /// The processor's part of so many, without the disk.
    fn page(&self, count: usize) -> Duration {
        let begun = Instant::now();
        (0..count).for_each(|_| self.judge());
        begun.elapsed()
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ratio(whole: Duration, part: Duration) -> f64 {
    whole.as_secs_f64() / part.as_secs_f64()
}
