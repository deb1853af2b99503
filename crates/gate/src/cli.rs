//! The command line: what each command takes and prints. Answers are one line of JSON.

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};
use countersign_gate::{
    admin::{
        AdminError,
        admit::{self, Admission},
        agent, compact, correct_clock, export, init, policies, writing,
    },
    config::Config,
    serve as serving,
};
use countersign_model::{PersonId, entity::PlatformId};
use serde_json::json;
use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

/// The gate of a Countersign workspace. Commands work while it serves, and without.
#[derive(Parser)]
#[command(version, about = "Verifies, routes, times, executes and logs")]
pub(crate) struct Arguments {
    /// Format of the log on stderr.
    #[arg(long, global = true, value_enum, default_value = "text")]
    log: LogForm,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogForm {
    Json,
    Text,
}

#[derive(Subcommand)]
enum Command {
    /// Make a workspace: ids, keys, the first roster; register it at the relay.
    Init {
        /// The data folder; made if it is missing.
        #[arg(long)]
        data: PathBuf,
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// What people call the workspace.
        #[arg(long)]
        workspace_name: String,
    },
    /// Admit a device that has requested it, as a new person or as a further device of one.
    Admit {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The request that the device made.
        #[arg(long)]
        request: PathBuf,
        /// The person's name.
        #[arg(long, required_unless_present = "person", default_value = "")]
        name: String,
        /// Roles, separated by commas, e.g. ops,finance.
        #[arg(long, required_unless_present = "person", default_value = "")]
        roles: String,
        /// A person on the roster who gets a further device.
        #[arg(long)]
        person: Option<PersonId>,
        /// Where to write the enrolment for the device.
        #[arg(long)]
        out: PathBuf,
        /// Where to write the otpauth URI of a new second factor.
        #[arg(long)]
        totp_out: Option<PathBuf>,
    },
    /// Add an agent; prints its bearer token, once.
    AgentAdd {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The agent's name.
        #[arg(long)]
        name: String,
        /// The person responsible for it.
        #[arg(long)]
        owner: PersonId,
        /// Scopes, separated by commas: mcp.read, mcp.draft.
        #[arg(long, default_value = "mcp.read,mcp.draft")]
        scopes: String,
    },
    /// Record that the newest timestamps of the log were in the future, and go on from the present
    /// time.
    CorrectClock {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// What had happened to the clock; it is recorded in the log.
        #[arg(long)]
        why: String,
    },
    /// Make a snapshot now, and have the relay delete what it stands for. A serving gate
    /// does it by itself, too.
    Compact {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Keep cases that ended within this many days, instead of the configured number.
        #[arg(long)]
        keep_days: Option<u32>,
    },
    /// Let the gate write to an ad account, with the credential that the configuration names as
    /// its writer. Until then the account is only read.
    WritingOpen {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The account, as the configuration has it.
        #[arg(long, value_parser = account_id)]
        account: PlatformId,
        /// Why; it is recorded in the log.
        #[arg(long)]
        why: String,
    },
    /// Let the gate only read an ad account that may be written.
    WritingClose {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The account.
        #[arg(long, value_parser = account_id)]
        account: PlatformId,
        /// Why; it is recorded in the log.
        #[arg(long)]
        why: String,
    },
    /// Have the serving gate read its policies again, for drafts from then on; a set that does
    /// not compile is refused, and the one in force stays.
    PolicyReload {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Print the public keys that auditors trust (trust.json).
    Trust {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Write the audit log as one file for countersign-verify.
    Export {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Serve until SIGTERM or ctrl-c; prints one JSON line when ready.
    Serve {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Address to listen on instead of the configured one; port 0 takes a free one.
        #[arg(long)]
        listen: Option<SocketAddr>,
    },
}

/// Carries out a command.
///
/// # Errors
/// What stood in the way, in words for the operator.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    start_log(arguments.log);
    match arguments.command {
        Command::Init { data, config, workspace_name } => {
            let config = Config::load(&config)?;
            let workspace = init::init(&data, &config, &workspace_name).await?;
            answer_done(&json!({ "workspace": workspace }))
        }
        Command::Admit { data, request, name, roles, person, out, totp_out } => {
            let admission = Admission { request, name, roles, person, out, totp_out };
            let done = admit::admit(&data, &admission).await?;
            answer_done(&json!({
                "person": done.person,
                "roster_version": done.roster_version,
                "fingerprint": done.fingerprint.join(" "),
                "root_words": done.root_words.join(" "),
                "relay_told": done.relay_told,
            }))
        }
        Command::AgentAdd { data, name, owner, scopes } => {
            add_agent(&data, &name, owner, &scopes).await
        }
        Command::CorrectClock { data, why } => {
            let done = correct_clock::correct(&data, &why).await?;
            answer_done(&json!({ "from_ms": done.from.millis(), "to_ms": done.to.millis() }))
        }
        Command::Compact { data, config, keep_days } => {
            let done = compact::compact(&data, &Config::load(&config)?, keep_days).await?;
            answer_done(&json!({
                "floor": done.floor,
                "kept": done.kept,
                "left_out": done.left_out,
            }))
        }
        Command::WritingOpen { data, config, account, why } => {
            let done = writing::open(&data, &Config::load(&config)?, &account, &why).await?;
            answer_done(&json!({
                "account": done.account,
                "credential": done.credential,
                "applied_by_itself": done.applied_by_itself,
            }))
        }
        Command::WritingClose { data, account, why } => {
            let account = writing::close(&data, &account, &why).await?;
            answer_done(&json!({ "account": account, "credential": null }))
        }
        Command::PolicyReload { data } => {
            let done = policies::reload(&data).await?;
            answer_done(&json!({
                "version": done.version,
                "digest": done.digest,
                "is_new": done.is_new,
            }))
        }
        Command::Trust { data } => answer(&json!(export::trust(&data)?)),
        Command::Export { data, out } => {
            let manifest = export::export(&data, &out)?;
            answer_done(&json!({ "entries": manifest.entries, "envelopes": manifest.envelopes }))
        }
        Command::Serve { data, config, listen } => {
            let mut config = Config::load(&config)?;
            config.listen = listen.unwrap_or(config.listen);
            serve(&data, config).await
        }
    }
}

fn account_id(text: &str) -> Result<PlatformId, countersign_model::entity::PlatformIdError> {
    PlatformId::parse(text)
}

async fn add_agent(data: &Path, name: &str, owner: PersonId, scopes: &str) -> Result<()> {
    let mut printed = false;
    let added = agent::add(data, name, owner, scopes, |added| {
        let told = json!({ "agent": added.agent, "token": added.token.as_str() });
        answer_once(&told).map_err(|error| AdminError::HandOver(error.to_string()))?;
        printed = true;
        Ok(())
    });
    match added.await {
        Err(error @ AdminError::Unanswered { .. }) => Err(error.into()),
        Err(error) if printed => {
            Err(error).context("the agent was not added; the token that was printed opens nothing")
        }
        added => Ok(added?),
    }
}

async fn serve(data: &Path, config: Config) -> Result<()> {
    let stop = CancellationToken::new();
    let running = serving::start(data, config, stop.clone()).await?;
    answer(&json!({ "ready": true, "address": running.address.to_string() }))?;
    tracing::info!(address = %running.address, "gate ready");
    tokio::spawn(async move {
        if let Err(error) = wait_for_end().await {
            tracing::error!(error = %error, "signals cannot be heard; the gate stops");
        }
        stop.cancel();
    });
    Ok(running.wait().await?)
}

fn answer(value: &serde_json::Value) -> Result<()> {
    print(value).context("the answer cannot be printed")
}

/// The answer of what is done and cannot be asked for again: it is said in one way or the other.
fn answer_done(value: &serde_json::Value) -> Result<()> {
    print(value).with_context(|| format!("this was done, but cannot be printed: {value}"))
}

/// An answer that nobody can have again: on the disk, if it goes to a file, and refused where
/// nobody would have it.
fn answer_once(value: &serde_json::Value) -> std::io::Result<()> {
    #[cfg(unix)]
    let file = {
        use std::os::{
            fd::AsFd as _,
            unix::fs::{FileTypeExt as _, MetadataExt as _},
        };
        let out = std::fs::File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
        let found = out.metadata()?;
        // A closed standard output was opened as this device before `main`.
        let is_null = found.file_type().is_char_device()
            && std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == found.rdev());
        if is_null {
            let words = "the standard output is closed or /dev/null, and this is printed only once";
            return Err(std::io::Error::other(words));
        }
        found.is_file().then_some(out)
    };
    print(value)?;
    #[cfg(unix)]
    file.map_or(Ok(()), |file| file.sync_all())?;
    Ok(())
}

fn print(value: &serde_json::Value) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").and_then(|()| out.flush())
}

fn start_log(form: LogForm) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,rmcp=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match form {
        LogForm::Json => builder.json().init(),
        LogForm::Text => builder.init(),
    }
}

async fn wait_for_end() -> Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            end = tokio::signal::ctrl_c() => end.context("cannot wait for ctrl-c"),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context("cannot wait for ctrl-c")
}
