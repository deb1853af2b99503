//! `countersign`: the approver's app.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use clap::{Parser, Subcommand, ValueEnum};
use countersign_desktop::enrolment;
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

/// Countersign what AI agents propose.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The profile folder: which keys, which workspace.
    #[arg(long, env = "COUNTERSIGN_PROFILE")]
    profile: Option<PathBuf>,
    /// Form of the log on stderr.
    #[arg(long, value_enum, default_value = "text")]
    log: LogForm,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogForm {
    Json,
    Text,
}

#[derive(Subcommand)]
enum Command {
    /// Make this device's keys and write the request that an administrator needs.
    EnrolRequest {
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Join the workspace of an enrolment file.
    EnrolAccept {
        /// The file that the administrator handed back.
        #[arg(long = "in")]
        file: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    start_log(options.log);
    let profile = match options.profile {
        Some(profile) => profile,
        None => default_profile()?,
    };
    match options.command {
        None => countersign_desktop::run(&profile),
        Some(Command::EnrolRequest { out }) => enrolment::write_request(&profile, &out),
        Some(Command::EnrolAccept { file }) => enrolment::accept(&profile, &file),
    }
}

/// The platform's folder for an app's data.
fn default_profile() -> anyhow::Result<PathBuf> {
    let home = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let base = if cfg!(target_os = "windows") {
        home("APPDATA")
    } else if cfg!(target_os = "macos") {
        home("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        home("XDG_DATA_HOME").or_else(|| home("HOME").map(|home| home.join(".local/share")))
    };
    let base = base.ok_or_else(|| anyhow::anyhow!("name a profile folder with --profile"))?;
    Ok(base.join("countersign"))
}

fn start_log(form: LogForm) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match form {
        LogForm::Json => log.json().init(),
        LogForm::Text => log.init(),
    }
}
