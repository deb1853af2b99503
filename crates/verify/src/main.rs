//! `countersign-verify`: checks an exported log offline, with no key but public ones.

use anyhow::Context as _;
use clap::Parser;
use countersign_audit::{Report, Trust};
use countersign_replay::verify_export;
use std::{
    fs::{self, File},
    io::{self, BufReader, Write as _},
    path::PathBuf,
    process::ExitCode,
};

/// Checks an exported Countersign log and gives two verdicts: integrity (nothing altered)
/// and completeness (nothing missing).
///
/// Exit code: 0 both hold, 1 at least one does not, 2 the export cannot be read.
#[derive(Parser)]
#[command(name = "countersign-verify", version)]
struct Arguments {
    /// The export, as `countersign-gate export` wrote it.
    export: PathBuf,
    /// Public keys to trust (trust.json), obtained otherwise than with the export.
    #[arg(long)]
    trust: Option<PathBuf>,
    /// A signed checkpoint from elsewhere, such as a desktop or a witness.
    #[arg(long)]
    checkpoint: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(report) => ExitCode::from(countersign_verify::exit_code(&report)),
        Err(error) => {
            let _ = writeln!(io::stderr(), "countersign-verify: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let trust = arguments
        .trust
        .as_ref()
        .map(|path| -> anyhow::Result<Trust> {
            let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_slice(&text)
                .with_context(|| format!("{} is no trust.json", path.display()))
        })
        .transpose()?;
    let checkpoint = arguments
        .checkpoint
        .as_ref()
        .map(|path| {
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        })
        .transpose()?;
    let path = &arguments.export;
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let report = verify_export(BufReader::new(file), trust.as_ref(), checkpoint.as_deref())
        .with_context(|| format!("cannot read {}", path.display()))?;
    let text = if arguments.json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else {
        countersign_verify::render(&report)
    };
    io::stdout().write_all(text.as_bytes()).context("cannot write the report")?;
    Ok(report)
}
