//! One call to its answer, without sockets: authority, faults, reading, writing.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::account::{Account, Author};
use crate::descriptor::{
    DescriptorError, Schema, bool_field, enum_field, message_field, string_field,
};
use crate::errors::{AdsError, Refusal, failure};
use crate::faults::{Fault, FaultKind, FaultQueue, Target};
use crate::gaql;
use crate::oauth::TokenDesk;
use crate::operations::{Draft, Planned, Service};
use crate::query::{self, ChangeClock, Found, QueryError};
use crate::violations::camel_case;

/// Rows in one chunk of searchStream; small enough that a client meets several.
const STREAM_CHUNK_ROWS: usize = 200;

/// What a call brings.
#[derive(Debug)]
pub struct Call<'a> {
    /// Id made for this call.
    pub request_id: &'a str,
    /// Customer id in the path.
    pub customer_id: &'a str,
    /// `Authorization` header.
    pub authorization: Option<&'a str>,
    /// `login-customer-id` header.
    pub login_customer_id: Option<&'a str>,
    /// Body.
    pub body: &'a [u8],
    /// Monotonic time of arrival.
    pub now: Instant,
}

/// What happens to a connection when the answer is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Send it.
    Send,
    /// Wait, then send it.
    HoldThenSend(Duration),
    /// Wait, then drop the connection without an answer.
    HoldThenDrop(Duration),
}

/// The answer and its way out.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// JSON body.
    pub body: Value,
    /// What happens to the connection.
    pub fate: Fate,
}

/// How a read is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// `googleAds:search`: one object.
    Page,
    /// `googleAds:searchStream`: an array of chunks, errors included.
    Stream,
}

/// Everything behind the one lock.
pub struct World {
    /// Google's descriptor.
    pub schema: Schema,
    /// The account.
    pub account: Account,
    /// Waiting faults.
    pub faults: FaultQueue,
    /// Token desk.
    pub desk: TokenDesk,
    /// How late `change_event` shows a change.
    pub change_event_delay: SignedDuration,
    /// Dry runs that were answered or cut, counted on arrival.
    pub validate_only_calls: u64,
    /// Writing calls, counted on arrival.
    pub mutate_calls: u64,
    /// Reading calls, counted on arrival.
    pub search_calls: u64,
}

/// A call stops with a refusal, or because the emulator itself is wrong.
enum Stop {
    Refused(Refusal),
    Broken(DescriptorError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<AdsError> for Stop {
    fn from(error: AdsError) -> Self {
        Self::Refused(Refusal::invalid(vec![error]))
    }
}

impl From<DescriptorError> for Stop {
    fn from(error: DescriptorError) -> Self {
        Self::Broken(error)
    }
}

impl From<QueryError> for Stop {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Refused(refusal) => Self::Refused(refusal),
            QueryError::Broken(error) => Self::Broken(error),
        }
    }
}

/// What one operation leaves behind, or why it cannot.
type Outcome = Result<Planned, AdsError>;

impl World {
    /// GET `customers:listAccessibleCustomers`.
    pub fn list_accessible_customers(&mut self, call: &Call<'_>) -> Answer {
        let result =
            self.desk.check(call.authorization, call.now).map_err(Stop::from).and_then(|()| {
                let body =
                    json!({"resourceNames": [format!("customers/{}", self.account.customer_id)]});
                let name = "services.ListAccessibleCustomersResponse";
                Ok((self.schema.render(name, body)?, Fate::Send))
            });
        self.answer(call, result)
    }

    /// POST `googleAds:search` and `googleAds:searchStream`.
    pub fn search(&mut self, call: &Call<'_>, reading: Reading) -> Answer {
        let result = self.try_search(call, reading);
        let mut answer = self.answer(call, result);
        if reading == Reading::Stream && !answer.status.is_success() {
            answer.body = json!([answer.body]);
        }
        answer
    }

    /// POST `{service}:mutate`.
    pub fn mutate(&mut self, call: &Call<'_>, service: Service) -> Answer {
        let result = self.try_mutate(call, service);
        self.answer(call, result)
    }

    fn answer(&self, call: &Call<'_>, result: Result<(Value, Fate), Stop>) -> Answer {
        let refused = match result {
            Ok((body, fate)) => {
                return Answer { status: StatusCode::OK, body, fate };
            }
            Err(Stop::Refused(refusal)) => {
                refusal.body(&self.schema, call.request_id).map(|body| (refusal.status(), body))
            }
            Err(Stop::Broken(error)) => Err(error),
        };
        let (status, body) = refused.unwrap_or_else(|error| {
            tracing::error!(request_id = call.request_id, error = %error, "emulator is wrong");
            let text = format!("emulator fault: {error}");
            let body = json!({"error": {"code": 500, "message": text, "status": "INTERNAL"}});
            (StatusCode::INTERNAL_SERVER_ERROR, body)
        });
        Answer { status, body, fate: Fate::Send }
    }

    fn admit(&self, call: &Call<'_>) -> Result<(), Refusal> {
        self.desk.check(call.authorization, call.now)?;
        let is_customer_id =
            |text: &str| text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit());
        if call.login_customer_id.is_some_and(|id| !is_customer_id(id)) {
            let text = "login-customer-id must be ten digits without hyphens.";
            let error = AdsError::new("headerError", "INVALID_LOGIN_CUSTOMER_ID", text);
            return Err(Refusal::invalid(vec![error]));
        }
        if !is_customer_id(call.customer_id) {
            let text = format!("Invalid customer ID '{}'.", call.customer_id);
            let error = AdsError::new("requestError", "INVALID_CUSTOMER_ID", text);
            return Err(Refusal::invalid(vec![error]));
        }
        if call.customer_id != self.account.customer_id {
            let text = "User doesn't have permission to access customer.";
            let error = AdsError::new("authorizationError", "USER_PERMISSION_DENIED", text);
            return Err(Refusal::one(StatusCode::FORBIDDEN, error));
        }
        Ok(())
    }

    fn try_search(&mut self, call: &Call<'_>, reading: Reading) -> Result<(Value, Fate), Stop> {
        self.admit(call)?;
        let message = self.schema.message(match reading {
            Reading::Page => "services.SearchGoogleAdsRequest",
            Reading::Stream => "services.SearchGoogleAdsStreamRequest",
        })?;
        let request = self.schema.decode(&message, call.body).map_err(Refusal::BadRequest)?;
        self.search_calls += 1;
        let fault = self.faults.strike(Target::Search, None);
        let fate = match &fault {
            Some(fault) => strike_early(fault)?,
            None => Fate::Send,
        };
        let is_stale = fault.is_some_and(|fault| fault.kind == FaultKind::StaleRead);
        if reading == Reading::Page {
            check_paging(&request)?;
        }
        let query = gaql::parse(&string_field(&request, "query"))?;
        let clock = ChangeClock { now: self.account.now(), delay: self.change_event_delay };
        if is_stale {
            self.account.swap_before();
        }
        let found = query::run(&self.schema, &self.account, query, clock);
        if is_stale {
            self.account.swap_before();
        }
        let found = found?;
        let foreign = self.faults.strike_after_read(&found.read);
        let body = match reading {
            Reading::Stream => self.stream_chunks(&found, call.request_id)?,
            Reading::Page if bool_field(&request, "validate_only") => json!({}),
            Reading::Page => {
                let settings = message_field(&request, "search_settings");
                let counted = settings
                    .is_some_and(|settings| bool_field(&settings, "return_total_results_count"));
                let mut page = json!({"results": found.rows, "fieldMask": mask(&found)});
                if counted {
                    page["totalResultsCount"] = found.rows.len().into();
                }
                self.schema.render("services.SearchGoogleAdsResponse", page)?
            }
        };
        if let Some((name, set)) = foreign {
            self.account.foreign_write(&name, &set, &Author::foreign());
        }
        Ok((body, fate))
    }

    fn stream_chunks(&self, found: &Found, request_id: &str) -> Result<Value, DescriptorError> {
        let mut pieces: Vec<&[Value]> = found.rows.chunks(STREAM_CHUNK_ROWS).collect();
        if pieces.is_empty() {
            pieces.push(&[]);
        }
        pieces
            .into_iter()
            .map(|rows| {
                let chunk = json!({"fieldMask": mask(found), "requestId": request_id});
                let mut chunk =
                    self.schema.render("services.SearchGoogleAdsStreamResponse", chunk)?;
                // The rows are written as the official message writes them already.
                if !rows.is_empty() {
                    chunk["results"] = rows.into();
                }
                Ok(chunk)
            })
            .collect()
    }

    fn try_mutate(&mut self, call: &Call<'_>, service: Service) -> Result<(Value, Fate), Stop> {
        self.admit(call)?;
        let message = self.schema.message(&service.request())?;
        let request = self.schema.decode(&message, call.body).map_err(Refusal::BadRequest)?;
        let dry_run = bool_field(&request, "validate_only");
        let target = if dry_run {
            self.validate_only_calls += 1;
            Target::Validate
        } else {
            self.mutate_calls += 1;
            Target::Mutate
        };
        let fault = self.faults.strike(target, Some(service.name()));
        let fate = match &fault {
            Some(fault) if fault.kind == FaultKind::TimeoutBeforeCommit => {
                return Ok((json!({}), strike_early(fault)?));
            }
            Some(fault) if fault.kind == FaultKind::ServerError500 && fault.commit => Fate::Send,
            Some(fault) => strike_early(fault)?,
            None => Fate::Send,
        };
        let kind = fault.as_ref().map(|fault| fault.kind);
        let mut draft = Draft::new(&self.schema, &self.account);
        let outcomes: Vec<Outcome> = service.plan(&mut draft, &request)?;
        let next_id = draft.next_id;
        let errors: Vec<AdsError> =
            outcomes.iter().filter_map(|outcome| outcome.as_ref().err().cloned()).collect();
        let partial = bool_field(&request, "partial_failure");
        if !partial && !errors.is_empty() {
            return Err(Refusal::invalid(errors).into());
        }
        let writes = match kind {
            Some(FaultKind::ValidateOnlyWrites) => true,
            Some(FaultKind::SuccessNotApplied) => false,
            _ => !dry_run,
        };
        if writes {
            let writes = outcomes.iter().flatten().flat_map(|planned| planned.writes.clone());
            self.account.commit(writes.collect(), &Author::api(call.request_id));
            self.account.next_id = next_id;
        }
        if kind == Some(FaultKind::ServerError500) {
            return Err(server_error().into());
        }
        let with_resource = enum_field(&request, "response_content_type") == "MUTABLE_RESOURCE";
        let body = self.mutate_body(call, service, &outcomes, &errors, dry_run, with_resource)?;
        Ok((body, fate))
    }

    fn mutate_body(
        &self,
        call: &Call<'_>,
        service: Service,
        outcomes: &[Outcome],
        errors: &[AdsError],
        dry_run: bool,
        with_resource: bool,
    ) -> Result<Value, DescriptorError> {
        let mut body = json!({});
        if !dry_run {
            let result = |outcome| service.result(&self.schema, outcome, with_resource);
            body[service.results()] = outcomes.iter().map(result).collect();
        }
        if !errors.is_empty() {
            body["partialFailureError"] = json!({
                "code": 3,
                "message": errors.first().map(|error| error.message.clone()),
                "details": [failure(&self.schema, errors, call.request_id)?],
            });
        }
        self.schema.render(&service.response(), body)
    }
}

fn mask(found: &Found) -> String {
    let paths: Vec<String> = found.field_mask.iter().map(|path| camel_case(path)).collect();
    paths.join(",")
}

fn check_paging(request: &prost_reflect::DynamicMessage) -> Result<(), AdsError> {
    let page_size =
        request.get_field_by_name("page_size").and_then(|value| value.as_i32()).unwrap_or_default();
    if page_size != 0 {
        let text = "Setting the page size is not supported; pages have 10000 rows.";
        return Err(AdsError::new("requestError", "PAGE_SIZE_NOT_SUPPORTED", text));
    }
    if !string_field(request, "page_token").is_empty() {
        let text = "The page token is not valid: every answer here fits one page.";
        return Err(AdsError::new("requestError", "INVALID_PAGE_TOKEN", text));
    }
    Ok(())
}

/// What a fault does before anything else happens; the rest is its fate of the connection.
fn strike_early(fault: &Fault) -> Result<Fate, Refusal> {
    let hold = Duration::from_millis(fault.hold_ms);
    match fault.kind {
        FaultKind::TimeoutBeforeCommit | FaultKind::TimeoutAfterCommit => {
            Ok(Fate::HoldThenDrop(hold))
        }
        FaultKind::PauseAfterCommit => Ok(Fate::HoldThenSend(hold)),
        FaultKind::Quota => {
            let details = json!({"quotaErrorDetails": {
                "rateScope": "ACCOUNT",
                "rateName": "Number of operations for basic access",
                "retryDelay": format!("{}s", fault.retry_delay_s),
            }});
            let text = format!("Too many requests. Retry in {} seconds.", fault.retry_delay_s);
            let error =
                AdsError::new("quotaError", "RESOURCE_EXHAUSTED", text).with_details(details);
            Err(Refusal::one(StatusCode::TOO_MANY_REQUESTS, error))
        }
        FaultKind::ConcurrentModification => {
            let text = "Multiple requests were attempting to modify the same resource at once. \
                        Retry the request.";
            let error = AdsError::new("databaseError", "CONCURRENT_MODIFICATION", text);
            Err(Refusal::one(StatusCode::CONFLICT, error))
        }
        FaultKind::ServerError500 => Err(server_error()),
        FaultKind::ForeignWriter
        | FaultKind::StaleRead
        | FaultKind::ValidateOnlyWrites
        | FaultKind::SuccessNotApplied => Ok(Fate::Send),
    }
}

fn server_error() -> Refusal {
    let error = AdsError::new("internalError", "INTERNAL_ERROR", "An internal error has occurred.");
    Refusal::one(StatusCode::INTERNAL_SERVER_ERROR, error)
}
