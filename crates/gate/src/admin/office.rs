//! Who carries out a command: this process, when no gate serves from the data folder, or the
//! gate that does, over its socket.

use super::{
    AdminError,
    compact::Hands,
    decide::{Decided, decide},
    line::Line,
    order::{Done, HandOver, LedgerOrder, Order, Told, Word},
};
use crate::{
    changes::Changes,
    clock,
    compact::Bench,
    config::Config,
    courier,
    data::{DataDir, DataError, DataLock},
    identity::Identity,
    ledger::Ledger,
    relay::Relay,
    store::Store,
};
use async_trait::async_trait;
use countersign_model::causes::in_full;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Instant, sleep},
};

/// How long a command looks for the gate that holds the folder: it may be starting, stopping,
/// or be another command.
const REACHED_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long the gate may take to decide or to commit; others' commands come first.
const ANSWERED_WITHIN: Duration = Duration::from_secs(120);
/// How long the gate may take to compact a relay.
const COMPACTED_WITHIN: Duration = Duration::from_secs(60 * 60);

/// A way to the gate that serves.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Who carries out a command.
pub(crate) enum Office {
    /// This process.
    Own(Box<Own>),
    /// The gate that serves.
    Gate(Gate),
}

/// An open data folder, locked for this process.
pub(crate) struct Own {
    data: DataDir,
    ledger: Ledger,
    decided: Option<Decided>,
    _lock: DataLock,
}

/// A connection to the gate that serves.
pub(crate) struct Gate(Line<Box<dyn Stream>>);

impl Office {
    /// Takes the data folder, or reaches the gate that has it.
    ///
    /// # Errors
    /// [`AdminError::NotReached`] when somebody has it who does not answer.
    pub(crate) async fn open(data: &Path) -> Result<Self, AdminError> {
        let data = DataDir::new(data);
        let began = Instant::now();
        loop {
            match data.lock() {
                Ok(lock) => return Ok(Self::Own(Box::new(Own::open(data, lock)?))),
                Err(DataError::InUse(_)) => {}
                Err(error) => return Err(error.into()),
            }
            #[cfg(unix)]
            if let Some(stream) = crate::socket::reach(&data).await? {
                return Ok(Self::Gate(Gate::over(stream)));
            }
            if cfg!(not(unix)) || began.elapsed() > REACHED_WITHIN {
                return Err(AdminError::NotReached(data.folder().into()));
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Decides about an order and hands over what it promises; nothing is changed.
    ///
    /// # Errors
    /// [`AdminError`].
    pub(crate) async fn decide(&mut self, order: LedgerOrder) -> Result<HandOver, AdminError> {
        match self {
            Self::Own(own) => own.decide(order),
            Self::Gate(gate) => gate.decide(order).await,
        }
    }

    /// Commits what was decided last.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was changed, but, perhaps, for [`AdminError::Unanswered`].
    pub(crate) async fn commit(&mut self) -> Result<Done, AdminError> {
        match self {
            Self::Own(own) => own.commit_decided().await,
            Self::Gate(gate) => gate.commit().await,
        }
    }
}

impl Own {
    fn open(data: DataDir, lock: DataLock) -> Result<Self, AdminError> {
        let store = Arc::new(Store::open(&data.database())?);
        let identity = Arc::new(Identity::load(&data, &store)?);
        let ledger = Ledger::open(store, identity)?;
        Ok(Self { data, ledger, decided: None, _lock: lock })
    }

    fn decide(&mut self, order: LedgerOrder) -> Result<HandOver, AdminError> {
        let at = self.ledger.moment(clock::now());
        let (decided, hand_over) = decide(&self.ledger, order, &self.data.key("root"), at)?;
        self.decided = Some(decided);
        Ok(hand_over)
    }

    async fn commit_decided(&mut self) -> Result<Done, AdminError> {
        let decided = self.decided.take().ok_or(AdminError::Foreign)?;
        let wall = clock::now();
        let at = self.ledger.moment(wall);
        Ok(match decided.commit(&mut self.ledger, at, wall)? {
            Done::Roster { version, .. } => {
                Done::Roster { version, relay_told: self.tell_relay().await }
            }
            done => done,
        })
    }

    async fn tell_relay(&self) -> bool {
        let url = self.ledger.store().read(|reader| reader.meta_text("relay_url"));
        let Some(url) = url.ok().and_then(|url| url.parse().ok()) else { return false };
        let Ok(relay) = Relay::new(url, Arc::clone(self.ledger.identity())) else { return false };
        match relay.put_devices(self.ledger.roster()).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error = %in_full(&error), "the relay will be told of the device by `serve`");
                false
            }
        }
    }

    /// What making a snapshot needs.
    pub(super) fn bench(&self, config: &Config) -> Result<Bench, AdminError> {
        let identity = Arc::clone(self.ledger.identity());
        let (_, roster) = watch::channel(Arc::new(self.ledger.roster().clone()));
        Ok(Bench {
            relay: Relay::new(config.relay_url.clone(), Arc::clone(&identity))?,
            store: Arc::clone(self.ledger.store()),
            identity,
            roster,
            random: self.ledger.random().clone(),
        })
    }
}

#[async_trait]
impl Hands for Own {
    async fn commit(&mut self, changes: Changes) -> Result<(), AdminError> {
        let at = self.ledger.moment(clock::now());
        Ok(self.ledger.commit(changes, at)?)
    }

    async fn deliver(&mut self, bench: &Bench) -> Result<(), AdminError> {
        courier::deliver_all(&bench.relay, &bench.store, self.ledger.roster()).await?;
        bench.finish().await?;
        Ok(())
    }
}

impl Gate {
    pub(crate) fn over(stream: impl Stream + 'static) -> Self {
        Self(Line::new(Box::new(stream)))
    }

    async fn decide(&mut self, order: LedgerOrder) -> Result<HandOver, AdminError> {
        match self.ask(&Order::Ledger(order), ANSWERED_WITHIN).await? {
            Told::Decided(hand_over) => Ok(hand_over),
            Told::Refused { message } => Err(AdminError::Refused(message)),
            Told::Done(_) => Err(AdminError::Foreign),
        }
    }

    async fn commit(&mut self) -> Result<Done, AdminError> {
        // A word that was not taken whole was not heard.
        self.0.say(&Word::Commit {}).await?;
        match self.0.hear(ANSWERED_WITHIN).await {
            Ok(Told::Done(done)) => Ok(done),
            Ok(Told::Refused { message }) => Err(AdminError::Refused(message)),
            Ok(Told::Decided(_)) => Err(AdminError::Unanswered { left: String::new() }),
            Err(error) => {
                tracing::error!(%error, "the gate does not say whether it is done");
                Err(AdminError::Unanswered { left: String::new() })
            }
        }
    }

    /// An order that nothing is handed over for.
    ///
    /// # Errors
    /// [`AdminError`].
    pub(crate) async fn carry_out(&mut self, order: Order) -> Result<Done, AdminError> {
        match self.ask(&order, COMPACTED_WITHIN).await? {
            Told::Done(done) => Ok(done),
            Told::Refused { message } => Err(AdminError::Refused(message)),
            Told::Decided(_) => Err(AdminError::Foreign),
        }
    }

    async fn ask(&mut self, order: &Order, within: Duration) -> Result<Told, AdminError> {
        self.0.say(order).await?;
        Ok(self.0.hear(within).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> LedgerOrder {
        LedgerOrder::CorrectClock { why: "a test".into() }
    }

    /// A gate that answers an order and then hears `words` more before it dies.
    async fn dies_after(words: usize) -> Result<Done, AdminError> {
        let (own, gates) = tokio::io::duplex(1024);
        let gate = async move {
            let mut line = Line::new(gates);
            line.hear::<Order>(ANSWERED_WITHIN).await.unwrap();
            line.say(&Told::Decided(HandOver::Nothing {})).await.unwrap();
            for _ in 0..words {
                line.hear::<Word>(ANSWERED_WITHIN).await.unwrap();
            }
        };
        let command = async {
            let mut office = Office::Gate(Gate::over(own));
            office.decide(order()).await.unwrap();
            tokio::task::yield_now().await;
            office.commit().await
        };
        tokio::join!(gate, command).1
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_to_the_commit_is_told_from_one_that_was_never_heard() {
        assert!(matches!(dies_after(0).await, Err(AdminError::Line(_))), "nothing was done");
        let unknown = dies_after(1).await.unwrap_err();
        assert!(matches!(unknown, AdminError::Unanswered { .. }), "it may be done");
        assert!(unknown.to_string().contains("may be"), "{unknown}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_that_refuses_is_quoted_and_a_silent_one_is_given_up_on() {
        let (own, gates) = tokio::io::duplex(1024);
        let mut line = Line::new(gates);
        let mut office = Office::Gate(Gate::over(own));
        let (refused, ()) = tokio::join!(office.decide(order()), async {
            line.hear::<Order>(ANSWERED_WITHIN).await.unwrap();
            line.say(&Told::Refused { message: "not today".into() }).await.unwrap();
        });
        assert_eq!(refused.unwrap_err().to_string(), "not today");
        let silent = office.decide(order()).await.unwrap_err();
        assert!(silent.to_string().contains("nothing was done"), "{silent}");
    }
}
