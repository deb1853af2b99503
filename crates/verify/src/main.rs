//! `countersign-verify`: checks an exported log offline, with no key but public ones.

use anyhow::Context as _;
use clap::Parser;
use countersign_audit::{Report, Trust, export::Manifest};
use countersign_model::Envelope;
use countersign_replay::verify_export;
use countersign_verify::side_file;
use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Read from the export at once.
const READ_BYTES: usize = 256 * 1024;
/// No first line of an export is longer.
const MAX_MANIFEST_BYTES: u64 = 1024 * 1024;

/// Checks an exported Countersign log and gives two verdicts: integrity (nothing altered)
/// and completeness (nothing missing).
///
/// Exit code: 0 both hold, 1 at least one does not, 2 the export cannot be read.
#[derive(Parser)]
#[command(name = "countersign-verify", version)]
struct Arguments {
    /// The export, as `countersign-gate export` wrote it.
    export: PathBuf,
    /// Public keys to trust (trust.json), obtained separately from the export.
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
    let trust = arguments.trust.as_deref().map(read_trust).transpose()?;
    let path = &arguments.export;
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut export = BufReader::with_capacity(READ_BYTES, file);
    let cannot_read = || format!("cannot read {}", path.display());
    let checkpoint = match &arguments.checkpoint {
        None => None,
        Some(path) => {
            let log_vkey = match &trust {
                Some(trust) => Some(trust.log_vkey.clone()),
                None => named_vkey(&mut export).with_context(cannot_read)?,
            };
            Some(read_checkpoint(path, log_vkey.as_deref())?)
        }
    };
    let report =
        verify_export(export, trust.as_ref(), checkpoint.as_deref()).with_context(cannot_read)?;
    let text = if arguments.json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else {
        countersign_verify::render(&report)
    };
    io::stdout().write_all(text.as_bytes()).context("cannot write the report")?;
    Ok(report)
}

fn read_trust(path: &Path) -> anyhow::Result<Trust> {
    let text = read_text(path)?;
    serde_json::from_str(&text).with_context(|| {
        format!(
            "{} is no trust.json; have it written again with `countersign-gate trust`",
            path.display()
        )
    })
}

/// A checkpoint from elsewhere. Whether it is one of this log is asked here: a file that was
/// mixed up or spoiled says nothing about the log.
fn read_checkpoint(path: &Path, log_vkey: Option<&str>) -> anyhow::Result<String> {
    let note = side_file::note(&read_text(path)?);
    if let Some(log_vkey) = log_vkey {
        side_file::check_checkpoint(&note, log_vkey)
            .map_err(|what| anyhow::anyhow!("cannot use {}: {what}", path.display()))?;
    }
    Ok(note)
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = side_file::text(&bytes).with_context(|| format!("cannot use {}", path.display()))?;
    Ok(text.to_owned())
}

/// The log's key that the export names; `None` when it names none, which the report will say.
fn named_vkey(export: &mut BufReader<File>) -> io::Result<Option<String>> {
    let mut first = Vec::new();
    (&mut *export).take(MAX_MANIFEST_BYTES).read_until(b'\n', &mut first)?;
    export.rewind()?;
    let manifest = Envelope::from_bytes(first.trim_ascii_end())
        .ok()
        .and_then(|envelope| envelope.peek_unverified::<Manifest>().ok());
    Ok(manifest.map(|manifest| manifest.log_vkey))
}
