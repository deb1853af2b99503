//! Two writers with fixed keys and the honest log of what they wrote.

use countersign_model::{DeviceId, PublicKey, Signer, WorkspaceId, signature::SigningKey};
use countersign_sync::{
    EpochKey, EpochKeys, Reader, ReaderState, SealedRecord, WriterState, wire::Page,
};
use std::collections::BTreeMap;
use uuid::Uuid;

pub fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(0x0192_f0c1_0000_7000_8000_0000_0000_0001))
}

pub fn device(number: u8) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(
        0x0192_f0c1_0000_7000_8000_0000_0000_0100 + u128::from(number),
    ))
}

pub fn signer(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub fn epoch_key() -> EpochKey {
    EpochKey::from_bytes(0, [0x42; 32])
}

pub fn writer_keys() -> BTreeMap<DeviceId, PublicKey> {
    [1, 2].map(|number| (device(number), signer(number).public_key())).into()
}

pub fn fresh_reader() -> Reader {
    resume(ReaderState::new(workspace()))
}

pub fn resume(state: ReaderState) -> Reader {
    Reader::resume(state, writer_keys(), EpochKeys::from_iter([epoch_key()]))
}

pub fn body(writer: u8, seq: u64) -> Vec<u8> {
    format!("writer {writer} body {seq}: raise budget to 650 USD").into_bytes()
}

/// What `writers` wrote, in turn; `salt` makes another history of the same places.
pub fn history(writers: &[u8], salt: u8) -> Vec<Vec<u8>> {
    let mut states: BTreeMap<u8, WriterState> = BTreeMap::new();
    let record = |(index, writer): (usize, &u8)| {
        let state = states.entry(*writer).or_default();
        let mut nonce = [salt; 24];
        nonce[0] = u8::try_from(index).unwrap();
        let (record, next) = state
            .seal_next(
                workspace(),
                device(*writer),
                &body(*writer, state.next_seq),
                &epoch_key(),
                nonce,
                &signer(*writer),
            )
            .unwrap();
        *state = next;
        record.as_bytes().to_vec()
    };
    writers.iter().enumerate().map(record).collect()
}

/// What an honest relay answers.
pub fn honest_page(log: &[Vec<u8>], after: u64, limit: usize) -> Page {
    let skip = usize::try_from(after).unwrap_or(usize::MAX);
    let records =
        (after.saturating_add(1)..).zip(log.iter().skip(skip).take(limit).cloned()).collect();
    Page { records, head: log.len() as u64 }
}

pub fn decoded(bytes: &[u8]) -> SealedRecord {
    SealedRecord::decode(bytes).unwrap()
}
