//! `cargo xtask`: sets up the machine, then runs, tests or measures Countersign.
//!
//! Reading order: [`packages`] and [`setup`] (what must be installed), [`step`] (progress),
//! then one file per command: `test`, `run`, `bench`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a terminal program")]

mod bench;
mod build;
mod cache;
mod clock;
mod deny;
mod packages;
mod pictures;
mod run;
mod setup;
mod simulate;
mod step;
mod test;
mod totals;
mod ui;
mod version;

use anyhow::{Result, bail};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test                           set up, check, build and test everything
cargo xtask run [--data DIR]               open the app on a demo workspace
cargo xtask run --headless [--out DIR]     play the story under a virtual display
cargo xtask simulate [--runs N] [--seed S]  worlds of a seed each, with faulty disks, wires and liars
cargo xtask bench [-- ARGS]                measure; ARGS go to the benches (a name filters)
cargo xtask pictures [SCREEN...]           retake the pictures of docs/screens";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    match arguments.split_first() {
        Some((command, [])) if command == "test" => test::test(),
        Some((command, rest)) if command == "run" => run::run(&run::Options::parse(rest)?),
        Some((command, rest)) if command == "simulate" => {
            simulate::simulate(simulate::Options::parse(rest)?)
        }
        Some((command, rest)) if command == "bench" => bench::bench(rest),
        Some((command, rest)) if command == "pictures" => pictures::pictures(rest),
        Some((command, _)) if matches!(command.as_str(), "help" | "--help" | "-h") => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("use it so:\n{USAGE}"),
    }
}
