//! Fingerprints as words that two colleagues can read to each other over the phone.

use crate::Digest;
use bip39::Language;

/// How many words: 6 × 11 bits = 66 bits, beyond a second-preimage search in a call's time.
const WORDS: usize = 6;

/// Six words of the BIP-39 English list from the first 66 bits of a digest.
#[must_use]
pub fn words(digest: Digest) -> Vec<&'static str> {
    let list = Language::English.word_list();
    let bit = |index: usize| usize::from(digest.as_bytes()[index / 8] >> (7 - index % 8) & 1);
    (0..WORDS)
        .map(|word| list[(0..11).fold(0, |number, offset| number << 1 | bit(word * 11 + offset))])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_word_of_the_list() {
        assert_eq!(words(Digest::from_bytes([0; 32])), ["abandon"; 6]);
        assert_eq!(words(Digest::from_bytes([255; 32])), ["zoo"; 6]);
    }
}
