//! `serve`: ties the rooms together and runs until it is told to stop.

#[cfg(unix)]
use crate::socket;
use crate::{
    access::Access,
    administration::Administration,
    agent_service::{GateService, GateServiceSetup},
    clock,
    compact::{self, Bench},
    config::Config,
    connect::{ConnectError, connect_all},
    core::Rules,
    courier,
    data::{DataDir, DataError, DataLock},
    driver::{Driver, DriverSetup},
    http::{self, door},
    identity::{Identity, IdentityError},
    keys::{KeyError, Random},
    ledger::{Ledger, OpenError},
    policies::{self, PoliciesError},
    reads::{ReadLimits, Reads},
    relay::{Relay, RelayError},
    shell::ShellError,
    store::{Store, StoreError},
};
use countersign_intake::Limits;
use countersign_model::{causes::in_full, entity::AccountRef, time::MINUTE_MS};
use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Mutex, Notify, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Counted refusals are looked at no more and no less often than this.
const SHORTEST_COUNT: Duration = Duration::from_secs(1);
const LONGEST_COUNT: Duration = Duration::from_secs(60);

/// Why the gate does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Ids and keys.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A secret file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The stored log failed its check.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The policies.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// An ad account.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The relay's client.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The log's newest entry is stamped in the future.
    #[error(
        "the log's newest entry is stamped {minutes} minutes in the future of this machine's clock: set the clock, or, if it is right now, run `countersign-gate correct-clock`"
    )]
    ClockBehind {
        /// How far, in minutes.
        minutes: i64,
    },
    /// The driver stopped.
    #[error("the gate stopped")]
    Driver(#[from] ShellError),
    /// A task broke.
    #[error("a task of the gate failed")]
    Task(#[from] tokio::task::JoinError),
}

/// A gate that serves.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    driver: JoinHandle<Result<(), ShellError>>,
    server: JoinHandle<()>,
}

/// Opens everything, checks everything, and serves until `stop`.
///
/// # Errors
/// [`ServeError`]; also when the stored log fails its check.
pub async fn start(
    data: &Path,
    config: Config,
    stop: CancellationToken,
) -> Result<Running, ServeError> {
    let data = DataDir::new(data);
    let lock = data.lock()?;
    let ledger = open_checked(&data)?;
    let (store, identity) = (Arc::clone(ledger.store()), Arc::clone(ledger.identity()));
    let (policies, policy_files) = policies::load(&config.policies_dir)?;
    let access = Access::new(ledger.writing().clone());
    let (accounts, sources) = connect_all(&config.accounts, &access)?;
    // Enrolments made later name the relay in use.
    store.write(|tx| tx.set_meta("relay_url", config.relay_url.as_str().as_bytes()))?;
    let relay = Relay::new(config.relay_url.clone(), Arc::clone(&identity))?;
    let wake_courier = Arc::new(Notify::new());
    let setup = DriverSetup {
        rules: Rules { policies, files: policy_files },
        accounts: accounts.clone(),
        proposal_valid_ms: i64::from(config.proposal_valid_minutes) * MINUTE_MS,
        wake_courier: Arc::clone(&wake_courier),
    };
    let (driver, handle) = Driver::new(ledger, setup)?;
    let bench = Bench {
        relay: relay.clone(),
        store: Arc::clone(&store),
        identity,
        roster: handle.roster(),
        random: Random::of_system(),
    };
    let service_setup = GateServiceSetup {
        store: Arc::clone(&store),
        reads: Reads::new(&accounts, sources, ReadLimits::default()),
        pacing_days: config.pacing_days,
        open_cases: config.agents.open_cases,
    };
    let service = Arc::new(GateService::new(handle.clone(), service_setup)?);
    let listen = |source| ServeError::Listen { address: config.listen, source };
    let socket = TcpListener::bind(config.listen).await.map_err(listen)?;
    let address = socket.local_addr().map_err(listen)?;
    let app = countersign_intake::router(Arc::clone(&service) as _, door_limits(&config, address))
        .merge(http::log_router(Arc::clone(&store)));
    let limits = config.door;

    let (told, relay_knows) = watch::channel(0);
    let compacting = Arc::new(Mutex::new(()));
    let administration = Administration {
        driver: handle.clone(),
        root: data.key("root"),
        policies_dir: config.policies_dir.clone(),
        bench: bench.clone(),
        compacting: Arc::clone(&compacting),
        keep_days: config.compaction.keep_ended_days,
        relay_knows,
        access,
        writers: writers(&config),
        deciding: Mutex::new(()),
    };
    let socket_name = take_commands(&data, &lock, administration, &stop);
    tokio::spawn(tell_refusals(service, stop.clone()));
    let (roster, courier) = (handle.roster(), relay.clone());
    tokio::spawn(courier::deliver(
        courier,
        Arc::clone(&store),
        roster,
        told,
        wake_courier,
        stop.clone(),
    ));
    let timed =
        compact::keep_compact(bench, handle.clone(), config.compaction, compacting, stop.clone());
    tokio::spawn(timed);
    tokio::spawn(courier::fetch(relay, store, handle, stop.clone()));
    // Held as long as anything writes; the socket's name goes first.
    let driver = run_beside(driver, (socket_name, lock), stop.clone());
    let server = tokio::spawn(door::serve(socket, app, limits, stop));
    Ok(Running { address, driver, server })
}

/// Opens and checks what is stored, and says what an operator must know of it.
fn open_checked(data: &DataDir) -> Result<Ledger, ServeError> {
    let store = Arc::new(Store::open(&data.database())?);
    let identity = Arc::new(Identity::load(data, &store)?);
    let ledger = Ledger::open(store, identity)?;
    let ahead_ms = ledger.clock().since_ms(clock::now());
    if ahead_ms > clock::MAX_AHEAD_MS {
        return Err(ServeError::ClockBehind { minutes: ahead_ms / MINUTE_MS });
    }
    if ledger.roster().expires_at_ms <= clock::now() {
        tracing::error!(
            "the roster has expired: no decision counts until `admit` or `agent-add` makes a new one"
        );
    }
    Ok(ledger)
}

/// Runs the driver on a thread of its own: it waits for the disk, and readers, agents and the
/// relay must not wait with it. What it `holds` is let go of when it has ended.
fn run_beside<H: Send + 'static>(
    driver: Driver,
    holds: H,
    stop: CancellationToken,
) -> JoinHandle<Result<(), ShellError>> {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let _holds = holds;
        let result = runtime.block_on(driver.run(stop.clone()));
        stop.cancel();
        result
    })
}

impl Running {
    /// Waits until the gate has stopped, finishing what is in hand.
    ///
    /// # Errors
    /// [`ServeError`] when it did not stop of its own accord.
    pub async fn wait(self) -> Result<(), ServeError> {
        let Self { driver, server, .. } = self;
        let result = driver.await?;
        // The door waits for nobody for long.
        server.await?;
        Ok(result?)
    }
}

/// Takes operators' commands at the data folder's socket. Where the system gives none, the gate
/// serves without, and commands need it stopped.
#[cfg(unix)]
fn take_commands(
    data: &DataDir,
    lock: &DataLock,
    administration: Administration,
    stop: &CancellationToken,
) -> Option<socket::SocketName> {
    match socket::listen(data, lock) {
        Ok((listener, name)) => {
            tokio::spawn(socket::serve(listener, Arc::new(administration), stop.clone()));
            Some(name)
        }
        Err(error) => {
            tracing::error!(error = %in_full(&error), "there is no socket for commands: `admit` and others need the gate stopped");
            None
        }
    }
}

#[cfg(not(unix))]
fn take_commands(_: &DataDir, _: &DataLock, _: Administration, _: &CancellationToken) {}

/// Refusals that were counted reach the log when their hour is over.
async fn tell_refusals(service: Arc<GateService>, stop: CancellationToken) {
    loop {
        let rest = service.tell_refusals().await.max(SHORTEST_COUNT);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(rest.min(LONGEST_COUNT)) => {}
        }
    }
}

fn writers(config: &Config) -> BTreeMap<AccountRef, Option<String>> {
    let accounts = config.accounts.iter();
    accounts.map(|one| (one.account(), one.writer().map(str::to_owned))).collect()
}

/// The door answers to its own address and to the public origin, against DNS rebinding.
fn door_limits(config: &Config, address: SocketAddr) -> Limits {
    let mut limits = Limits {
        agents: config.agents,
        strangers_per_minute: config.door.strangers_per_minute,
        body_timeout: Duration::from_secs(config.door.request_timeout_s.into()),
        allowed_origins: config.allowed_origins.clone(),
        ..Limits::default()
    };
    limits.allowed_hosts.push(address.ip().to_string());
    if let Some(host) = config.public_origin.as_ref().and_then(url::Url::host_str) {
        limits.allowed_hosts.push(host.to_owned());
    }
    limits
}
