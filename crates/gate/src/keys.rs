//! Key files: 32 bytes as hex, readable by their owner alone, made once by `init` and
//! never replaced.

use countersign_model::{Signer, signature::SigningKey};
use std::{
    fs::OpenOptions,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// Length of a key in bytes.
pub const KEY_BYTES: usize = 32;
/// Longest secret file that is read, in bytes.
const MAX_SECRET_BYTES: u64 = 16 * 1024;

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is a file already.
    #[error(
        "the key file {0} already exists and is never replaced; use another data folder, or keep the key"
    )]
    Exists(PathBuf),
    /// There is none.
    #[error("the key file {0} is missing; restore it from a back-up: a key is never replaced")]
    Missing(PathBuf),
    /// Others could read it.
    #[error("the file {0} can be read by others; run: chmod 600 {0}")]
    TooOpen(PathBuf),
    /// Not 64 hex digits.
    #[error("the key file {0} is damaged: expected 64 hex digits; restore it from a back-up")]
    Damaged(PathBuf),
    /// The system refused.
    #[error("the file {path} cannot be used")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

/// Random bytes for keys, salts and tokens.
///
/// # Errors
/// [`KeyError::Random`].
pub fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeyError> {
    Random::of_system().bytes()
}

/// Where random bytes come from: the system, but for whoever must be able to do everything
/// again.
#[derive(Clone)]
pub struct Random(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) -> Result<(), KeyError> + Send + Sync;

impl Random {
    /// The operating system's.
    #[must_use]
    pub fn of_system() -> Self {
        Self::new(|bytes| getrandom::fill(bytes).map_err(KeyError::Random))
    }

    /// Another source, which fills what it is given.
    pub fn new(fill: impl Fn(&mut [u8]) -> Result<(), KeyError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// Fresh random bytes.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn bytes<const N: usize>(&self) -> Result<Zeroizing<[u8; N]>, KeyError> {
        let mut bytes = Zeroizing::new([0; N]);
        (self.0)(bytes.as_mut_slice())?;
        Ok(bytes)
    }
}

/// Makes a new key file.
///
/// # Errors
/// [`KeyError::Exists`] rather than replacing one.
pub fn create(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let key = random::<KEY_BYTES>()?;
    write_secret(path, format!("{}\n", hex(key.as_slice()).as_str()).as_bytes())?;
    Ok(key)
}

/// Reads a key file.
///
/// # Errors
/// [`KeyError`]; also when others may read the file.
pub fn load(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let text = read_secret(path)?;
    let key = unhex(text.trim()).ok_or_else(|| KeyError::Damaged(path.into()))?;
    Ok(key)
}

/// Reads a signing key and names its public half.
///
/// # Errors
/// As [`load`].
pub fn load_signing(path: &Path) -> Result<SigningKey, KeyError> {
    let key = SigningKey::from_seed(&*load(path)?);
    tracing::debug!(file = %path.display(), public = %key.public_key(), "signing key read");
    Ok(key)
}

/// Writes a file that only its owner can read; refuses to replace one.
///
/// # Errors
/// [`KeyError::Exists`] or [`KeyError::Io`].
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let io = |source| KeyError::Io { path: path.into(), source };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => KeyError::Exists(path.into()),
        _ => io(source),
    })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|source| {
        // Half a secret would be taken for a whole one and never be replaced.
        let _ = std::fs::remove_file(path);
        io(source)
    })
}

/// Reads a small secret file, such as a refresh token, and refuses one that others can read.
///
/// # Errors
/// [`KeyError`].
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let io = |source| KeyError::Io { path: path.into(), source };
    let file = std::fs::File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => KeyError::Missing(path.into()),
        _ => io(source),
    })?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(io)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::TooOpen(path.into()));
        }
    }
    // Room for all of it: what a growing buffer leaves behind is not wiped.
    let room = usize::try_from(MAX_SECRET_BYTES).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(room));
    file.take(MAX_SECRET_BYTES).read_to_string(&mut text).map_err(io)?;
    Ok(text)
}

fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let digits = b"0123456789abcdef";
    let pair = |byte: &u8| {
        [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]].map(char::from)
    };
    Zeroizing::new(bytes.iter().flat_map(pair).collect())
}

fn unhex(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if text.len() != 2 * KEY_BYTES || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.key");
        assert!(matches!(load(&path), Err(KeyError::Missing(_))));
        let made = create(&path).unwrap();
        assert_eq!(*made, *load(&path).unwrap());
        assert!(matches!(create(&path), Err(KeyError::Exists(_))));
        assert_eq!(*made, *load(&path).unwrap(), "the refused attempt changed nothing");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.key");
        create(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for open in [0o640, 0o604] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(open)).unwrap();
            assert!(matches!(load(&path), Err(KeyError::TooOpen(_))));
        }
    }

    #[test]
    fn a_damaged_key_is_not_guessed() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a", "12"), ("b", &"zz".repeat(32)), ("c", &"é".repeat(32))] {
            let path = folder.path().join(name);
            write_secret(&path, text.as_bytes()).unwrap();
            assert!(matches!(load(&path), Err(KeyError::Damaged(_))), "{text}");
        }
    }
}
