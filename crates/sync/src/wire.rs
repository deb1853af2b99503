//! Paths and messages of the relay's API v1 (`docs/formats/relay-api.md`).

use crate::{
    bounded,
    limits::{
        MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_BLOB_BYTES, MAX_DEVICES, MAX_DROPPED_BLOBS,
        MAX_ERROR_MESSAGE_BYTES, MAX_PAGE_BYTES, MAX_RECORD_BYTES, MAX_TAIL_FRAME_BYTES,
        MAX_UPLOAD_BYTES,
    },
    refusal::Code,
};
use countersign_model::{DeviceId, Digest, PublicKey, WorkspaceId};
use minicbor::{Decoder, Encoder};
use serde::{Deserialize, Serialize};

/// `Content-Type` of record batches and pages.
pub const CBOR: &str = "application/cbor";
/// The version at the head of every batch and page.
const VERSION: u8 = 1;

/// `PUT` creates the workspace (operator's token).
#[must_use]
pub fn workspace_path(workspace: WorkspaceId) -> String {
    format!("/v1/workspaces/{workspace}")
}

/// `PUT` replaces the list of devices (signed by the owner device).
#[must_use]
pub fn devices_path(workspace: WorkspaceId) -> String {
    format!("/v1/workspaces/{workspace}/devices")
}

/// `POST` appends records.
#[must_use]
pub fn records_path(workspace: WorkspaceId) -> String {
    format!("/v1/workspaces/{workspace}/records")
}

/// `GET` gives the page of records after a cursor, with its query.
#[must_use]
pub fn page_path(workspace: WorkspaceId, after: u64, limit: usize) -> String {
    format!("/v1/workspaces/{workspace}/records?after={after}&limit={limit}")
}

/// `GET` opens the live tail after a cursor, with its query.
#[must_use]
pub fn tail_path(workspace: WorkspaceId, after: u64) -> String {
    format!("/v1/workspaces/{workspace}/tail?after={after}")
}

/// `POST` uploads sealed blobs, all of them or none.
#[must_use]
pub fn blobs_path(workspace: WorkspaceId) -> String {
    format!("/v1/workspaces/{workspace}/blobs")
}

/// `GET` gives a sealed blob by its digest.
#[must_use]
pub fn blob_path(workspace: WorkspaceId, digest: Digest) -> String {
    format!("/v1/workspaces/{workspace}/blobs/{digest}")
}

/// `PUT` raises the floor (signed by the owner device).
#[must_use]
pub fn floor_path(workspace: WorkspaceId) -> String {
    format!("/v1/workspaces/{workspace}/floor")
}

/// `POST` lets blobs go (signed by the owner device).
#[must_use]
pub fn dropped_blobs_path(workspace: WorkspaceId) -> String {
    format!("/v1/workspaces/{workspace}/dropped-blobs")
}

/// Body of `PUT` workspace: the owner device, which is the gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateWorkspace {
    /// The owner device.
    pub device: DeviceId,
    /// Its signing key.
    pub key: PublicKey,
}

/// Body of `PUT` devices: the whole list, the owner included.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceList {
    /// Every device that ever was enrolled, at most [`MAX_DEVICES`].
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_DEVICES>")]
    pub devices: Vec<DeviceEntry>,
}

/// One device as the relay knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceEntry {
    /// The device.
    pub device: DeviceId,
    /// Its signing key.
    pub key: PublicKey,
    /// A revoked device can neither read nor write.
    pub revoked: bool,
}

/// Body of `PUT` floor, and part of a refusal with the code [`Code::Compacted`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// Records at this position and below it are given out no more.
    pub floor: u64,
    /// Where the record of the snapshot stands that is there instead; above the floor.
    pub snapshot: u64,
}

/// Body of `POST` dropped blobs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DroppedBlobs {
    /// Their digests, at most [`MAX_DROPPED_BLOBS`].
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_DROPPED_BLOBS>")]
    pub blobs: Vec<Digest>,
}

/// The floor that a refusal names, if its code is [`Code::Compacted`].
#[must_use]
pub fn floor_of(refusal: &[u8]) -> Option<Floor> {
    #[derive(Deserialize)]
    struct Compacted {
        code: Code,
        compacted: Floor,
    }
    let told: Compacted = serde_json::from_slice(refusal).ok()?;
    (told.code == Code::Compacted).then_some(told.compacted)
}

/// Answer to a push: one position for each record, in order, and the relay's last one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pushed {
    /// Positions of the pushed records; a repeated record has its first position.
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH_RECORDS>")]
    pub positions: Vec<u64>,
    /// The relay's last position.
    pub head: u64,
}

/// Every refusal of the relay, and what it says bounded when it is read. The words are the
/// relay's: a client shows them as a stranger's, or shows its own words for the code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApiError {
    /// A stable word for programs.
    pub code: Code,
    /// What is wrong and what to do, in at most [`MAX_ERROR_MESSAGE_BYTES`] bytes.
    #[serde(deserialize_with = "bounded::text::<_, MAX_ERROR_MESSAGE_BYTES>")]
    pub message: String,
}

/// A page of records, each with its position, and the relay's last position.
///
/// Records stay bytes here, so that one bad record cannot spoil its neighbours, not even one
/// that is larger than a record can be: the page as a whole is bounded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// Position and encoded record, by rising position.
    pub records: Vec<(u64, Vec<u8>)>,
    /// The relay's last position.
    pub head: u64,
}

/// Why a batch or page could not be encoded or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// More items or bytes than one message may carry.
    #[error(
        "more than {MAX_BATCH_RECORDS} records or blobs or {MAX_BATCH_BYTES} bytes in one message, or \
         than {MAX_RECORD_BYTES} bytes in one record or {MAX_BLOB_BYTES} in one blob"
    )]
    TooLarge,
    /// Not the expected CBOR.
    #[error("not a batch of version {VERSION} in CBOR")]
    Malformed,
}

/// What an item of a batch takes up beside its own bytes, at most.
pub const ITEM_FRAME_BYTES: usize = 5;
/// What a batch takes up beside its items, at most.
const BATCH_FRAME_BYTES: usize = 16;

/// Encodes a push: `[1, [record, …]]`, each record a byte string.
///
/// # Errors
/// [`WireError::TooLarge`].
pub fn encode_batch<R: AsRef<[u8]>>(records: &[R]) -> Result<Vec<u8>, WireError> {
    encode_items(records, MAX_BATCH_BYTES)
}

/// Encodes an upload: `[1, [blob, …]]`, each blob a byte string. Their digests name them.
///
/// # Errors
/// [`WireError::TooLarge`].
pub fn encode_blobs<B: AsRef<[u8]>>(blobs: &[B]) -> Result<Vec<u8>, WireError> {
    encode_items(blobs, MAX_UPLOAD_BYTES)
}

fn encode_items<I: AsRef<[u8]>>(items: &[I], max_bytes: usize) -> Result<Vec<u8>, WireError> {
    let size: usize = items.iter().map(|item| item.as_ref().len() + ITEM_FRAME_BYTES).sum();
    let size = size + BATCH_FRAME_BYTES;
    if items.len() > MAX_BATCH_RECORDS || size > max_bytes {
        return Err(WireError::TooLarge);
    }
    let mut encoder = Encoder::new(Vec::with_capacity(size));
    write_items(&mut encoder, items).map_err(|_| WireError::Malformed)?;
    Ok(encoder.into_writer())
}

/// Reads a push. Its records stay where they are, so that their number is known before
/// any is copied.
///
/// # Errors
/// [`WireError`].
pub fn decode_batch(bytes: &[u8]) -> Result<Vec<&[u8]>, WireError> {
    decode_items(bytes, MAX_BATCH_BYTES, MAX_RECORD_BYTES)
}

/// Reads an upload, as [`decode_batch`] reads a push.
///
/// # Errors
/// [`WireError`].
pub fn decode_blobs(bytes: &[u8]) -> Result<Vec<&[u8]>, WireError> {
    decode_items(bytes, MAX_UPLOAD_BYTES, MAX_BLOB_BYTES)
}

fn decode_items(
    bytes: &[u8],
    max_bytes: usize,
    max_item_bytes: usize,
) -> Result<Vec<&[u8]>, WireError> {
    if bytes.len() > max_bytes {
        return Err(WireError::TooLarge);
    }
    let mut decoder = Decoder::new(bytes);
    head(&mut decoder, 2)?;
    let count = array(&mut decoder)?;
    let item = |_| match byte_string(&mut decoder) {
        Ok(item) if item.len() > max_item_bytes => Err(WireError::TooLarge),
        item => item,
    };
    let items = (0..count).map(item).collect::<Result<_, _>>()?;
    end(&decoder, bytes)?;
    Ok(items)
}

impl Page {
    /// Encodes a page: `[1, head, [[position, record], …]]`.
    ///
    /// # Errors
    /// [`WireError::TooLarge`].
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let size: usize = self.records.iter().map(|(_, record)| record.len() + 15).sum();
        if self.records.len() > MAX_BATCH_RECORDS || size + 32 > MAX_PAGE_BYTES {
            return Err(WireError::TooLarge);
        }
        let mut encoder = Encoder::new(Vec::with_capacity(size + 32));
        encode_page(&mut encoder, self).map_err(|_| WireError::Malformed)?;
        Ok(encoder.into_writer())
    }

    /// Reads a page.
    ///
    /// # Errors
    /// [`WireError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        if bytes.len() > MAX_PAGE_BYTES {
            return Err(WireError::TooLarge);
        }
        let mut decoder = Decoder::new(bytes);
        head(&mut decoder, 3)?;
        let head = decoder.u64().map_err(|_| WireError::Malformed)?;
        let count = array(&mut decoder)?;
        let records = (0..count)
            .map(|_| {
                if decoder.array().map_err(|_| WireError::Malformed)? != Some(2) {
                    return Err(WireError::Malformed);
                }
                let position = decoder.u64().map_err(|_| WireError::Malformed)?;
                Ok((position, byte_string(&mut decoder)?.to_vec()))
            })
            .collect::<Result<_, _>>()?;
        end(&decoder, bytes)?;
        Ok(Self { records, head })
    }
}

/// `Content-Type` of the live tail: frames of a 4-byte big-endian length and a [`Page`].
/// A page without records is a sign of life.
pub const TAIL: &str = "application/vnd.countersign.tail";

/// Frames a page for the live tail.
///
/// # Errors
/// [`WireError::TooLarge`].
pub fn encode_tail_frame(page: &Page) -> Result<Vec<u8>, WireError> {
    let body = page.encode()?;
    let length = u32::try_from(body.len()).map_err(|_| WireError::TooLarge)?;
    Ok([&length.to_be_bytes()[..], &body].concat())
}

/// Cuts the live tail's bytes into pages, however the network cut them. Holds no more than
/// the frame that is not complete, and no byte of one that claims to be too large.
#[derive(Debug, Default)]
pub struct TailDecoder {
    /// Length and what has come of the frame.
    partial: Vec<u8>,
    /// After an error nothing tells where the next frame begins.
    broken: Option<WireError>,
}

/// Bytes of a frame's length.
const FRAME_HEAD_BYTES: usize = 4;

impl TailDecoder {
    /// Takes what arrived and gives the pages that are complete.
    ///
    /// # Errors
    /// [`WireError`], from then on always: close the connection and open a new one.
    pub fn handle_bytes(&mut self, bytes: &[u8]) -> Result<Vec<Page>, WireError> {
        let result = self.broken.map_or_else(|| self.cut(bytes), Err);
        if let Err(error) = result {
            self.broken = Some(error);
            self.partial = Vec::new();
        }
        result
    }

    /// How many bytes wait for the rest of their frame.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.partial.len()
    }

    fn cut(&mut self, mut bytes: &[u8]) -> Result<Vec<Page>, WireError> {
        let mut pages = Vec::new();
        loop {
            bytes = self.fill(FRAME_HEAD_BYTES, bytes);
            let Some(length) = self.partial.first_chunk::<FRAME_HEAD_BYTES>() else { break };
            let length =
                usize::try_from(u32::from_be_bytes(*length)).map_err(|_| WireError::TooLarge)?;
            if length > MAX_TAIL_FRAME_BYTES {
                return Err(WireError::TooLarge);
            }
            bytes = self.fill(FRAME_HEAD_BYTES + length, bytes);
            if self.partial.len() < FRAME_HEAD_BYTES + length {
                break;
            }
            pages.push(Page::decode(self.partial.get(FRAME_HEAD_BYTES..).unwrap_or_default())?);
            self.partial.clear();
        }
        Ok(pages)
    }

    /// Takes what the frame lacks up to `size` bytes and gives the rest back.
    fn fill<'b>(&mut self, size: usize, bytes: &'b [u8]) -> &'b [u8] {
        let lacking = size.saturating_sub(self.partial.len()).min(bytes.len());
        let (taken, rest) = bytes.split_at(lacking);
        self.partial.extend_from_slice(taken);
        rest
    }
}

type Encoded = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn write_items<I: AsRef<[u8]>>(encoder: &mut Encoder<Vec<u8>>, items: &[I]) -> Encoded {
    encoder.array(2)?.u8(VERSION)?.array(items.len() as u64)?;
    for item in items {
        encoder.bytes(item.as_ref())?;
    }
    Ok(())
}

fn encode_page(encoder: &mut Encoder<Vec<u8>>, page: &Page) -> Encoded {
    encoder.array(3)?.u8(VERSION)?.u64(page.head)?.array(page.records.len() as u64)?;
    for (position, record) in &page.records {
        encoder.array(2)?.u64(*position)?.bytes(record)?;
    }
    Ok(())
}

fn head(decoder: &mut Decoder<'_>, fields: u64) -> Result<(), WireError> {
    let array = decoder.array().map_err(|_| WireError::Malformed)?;
    let version = decoder.u8().map_err(|_| WireError::Malformed)?;
    if array == Some(fields) && version == VERSION { Ok(()) } else { Err(WireError::Malformed) }
}

fn array(decoder: &mut Decoder<'_>) -> Result<usize, WireError> {
    let count = decoder.array().map_err(|_| WireError::Malformed)?;
    let count = count.ok_or(WireError::Malformed)?;
    let count = usize::try_from(count).map_err(|_| WireError::TooLarge)?;
    if count > MAX_BATCH_RECORDS { Err(WireError::TooLarge) } else { Ok(count) }
}

fn byte_string<'b>(decoder: &mut Decoder<'b>) -> Result<&'b [u8], WireError> {
    decoder.bytes().map_err(|_| WireError::Malformed)
}

fn end(decoder: &Decoder<'_>, bytes: &[u8]) -> Result<(), WireError> {
    if decoder.position() == bytes.len() { Ok(()) } else { Err(WireError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_cut_anywhere() {
        let page = Page { records: vec![(1, vec![7; 40])], head: 1 };
        let empty = Page { records: Vec::new(), head: 1 };
        let frames = [&page, &empty].map(|page| encode_tail_frame(page).unwrap()).concat();
        for cut in 0..frames.len() {
            let mut decoder = TailDecoder::default();
            let mut pages = decoder.handle_bytes(&frames[..cut]).unwrap();
            pages.extend(decoder.handle_bytes(&frames[cut..]).unwrap());
            assert_eq!(pages, [page.clone(), empty.clone()]);
        }
        let claim = TailDecoder::default().handle_bytes(&[0xff; 4]);
        assert_eq!(claim, Err(WireError::TooLarge));
    }

    #[test]
    fn a_broken_tail_stays_broken() {
        let frame = encode_tail_frame(&Page::default()).unwrap();
        let mut decoder = TailDecoder::default();
        assert_eq!(decoder.handle_bytes(&[0, 0, 0, 1, 0xff]), Err(WireError::Malformed));
        assert_eq!(decoder.handle_bytes(&frame), Err(WireError::Malformed));
        assert_eq!(decoder.buffered_bytes(), 0);
    }

    #[test]
    fn messages_round_trip_and_refuse_excess() {
        let records = vec![vec![1, 2, 3], vec![]];
        let batch = encode_batch(&records).unwrap();
        assert_eq!(decode_batch(&batch), Ok(records.iter().map(Vec::as_slice).collect()));
        let largest = vec![0; MAX_BLOB_BYTES];
        assert_eq!(decode_batch(&encode_blobs(&[&largest]).unwrap()), Err(WireError::TooLarge));
        let upload = encode_blobs(&[&largest]).unwrap();
        assert_eq!(decode_blobs(&upload), Ok(vec![largest.as_slice()]));
        assert_eq!(encode_blobs(&[vec![0; MAX_UPLOAD_BYTES]]), Err(WireError::TooLarge));
        let page = Page { records: vec![(7, vec![9]), (u64::MAX, vec![0; 70])], head: 8 };
        let bytes = page.encode().unwrap();
        assert_eq!(Page::decode(&bytes), Ok(page));
        assert_eq!(Page::decode(&batch), Err(WireError::Malformed));
        assert_eq!(Page::decode(&[&bytes[..], &[0]].concat()), Err(WireError::Malformed));
        for cut in 0..bytes.len() {
            assert_eq!(Page::decode(&bytes[..cut]), Err(WireError::Malformed));
        }
        let many = vec![[0; 1]; MAX_BATCH_RECORDS + 1];
        assert_eq!(encode_batch(&many), Err(WireError::TooLarge));
        // An array that claims 2^40 records is refused before anything is reserved.
        let claim = [0x82, 0x01, 0x9b, 0, 0, 1, 0, 0, 0, 0, 0];
        assert_eq!(decode_batch(&claim), Err(WireError::TooLarge));
    }
}
