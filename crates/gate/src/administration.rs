//! The serving gate's side of an operator's command: hears an order, has the driver decide,
//! hands over what it promises, and has it committed when the command says that it has it. A
//! command that goes away in between leaves nothing behind.

use crate::{
    access::Access,
    admin::{
        AdminError,
        compact::{Compacted, Hands, compact_now},
        decide::Decided,
        line::{Line, LineError},
        order::{Done, HandOver, LedgerOrder, Order, Told, Word},
    },
    changes::Changes,
    compact::Bench,
    core::Rules,
    driver::DriverHandle,
    policies,
};
use async_trait::async_trait;
use countersign_model::{causes::in_full, entity::AccountRef};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Mutex, watch},
    time::{Instant, sleep, timeout},
};

/// How long a command may take to say what it wants.
const ORDER_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to put what it was handed over into safe hands.
const COMMIT_WITHIN: Duration = Duration::from_secs(60);
/// How long a command waits until the relay knows a new device.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
/// How long a compaction waits for its snapshot to reach the relay.
const DELIVERED_WITHIN: Duration = Duration::from_secs(120);
/// Between two looks whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What commands need of a gate that serves.
pub(crate) struct Administration {
    pub(crate) driver: DriverHandle,
    /// The file of the root key.
    pub(crate) root: PathBuf,
    /// Where the policies are read again from.
    pub(crate) policies_dir: PathBuf,
    pub(crate) bench: Bench,
    /// One compaction at a time, the gate's own included.
    pub(crate) compacting: Arc<Mutex<()>>,
    /// How many days an ended case is kept, unless a command says another number.
    pub(crate) keep_days: u32,
    /// The version of the roster whose devices the relay knows.
    pub(crate) relay_knows: watch::Receiver<u64>,
    /// Which accounts may be written now.
    pub(crate) access: Access,
    /// The accounts that this gate serves, each with its configured writer.
    pub(crate) writers: BTreeMap<AccountRef, Option<String>>,
    /// One order about the ledger at a time: each builds on the roster before.
    pub(crate) deciding: Mutex<()>,
}

impl Administration {
    /// Speaks with one command to its end.
    pub(crate) async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send>(&self, mut line: Line<S>) {
        match self.answer(&mut line).await {
            Ok(()) => {}
            Err(LineError::Foreign) => {
                let message = "the gate does not understand the command; use the program of its version, nothing was done";
                let _ = line.say(&Told::Refused { message: message.into() }).await;
            }
            Err(error) => tracing::warn!(error = %in_full(&error), "a command has gone away"),
        }
    }

    async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send>(
        &self,
        line: &mut Line<S>,
    ) -> Result<(), LineError> {
        let done = match line.hear(ORDER_WITHIN).await? {
            Order::Ledger(order) => {
                let _turn = self.deciding.lock().await;
                match self.decide(order).await {
                    Err(error) => Err(error),
                    Ok((decided, hand_over)) => {
                        line.say(&Told::Decided(hand_over)).await?;
                        let Word::Commit {} = line.hear(COMMIT_WITHIN).await?;
                        self.commit(decided).await
                    }
                }
            }
            Order::Compact { keep_days } => self.compact(keep_days).await.map(Done::Compacted),
            Order::ReloadPolicies {} => self.reload_policies().await,
        };
        let told = match done {
            Ok(done) => Told::Done(done),
            Err(error) => {
                let message = in_full(&error);
                tracing::warn!(error = %message, "an operator's command was refused");
                Told::Refused { message }
            }
        };
        line.say(&told).await
    }

    async fn decide(&self, order: LedgerOrder) -> Result<(Decided, HandOver), AdminError> {
        self.check_writer(&order)?;
        self.driver.decide(order, self.root.clone()).await.ok_or_else(stopping)?
    }

    async fn commit(&self, decided: Decided) -> Result<Done, AdminError> {
        match self.driver.commit_decided(decided).await.ok_or_else(stopping)?? {
            Done::Roster { version, .. } => {
                let mut relay_knows = self.relay_knows.clone();
                let told = timeout(TOLD_WITHIN, relay_knows.wait_for(|known| *known >= version));
                Ok(Done::Roster { version, relay_told: matches!(told.await, Ok(Ok(_))) })
            }
            Done::Writing { account, credential } => {
                self.access.put(&account, credential.as_deref());
                tracing::warn!(%account, credential, "an operator has changed whether the account may be written");
                Ok(Done::Writing { account, credential })
            }
            done => Ok(done),
        }
    }

    /// An account is opened for the credential that this gate writes with, or nothing would be
    /// written all the same.
    fn check_writer(&self, order: &LedgerOrder) -> Result<(), AdminError> {
        let LedgerOrder::OpenWriting { account, credential, .. } = order else { return Ok(()) };
        let known = self.writers.get(account).map(|writer| writer.as_deref());
        let words = match known {
            Some(Some(writer)) if writer == credential => return Ok(()),
            Some(Some(writer)) => format!("writes to {account} with {writer}"),
            Some(None) => format!("knows no credential that writes to {account}"),
            None => format!("does not serve {account}"),
        };
        Err(AdminError::Refused(format!(
            "the gate that serves was started with another configuration and {words}; start it again with this one, nothing was done"
        )))
    }

    /// Rules are compiled beside the driver.
    async fn reload_policies(&self) -> Result<Done, AdminError> {
        let folder = self.policies_dir.clone();
        let loaded = tokio::task::spawn_blocking(move || policies::load(&folder)).await;
        let refused = |words: String| {
            AdminError::Refused(format!("the policies in force stay, nothing was done: {words}"))
        };
        let (set, files) = loaded
            .map_err(|error| refused(in_full(&error)))?
            .map_err(|error| refused(in_full(&error)))?;
        let done = self
            .driver
            .replace_policies(Rules { policies: set, files })
            .await
            .ok_or_else(stopping)?;
        Ok(Done::Policies(done.map_err(|error| refused(in_full(&error)))?))
    }

    async fn compact(&self, keep_days: Option<u32>) -> Result<Compacted, AdminError> {
        let _turn = self.compacting.lock().await;
        let keep_days = keep_days.unwrap_or(self.keep_days);
        compact_now(&self.bench, keep_days, &mut ByDriver(&self.driver)).await
    }
}

fn stopping() -> AdminError {
    AdminError::Refused("the gate is stopping; nothing was done".into())
}

/// A compaction beside the driver, which commits, and the courier, which delivers.
struct ByDriver<'a>(&'a DriverHandle);

#[async_trait]
impl Hands for ByDriver<'_> {
    async fn commit(&mut self, changes: Changes) -> Result<(), AdminError> {
        self.0.commit(changes).await.ok_or_else(stopping)
    }

    async fn deliver(&mut self, bench: &Bench) -> Result<(), AdminError> {
        let until = Instant::now() + DELIVERED_WITHIN;
        while !bench.finish().await? {
            if Instant::now() > until {
                let words = "the snapshot was made and waits for the relay; the gate goes on with it by itself";
                return Err(AdminError::Refused(words.into()));
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }
}
