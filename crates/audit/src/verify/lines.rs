//! The lines of an export, bounded in length, with the digest of all that follow the first.

use countersign_model::{Digest, envelope::MAX_ENVELOPE_BYTES};
use sha2::{Digest as _, Sha256};
use std::io::{BufRead, Read as _};

/// Longer than any line can be: the largest envelope and what stands around it.
const MAX_LINE_BYTES: u64 = MAX_ENVELOPE_BYTES as u64 + 64;

/// One line without its end.
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    /// Whether a line feed ends it.
    pub(super) ends: bool,
    /// Whether `bytes` is only its beginning.
    pub(super) too_long: bool,
}

pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    body: Sha256,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0, body: Sha256::new() }
    }

    pub(super) fn next(&mut self) -> Result<Option<Line>, std::io::Error> {
        let mut bytes = Vec::new();
        self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        self.hash(&bytes);
        let mut ends = bytes.last() == Some(&b'\n');
        let too_long = !ends && bytes.len() as u64 == MAX_LINE_BYTES;
        if ends {
            bytes.pop();
        } else if too_long {
            ends = self.skip_rest()?;
        }
        Ok(Some(Line { number: self.number, bytes, ends, too_long }))
    }

    /// SHA-256 of every byte after the first line that was read so far.
    pub(super) fn body_digest(&self) -> Digest {
        Digest::from_bytes(self.body.clone().finalize().into())
    }

    fn hash(&mut self, bytes: &[u8]) {
        if self.number > 1 {
            self.body.update(bytes);
        }
    }

    fn skip_rest(&mut self) -> Result<bool, std::io::Error> {
        loop {
            let mut bytes = Vec::new();
            self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
            self.hash(&bytes);
            if bytes.is_empty() || bytes.last() == Some(&b'\n') {
                return Ok(!bytes.is_empty());
            }
        }
    }
}
