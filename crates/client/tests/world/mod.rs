//! A small world: a real relay, a gate that writes what a gate writes, and desktops.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses a part")]

pub mod compact;
pub mod desktop;
pub mod fill;
pub mod gate;
pub mod insider;
pub mod proxy;
pub mod relay;
pub mod shelf;

pub use desktop::Desktop;
pub use gate::{CaseSetup, Gate};
pub use insider::Insider;
pub use proxy::{Nginx, Proxy, Proxying};
pub use relay::Relay;
pub use shelf::Shelf;

use countersign_model::TimestampMs;
use std::time::{Duration, Instant};

/// The amount that a change asks for in the first place.
pub fn after(
    diff: &[countersign_client::view::DiffRowView],
) -> countersign_client::view::MoneyView {
    diff[0].after.money().unwrap()
}

/// The present, as the system clock has it: the relay judges requests by it.
pub fn now() -> TimestampMs {
    countersign_client::system_clock()()
}

/// Far beyond what any wait takes, also on a machine with ten other jobs.
const LONGEST_WAIT: Duration = Duration::from_secs(90);

/// Waits until `check` answers, or fails with `what` after [`LONGEST_WAIT`].
pub async fn until<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    eventually(what, async || check()).await
}

/// The same, where looking takes its time.
pub async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(begun.elapsed() < LONGEST_WAIT, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A gate with a relay, and two people with a desktop each: Olivia (ops), Farid (finance).
pub struct World {
    pub relay: Relay,
    pub gate: Gate,
    pub ops: Desktop,
    pub finance: Desktop,
}

impl World {
    pub async fn new() -> Self {
        let relay = Relay::start().await;
        let url = relay.url();
        Self::at(relay, &url).await
    }

    /// The desktops reach the relay at this address, the gate at its own.
    pub async fn at(relay: Relay, url: &str) -> Self {
        let mut gate = Gate::found(&relay.url()).await;
        let ops = Desktop::new();
        let finance = Desktop::new();
        for (desktop, name, role) in [(&ops, "Olivia", "ops"), (&finance, "Farid", "finance")] {
            let request = desktop.engine().make_enrolment_request().unwrap();
            gate.set_base(url);
            let enrolment = gate.admit(&request.json, name, role).await;
            gate.set_base(&relay.url());
            desktop.join(&enrolment);
        }
        ops.start();
        finance.start();
        Self { relay, gate, ops, finance }
    }
}
