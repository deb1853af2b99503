//! `cargo xtask simulate`: worlds of a seed each, as many as are asked for.

use crate::{
    build,
    cache::Cache,
    packages::Need,
    setup,
    step::{self, Progress},
};
use anyhow::{Context as _, Result, bail};

/// How many worlds, when nobody says.
const RUNS: u64 = 1_000;

/// Which worlds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Options {
    runs: u64,
    seed: u64,
}

impl Options {
    /// Reads `--runs N` and `--seed S`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { runs: RUNS, seed: 0 };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let value = rest.next().with_context(|| format!("{name} needs a number"))?;
            let number = value.parse().with_context(|| format!("{name} {value}: no number"))?;
            match name.as_str() {
                "--runs" => options.runs = number,
                "--seed" => options.seed = number,
                _ => bail!("`simulate` does not know {name}: it takes --runs N and --seed S"),
            }
        }
        Ok(options)
    }
}

/// Runs the worlds; the first that breaks an invariant is told as short as it gets.
pub(crate) fn simulate(options: Options) -> Result<()> {
    let Options { runs, seed } = options;
    let cache = Cache::open()?;
    let mut progress = Progress::new(2);
    progress.step("set-up", || setup::prepare(&[Need::Build]))?;
    progress.step(&format!("{runs} worlds from seed {seed} on"), || {
        let mut command = build::cargo(&cache)?;
        command
            .args(["test", "--locked", "--package", "countersign-simulation", "--test", "seeds"])
            .args(["more_seeds_hold", "--", "--exact", "--nocapture"])
            .env("COUNTERSIGN_SIMULATE_RUNS", runs.to_string())
            .env("COUNTERSIGN_SIMULATE_SEED", seed.to_string());
        step::run(&mut command, "The story above is the shortest found for that seed.")
    })?;
    println!("\nAll of them hold, after {}.", progress.elapsed());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options> {
        Options::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn numbers_are_read_and_nothing_is_guessed() {
        assert_eq!(parse(&[]).unwrap(), Options { runs: RUNS, seed: 0 });
        let some = parse(&["--seed", "7", "--runs", "20"]).unwrap();
        assert_eq!(some, Options { runs: 20, seed: 7 });
        for wrong in [&["--runs"][..], &["--runs", "many"], &["--worlds", "1"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
