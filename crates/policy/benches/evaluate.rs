//! One policy evaluation, prepared: the published policies, facts as the gate makes them.
#![allow(clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// Facts in, joined evaluation out, on a machine that is ready.
#[divan::bench(args = [8, 25, 120])]
fn evaluate(bencher: Bencher<'_, '_>, percent: i64) {
    let set = support::published();
    let input = support::input(percent);
    bencher.bench_local(|| set.evaluate(black_box(&input)));
}

/// What a new version of the policy costs once.
#[divan::bench]
fn compile(bencher: Bencher<'_, '_>) {
    let (files, data) = (support::files(), support::data());
    bencher.bench_local(|| countersign_policy::PolicySet::compile(black_box(&files), data.clone()));
}
