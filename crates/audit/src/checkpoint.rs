//! Signed heads of the log: C2SP tlog-checkpoint in a C2SP signed note, Ed25519.
//!
//! Specifications: <https://c2sp.org/tlog-checkpoint>, <https://c2sp.org/signed-note>.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_model::{Digest, PublicKey, Signature, Signer, signature::SignerError};
use signed_note::{Note, NoteError, VerificationError, Verifier, Verifiers};
use tlog_tiles::Hash;

/// Longer notes are refused before they are parsed, in bytes.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;
/// The signed-note algorithm byte of Ed25519.
const ED25519: u8 = 0x01;

/// A head of the log whose signature was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The log's name; also the name of its key.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Digest,
}

/// Why a checkpoint could not be made or was refused.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// An origin has whitespace or a plus, or is empty.
    #[error("not a log origin: expected text without white space or '+'")]
    Origin,
    /// Not a verifier key.
    #[error("not an Ed25519 verifier key: expected <origin>+<8 hex digits>+<base64>")]
    VerifierKey,
    /// Not a signed note around a checkpoint.
    #[error("the checkpoint is malformed")]
    Malformed,
    /// Larger than [`MAX_NOTE_BYTES`].
    #[error("the checkpoint is larger than {MAX_NOTE_BYTES} bytes")]
    TooLarge,
    /// None of its signatures is by the expected key.
    #[error("the checkpoint is not signed by the log's key")]
    Unsigned,
    /// The signature does not fit.
    #[error("the checkpoint's signature does not fit")]
    Signature,
    /// The head of a different log.
    #[error("the checkpoint is of another log")]
    Foreign,
    /// The key could not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

/// The verifier key of `key` for the log `origin`: `<origin>+<key id>+<base64>`.
///
/// # Errors
/// [`CheckpointError::Origin`].
pub fn make_vkey(origin: &str, key: PublicKey) -> Result<String, CheckpointError> {
    check_origin(origin)?;
    let typed = typed_key(key);
    let id = signed_note::key_id(origin, &typed);
    Ok(format!("{origin}+{id:08x}+{}", STANDARD.encode(typed)))
}

/// The origin and key of a verifier key.
///
/// # Errors
/// [`CheckpointError::VerifierKey`].
pub fn parse_vkey(vkey: &str) -> Result<(String, PublicKey), CheckpointError> {
    let mut parts = vkey.splitn(3, '+');
    let (Some(origin), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(CheckpointError::VerifierKey);
    };
    let typed = STANDARD.decode(key).map_err(|_| CheckpointError::VerifierKey)?;
    let key = match typed.split_first() {
        Some((&ED25519, key)) => key.try_into().map_err(|_| CheckpointError::VerifierKey)?,
        _ => return Err(CheckpointError::VerifierKey),
    };
    let key = PublicKey::from_bytes(key).map_err(|_| CheckpointError::VerifierKey)?;
    // One key, one spelling: also checks the key id.
    match make_vkey(origin, key) {
        Ok(own) if own == vkey => Ok((origin.into(), key)),
        _ => Err(CheckpointError::VerifierKey),
    }
}

/// Signs a head. The text of the note is what is published and kept.
///
/// # Errors
/// When the origin is not one or the key cannot sign.
pub fn sign(
    origin: &str,
    size: u64,
    root: Digest,
    signer: &dyn Signer,
) -> Result<String, CheckpointError> {
    check_origin(origin)?;
    let head = tlog_tiles::Checkpoint::new(origin, size, Hash(*root.as_bytes()), "")
        .map_err(|_| CheckpointError::Origin)?;
    let text = head.to_bytes();
    let signature = signer.sign(&text)?;
    let id = signed_note::key_id(origin, &typed_key(signer.public_key()));
    let line = signed_note::Signature::new(origin.into(), id, signature.as_bytes().to_vec())
        .map_err(|_| CheckpointError::Origin)?;
    let note = Note::new(&text, &[line]).map_err(|_| CheckpointError::Malformed)?;
    String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::Malformed)
}

/// Checks a head against the log's verifier key. Other signature lines, such as those of
/// witnesses, are allowed and not judged here.
///
/// # Errors
/// [`CheckpointError`].
pub fn verify(note: &str, vkey: &str) -> Result<Checkpoint, CheckpointError> {
    if note.len() > MAX_NOTE_BYTES {
        return Err(CheckpointError::TooLarge);
    }
    let (origin, key) = parse_vkey(vkey)?;
    let id = signed_note::key_id(&origin, &typed_key(key));
    let note = Note::from_bytes(note.as_bytes()).map_err(|_| CheckpointError::Malformed)?;
    note.verify(&LogKey { origin: origin.clone(), id, key }).map_err(|error| match error {
        NoteError::InvalidSignature { .. } => CheckpointError::Signature,
        NoteError::UnverifiedNote => CheckpointError::Unsigned,
        _ => CheckpointError::Malformed,
    })?;
    let head = read_text(note.text())?;
    if head.origin == origin { Ok(head) } else { Err(CheckpointError::Foreign) }
}

/// The head that a note's text names, whoever signed it.
pub(crate) fn read_text(text: &[u8]) -> Result<Checkpoint, CheckpointError> {
    let head = tlog_tiles::Checkpoint::from_bytes(text).map_err(|_| CheckpointError::Malformed)?;
    let (origin, size) = (head.origin().into(), head.size());
    Ok(Checkpoint { origin, size, root: Digest::from_bytes(head.hash().0) })
}

/// The log's key as `signed_note` asks for it, with the project's own verification rule.
struct LogKey {
    origin: String,
    id: u32,
    key: PublicKey,
}

impl Verifier for LogKey {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify(text, &signature).is_ok())
    }
}

impl Verifiers for LogKey {
    fn verifier(&self, name: &str, id: u32) -> Result<&dyn Verifier, VerificationError> {
        if name == self.origin && id == self.id {
            Ok(self)
        } else {
            Err(VerificationError::UnknownKey { name: name.into(), id })
        }
    }
}

fn check_origin(origin: &str) -> Result<(), CheckpointError> {
    let no_control = !origin.chars().any(char::is_control);
    if signed_note::is_key_name_valid(origin) && no_control {
        Ok(())
    } else {
        Err(CheckpointError::Origin)
    }
}

fn typed_key(key: PublicKey) -> Vec<u8> {
    [&[ED25519], key.as_bytes().as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::signature::SigningKey;

    const ORIGIN: &str = "countersign.example/log/1";

    #[test]
    fn signs_and_verifies_with_the_right_key_only() {
        let (key, other) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let root = Digest::of(b"root");
        let note = sign(ORIGIN, 7, root, &key).unwrap();
        let vkey = make_vkey(ORIGIN, key.public_key()).unwrap();
        assert_eq!(
            verify(&note, &vkey).unwrap(),
            Checkpoint { origin: ORIGIN.into(), size: 7, root }
        );
        let stranger = make_vkey(ORIGIN, other.public_key()).unwrap();
        assert!(matches!(verify(&note, &stranger), Err(CheckpointError::Unsigned)));
        let elsewhere = make_vkey("countersign.example/log/2", key.public_key()).unwrap();
        assert!(matches!(verify(&note, &elsewhere), Err(CheckpointError::Unsigned)));
    }

    #[test]
    fn any_changed_byte_is_found() {
        let key = SigningKey::from_seed(&[1; 32]);
        let vkey = make_vkey(ORIGIN, key.public_key()).unwrap();
        let note = sign(ORIGIN, 7, Digest::of(b"root"), &key).unwrap();
        for index in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[index] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(verify(&changed, &vkey).is_err(), "byte {index} changed unseen");
        }
    }

    #[test]
    fn the_verifier_key_of_the_signed_note_specification_style_is_strict() {
        let vkey = make_vkey(ORIGIN, SigningKey::from_seed(&[1; 32]).public_key()).unwrap();
        assert!(signed_note::StandardVerifier::new(&vkey).is_ok(), "theirs reads ours");
        for index in 0..vkey.len() {
            let mut bytes = vkey.clone().into_bytes();
            bytes[index] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(parse_vkey(&changed).is_err(), "byte {index} changed unseen");
        }
        assert!(make_vkey("two words", SigningKey::from_seed(&[1; 32]).public_key()).is_err());
    }
}
