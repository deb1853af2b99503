//! Progress that a person can follow, and child processes whose failure is one sentence.

use anyhow::{Context as _, Result, bail};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Numbered steps with the time that each took.
#[derive(Debug)]
pub(crate) struct Progress {
    total: usize,
    current: usize,
    started: Instant,
}

impl Progress {
    /// Progress over a known number of steps.
    pub(crate) fn new(total: usize) -> Self {
        Self { total, current: 0, started: Instant::now() }
    }

    /// Announces a step, does it, and says how long it took.
    pub(crate) fn step<T>(&mut self, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.current += 1;
        let (current, total) = (self.current, self.total);
        println!("\n[{current}/{total}] {what}  ({} so far)", show(self.started.elapsed()));
        let started = Instant::now();
        let done = work().with_context(|| format!("step {current}/{total} failed: {what}"))?;
        println!("[{current}/{total}] done in {}", show(started.elapsed()));
        Ok(done)
    }

    /// Time since the first step.
    pub(crate) fn elapsed(&self) -> String {
        show(self.started.elapsed())
    }
}

fn show(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..=9 => format!("{:.1} s", elapsed.as_secs_f64()),
        10..=59 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// Runs a command with its output on this terminal; `hint` says what to do when it fails.
pub(crate) fn run(command: &mut Command, hint: &str) -> Result<()> {
    let line = show_command(command);
    println!("  $ {line}");
    let status = command.status().with_context(|| format!("cannot start `{line}`; {hint}"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}. {hint}");
    }
    Ok(())
}

/// Runs a command, passes its standard output on line by line, and shows each line to `see`.
/// Answers whether it ended well.
pub(crate) fn run_and_read(command: &mut Command, mut see: impl FnMut(&str)) -> Result<bool> {
    let line = show_command(command);
    println!("  $ {line}");
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{line}`"))?;
    let output = child.stdout.take().context("the command has no output")?;
    let mut reader = BufReader::new(output);
    let mut bytes = Vec::new();
    let mut out = std::io::stdout();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        out.write_all(&bytes)?;
        out.flush()?;
        see(String::from_utf8_lossy(&bytes).trim_end());
        bytes.clear();
    }
    Ok(child.wait()?.success())
}

/// What a command prints, or nothing if it cannot be started or fails.
pub(crate) fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn show_command(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_named_with_its_hint() {
        let mut command = Command::new("cargo");
        let error = run(command.arg("no-such-subcommand"), "Try another.").unwrap_err().to_string();
        assert!(error.starts_with("`cargo no-such-subcommand` ended with"), "{error}");
        assert!(error.ends_with("Try another."), "{error}");
    }

    #[test]
    fn output_is_seen_line_by_line() {
        let mut lines = Vec::new();
        let mut command = Command::new("cargo");
        let ended_well =
            run_and_read(command.arg("--version"), |line| lines.push(line.to_owned())).unwrap();
        assert!(ended_well);
        assert!(lines[0].starts_with("cargo 1."), "{lines:?}");
    }

    #[test]
    fn the_step_that_failed_is_named() {
        let mut progress = Progress::new(2);
        progress.step("one", || Ok(())).unwrap();
        let error = progress.step("two", || -> Result<()> { bail!("broken") }).unwrap_err();
        assert_eq!(format!("{error:#}"), "step 2/2 failed: two: broken");
    }

    #[test]
    fn times_read_well() {
        assert_eq!(show(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(show(Duration::from_secs(59)), "59 s");
        assert_eq!(show(Duration::from_secs(605)), "10 min 05 s");
    }
}
