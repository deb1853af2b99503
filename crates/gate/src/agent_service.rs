//! What stands behind the agents' door: recognises tokens, reads the platform, and hands
//! prepared drafts to the driver. Nothing here approves.

mod answers;
mod refusals;
mod sessions;

use crate::{
    budget::{self, Openings, Refusals, Told},
    core::{Opened, Prepared, Refused},
    driver::DriverHandle,
    reads::{Listed, Reads},
    store::{KeyedDraft, Replay, Store, StoreError},
};
use answers::{details, listed, receipt, replayed, status, summary};
use async_trait::async_trait;
use countersign_executor::PartsAfter;
use countersign_intake::{
    AgentService, AgentSession, Budget, CampaignDetails, CampaignList, CampaignQuery, CaseStatus,
    CasesPage, CasesQuery, Cursor, DraftReceipt, DraftRefusal, Exhausted, IdempotencyKey, NoRoom,
    RefusalCode, Requested, Reservation, ServiceError, Submission, UnreadAccount,
};
use countersign_model::{
    Action, Decision, Digest, Draft, EntityRef, Envelope, ProposalId, canonical, causes::in_full,
    decision::RequestedChanges, evidence::PacingSeries, proposal::Initiator, reason::Reason,
};
use countersign_workflow::{Case, Phase};
use refusals::{
    database_unavailable, in_words, refusal, refuse_read_only, refuse_unfit, refuse_unread,
    service_error, unavailable,
};
use sessions::Sessions;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The gate's answers to agents.
pub struct GateService {
    driver: DriverHandle,
    store: Arc<Store>,
    reads: Reads,
    sessions: Sessions,
    pacing_days: u16,
    open_cases: u32,
    openings: Openings,
    began: Instant,
    /// What belongs in the signed log.
    refused: Mutex<Refusals>,
    /// How clients misspeak: said to the operator only.
    misspoken: Mutex<Refusals>,
}

/// When to try again with as many open cases as may be: people take their time.
const RETRY_WHEN_CASES_END: Duration = Duration::from_secs(60);

/// What the service needs beside the driver.
pub struct GateServiceSetup {
    /// The database.
    pub store: Arc<Store>,
    /// Reads of the accounts that agents may draft about.
    pub reads: Reads,
    /// How many days of delivery travel with a proposal.
    pub pacing_days: u16,
    /// How many open cases an agent may have.
    pub open_cases: u32,
}

impl GateService {
    /// Reads the tokens; later ones are known as soon as they are committed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn new(driver: DriverHandle, setup: GateServiceSetup) -> Result<Self, StoreError> {
        let GateServiceSetup { store, reads, pacing_days, open_cases } = setup;
        let sessions = Sessions::new(Arc::clone(&store), driver.roster())?;
        Ok(Self {
            driver,
            store,
            reads,
            sessions,
            pacing_days,
            open_cases,
            openings: Openings::default(),
            began: Instant::now(),
            refused: Mutex::default(),
            misspoken: Mutex::default(),
        })
    }

    /// Logs refusals that were counted for long enough, and returns how long until there are
    /// more, at most an hour.
    pub async fn tell_refusals(&self) -> Duration {
        let now = self.began.elapsed();
        for told in lock(&self.misspoken).poll_due(now) {
            tell_misspoken(told, None);
        }
        let due = lock(&self.refused).poll_due(now);
        for told in due {
            self.log_refusals(told).await;
        }
        let next = |refusals: &Mutex<Refusals>| lock(refusals).poll_timeout();
        let next = [next(&self.refused), next(&self.misspoken)].into_iter().flatten().min();
        next.map_or(budget::WINDOW, |next| next.saturating_sub(now)).min(budget::WINDOW)
    }

    async fn log_refusals(&self, Told { whose: agent, input, count }: Told) {
        if self.driver.log_refused_drafts(agent, input, count).await.is_none() {
            tracing::warn!(%agent, count, "the gate is stopping; refused drafts were not logged");
        }
    }

    /// What the person who sent the case back asked for, from the signed decision.
    fn requested(&self, case: &Case) -> Result<Option<Requested>, StoreError> {
        let Phase::SentBack { by } = case.phase() else { return Ok(None) };
        let Some(sent) = case.accepted().iter().find(|one| one.decision() == *by) else {
            return Ok(None);
        };
        let bytes = self.store.read(|reader| reader.envelope(sent.envelope()))?;
        // It was verified when it was accepted.
        let decision = bytes
            .and_then(|bytes| Envelope::from_bytes(&bytes).ok())
            .and_then(|envelope| envelope.peek_unverified::<Decision>().ok())
            .ok_or(StoreError::Damaged("an accepted decision is missing"))?;
        let RequestedChanges { max_after, max_days, evidence, texts } =
            decision.requested.unwrap_or_default();
        let Reason { code: reason_code, text } = decision.reason;
        Ok(Some(Requested { max_after, max_days, evidence, texts, reason_code, text }))
    }

    /// The receipt of a draft that was taken under this key before. The platform is not asked:
    /// what it holds now may be what the draft's case made of it.
    fn replay(&self, keyed: Option<&KeyedDraft>) -> Result<Option<DraftReceipt>, DraftRefusal> {
        let Some(keyed) = keyed else { return Ok(None) };
        let replay = self.store.read(|reader| reader.replay(keyed));
        match replay.map_err(|_| unavailable("The gate's database"))? {
            Replay::New => Ok(None),
            Replay::Case(case) => Ok(Some(replayed(&case))),
            Replay::OtherDraft => Err(in_words(&Refused::OtherDraft)),
        }
    }

    async fn take(
        &self,
        session: &AgentSession,
        draft: Draft,
        keyed: Option<KeyedDraft>,
    ) -> Result<DraftReceipt, DraftRefusal> {
        let prepared = self.prepare(session, draft).await?;
        match self.driver.open_case(prepared, keyed).await {
            Some(Ok(Opened { case, replayed: false })) => Ok(receipt(&case)),
            Some(Ok(Opened { case, replayed: true })) => Ok(replayed(&case)),
            Some(Err(refused)) => Err(in_words(&refused)),
            None => Err(unavailable("The gate")),
        }
    }

    /// Reads the platform and refuses what does not fit it.
    async fn prepare(
        &self,
        session: &AgentSession,
        draft: Draft,
    ) -> Result<Prepared, DraftRefusal> {
        for entity in draft.change.entities() {
            if self.reads.capabilities(entity).is_some_and(|can| can.is_read_only()) {
                return Err(refuse_read_only());
            }
        }
        // The log's size first: what executes after these reads makes them stale.
        let log_size = self
            .store
            .read(|reader| reader.log_size())
            .map_err(|_| unavailable("The gate's database"))?;
        let (part, mut states) = (draft.change.part(), vec![]);
        for entity in draft.change.entities() {
            // Room on one account at a time: a draft that kept it while it waits for another
            // could wait for a draft that does the opposite.
            let reading = self.reads.begin(entity).await.map_err(refuse_unread)?;
            states.push(reading.state(entity, part.as_ref()).await.map_err(refuse_unread)?);
        }
        let change = draft.change.of_states(&states).map_err(refuse_unfit)?;
        if !self.can_write(&change) {
            return Err(refusal(
                RefusalCode::EntityUnknown,
                "/change/entity",
                "The account's platform does not let the gate write such a change.",
            ));
        }
        let mut pacing = vec![];
        for state in &states {
            let reading = self.reads.begin(&state.entity).await.map_err(refuse_unread)?;
            pacing.push(reading.pacing(state, self.pacing_days).await.map_err(refuse_unread)?);
        }
        let initiator = Initiator {
            agent: session.agent,
            agent_name: session.name.clone(),
            owner: session.owner,
        };
        Ok(Prepared { initiator, draft, log_size, states, pacing })
    }

    /// Whether the platforms let the gate write every part of a change.
    fn can_write(&self, change: &Action) -> bool {
        change.legs().iter().all(|leg| {
            let capabilities = self.reads.capabilities(leg.entity());
            let mutation = leg.mutation();
            capabilities.zip(mutation).is_some_and(|(can, mutation)| can.can_write(&mutation))
        })
    }
}

#[async_trait]
impl AgentService for GateService {
    async fn authenticate(&self, bearer: &str) -> Result<Option<AgentSession>, ServiceError> {
        self.sessions.of(bearer).map_err(|_| database_unavailable())
    }

    async fn list_campaigns(&self, _: &AgentSession) -> Result<CampaignList, ServiceError> {
        let mut list = CampaignList::default();
        let mut error = None;
        for Listed { platform, account, campaigns } in self.reads.list().await {
            match campaigns {
                Ok(states) => list.campaigns.extend(states.into_iter().map(summary)),
                Err(unread) => {
                    let account_id = account.clone();
                    list.unread.push(UnreadAccount {
                        platform,
                        account_id,
                        message: unread.to_string(),
                    });
                    error.get_or_insert(service_error(unread));
                }
            }
        }
        match error {
            Some(error) if list.campaigns.is_empty() && list.unread.len() == self.reads.count() => {
                Err(error)
            }
            _ => Ok(list),
        }
    }

    async fn campaign(
        &self,
        _: &AgentSession,
        query: &CampaignQuery,
    ) -> Result<CampaignDetails, ServiceError> {
        let CampaignQuery { campaign, ad_groups_cursor } = query;
        let reading = self.reads.begin(campaign).await.map_err(service_error)?;
        let state = reading.state(campaign, None).await.map_err(service_error)?;
        let after = PartsAfter { ad_group: ad_groups_cursor.clone() };
        let parts = reading.parts(&state, &after).await.map_err(service_error)?;
        let can = self.reads.capabilities(campaign);
        Ok(details(state, parts, can.is_none_or(|can| can.is_read_only())))
    }

    async fn pacing(
        &self,
        _: &AgentSession,
        campaign: &EntityRef,
    ) -> Result<PacingSeries, ServiceError> {
        let reading = self.reads.begin(campaign).await.map_err(service_error)?;
        let state = reading.state(campaign, None).await.map_err(service_error)?;
        reading.pacing(&state, self.pacing_days).await.map_err(service_error)
    }

    async fn reserve_draft(&self, session: &AgentSession) -> Result<Reservation, NoRoom> {
        let limit = u64::from(self.open_cases);
        let open = || self.store.read(|reader| reader.count_open_of(session.agent));
        match self.openings.hold(session.agent, limit, open) {
            Ok(Some(opening)) => Ok(Box::new(opening)),
            Ok(None) => Err(NoRoom::Exhausted(Exhausted {
                budget: Budget::OpenCases,
                limit,
                retry_after: RETRY_WHEN_CASES_END,
            })),
            Err(error) => {
                tracing::error!(error = %in_full(&error), "open cases cannot be counted");
                Err(NoRoom::Unavailable)
            }
        }
    }

    async fn is_key_spent(
        &self,
        session: &AgentSession,
        key: &IdempotencyKey,
    ) -> Result<bool, ServiceError> {
        let spent = self.store.read(|reader| reader.is_key_spent(session.agent, key));
        spent.map_err(|_| database_unavailable())
    }

    async fn submit_draft(
        &self,
        session: &AgentSession,
        Submission { key, draft }: Submission,
    ) -> Result<DraftReceipt, DraftRefusal> {
        let input = canonical::digest(&draft).map_err(|_| {
            refusal(RefusalCode::DraftInvalid, "", "The draft has no canonical form.")
        })?;
        let keyed = key.map(|key| KeyedDraft { agent: session.agent, key, draft: input });
        let taken = match self.replay(keyed.as_ref()) {
            Ok(None) => self.take(session, draft, keyed).await,
            Ok(Some(receipt)) => Ok(receipt),
            Err(refused) => Err(refused),
        };
        if let Err(refused) = &taken {
            self.record_refusal(session, refused.code, input).await;
        }
        taken
    }

    async fn list_cases(
        &self,
        session: &AgentSession,
        query: &CasesQuery,
    ) -> Result<CasesPage, ServiceError> {
        let (limit, before) = (query.limit(), query.cursor.map(|cursor| cursor.0));
        let page = self.store.read(|reader| {
            // One more than is shown says whether there are more.
            let mut cases = reader.cases_of(session.agent, query.state, before, limit + 1)?;
            let has_more = cases.len() > limit as usize;
            cases.truncate(limit as usize);
            let last = cases.last().filter(|_| has_more);
            let next_cursor = last.map(|case| Cursor(case.proposal().id));
            let listed = cases.iter().map(|case| {
                let key = reader.key_of(case.proposal().id)?;
                Ok::<_, StoreError>(listed(case, key))
            });
            Ok::<_, StoreError>(CasesPage { cases: listed.collect::<Result<_, _>>()?, next_cursor })
        });
        page.map_err(|_| database_unavailable())
    }

    async fn case_status(
        &self,
        session: &AgentSession,
        proposal: ProposalId,
    ) -> Result<CaseStatus, ServiceError> {
        let case =
            self.store.read(|reader| reader.case(proposal)).map_err(|_| database_unavailable())?;
        let case = case
            .filter(|case| case.proposal().agent() == Some(session.agent))
            .ok_or(ServiceError::Unknown("the proposal"))?;
        let requested = self.requested(&case).map_err(|_| database_unavailable())?;
        Ok(CaseStatus { requested, ..status(&case) })
    }

    async fn record_refusal(&self, session: &AgentSession, code: RefusalCode, input: Digest) {
        tracing::debug!(agent = %session.agent, ?code, "refused");
        let (agent, now) = (session.agent, self.began.elapsed());
        if code.is_for_the_log() {
            let told = lock(&self.refused).handle_refused(agent, input, now);
            if let Some(told) = told {
                tracing::info!(agent = %told.whose, ?code, count = told.count, "drafts refused");
                self.log_refusals(told).await;
            }
        } else if let Some(told) = lock(&self.misspoken).handle_refused(agent, input, now) {
            tell_misspoken(told, Some(code));
        }
    }
}

fn lock(refusals: &Mutex<Refusals>) -> std::sync::MutexGuard<'_, Refusals> {
    refusals.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell_misspoken(told: Told, code: Option<RefusalCode>) {
    let Told { whose: agent, count, .. } = told;
    tracing::info!(%agent, ?code, count, "requests of an agent were refused; none was a draft");
}
