//! Worlds of a seed each: gate, relay, desktops, agents and platform over faulty disks and
//! wires. After each step the invariants of ARCHITECTURE.md are asked, and at the end everything
//! must settle. `cargo xtask simulate --runs N --seed S` runs more of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a world that cannot be built is a fault of the simulation's, and stops it"
)]

mod account;
mod cast;
mod desktop;
mod found;
mod gate;
mod model;
mod post;
mod run;
mod step;
mod world;

use run::{Failure, run, shortest};
use std::{env, ops::Range, process::Command};

/// How many seeds every run of the tests takes.
const SEEDS: u64 = 1_000;
/// The first seed and how many, for `cargo xtask simulate` and for this test's own half.
const FIRST: &str = "COUNTERSIGN_SIMULATE_SEED";
const RUNS: &str = "COUNTERSIGN_SIMULATE_RUNS";
/// Set to have each seed's story told.
const STORY: &str = "COUNTERSIGN_SIMULATE_STORY";

#[test]
fn a_thousand_seeds_hold() {
    hold_in_two(0..SEEDS);
}

/// `cargo xtask simulate`: as many seeds as are asked for.
#[test]
fn more_seeds_hold() {
    let number = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let Some(runs) = number(RUNS) else { return };
    let first = number(FIRST).unwrap_or(0);
    hold(first..first.saturating_add(runs));
}

/// A world depends on its seed and on nothing else.
#[test]
fn the_same_seed_is_the_same_world() {
    for seed in [3, 44] {
        assert_eq!(run(seed).trace, run(seed).trace, "seed {seed}");
    }
    assert_ne!(run(3).trace, run(4).trace);
}

/// Half of the seeds in a process of their own: `sqlite-vfs` numbers open files without a lock.
fn hold_in_two(seeds: Range<u64>) {
    let half = (seeds.end - seeds.start) / 2;
    let mut other = Command::new(env::current_exe().unwrap())
        .args(["more_seeds_hold", "--exact", "--nocapture"])
        .env(FIRST, (seeds.start + half).to_string())
        .env(RUNS, half.to_string())
        .spawn()
        .unwrap();
    hold(seeds.start..seeds.start + half);
    assert!(other.wait().unwrap().success(), "the other half failed: see above");
}

fn hold(seeds: Range<u64>) {
    let tells = env::var_os(STORY).is_some();
    for seed in seeds {
        let ran = run(seed);
        if tells {
            println!("seed {seed}:\n{}\n", ran.steps.join("\n"));
        }
        if let Some(failure) = ran.failure {
            let Failure { broken, steps } = shortest(seed, failure);
            panic!(
                "seed {seed} breaks {}: {}\n{}",
                broken.invariant,
                broken.words,
                steps.join("\n")
            );
        }
    }
}
