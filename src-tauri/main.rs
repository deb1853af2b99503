//! `countersign`: the approver's app.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use clap::{Parser, Subcommand, ValueEnum};
use countersign_desktop::{Start, enrolment, link, profile};
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

/// Countersign what AI agents propose.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The profile folder: which keys, which workspace.
    #[arg(long, env = "COUNTERSIGN_PROFILE")]
    profile: Option<PathBuf>,
    /// Format of the log on stderr.
    #[arg(long, value_enum, default_value = "text")]
    log: LogForm,
    /// A link to open, e.g. `countersign://case/prop_…`.
    #[arg(value_parser = a_link)]
    link: Option<String>,
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
        /// The six words that `countersign-gate admit` printed, had from the administrator by
        /// another way than the file.
        #[arg(long)]
        root_words: String,
    },
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    start_log(options.log);
    let is_default = options.profile.is_none();
    let profile = match options.profile {
        Some(profile) => profile,
        None => profile::default_folder()?,
    };
    match options.command {
        None => countersign_desktop::run(Start { profile, is_default, link: options.link }),
        Some(Command::EnrolRequest { out }) => enrolment::write_request(&profile, &out),
        Some(Command::EnrolAccept { file, root_words }) => {
            enrolment::accept(&profile, &file, &root_words)
        }
    }
}

/// Takes links of ours only, whether or not they name a case: a bad one comes from
/// elsewhere, and the app opens without it; a mistyped command is the person's.
fn a_link(text: &str) -> Result<String, String> {
    let argument = text.to_owned();
    match link::among(&[String::new(), argument.clone()]) {
        Some(_) => Ok(argument),
        None => Err("it is neither a command nor a countersign:// link".to_owned()),
    }
}

fn start_log(form: LogForm) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match form {
        LogForm::Json => log.json().init(),
        LogForm::Text => log.init(),
    }
}
