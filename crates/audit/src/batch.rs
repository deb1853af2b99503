//! Many Ed25519 signatures at once (ZIP-215: the same set as one by one), without a
//! source of randomness: the coefficients are derived from everything in the batch.

use countersign_model::{PublicKey, Signature};
use ed25519_zebra::{Signature as ZebraSignature, VerificationKeyBytes, batch};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};
use std::convert::Infallible;

/// How many signatures are worth gathering before they are checked.
pub const BATCH: usize = 1_024;
/// Below this a batch costs more than single checks.
const WORTHWHILE: usize = 4;

/// One signature to check.
pub struct Item {
    key: PublicKey,
    signature: Signature,
    bytes: Vec<u8>,
}

impl Item {
    /// `signature` by `key` over `bytes`.
    #[must_use]
    pub const fn new(key: PublicKey, signature: Signature, bytes: Vec<u8>) -> Self {
        Self { key, signature, bytes }
    }
}

/// The positions of the signatures that do not fit; empty when all do.
#[must_use]
pub fn find_invalid(items: &[Item]) -> Vec<usize> {
    if items.len() >= WORTHWHILE && all_fit(items) {
        return vec![];
    }
    let is_invalid = |item: &Item| item.key.verify(&item.bytes, &item.signature).is_err();
    (0..items.len()).filter(|&index| is_invalid(&items[index])).collect()
}

fn all_fit(items: &[Item]) -> bool {
    let mut transcript = Sha256::new();
    transcript.update(b"countersign batch verification v1\n");
    let mut verifier = batch::Verifier::new();
    for item in items {
        transcript.update(item.key.as_bytes());
        transcript.update(item.signature.as_bytes());
        transcript.update(Sha256::digest(&item.bytes));
        verifier.queue((
            VerificationKeyBytes::from(*item.key.as_bytes()),
            ZebraSignature::from_bytes(item.signature.as_bytes()),
            &item.bytes[..],
        ));
    }
    verifier.verify(Coefficients { seed: transcript.finalize().into(), counter: 0 }).is_ok()
}

/// SHA-256 in counter mode over the transcript of keys, whole signatures and messages:
/// nobody can choose a signature after its coefficient is known.
struct Coefficients {
    seed: [u8; 32],
    counter: u64,
}

impl TryRng for Coefficients {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(32) {
            let block = Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.counter.to_be_bytes())
                .finalize();
            self.counter += 1;
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Coefficients {}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::{Signer, signature::SigningKey};

    fn items(count: u8) -> Vec<Item> {
        (0..count)
            .map(|index| {
                let key = SigningKey::from_seed(&[index % 3; 32]);
                let signature = key.sign(&[index]).unwrap();
                Item::new(key.public_key(), signature, vec![index])
            })
            .collect()
    }

    #[test]
    fn finds_exactly_the_forged_ones() {
        assert!(find_invalid(&items(40)).is_empty());
        assert!(find_invalid(&items(2)).is_empty());
        let mut forged = items(40);
        forged[7].bytes.push(0);
        forged[39].key = SigningKey::from_seed(&[9; 32]).public_key();
        assert_eq!(find_invalid(&forged), [7, 39]);
    }

    #[test]
    fn two_swapped_signatures_do_not_cancel_out() {
        let mut swapped = items(8);
        let (a, b) = (swapped[0].signature, swapped[3].signature);
        (swapped[0].signature, swapped[3].signature) = (b, a);
        assert_eq!(find_invalid(&swapped), [0, 3]);
    }
}
