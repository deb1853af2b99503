//! What can be found out about a page's records before any of them is taken.

use super::Reader;
use crate::{
    record::{Header, SealedRecord},
    wire::Page,
};
use countersign_model::{
    Digest,
    signature::batch::{self, WORTHWHILE},
};

/// A record of a page.
pub(super) struct Decoded {
    pub(super) record: SealedRecord,
    pub(super) digest: Digest,
    /// Whether the signature is the writer's, where that was found out together with others'.
    pub(super) fits: Option<bool>,
}

fn decode(bytes: &[u8]) -> Option<Decoded> {
    let record = SealedRecord::decode(bytes).ok()?;
    let digest = record.digest();
    Some(Decoded { record, digest, fits: None })
}

impl Reader {
    /// Decodes a page's records and checks the signatures of those together that may be new, by
    /// the keys of those whom they name: the same answer as one by one, and much sooner.
    pub(super) fn read_ahead(&self, page: &Page) -> Vec<(u64, Option<Decoded>)> {
        let decoded = page.records.iter().map(|(position, bytes)| (*position, decode(bytes)));
        let mut decoded: Vec<_> = decoded.collect();
        let (mut items, mut checked) = (vec![], vec![]);
        for one in decoded.iter_mut().filter_map(|(_, decoded)| decoded.as_mut()) {
            if let (Ok(key), false) = (self.key_of(one.record.header()), self.is_known(one)) {
                items.push(one.record.batch_item(*key));
                checked.push(one);
            }
        }
        if items.len() >= WORTHWHILE {
            let mut invalid = batch::find_invalid(&items).into_iter().peekable();
            for (place, one) in checked.into_iter().enumerate() {
                one.fits = Some(invalid.next_if_eq(&place).is_none());
            }
        }
        decoded
    }

    /// Whether exactly this record was accepted, as far as is remembered.
    pub(super) fn is_known(&self, decoded: &Decoded) -> bool {
        let Header { writer, writer_seq, .. } = *decoded.record.header();
        let chain = self.state.writers.get(&writer);
        chain.and_then(|chain| chain.digest_at(writer_seq)) == Some(decoded.digest)
    }
}
