//! What a person feels in the real window: from start to the first painted page beside an
//! empty window of the same toolkit, memory, from a key to what it changes on the page, and
//! the same while many cases come in. Not a timed test: it prints figures and fails only
//! when something cannot be measured.
//!
//! Stores of 1,000 and 100,000 signed cases are made first, which takes minutes; other sizes
//! with `COUNTERSIGN_BENCH_CASES=10000,1000000`, of which more than 100,000 are 10,000 signed
//! cases and list rows without cases. Needs the release programs and two examples:
//! `cargo xtask bench -- window` builds them.
#![allow(clippy::print_stdout, reason = "a benchmark talks to the terminal")]

use anyhow::{Context, Result, ensure};
use countersign_demo::{Session, Window, process::Programs};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::{sleep, timeout},
};

/// The line that app and empty window write when their page is painted.
const PAINTED: &str = "the page is painted";
const STARTS: usize = 15;
const SIZES: &str = "1000,100000";
/// Largest store of signed cases alone, and the signed cases of one that is larger.
const MAX_SIGNED: u32 = 100_000;
const SIGNED_BEYOND: u32 = 10_000;
/// What the script in the page measures, `KEYS` times each.
const KEYS: u32 = 200;
/// Cases that come in while a person types.
const COMING: u32 = 1_000;

#[tokio::main]
async fn main() -> Result<()> {
    // `cargo bench NAME` passes words on; the runner adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.iter().any(|word| !"window".contains(word.as_str())) {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let session = Session::start(folder.path(), (1280, 800)).await?;
    let bench = Bench { programs: Programs::find()?, session };
    let mut profiles = Vec::new();
    let sizes = std::env::var("COUNTERSIGN_BENCH_CASES").unwrap_or_else(|_| SIZES.into());
    for size in sizes.split(',') {
        profiles.push(bench.fill(size.parse().context("a number of cases")?).await?);
    }
    bench.starts(&profiles).await?;
    bench.memory(&profiles).await?;
    for profile in &mut profiles {
        bench.keys(profile).await?;
    }
    Ok(())
}

/// A filled profile.
struct Filled {
    size: u32,
    folder: PathBuf,
    /// Holds its relay, which comes back after a line.
    relay: Child,
    /// What it writes.
    said: Lines<BufReader<ChildStdout>>,
}

impl Filled {
    async fn until(&mut self, word: &str) -> Result<()> {
        while let Some(line) = self.said.next_line().await? {
            if line == word {
                return Ok(());
            }
            println!("{line}");
        }
        anyhow::bail!("a store of {} cases could not be made", self.size)
    }
}

struct Bench {
    programs: Programs,
    session: Session,
}

impl Bench {
    async fn fill(&self, size: u32) -> Result<Filled> {
        let folder = self.session.home().join(format!("profile-{size}"));
        let signed = if size > MAX_SIGNED { SIGNED_BEYOND } else { size };
        let mut relay = Command::new(self.programs.path("examples/fill_profile"))
            .arg(&folder)
            .args([signed, COMING, size - signed].map(|number| number.to_string()))
            .envs(self.session.env())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("fill_profile cannot be started")?;
        let said = BufReader::new(relay.stdout.take().context("no stdout")?).lines();
        let mut filled = Filled { size, folder, relay, said };
        filled.until("filled").await?;
        Ok(filled)
    }

    /// Interleaved, so that a slow minute of the machine meets all of them.
    async fn starts(&self, profiles: &[Filled]) -> Result<()> {
        let mut empty = Vec::new();
        let mut ours = vec![Vec::new(); profiles.len()];
        for _ in 0..STARTS {
            empty.push(self.start(&self.programs.path("examples/empty_window"), &[]).await?.0);
            for (times, profile) in ours.iter_mut().zip(profiles) {
                times.push(self.start_app(profile).await?.0);
            }
        }
        let base = median(&mut empty);
        println!("start to painted, empty window: {base:?}");
        for (times, Filled { size, .. }) in ours.iter_mut().zip(profiles) {
            let time = median(times);
            let ratio = time.as_secs_f64() / base.as_secs_f64();
            println!("start to first page painted, {size} cases: {time:?}, {ratio:.2} x empty");
        }
        Ok(())
    }

    async fn memory(&self, profiles: &[Filled]) -> Result<()> {
        for profile in profiles {
            let size = profile.size;
            let (_, child) = self.start_app(profile).await?;
            sleep(Duration::from_secs(5)).await;
            let main = child.id().context("the app has ended")?;
            let whole: u64 = family(main)?.into_iter().filter_map(pss_kib).sum();
            let main = pss_kib(main).context("the app's memory cannot be read")?;
            println!(
                "memory idle, {size} cases: main process {:.1} MB, whole app {:.1} MB (PSS)",
                megabytes(main),
                megabytes(whole)
            );
        }
        Ok(())
    }

    async fn start_app(&self, profile: &Filled) -> Result<(Duration, Child)> {
        let profile = profile.folder.to_str().context("the folder's name is no text")?;
        self.start(&self.programs.path("countersign"), &["--profile", profile]).await
    }

    async fn start(&self, program: &Path, arguments: &[&str]) -> Result<(Duration, Child)> {
        let begun = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .envs(self.session.env())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let errors = child.stderr.take().context("no stderr")?;
        let mut lines = BufReader::new(errors).lines();
        let painted = async {
            let mut last = String::new();
            while let Some(line) = lines.next_line().await? {
                if line.contains(PAINTED) {
                    return Ok(begun.elapsed());
                }
                last = line;
            }
            anyhow::bail!("{} ended before its page was painted: {last}", program.display())
        };
        let time = timeout(Duration::from_secs(30), painted).await.context("never painted")??;
        // What it goes on to write is read, so that it never waits for us.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok((time, child))
    }

    async fn keys(&self, profile: &mut Filled) -> Result<()> {
        let window = self.open(profile).await?;
        let count = "arguments[0](Number(document.querySelector('[data-testid=view-needs_me]').dataset.count))";
        let had = window.ask(count, vec![]).await?;
        report(profile.size, self.type_in(&window, 0, &had).await?)?;
        window.close().await?;

        profile.relay.stdin.as_mut().context("no stdin")?.write_all(b"\n").await?;
        profile.until("serving").await?;
        let window = self.open(profile).await?;
        report(profile.size, self.type_in(&window, COMING, &had).await?)?;
        window.close().await
    }

    async fn open(&self, profile: &Filled) -> Result<Window> {
        let window = Window::open(&self.session, &self.programs, &profile.folder).await?;
        window.find("inbox-row", "").await?;
        Ok(window)
    }

    async fn type_in(
        &self,
        window: &Window,
        coming: u32,
        had: &Value,
    ) -> Result<BTreeMap<String, Vec<f64>>> {
        let arguments = vec![json!(KEYS), json!(coming), had.clone()];
        let measured = window.ask(include_str!("key_to_paint.js"), arguments).await?;
        serde_json::from_value(measured.clone())
            .with_context(|| format!("the page answered {}", short(&measured)))
    }
}

fn report(size: u32, measured: BTreeMap<String, Vec<f64>>) -> Result<()> {
    for (what, mut times) in measured {
        ensure!(!times.is_empty(), "{what} was not measured");
        times.sort_by(f64::total_cmp);
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "an index below the length"
            )]
            let index = ((times.len() as f64 - 1.0) * share).round() as usize;
            times[index]
        };
        println!(
            "{size} cases, {what}: p50 {:.1} ms, p99 {:.1} ms, n = {}",
            at(0.5),
            at(0.99),
            times.len()
        );
    }
    Ok(())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The process and all that it started.
fn family(root: u32) -> Result<Vec<u32>> {
    let mut parents: BTreeMap<u32, u32> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { continue };
        // The name in brackets may hold spaces; the parent is the second word after it.
        let parent =
            stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        if let Some(parent) = parent {
            parents.insert(process, parent);
        }
    }
    let mut family = vec![root];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(process, _)| *process));
        next += 1;
    }
    Ok(family)
}

/// Proportional set size (proc_pid_smaps_rollup(5)).
fn pss_kib(process: u32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn megabytes(kib: u64) -> f64 {
    kib as f64 * 1_024.0 / 1e6
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
