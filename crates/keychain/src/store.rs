//! Where secrets are: the OS keychain behind a wall of two operations.

use keyring::{Entry, Error};
use std::{sync::mpsc, thread, time::Duration};
use zeroize::Zeroizing;

/// How long a keychain may take before we say that it is locked: it may be asking for its
/// password in a dialog of its own, and the window must not stand still meanwhile.
const PATIENCE: Duration = Duration::from_secs(8);

/// The name under which the keychain lists our items.
pub const SERVICE: &str = "countersign";

/// A store of small secrets by name.
///
/// `write` is durable when it returns; the caller never retries by itself, because a
/// keychain that refuses has asked the person already.
pub trait SecretStore: Send + Sync {
    /// The secret, or `None` when there is none of that name.
    ///
    /// # Errors
    /// When the keychain cannot be reached or is locked.
    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SecretStoreError>;
    /// Stores a secret under a name that is not taken.
    ///
    /// # Errors
    /// As [`SecretStore::read`].
    fn write(&self, name: &str, secret: &[u8]) -> Result<(), SecretStoreError>;
}

/// Why the keychain did not do it; the words are for the person at the device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretStoreError {
    /// There is no keychain service.
    #[error("no keychain is running on this computer")]
    Missing,
    /// It is locked, or the person dismissed its prompt.
    #[error("the keychain is locked")]
    Locked,
    /// It failed in another way.
    #[error("the keychain failed: {0}")]
    Failed(String),
}

/// The keychain of the operating system.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsSecretStore;

impl SecretStore for OsSecretStore {
    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SecretStoreError> {
        let name = name.to_owned();
        within(PATIENCE, move || match entry(&name)?.get_secret() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(&error)),
        })
    }

    fn write(&self, name: &str, secret: &[u8]) -> Result<(), SecretStoreError> {
        let (name, secret) = (name.to_owned(), Zeroizing::new(secret.to_vec()));
        within(PATIENCE, move || entry(&name)?.set_secret(&secret).map_err(|error| explain(&error)))
    }
}

/// Asks on a thread of its own, which goes on waiting if the keychain does not answer in
/// time; the next call asks again.
fn within<T: Send + 'static>(
    patience: Duration,
    ask: impl FnOnce() -> Result<T, SecretStoreError> + Send + 'static,
) -> Result<T, SecretStoreError> {
    let (answer, answers) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("keychain".into())
        .spawn(move || {
            // Nobody listens any more when the patience is over.
            let _ = answer.send(ask());
        })
        .map_err(|_| SecretStoreError::Failed("no thread could be started for it".into()))?;
    answers.recv_timeout(patience).unwrap_or(Err(SecretStoreError::Locked))
}

fn entry(name: &str) -> Result<Entry, SecretStoreError> {
    Entry::new(SERVICE, name).map_err(|error| explain(&error))
}

/// Never passes on the bytes that some keyring errors carry.
fn explain(error: &Error) -> SecretStoreError {
    match error {
        Error::NoDefaultStore => SecretStoreError::Missing,
        Error::NoStorageAccess(_) => SecretStoreError::Locked,
        Error::PlatformFailure(cause) => {
            SecretStoreError::Failed(format!("the platform said: {cause}"))
        }
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            SecretStoreError::Failed("an item is not in the expected format".into())
        }
        Error::Ambiguous(_) => {
            SecretStoreError::Failed("more than one item has the same name".into())
        }
        _ => SecretStoreError::Failed("the operation is not supported".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keychain_that_does_not_answer_counts_as_locked() {
        let (never, hold) = mpsc::channel::<()>();
        let answer = within(Duration::from_millis(20), move || {
            let _ = hold.recv();
            Ok(())
        });
        assert_eq!(answer, Err(SecretStoreError::Locked));
        drop(never);
        assert_eq!(within(Duration::from_secs(60), || Ok(7)), Ok(7));
    }
}

/// Secrets in memory, for the tests of rooms above.
#[cfg(any(test, feature = "memory"))]
pub mod memory {
    use super::{SecretStore, SecretStoreError};
    use std::{collections::BTreeMap, sync::Mutex};
    use zeroize::Zeroizing;

    /// A keychain that can be locked and emptied.
    #[derive(Debug, Default)]
    pub struct MemorySecretStore {
        items: Mutex<BTreeMap<String, Vec<u8>>>,
        locked: std::sync::atomic::AtomicBool,
    }

    impl MemorySecretStore {
        /// Locks or unlocks it.
        pub fn set_locked(&self, locked: bool) {
            self.locked.store(locked, std::sync::atomic::Ordering::SeqCst);
        }

        /// Loses every item, as a fresh login or another computer would.
        pub fn clear(&self) {
            self.items.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
        }

        fn check(&self) -> Result<(), SecretStoreError> {
            if self.locked.load(std::sync::atomic::Ordering::SeqCst) {
                Err(SecretStoreError::Locked)
            } else {
                Ok(())
            }
        }
    }

    impl SecretStore for MemorySecretStore {
        fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, SecretStoreError> {
            self.check()?;
            let items = self.items.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Ok(items.get(name).cloned().map(Zeroizing::new))
        }

        fn write(&self, name: &str, secret: &[u8]) -> Result<(), SecretStoreError> {
            self.check()?;
            let mut items = self.items.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            items.insert(name.into(), secret.into());
            Ok(())
        }
    }
}
