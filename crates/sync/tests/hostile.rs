//! Decoders beside bytes that were made to hurt: whatever comes is refused or bounded.
#![allow(missing_docs, clippy::unwrap_used)]

use countersign_model::{
    DeviceId, Digest, PublicKey, Signer as _, WorkspaceId, signature::SigningKey,
};
use countersign_sync::{
    EpochKey, Reader, ReaderState, RequestSignature, SealedRecord, WrappedKey, WriterState,
    limits::{
        MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_DEVICES, MAX_ERROR_CODE_BYTES,
        MAX_ERROR_MESSAGE_BYTES, MAX_RECORD_BYTES, MAX_TAIL_FRAME_BYTES,
    },
    open_blob,
    wire::{
        ApiError, DeviceList, Page, Pushed, TailDecoder, WireError, decode_batch, encode_batch,
        encode_tail_frame,
    },
};
use proptest::prelude::*;
use uuid::Uuid;

/// A CBOR head of one major type with a claimed length.
fn claim(major: u8, length: u64) -> Vec<u8> {
    [&[major << 5 | 27][..], &length.to_be_bytes()].concat()
}

fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(1))
}

fn record() -> SealedRecord {
    let key = EpochKey::from_bytes(0, [1; 32]);
    let signer = SigningKey::from_seed(&[2; 32]);
    let writer = DeviceId::from_uuid(Uuid::from_u128(3));
    WriterState::new().seal_next(workspace(), writer, b"body", &key, [4; 24], &signer).unwrap().0
}

proptest! {
    #[test]
    fn a_claimed_length_reserves_nothing(length in prop_oneof![Just(u64::MAX), any::<u64>(), 513_u64..600]) {
        prop_assume!(length > 512);
        let list = [&[0x82, 1][..], &claim(4, length)].concat();
        prop_assert_eq!(decode_batch(&list), Err(WireError::TooLarge));
        let list = [&[0x83, 1, 0][..], &claim(4, length)].concat();
        prop_assert_eq!(Page::decode(&list), Err(WireError::TooLarge));
        let text = [&[0x82, 1, 0x81][..], &claim(2, length)].concat();
        prop_assert!(decode_batch(&text).is_err());
        let text = [&[0x83, 1, 0, 0x81, 0x82, 1][..], &claim(2, length)].concat();
        prop_assert!(Page::decode(&text).is_err());
        let mut bytes = record().as_bytes().to_vec();
        bytes.truncate(3);
        bytes.extend(claim(2, length));
        prop_assert!(SealedRecord::decode(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_refused_or_within_bounds(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(records) = decode_batch(&bytes) {
            prop_assert!(records.len() <= MAX_BATCH_RECORDS);
            prop_assert!(records.iter().map(|record| record.len()).sum::<usize>() <= bytes.len());
        }
        if let Ok(page) = Page::decode(&bytes) {
            prop_assert_eq!(Page::decode(&page.encode().unwrap()), Ok(page));
        }
        let _ = SealedRecord::decode(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = WrappedKey::from_base64(0, &text);
        let _ = RequestSignature::parse(|_| Some(&text));
        let keys = [EpochKey::from_bytes(0, [1; 32])].into_iter().collect();
        prop_assert!(open_blob(workspace(), Digest::of(&bytes), &bytes, &keys).is_err());
    }

    #[test]
    fn a_tail_holds_one_frame_and_no_more(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
        garbage in prop::collection::vec(any::<u8>(), 0..64),
        chunk in 1_usize..400,
    ) {
        let pages: Vec<_> = frames.into_iter().map(|bytes| Page { records: vec![(1, bytes)], head: 1 }).collect();
        let mut stream: Vec<u8> = pages.iter().flat_map(|page| encode_tail_frame(page).unwrap()).collect();
        stream.extend(&garbage);
        let mut decoder = TailDecoder::default();
        let mut read = Vec::new();
        for bytes in stream.chunks(chunk) {
            match decoder.handle_bytes(bytes) {
                Ok(pages) => read.extend(pages),
                Err(_) => break,
            }
            prop_assert!(decoder.buffered_bytes() <= 4 + MAX_TAIL_FRAME_BYTES);
            // The longest frame here is below 400 bytes.
            prop_assert!(decoder.buffered_bytes() < 400 || !garbage.is_empty());
        }
        // Pages that stand in one chunk with what broke the tail are lost with it.
        prop_assert!(read.len() <= pages.len() + garbage.len() / 9);
        if garbage.is_empty() {
            prop_assert_eq!(read, pages);
        }
    }

    #[test]
    fn an_altered_record_is_another_or_none(at in 0_usize..300, bit in 0_u8..8) {
        let record = record();
        let mut bytes = record.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let key: PublicKey = SigningKey::from_seed(&[2; 32]).public_key();
        if let Ok(other) = SealedRecord::decode(&bytes) {
            prop_assert!(other.verify(&key).is_err());
        }
    }

    #[test]
    fn a_page_that_lies_about_places_moves_nothing_past_its_head(
        places in prop::collection::vec(any::<u64>(), 0..20),
        head in 0_u64..1_000,
    ) {
        let records = places.iter().map(|place| (*place, record().as_bytes().to_vec())).collect();
        let keys = [EpochKey::from_bytes(0, [1; 32])].into_iter().collect();
        let mut reader = Reader::resume(ReaderState::new(workspace()), Default::default(), keys);
        let judged = reader.handle_page(&Page { records, head });
        prop_assert!(judged.accepted.is_empty());
        prop_assert!(reader.cursor() <= head);
    }
}

#[test]
fn the_largest_claim_of_a_frame_is_refused_with_its_first_four_bytes() {
    let too_large = u32::try_from(MAX_TAIL_FRAME_BYTES + 1).unwrap().to_be_bytes();
    let mut decoder = TailDecoder::default();
    assert_eq!(decoder.handle_bytes(&too_large[..3]), Ok(Vec::new()));
    assert_eq!(decoder.handle_bytes(&too_large[3..]), Err(WireError::TooLarge));
    let largest = u32::try_from(MAX_TAIL_FRAME_BYTES).unwrap().to_be_bytes();
    let mut decoder = TailDecoder::default();
    assert_eq!(decoder.handle_bytes(&largest), Ok(Vec::new()));
    assert_eq!(decoder.buffered_bytes(), 4);
}

#[test]
fn a_record_at_its_edge_is_carried_and_beyond_it_is_not() {
    let edge = encode_batch(&[vec![0; MAX_RECORD_BYTES]]).unwrap();
    assert_eq!(decode_batch(&edge).unwrap().len(), 1);
    let beyond = encode_batch(&[vec![0; MAX_RECORD_BYTES + 1]]).unwrap();
    assert_eq!(decode_batch(&beyond), Err(WireError::TooLarge));
    assert_eq!(decode_batch(&vec![0; MAX_BATCH_BYTES + 1]), Err(WireError::TooLarge));
}

#[test]
fn json_lists_and_texts_end_at_their_bounds() {
    let positions = |count| format!(r#"{{"positions":{:?},"head":1}}"#, vec![u64::MAX; count]);
    assert!(serde_json::from_str::<Pushed>(&positions(MAX_BATCH_RECORDS)).is_ok());
    assert!(serde_json::from_str::<Pushed>(&positions(MAX_BATCH_RECORDS + 1)).is_err());
    assert!(positions(MAX_BATCH_RECORDS).len() <= countersign_sync::limits::MAX_PUSHED_BYTES);

    let error = |code: &str, message: &str| {
        let json = serde_json::json!({ "code": code, "message": message });
        serde_json::from_value::<ApiError>(json)
    };
    assert!(
        error(&"A".repeat(MAX_ERROR_CODE_BYTES), &"é".repeat(MAX_ERROR_MESSAGE_BYTES / 2)).is_ok()
    );
    assert!(error(&"A".repeat(MAX_ERROR_CODE_BYTES + 1), "").is_err());
    assert!(error("OK\u{202e}", "").is_err());
    assert!(error("A", &"é".repeat(MAX_ERROR_MESSAGE_BYTES / 2 + 1)).is_err());

    let key = SigningKey::from_seed(&[2; 32]).public_key();
    let devices = |count: usize| {
        let entry = |number: usize| {
            let device = DeviceId::from_uuid(Uuid::from_u128(number as u128));
            serde_json::json!({ "device": device, "key": key, "revoked": false })
        };
        let list: Vec<_> = (0..count).map(entry).collect();
        serde_json::from_value::<DeviceList>(serde_json::json!({ "devices": list }))
    };
    assert_eq!(devices(MAX_DEVICES).unwrap().devices.len(), MAX_DEVICES);
    assert!(devices(MAX_DEVICES + 1).is_err());
}
