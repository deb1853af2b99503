//! What a decision costs the gate, beside what it cannot do without in the same run: verifying
//! two signatures (the record's and the decision's), asking the policy once, and one fdatasync.
//! First one decision at a time, then 64 in one page of records. Beside the stated least stands
//! another: with the three signatures that the gate owes each transaction, under the log's entry,
//! its checkpoint and the record that carries both.
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
use rustix::time::{ClockId, clock_gettime};
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

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Few enough for what a device may ask of a relay at once. Decisions one at a time, and pages of [`IN_FLIGHT`] after them.
const SINGLE: usize = 64;
const PAGES: usize = 2;
const IN_FLIGHT: usize = 64;
/// The gate's own, in each transaction.
const SIGNATURES: usize = 3;

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
    let bare = Bare::new(&world, &proposal.unwrap());
    let (mut whole, mut least, mut signed) = (vec![], vec![], vec![]);
    let before = shell.entries();
    for record in single {
        whole.push(shell.take(std::slice::from_ref(record)));
        least.push(bare.one_durably(0));
        signed.push(bare.one_durably(SIGNATURES));
    }
    assert_eq!(shell.entries() - before, SINGLE as u64, "each decision stands in the log");
    let [whole, least, signed] = [whole, least, signed].map(median);
    println!("one decision at a time, {SINGLE} of them, p50 by the clock and of the processor:");
    println!("  the gate: {whole}");
    println!("  two verifications, one policy and one fdatasync: {least}: {}", whole.times(least));
    println!("  and {SIGNATURES} signatures: {signed}: {}", whole.times(signed));

    let (mut whole, mut bound) = (Took::default(), Took::default());
    for page in many.chunks(IN_FLIGHT) {
        whole += shell.take(page);
        bound += bare.page(page.len());
    }
    println!("{IN_FLIGHT} in flight, {PAGES} times:");
    println!("  the gate: {}", whole.rate());
    println!("  verifications and policy alone: {}", bound.rate());
    println!("  of that bound: {}", bound.share(whole));
}

/// What was taken by the clock, and of the processor by this thread alone, which a busy
/// neighbour does not change.
#[derive(Clone, Copy, Default)]
struct Took {
    clock: Duration,
    processor: Duration,
}

impl Took {
    fn of(work: impl FnOnce()) -> Self {
        let (begun, used) = (Instant::now(), processor_time());
        work();
        Self { clock: begun.elapsed(), processor: processor_time() - used }
    }

    fn ratios(self, other: Self) -> [f64; 2] {
        [(self.clock, other.clock), (self.processor, other.processor)]
            .map(|(own, other)| own.as_secs_f64() / other.as_secs_f64())
    }

    fn times(self, least: Self) -> String {
        let [clock, processor] = self.ratios(least);
        format!("{clock:.2} x by the clock, {processor:.2} x the processor")
    }

    fn share(self, whole: Self) -> String {
        let [clock, processor] = self.ratios(whole).map(|share| 100.0 * share);
        format!("{clock:.0} % by the clock, {processor:.0} % of the processor")
    }

    fn rate(self) -> String {
        let [clock, processor] = [self.clock, self.processor]
            .map(|time| (PAGES * IN_FLIGHT) as f64 / time.as_secs_f64());
        format!("{clock:.0} a second by the clock, {processor:.0} of the processor")
    }
}

impl std::ops::AddAssign for Took {
    fn add_assign(&mut self, other: Self) {
        self.clock += other.clock;
        self.processor += other.processor;
    }
}

impl std::fmt::Display for Took {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0?}, {:.0?}", self.clock, self.processor)
    }
}

fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
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

    fn take(&mut self, records: &[(u64, Vec<u8>)]) -> Took {
        let head = records.last().unwrap().0;
        let page = Page { head, records: records.to_vec() };
        Took::of(|| {
            black_box(self.handle(Event::Page(page)));
        })
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

    fn one_durably(&self, signatures: usize) -> Took {
        Took::of(|| {
            self.judge();
            for (bytes, _) in self.signed.iter().cycle().take(signatures) {
                black_box(self.key.sign(black_box(bytes)).unwrap());
            }
            (&self.file).write_all(&[7; 4_096]).unwrap();
            self.file.sync_data().unwrap();
        })
    }

    /// The processor's part of so many, without the disk.
    fn page(&self, count: usize) -> Took {
        Took::of(|| (0..count).for_each(|_| self.judge()))
    }
}

fn median(mut taken: Vec<Took>) -> Took {
    let mut middle = |key: fn(&Took) -> Duration| {
        taken.sort_by_key(key);
        key(&taken[taken.len() / 2])
    };
    let (clock, processor) = (middle(|took| took.clock), middle(|took| took.processor));
    Took { clock, processor }
}
