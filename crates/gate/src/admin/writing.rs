//! `writing-open` and `writing-close`: an operator lets the gate write to an account with the
//! credential that its configuration names, or only read it. The log tells both.

use super::{
    AdminError, Office,
    order::{Done, HandOver, LedgerOrder},
};
use crate::{
    access::Writing,
    changes::{Changes, Row},
    config::{AccountConfig, Config},
    connect, due,
    ledger::Ledger,
};
use countersign_model::{
    TimestampMs,
    causes::in_full,
    entity::{AccountRef, PlatformId},
    reason::MAX_TEXT_CHARS,
    text,
};
use countersign_replay::world::writing_changed;
use std::path::Path;

/// What was done.
pub struct Opened {
    /// The account.
    pub account: AccountRef,
    /// The credential that writes from here on.
    pub credential: String,
    /// The kinds of recommendation that the account applies by itself: changes that pass
    /// nobody. Empty when there are none; none when the platform could not be asked.
    pub applied_by_itself: Option<Vec<String>>,
}

/// Opens an account for writing, whether or not a gate serves. Its credentials are read first,
/// and the platform is asked whether it changes the account by itself.
///
/// # Errors
/// [`AdminError`]; nothing was changed, but, perhaps, for [`AdminError::Unanswered`].
pub async fn open(
    data: &Path,
    config: &Config,
    account: &PlatformId,
    why: &str,
) -> Result<Opened, AdminError> {
    let found = find(config, account)?;
    let credential = found.writer().ok_or_else(|| {
        AdminError::Argument(format!(
            "the configuration names no `writer` of the account {account}; add a credential whose role in the account is Standard, and start the gate again"
        ))
    })?;
    let applied_by_itself = ask(found).await?;
    let (account, credential) = (found.account(), credential.to_owned());
    let order = LedgerOrder::OpenWriting {
        account: account.clone(),
        credential: credential.clone(),
        why: why.into(),
    };
    carry_out(data, order).await?;
    Ok(Opened { account, credential, applied_by_itself })
}

/// Closes an account for writing, whether or not a gate serves.
///
/// # Errors
/// [`AdminError`]; nothing was changed, but, perhaps, for [`AdminError::Unanswered`].
pub async fn close(data: &Path, account: &PlatformId, why: &str) -> Result<AccountRef, AdminError> {
    carry_out(data, LedgerOrder::CloseWriting { account: account.clone(), why: why.into() }).await
}

async fn carry_out(data: &Path, order: LedgerOrder) -> Result<AccountRef, AdminError> {
    let mut office = Office::open(data).await?;
    match office.decide(order).await? {
        HandOver::Nothing {} => {}
        _ => return Err(AdminError::Foreign),
    }
    match office.commit().await? {
        Done::Writing { account, .. } => Ok(account),
        _ => Err(AdminError::Foreign),
    }
}

fn find<'a>(config: &'a Config, id: &PlatformId) -> Result<&'a AccountConfig, AdminError> {
    let mut accounts = config.accounts.iter();
    accounts.find(|one| one.account().account_id == *id).ok_or_else(|| {
        let known = config.accounts.iter().map(|one| one.account().account_id.to_string());
        let known = known.collect::<Vec<_>>().join(", ");
        AdminError::Argument(format!("the configuration has no account {id}; it has {known}"))
    })
}

/// What the platform does to the account by itself. That it cannot be asked now stands in nobody's
/// way; that a credential cannot be read does.
async fn ask(config: &AccountConfig) -> Result<Option<Vec<String>>, AdminError> {
    let AccountConfig::GoogleAds(google) = config;
    let connection = connect::connect(google)?;
    let account = &google.customer_id;
    match connection.applied_by_itself(account).await {
        Ok(kinds) => {
            if !kinds.is_empty() {
                let kinds = kinds.join(", ");
                tracing::warn!(%account, kinds, "Google applies recommendations in this account by itself: changes that nobody countersigns. Switch it off at Google, under Recommendations, Auto-apply");
            }
            Ok(Some(kinds))
        }
        Err(error) => {
            tracing::warn!(%account, code = error.code, "it is not known whether Google applies recommendations in this account by itself: it could not be asked");
            Ok(None)
        }
    }
}

/// What an operator wants to change, decided about.
pub(super) struct Decided {
    account: AccountRef,
    credential: Option<String>,
    why: String,
}

/// Whether an account can be opened so; changes nothing.
pub(super) fn decide_open(
    writing: &Writing,
    account: AccountRef,
    credential: String,
    why: String,
) -> Result<Decided, AdminError> {
    check(&why)?;
    if writing.get(&account) == Some(&credential) {
        let words = format!("{account} may be written with {credential} already");
        return Err(AdminError::Argument(words));
    }
    Ok(Decided { account, credential: Some(credential), why })
}

/// Which account can be closed so; changes nothing.
pub(super) fn decide_close(
    writing: &Writing,
    id: &PlatformId,
    why: String,
) -> Result<Decided, AdminError> {
    check(&why)?;
    let account = writing.keys().find(|account| account.account_id == *id).cloned();
    let account = account
        .ok_or_else(|| AdminError::Argument(format!("the account {id} is not open for writing")))?;
    Ok(Decided { account, credential: None, why })
}

fn check(why: &str) -> Result<(), AdminError> {
    if why.trim().is_empty() {
        let words = "say why with --why; it is recorded in the log";
        return Err(AdminError::Argument(words.into()));
    }
    text::check_chars(why, MAX_TEXT_CHARS)
        .map_err(|error| AdminError::Argument(format!("the reason {}", in_full(&error))))
}

/// Makes it durable. What is due comes before it.
pub(super) fn commit(
    ledger: &mut Ledger,
    decided: Decided,
    at: TimestampMs,
) -> Result<Done, AdminError> {
    due::pass_time(ledger, at)?;
    let Decided { account, credential, why } = decided;
    let gate = ledger.roster().gate.device;
    let mut changes = Changes::default();
    changes.log(writing_changed(gate, account.clone(), credential.clone(), why));
    changes.put(Row::Writing(account.clone(), credential.clone()));
    ledger.commit(changes, at)?;
    Ok(Done::Writing { account, credential })
}
