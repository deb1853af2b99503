//! Starts the emulator on a loopback socket and carries calls between HTTP and the world.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Extension, Form, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::account::{CURRENCY_CODE, CUSTOMER_ID, ZONE};
use crate::control;
use crate::currency::Currency;
use crate::data::{SOURCE, Series, SeriesError};
use crate::descriptor::{DescriptorError, Schema};
use crate::errors::Refusal;
use crate::faults::FaultQueue;
use crate::gateway::{Answer, Call, Fate, Reading, World};
use crate::oauth::{OauthClient, ServiceAccount, TokenDesk, TokenRequest};
use crate::operations::Service;
use crate::seed;
use crate::wire::{CuttableListener, Scissors};

const DEFAULT_TOKEN_LIFETIME_S: u32 = 3_599;
const DEFAULT_CHANGE_EVENT_DELAY_S: u32 = 180;
const REQUEST_ID: &str = "request-id";
/// How long a stop waits for calls that are still held.
const STOP_GRACE: Duration = Duration::from_millis(200);

/// How to start an emulator.
#[derive(Debug, Clone)]
pub struct EmulatorConfig {
    /// Loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder with the published series.
    pub data_dir: PathBuf,
    /// Bearer token of the control API.
    pub control_token: String,
    /// The account's customer id, ten digits.
    pub customer_id: String,
    /// The account's today; the present UTC date when `None`.
    pub as_of: Option<Date>,
    /// The OAuth client that `/token` accepts.
    pub oauth: OauthClient,
    /// The service account that `/token` accepts, if any.
    pub service_account: Option<ServiceAccount>,
    /// Seconds until an access token expires.
    pub token_lifetime_s: u32,
    /// Seconds until a change shows up in `change_event`.
    pub change_event_delay_s: u32,
    /// ISO 4217 code of the account, one of [`crate::currency::CURRENCIES`].
    pub currency_code: String,
    /// Beside the seven published campaigns: one with a total budget, two that share one.
    pub whole_account: bool,
}

impl EmulatorConfig {
    /// A free loopback port and Google's own delays.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>, control_token: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: data_dir.into(),
            control_token: control_token.into(),
            customer_id: CUSTOMER_ID.to_owned(),
            as_of: None,
            oauth: OauthClient::default(),
            service_account: None,
            token_lifetime_s: DEFAULT_TOKEN_LIFETIME_S,
            change_event_delay_s: DEFAULT_CHANGE_EVENT_DELAY_S,
            currency_code: CURRENCY_CODE.to_owned(),
            whole_account: false,
        }
    }
}

/// Why the emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address can be reached from outside.
    #[error("{0} is not a loopback address: the emulator listens on 127.0.0.1 or [::1] only")]
    NotLoopback(SocketAddr),
    /// Without a token anybody on the machine could queue faults.
    #[error("the control token is empty: give one with --control-token")]
    NoControlToken,
    /// The currency is not one of [`crate::currency::CURRENCIES`].
    #[error("the emulator does not know the currency {0}: use EUR, GBP, HUF, JPY, KRW or USD")]
    UnknownCurrency(String),
    /// The series could not be read.
    #[error("the account's series could not be read")]
    Series(#[from] SeriesError),
    /// The descriptor could not be read.
    #[error("Google's descriptor could not be read")]
    Descriptor(#[from] DescriptorError),
    /// The socket could not be bound.
    #[error("cannot listen on {address}: choose another port")]
    Bind {
        /// Address that was tried.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Starts emulators.
#[derive(Debug)]
pub struct Emulator;

/// A running emulator. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    customer_id: String,
    /// `http://127.0.0.1:<port>`; stands in for `https://googleads.googleapis.com`.
    pub base_url: String,
    /// Stands in for `https://oauth2.googleapis.com/token`.
    pub token_url: String,
    /// Bearer token of the control API.
    pub control_token: String,
    /// Bound address.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    world: Mutex<World>,
    control_token: String,
    holding: AtomicUsize,
}

impl App {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn control_token(&self) -> &str {
        &self.0.control_token
    }

    pub(crate) fn holding(&self) -> usize {
        self.0.holding.load(Ordering::Acquire)
    }
}

impl Emulator {
    /// Loads the account, binds the socket and serves until stopped.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    pub async fn start(config: EmulatorConfig) -> Result<Running, StartError> {
        if !config.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(config.listen));
        }
        if config.control_token.is_empty() {
            return Err(StartError::NoControlToken);
        }
        let as_of = config.as_of.unwrap_or_else(|| Timestamp::now().to_zoned(ZONE.clone()).date());
        let currency = Currency::of_code(&config.currency_code)
            .ok_or_else(|| StartError::UnknownCurrency(config.currency_code.clone()))?;
        let series = Series::load(&config.data_dir, as_of)?;
        let world = World {
            schema: Schema::load()?,
            account: seed::account(
                &config.customer_id,
                currency,
                series,
                as_of,
                config.whole_account,
            ),
            faults: FaultQueue::default(),
            desk: TokenDesk::new(config.oauth, config.service_account, config.token_lifetime_s),
            change_event_delay: SignedDuration::from_secs(i64::from(config.change_event_delay_s)),
            validate_only_calls: 0,
            mutate_calls: 0,
            search_calls: 0,
        };
        let bind_error = |source| StartError::Bind { address: config.listen, source };
        let listener = tokio::net::TcpListener::bind(config.listen).await.map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let app = App(Arc::new(Shared {
            world: Mutex::new(world),
            control_token: config.control_token.clone(),
            holding: AtomicUsize::new(0),
        }));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(CuttableListener(listener), router(app), stopped));
        tracing::info!(%address, %as_of, "emulated Google Ads account is ready");
        Ok(Running {
            base_url: format!("http://{address}"),
            token_url: format!("http://{address}/token"),
            control_token: config.control_token,
            customer_id: config.customer_id,
            address,
            stop: Some(stop),
            task,
        })
    }
}

impl Running {
    /// One line of JSON that tells a parent process where to connect; holds no secret.
    #[must_use]
    pub fn ready_line(&self) -> String {
        json!({
            "ready": true,
            "service": "countersign-emulator",
            "address": self.address.to_string(),
            "base_url": self.base_url,
            "token_url": self.token_url,
            "api_version": "v26",
            "customer_id": self.customer_id,
            "simulated": true,
            "source": SOURCE,
        })
        .to_string()
    }

    /// Stops serving; calls that are still held are cut after a moment.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone only when the server has already ended.
            let _ = stop.send(());
        }
        if tokio::time::timeout(STOP_GRACE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: CuttableListener, router: Router, stopped: oneshot::Receiver<()>) {
    let service = router.into_make_service_with_connect_info::<Scissors>();
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(async {
            // A dropped sender also means stop.
            let _ = stopped.await;
        })
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the emulator stopped serving");
    }
}

fn router(app: App) -> Router {
    let control = Router::new()
        .route("/state", get(control::state))
        .route("/faults", post(control::queue_fault).delete(control::clear_faults))
        .route("/foreign_write", post(control::foreign_write))
        .route("/campaign", post(control::campaign))
        .route("/clock", post(control::clock))
        .route("/review", post(control::review))
        .route("/time_zone", post(control::time_zone))
        .route("/oauth", post(control::oauth))
        .layer(middleware::from_fn_with_state(app.clone(), control::require_token));
    Router::new()
        .route("/token", post(token))
        .route("/v26/customers:listAccessibleCustomers", get(list_accessible_customers))
        .route("/v26/customers/{customer_id}/{method}", post(customer_method))
        .nest("/_control", control)
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(middleware::from_fn(stamp))
        .with_state(app)
}

/// The id that Google puts on every answer.
#[derive(Debug, Clone)]
struct RequestId(String);

async fn stamp(mut request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    tracing::info!(request_id = id, %method, path, status, "answered");
    response
}

async fn token(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<TokenRequest>,
) -> Response {
    if let Some(status) = app.world().desk.outage() {
        return (status, Html("<html><body>The server is unavailable.</body></html>"))
            .into_response();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let token_url = format!("http://{host}/token");
    let (status, body) = app.world().desk.exchange(&form, &token_url, Instant::now());
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn list_accessible_customers(
    State(app): State<App>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
) -> Response {
    let call = call(&request_id, CUSTOMER_ID, &headers, &[]);
    let answer = app.world().list_accessible_customers(&call);
    deliver(&app, answer, &scissors).await
}

async fn customer_method(
    State(app): State<App>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    Extension(request_id): Extension<RequestId>,
    Path((customer_id, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = call(&request_id, &customer_id, &headers, &body);
    let answer = match method.as_str() {
        "googleAds:search" => app.world().search(&call, Reading::Page),
        "googleAds:searchStream" => app.world().search(&call, Reading::Stream),
        method => match Service::of_method(method) {
            Some(service) => app.world().mutate(&call, service),
            None => return not_found(State(app)).await,
        },
    };
    deliver(&app, answer, &scissors).await
}

async fn not_found(State(app): State<App>) -> Response {
    let body = Refusal::NotFound.body(&app.world().schema, "");
    let body = body.unwrap_or_else(|error| Value::from(error.to_string()));
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

fn call<'a>(
    request_id: &'a RequestId,
    customer_id: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
) -> Call<'a> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Call {
        request_id: &request_id.0,
        customer_id,
        authorization: header("authorization"),
        login_customer_id: header("login-customer-id"),
        body,
        now: Instant::now(),
    }
}

/// Counts a held call for as long as it is held, also when the caller goes away.
struct Held<'a>(&'a AtomicUsize);

impl<'a> Held<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::AcqRel);
        Self(counter)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn deliver(app: &App, answer: Answer, scissors: &Scissors) -> Response {
    let response = (answer.status, Json(answer.body)).into_response();
    match answer.fate {
        Fate::Send => response,
        Fate::HoldThenSend(hold) => {
            let _held = Held::new(&app.0.holding);
            tokio::time::sleep(hold).await;
            response
        }
        Fate::HoldThenDrop(hold) => {
            let _held = Held::new(&app.0.holding);
            tokio::time::sleep(hold).await;
            scissors.cut();
            response
        }
    }
}
