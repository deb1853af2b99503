//! CBOR by hand: what the real writer refuses to write.

use super::Random;
use countersign_model::{Digest, ProposalId};

fn head(major: u8, number: u64, into: &mut Vec<u8>) {
    into.push(major << 5 | 27);
    into.extend(number.to_be_bytes());
}

fn bytes(value: &[u8], into: &mut Vec<u8>) {
    head(2, value.len() as u64, into);
    into.extend(value);
}

fn text(value: &str, into: &mut Vec<u8>) {
    head(3, value.len() as u64, into);
    into.extend(value.as_bytes());
}

/// A variant of the body with so many fields.
fn variant(number: u64, fields: u64, into: &mut Vec<u8>) {
    head(4, 2, into);
    head(0, number, into);
    head(4, fields, into);
}

pub fn case_change(case: ProposalId, change: &[u8], blobs: &[(Digest, u64)]) -> Vec<u8> {
    let mut body = Vec::new();
    variant(0, 3, &mut body);
    text(&case.to_string(), &mut body);
    bytes(change, &mut body);
    head(4, blobs.len() as u64, &mut body);
    for (digest, size) in blobs {
        head(4, 3, &mut body);
        bytes(digest.as_bytes(), &mut body);
        bytes(digest.as_bytes(), &mut body);
        head(0, *size, &mut body);
    }
    body
}

pub fn log_segment(first_seq: u64, entries: usize, checkpoint: &str) -> Vec<u8> {
    let mut body = Vec::new();
    variant(1, 3, &mut body);
    head(0, first_seq, &mut body);
    head(4, entries as u64, &mut body);
    (0..entries).for_each(|_| bytes(b"{}", &mut body));
    text(checkpoint, &mut body);
    body
}

/// A body that is one envelope: 2 a roster, 3 a control statement, 4 a policy.
pub fn envelope_body(number: u64, envelope: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    variant(number, 1, &mut body);
    bytes(envelope, &mut body);
    body
}

/// Well-formed or not, of any shape: lengths that lie, depth, long lists.
pub fn anything(random: &mut Random) -> Vec<u8> {
    let mut body = Vec::new();
    variant(random.next() % 7, random.next() % 5, &mut body);
    for _ in 0..random.below(60) {
        let major = u8::try_from(random.below(8)).unwrap();
        match random.below(4) {
            0 => head(major, random.number(), &mut body),
            1 => body.push(major << 5 | 31),
            2 => body.extend(vec![0x81; random.below(4_000)]),
            _ => {
                let count = random.below(200);
                let value = random.bytes(count);
                bytes(&value, &mut body);
            }
        }
    }
    body
}
