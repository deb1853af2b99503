//! Many Ed25519 signatures at once (ZIP-215: the same set as one by one), without a
//! source of randomness: the coefficients are derived from everything in the batch.

use super::{PublicKey, Signature};
use ed25519_zebra::{Signature as ZebraSignature, VerificationKeyBytes, batch};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};
use std::convert::Infallible;

/// How many signatures are worth gathering before they are checked.
pub const BATCH: usize = 1_024;
/// Below this a batch costs more than single checks.
pub const WORTHWHILE: usize = 4;

/// One signature to check.
pub struct Item {
    /// What the coefficients are derived from: key, whole signature and message.
    transcript: [u8; 32],
    equation: batch::Item,
}

impl Item {
    /// `signature` by `key` over `bytes`, which need not be kept.
    #[must_use]
    pub fn new(key: PublicKey, signature: Signature, bytes: &[u8]) -> Self {
        let transcript = Sha256::new()
            .chain_update(key.as_bytes())
            .chain_update(signature.as_bytes())
            .chain_update(bytes)
            .finalize();
        let key = VerificationKeyBytes::from(*key.as_bytes());
        let signature = ZebraSignature::from_bytes(signature.as_bytes());
        Self { transcript: transcript.into(), equation: (key, signature, bytes).into() }
    }
}

/// The positions of the signatures that do not fit; empty when all do.
#[must_use]
pub fn find_invalid(items: &[Item]) -> Vec<usize> {
    if items.len() >= WORTHWHILE && all_fit(items) {
        return vec![];
    }
    let is_invalid = |item: &Item| item.equation.clone().verify_single().is_err();
    (0..items.len()).filter(|&index| is_invalid(&items[index])).collect()
}

fn all_fit(items: &[Item]) -> bool {
    let mut transcript = Sha256::new();
    transcript.update(b"countersign batch verification v1\n");
    let mut verifier = batch::Verifier::new();
    for item in items {
        transcript.update(item.transcript);
        verifier.queue(item.equation.clone());
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
    use crate::{Signer, signature::SigningKey};

    /// Signed by a key of three, over one byte.
    fn signed(index: u8) -> (PublicKey, Signature, Vec<u8>) {
        let key = SigningKey::from_seed(&[index % 3; 32]);
        (key.public_key(), key.sign(&[index]).unwrap(), vec![index])
    }

    fn items(parts: &[(PublicKey, Signature, Vec<u8>)]) -> Vec<Item> {
        parts.iter().map(|(key, signature, bytes)| Item::new(*key, *signature, bytes)).collect()
    }

    #[test]
    fn finds_exactly_the_forged_ones() {
        let parts = |count| (0..count).map(signed).collect::<Vec<_>>();
        assert!(find_invalid(&items(&parts(40))).is_empty());
        assert!(find_invalid(&items(&parts(2))).is_empty());
        let mut forged = parts(40);
        forged[7].2.push(0);
        forged[39].0 = SigningKey::from_seed(&[9; 32]).public_key();
        assert_eq!(find_invalid(&items(&forged)), [7, 39]);
        assert_eq!(find_invalid(&items(&forged[6..8])), [1]);
    }

    #[test]
    fn two_swapped_signatures_do_not_cancel_out() {
        let mut swapped: Vec<_> = (0..8).map(signed).collect();
        (swapped[0].1, swapped[3].1) = (swapped[3].1, swapped[0].1);
        assert_eq!(find_invalid(&items(&swapped)), [0, 3]);
    }
}
