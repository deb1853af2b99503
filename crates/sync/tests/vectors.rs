//! The bytes of `docs/formats/records.md`, held by a vector from fixed keys.
//! `COUNTERSIGN_WRITE_VECTORS=1 cargo test -p countersign-sync --test vectors` rewrites it.
#![allow(missing_docs, clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub)]
mod world;

use countersign_model::Signer as _;
use countersign_sync::{EpochKeys, SealedRecord, SealingSecret, WrappedKey, open_blob, seal_blob};
use serde_json::{Value, json};
use std::path::PathBuf;
use world::{decoded, device, epoch_key, history, signer, workspace};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn vector() -> Value {
    let records = history(&[1, 1], 7).into_iter().enumerate().map(|(seq, bytes)| {
        json!({
            "writer_seq": seq,
            "prev": decoded(&bytes).header().prev,
            "plaintext": hex(&world::body(1, seq as u64)),
            "record": hex(&bytes),
            "digest": decoded(&bytes).digest(),
        })
    });
    let blob = seal_blob(workspace(), b"evidence", &epoch_key(), [8; 24]).unwrap();
    let secret = SealingSecret::from_bytes(&[0x21; 32]);
    let wrapped =
        epoch_key().wrap(workspace(), device(1), &secret.public_key(), &[0x22; 32]).unwrap();
    json!({
        "workspace": workspace(),
        "writer": device(1),
        "writer_seed": hex(&[1; 32]),
        "writer_key": signer(1).public_key(),
        "epoch": 0,
        "epoch_key": hex(epoch_key().secret_bytes()),
        "records": records.collect::<Vec<_>>(),
        "blob": { "plaintext": hex(b"evidence"), "sealed": hex(&blob.bytes), "digest": blob.digest },
        "wrapped_key": {
            "sealing_secret_ikm": hex(&[0x21; 32]),
            "sealing_key": hex(secret.public_key().as_bytes()),
            "wrapped": wrapped.to_base64(),
        },
    })
}

#[test]
fn the_vector_is_what_this_code_writes_and_reads() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/vectors/record/v1.json");
    if std::env::var_os("COUNTERSIGN_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = serde_json::to_string_pretty(&vector()).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
    }
    let stored: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(stored, vector());

    let keys = EpochKeys::from_iter([epoch_key()]);
    for record in stored["records"].as_array().unwrap() {
        let decoded = SealedRecord::decode(&unhex(&record["record"])).unwrap();
        decoded.verify(&signer(1).public_key()).unwrap();
        assert_eq!(decoded.open(&keys).unwrap(), unhex(&record["plaintext"]));
    }
    let digest = serde_json::from_value(stored["blob"]["digest"].clone()).unwrap();
    let opened = open_blob(workspace(), digest, &unhex(&stored["blob"]["sealed"]), &keys);
    assert_eq!(opened.unwrap(), b"evidence");
    let wrapped = stored["wrapped_key"]["wrapped"].as_str().unwrap();
    let wrapped = WrappedKey::from_base64(0, wrapped).unwrap();
    let opened = SealingSecret::from_bytes(&[0x21; 32]).unwrap(workspace(), device(1), &wrapped);
    assert_eq!(opened.unwrap().secret_bytes(), epoch_key().secret_bytes());
}
