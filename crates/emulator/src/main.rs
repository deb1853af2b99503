//! `countersign-emulator`: starts the emulated account and prints one JSON line when it is ready.

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use countersign_emulator::{
    Emulator, EmulatorConfig,
    oauth::{OauthClient, ServiceAccount},
};

/// As in the programs that it stands beside.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An emulated Google Ads API v26 on loopback, carrying a simulated account.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Loopback address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Folder that holds `credibility_campaign_daily_metrics.csv`.
    #[arg(long)]
    data: PathBuf,
    /// Bearer token that the `/_control` paths ask for.
    #[arg(long, env = "COUNTERSIGN_EMULATOR_CONTROL_TOKEN", hide_env_values = true)]
    control_token: String,
    /// The account's today, YYYY-MM-DD; the present UTC date when left out.
    #[arg(long)]
    as_of: Option<jiff::civil::Date>,
    /// OAuth client id that `/token` accepts.
    #[arg(long, default_value = OauthClient::DEFAULT_ID)]
    client_id: String,
    /// OAuth client secret that `/token` accepts.
    #[arg(long, default_value = OauthClient::DEFAULT_SECRET)]
    client_secret: String,
    /// OAuth refresh token that `/token` accepts.
    #[arg(long, default_value = OauthClient::DEFAULT_REFRESH_TOKEN)]
    refresh_token: String,
    /// Address of a service account that `/token` accepts.
    #[arg(long, requires = "service_account_key")]
    service_account: Option<String>,
    /// File with the public half of its RSA key, PEM.
    #[arg(long, requires = "service_account")]
    service_account_key: Option<PathBuf>,
    /// Seconds until a change shows up in `change_event` (Google: up to three minutes).
    #[arg(long, default_value_t = 180)]
    change_event_delay_s: u32,
    /// Currency of the account: EUR, GBP, HUF, JPY, KRW or USD.
    #[arg(long, default_value = "USD")]
    currency: String,
    /// Beside the published campaigns, one with a total budget and two that share one.
    #[arg(long)]
    whole_account: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .init();
    let arguments = Arguments::parse();
    let mut config = EmulatorConfig::new(arguments.data, arguments.control_token);
    config.listen = arguments.listen;
    config.as_of = arguments.as_of;
    config.change_event_delay_s = arguments.change_event_delay_s;
    config.currency_code = arguments.currency;
    config.whole_account = arguments.whole_account;
    if let Some((email, file)) = arguments.service_account.zip(arguments.service_account_key) {
        let public_key_pem = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read the public key in {}", file.display()))?;
        config.service_account = Some(ServiceAccount { email, public_key_pem });
    }
    config.oauth = OauthClient {
        id: arguments.client_id,
        secret: arguments.client_secret,
        refresh_token: arguments.refresh_token,
    };
    let running = Emulator::start(config).await.context("the emulator did not start")?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", running.ready_line()).context("could not print the ready line")?;
    stdout.flush().context("could not print the ready line")?;
    drop(stdout);
    tokio::signal::ctrl_c().await.context("could not wait for the stop signal")?;
    running.stop().await;
    Ok(())
}
