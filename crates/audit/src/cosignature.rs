//! What a desktop says of a checkpoint that it has verified: a C2SP `cosignature/v1` line
//! beside the log's own signature. Whoever holds such lines over two roots of one size holds
//! the proof that the log was shown in two forms.
//!
//! Specification: <https://c2sp.org/tlog-cosignature>.

use crate::checkpoint::{self, Checkpoint, CheckpointError, MAX_NOTE_BYTES};
use countersign_model::{
    DeviceId, Digest, PublicKey, Roster, Signature, Signer, TimestampMs, WorkspaceId,
    signature::SignerError,
};
use signed_note::{Note, NoteError, VerificationError, Verifier, Verifiers};
use std::collections::BTreeMap;

/// The signed-note algorithm byte of a timestamped Ed25519 cosignature.
const COSIGNATURE_V1: u8 = 0x04;
/// Length of the time before the signature, in bytes, big-endian.
const TIME_BYTES: usize = 8;
/// One device's cosigned note is no larger; a checkpoint and two lines need a tenth of it.
pub const MAX_COSIGNED_BYTES: usize = 4 * 1024;
/// How many devices' lines a published checkpoint carries at most.
pub const MAX_LINES: usize = 64;

/// A cosignature that was checked, and the head that it is over. Whether that head is the
/// log's own is for [`checkpoint::verify`] to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cosigned {
    /// The head.
    pub head: Checkpoint,
    /// When it was made, in seconds since 1970, by the cosigner's own clock.
    pub time_s: u64,
}

/// The newest head that a device on the roster has verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Witness {
    /// The device.
    pub device: DeviceId,
    /// Number of entries.
    pub size: u64,
    /// The root over them, as the device computed it.
    pub root: Digest,
    /// When, in seconds since 1970, by the device's clock.
    pub time_s: u64,
}

/// What a line beside the log's own says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// A device of the roster has verified the head.
    Counts(Witness),
    /// A key of this name and id is not on the roster.
    Unknown(String),
    /// The device was revoked at the time that it names.
    Revoked(DeviceId),
    /// The device's key did not sign this.
    Wrong(DeviceId),
}

/// Why a cosignature could not be made or does not count.
#[derive(Debug, thiserror::Error)]
pub enum CosignatureError {
    /// Not a signed note around a checkpoint.
    #[error("the cosigned checkpoint is malformed")]
    Malformed,
    /// Larger than [`MAX_NOTE_BYTES`].
    #[error("the cosigned checkpoint is larger than {MAX_NOTE_BYTES} bytes")]
    TooLarge,
    /// There is no line by that key.
    #[error("the checkpoint carries no cosignature by that key")]
    Absent,
    /// The line is there and does not fit.
    #[error("the cosignature does not fit")]
    Signature,
    /// The name cannot stand in a signature line.
    #[error("not a key name: expected text without white space or '+'")]
    Name,
    /// The key could not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

/// The name of a device's key on a signature line.
#[must_use]
pub fn key_name(workspace: WorkspaceId, device: DeviceId) -> String {
    format!("countersign/{workspace}/device/{device}")
}

/// Adds a cosignature to a checkpoint that the caller has verified, in place of an older line
/// of the same key. `time_s` is in seconds since 1970.
///
/// # Errors
/// [`CosignatureError`]; also for what is not a checkpoint.
pub fn cosign(
    note: &str,
    name: &str,
    time_s: u64,
    signer: &dyn Signer,
) -> Result<String, CosignatureError> {
    let (parsed, _) = read(note)?;
    let id = key_id(name, signer.public_key());
    let signature = signer.sign(&message(time_s, parsed.text()))?;
    let bytes = [&time_s.to_be_bytes()[..], signature.as_bytes()].concat();
    let own =
        signed_note::Signature::new(name.into(), id, bytes).map_err(|_| CosignatureError::Name)?;
    let others = lines(note).filter(|line| line.name() != name || line.id() != id);
    to_note(parsed.text(), &others.chain([own]).collect::<Vec<_>>())
}

/// Checks the cosignature by one key.
///
/// # Errors
/// [`CosignatureError`].
pub fn verify(note: &str, name: &str, key: PublicKey) -> Result<Cosigned, CosignatureError> {
    let (parsed, head) = read(note)?;
    let cosigner = Cosigner { name: name.into(), id: key_id(name, key), key };
    let (verified, _) = parsed.verify(&cosigner).map_err(|error| match error {
        NoteError::UnverifiedNote => CosignatureError::Absent,
        NoteError::InvalidSignature { .. } => CosignatureError::Signature,
        _ => CosignatureError::Malformed,
    })?;
    let line = verified.first().ok_or(CosignatureError::Absent)?;
    let (time_s, _) = split(line.signature()).ok_or(CosignatureError::Signature)?;
    Ok(Cosigned { head, time_s })
}

/// The newest head that each device of the roster has verified, in ascending order of devices.
/// A note counts when it carries the log's signature and the device's; what does not verify
/// says nothing. A revoked device counts with what it cosigned before, by its own clock.
///
/// The roots are the devices' word: whoever holds the entries compares them.
#[must_use]
pub fn witnessed<'a>(notes: impl IntoIterator<Item = &'a str>, roster: &Roster) -> Vec<Witness> {
    let mut newest: BTreeMap<DeviceId, Witness> = BTreeMap::new();
    for witness in notes.into_iter().flat_map(|note| cosigners(note, roster)) {
        let known = newest.entry(witness.device).or_insert(witness);
        if known.size < witness.size {
            *known = witness;
        }
    }
    newest.into_values().collect()
}

/// A checkpoint with the valid cosignatures over exactly it, [`MAX_LINES`] at most: what is
/// published and exported.
///
/// # Errors
/// [`CheckpointError`] when the checkpoint is not the log's.
pub fn with_witnesses<'a>(
    checkpoint: &str,
    notes: impl IntoIterator<Item = &'a str>,
    roster: &Roster,
) -> Result<String, CheckpointError> {
    let head = checkpoint::verify(checkpoint, &roster.gate.log_vkey)?;
    let mut found: BTreeMap<DeviceId, signed_note::Signature> = BTreeMap::new();
    for note in notes {
        let here = cosigners(note, roster)
            .filter(|witness| (witness.size, witness.root) == (head.size, head.root));
        for witness in here {
            let name = key_name(roster.workspace, witness.device);
            let line = lines(note).find(|line| line.name() == name);
            found.extend(line.map(|line| (witness.device, line)));
        }
    }
    let malformed = |_| CheckpointError::Malformed;
    let (parsed, _) = read(checkpoint).map_err(malformed)?;
    let own = lines(checkpoint).filter(|line| line.name() == head.origin);
    let all: Vec<_> = own.chain(found.into_values().take(MAX_LINES)).collect();
    to_note(parsed.text(), &all).map_err(malformed)
}

/// The devices of the roster whose valid lines a note of the log carries.
fn cosigners(note: &str, roster: &Roster) -> impl Iterator<Item = Witness> + use<> {
    let lines = examine(note, &roster.gate.log_vkey, Some(roster)).unwrap_or_default();
    lines.into_iter().filter_map(|line| match line {
        Said::Counts(witness) => Some(witness),
        _ => None,
    })
}

/// What each line beside the log's own says, in the order in which they stand.
///
/// # Errors
/// [`CheckpointError`] when the note is not a head of the log.
pub fn examine(
    note: &str,
    log_vkey: &str,
    roster: Option<&Roster>,
) -> Result<Vec<Said>, CheckpointError> {
    let head = checkpoint::verify(note, log_vkey)?;
    let others = lines(note).filter(|line| line.name() != head.origin);
    Ok(others.map(|line| said(note, &head, &line, roster)).collect())
}

fn said(
    note: &str,
    head: &Checkpoint,
    line: &signed_note::Signature,
    roster: Option<&Roster>,
) -> Said {
    let found = roster.and_then(|roster| {
        let mut devices = roster.people.iter().flat_map(|person| &person.devices);
        devices.find(|device| {
            let name = key_name(roster.workspace, device.id);
            // A key is known by its name and its id.
            line.name() == name && line.id() == key_id(&name, device.signing_key)
        })
    });
    let Some(device) = found else { return Said::Unknown(line.name().into()) };
    let Ok(Cosigned { time_s, .. }) = verify(note, line.name(), device.signing_key) else {
        return Said::Wrong(device.id);
    };
    if device.revoked_at_ms.is_some_and(|at| at <= millis(time_s)) {
        return Said::Revoked(device.id);
    }
    let Checkpoint { size, root, .. } = *head;
    Said::Counts(Witness { device: device.id, size, root, time_s })
}

/// A time beyond what milliseconds can say is the end of time.
fn millis(time_s: u64) -> TimestampMs {
    let millis = i64::try_from(time_s).unwrap_or(i64::MAX).saturating_mul(1_000);
    TimestampMs::from_millis(millis)
}

fn read(note: &str) -> Result<(Note, Checkpoint), CosignatureError> {
    if note.len() > MAX_NOTE_BYTES {
        return Err(CosignatureError::TooLarge);
    }
    let parsed = Note::from_bytes(note.as_bytes()).map_err(|_| CosignatureError::Malformed)?;
    let head = checkpoint::read_text(parsed.text()).map_err(|_| CosignatureError::Malformed)?;
    Ok((parsed, head))
}

/// The signature lines of a note that was read.
fn lines(note: &str) -> impl Iterator<Item = signed_note::Signature> + '_ {
    let block = note.rsplit_once("\n\n").map_or("", |(_, block)| block);
    block.lines().filter_map(|line| signed_note::Signature::from_bytes(line.as_bytes()).ok())
}

fn to_note(text: &[u8], lines: &[signed_note::Signature]) -> Result<String, CosignatureError> {
    let note = Note::new(text, lines).map_err(|_| CosignatureError::Malformed)?;
    String::from_utf8(note.to_bytes()).map_err(|_| CosignatureError::Malformed)
}

/// What is signed: its first line keeps it apart from everything else that a device signs.
fn message(time_s: u64, text: &[u8]) -> Vec<u8> {
    let mut message = format!("cosignature/v1\ntime {time_s}\n").into_bytes();
    message.extend_from_slice(text);
    message
}

fn key_id(name: &str, key: PublicKey) -> u32 {
    signed_note::key_id(name, &[&[COSIGNATURE_V1], key.as_bytes().as_slice()].concat())
}

fn split(line: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = line.split_at_checked(TIME_BYTES)?;
    Some((u64::from_be_bytes(time.try_into().ok()?), signature))
}

/// A cosigner's key as `signed_note` asks for it, with the project's own verification rule.
struct Cosigner {
    name: String,
    id: u32,
    key: PublicKey,
}

impl Verifier for Cosigner {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, text: &[u8], line: &[u8]) -> bool {
        let Some((time_s, signature)) = split(line) else { return false };
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify(&message(time_s, text), &signature).is_ok())
    }
}

impl Verifiers for Cosigner {
    fn verifier(&self, name: &str, id: u32) -> Result<&dyn Verifier, VerificationError> {
        if name == self.name && id == self.id {
            Ok(self)
        } else {
            Err(VerificationError::UnknownKey { name: name.into(), id })
        }
    }
}
