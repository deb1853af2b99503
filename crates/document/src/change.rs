//! What one incoming change carries, read from its own bytes before Automerge sees them, and
//! whatever becomes of it when it is merged. Decisions are taken from here: no other device's
//! change can hide, move or replace what this one says.
//!
//! A change of a case's document only adds. It makes maps and puts bytes under keys of text; it
//! names nothing that it replaces, deletes nothing, and is not compressed. Everything else is
//! refused, so that its size is what its length says.

use crate::{
    columns::{self, Column, Cursor, each_run, number, text, truths},
    limits::{
        MAX_CANDIDATE_BYTES, MAX_CANDIDATES, MAX_CHANGES, MAX_DEPENDENCIES,
        MAX_FILED_BYTES_PER_DEVICE, MAX_FILED_PER_DEVICE, MAX_KEY_BYTES, MAX_OPS,
    },
};

/// Why a change was refused. Nothing of it is used then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChangeError {
    /// More or larger than is allowed.
    #[error("too many or too large: {0}")]
    TooLarge(&'static str),
    /// Compressed: its true size cannot be told from its length.
    #[error("it is compressed")]
    Compressed,
    /// Something else than adding to the document.
    #[error("it does what no device may do to a case: {0}")]
    Forbidden(&'static str),
    /// Not the format.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
}

/// What a change carries: candidate envelopes, none of them verified, each bounded in size, all
/// of them in number ([`MAX_CANDIDATE_BYTES`], [`MAX_CANDIDATES`]).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Candidates<'a> {
    envelopes: Vec<&'a [u8]>,
    pub(crate) changes: Vec<&'a [u8]>,
    ops: u64,
    key_bytes: u64,
}

/// What one device has filed in one case so far. Kept by whoever takes changes in, for each
/// device apart: who fills a case up is refused, and nobody else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Filed {
    /// Candidate envelopes.
    pub envelopes: u32,
    /// Bytes of them and of their keys.
    pub bytes: u32,
}

/// A device has filed as much in a case as it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the device has filed as much in this case as it may")]
pub struct OverBudget;

impl<'a> Candidates<'a> {
    /// Reads the change of a record ([`crate::RecordBody::CaseChange`]).
    ///
    /// Every value that the change puts anywhere is a candidate: proposals, verdicts,
    /// decisions and comments alike, whatever key or map it is put under. The caller tells
    /// them apart by verifying them, and forgets what nobody signed.
    ///
    /// # Errors
    /// [`ChangeError`]: [`ChangeError::TooLarge`] when there is too much of anything.
    pub fn of(change: &'a [u8]) -> Result<Self, ChangeError> {
        let mut cursor = Cursor(change);
        let mut found = Self::default();
        if cursor.is_done() {
            return Err(ChangeError::Malformed("it is empty"));
        }
        while !cursor.is_done() {
            if found.changes.len() == MAX_CHANGES {
                return Err(ChangeError::TooLarge("changes"));
            }
            let before = cursor.0;
            let body = chunk(&mut cursor)?;
            found.changes.push(&before[..before.len() - cursor.0.len()]);
            found.read_change(&mut Cursor(body))?;
        }
        Ok(found)
    }

    /// The candidate envelopes, in the order they were put.
    #[must_use]
    pub fn envelopes(&self) -> &[&'a [u8]] {
        &self.envelopes
    }

    fn read_change(&mut self, cursor: &mut Cursor<'a>) -> Result<(), ChangeError> {
        read_head(cursor)?;
        let list = columns::column_list(cursor)?;
        let columns = columns::columns(cursor, &list)?;
        if !cursor.is_done() {
            return Err(ChangeError::Forbidden("bytes beside its operations"));
        }
        let bytes = |spec: u64| {
            columns.iter().find(|one| one.spec == spec).map_or(&[][..], |one| one.bytes)
        };
        let left = MAX_OPS - self.ops;
        let mut unknown_action = false;
        let ops = each_run(bytes(ACTION), left, number, |action, _| {
            unknown_action |= !matches!(action, Some(MAKE_MAP | PUT));
            Ok(())
        })?;
        if unknown_action {
            return Err(ChangeError::Forbidden("neither making a map nor putting a value"));
        }
        for column in &columns {
            let items = self.check_column(column, left)?;
            if items.is_some_and(|items| items != ops) {
                return Err(ChangeError::Malformed("its columns have different lengths"));
            }
        }
        self.ops += ops;
        self.read_values(bytes(VALUE_META), bytes(VALUE_BYTES), left)
    }

    /// Checks one column; how many operations it speaks of, if it says.
    fn check_column(&mut self, column: &Column<'a>, most: u64) -> Result<Option<u64>, ChangeError> {
        let bytes = column.bytes;
        match column.spec {
            ACTION | VALUE_META | OBJECT_ACTOR | OBJECT_COUNTER => {
                each_run(bytes, most, number, |_, _| Ok(())).map(Some)
            }
            VALUE_BYTES => Ok(None),
            KEY_TEXT => {
                let key_bytes = &mut self.key_bytes;
                let read = |cursor: &mut Cursor<'a>| text(cursor, MAX_KEY_BYTES);
                let count = |key: Option<&[u8]>, times: u64| {
                    *key_bytes += times * key.map_or(0, |key| key.len() as u64);
                    Ok(())
                };
                each_run(bytes, most, read, count).map(Some)
            }
            INSERT => match truths(bytes, most)? {
                (items, 0) => Ok(Some(items)),
                _ => Err(ChangeError::Forbidden("an item of a list")),
            },
            REPLACED => {
                let mut replaces = false;
                let items = each_run(bytes, most, number, |count, _| {
                    replaces |= count.is_none_or(|count| count > 0);
                    Ok(())
                })?;
                if replaces {
                    return Err(ChangeError::Forbidden("writing over what is there"));
                }
                Ok(Some(items))
            }
            _ => Err(ChangeError::Forbidden("a kind of operation that no case needs")),
        }
    }

    fn read_values(
        &mut self,
        meta: &'a [u8],
        values: &'a [u8],
        most: u64,
    ) -> Result<(), ChangeError> {
        let mut values = Cursor(values);
        let envelopes = &mut self.envelopes;
        each_run(meta, most, number, |meta, times| {
            let Some(meta) = meta else {
                return Err(ChangeError::Malformed("an operation without a value"));
            };
            let (kind, length) = (meta & 0b1111, meta >> 4);
            match kind {
                NULL if length == 0 => Ok(()),
                BYTES if length > MAX_CANDIDATE_BYTES as u64 => {
                    Err(ChangeError::TooLarge("an envelope"))
                }
                BYTES => (0..times).try_for_each(|_| {
                    if envelopes.len() == MAX_CANDIDATES {
                        return Err(ChangeError::TooLarge("envelopes"));
                    }
                    envelopes.push(values.take(length)?);
                    Ok(())
                }),
                _ => Err(ChangeError::Forbidden("a value that is not an envelope")),
            }
        })?;
        if values.is_done() { Ok(()) } else { Err(ChangeError::Malformed("bytes of no value")) }
    }
}

impl Filed {
    /// Adds what a change carries. An honest device stays far below the bounds
    /// ([`MAX_FILED_PER_DEVICE`], [`MAX_FILED_BYTES_PER_DEVICE`]). What a change depends on
    /// does not count: that is others' doing.
    ///
    /// # Errors
    /// [`OverBudget`]; the change is to be refused whole.
    pub fn with(self, candidates: &Candidates<'_>) -> Result<Self, OverBudget> {
        let values: u64 = candidates.envelopes.iter().map(|one| one.len() as u64).sum();
        let bytes = u64::from(self.bytes) + values + candidates.key_bytes;
        let envelopes = u64::from(self.envelopes) + candidates.envelopes.len() as u64;
        match (u32::try_from(envelopes), u32::try_from(bytes)) {
            (Ok(envelopes), Ok(bytes))
                if envelopes <= MAX_FILED_PER_DEVICE && bytes <= MAX_FILED_BYTES_PER_DEVICE =>
            {
                Ok(Self { envelopes, bytes })
            }
            _ => Err(OverBudget),
        }
    }
}

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHUNK_CHANGE: u8 = 1;
const CHUNK_COMPRESSED: u8 = 2;

// Columns: id in the upper bits, type in the lower three.
const OBJECT_ACTOR: u64 = 0x01;
const OBJECT_COUNTER: u64 = 0x02;
const KEY_TEXT: u64 = 0x15;
const INSERT: u64 = 0x34;
const ACTION: u64 = 0x42;
const VALUE_META: u64 = 0x56;
const VALUE_BYTES: u64 = 0x57;
const REPLACED: u64 = 0x70;

const MAKE_MAP: u64 = 0;
const PUT: u64 = 1;
const NULL: u64 = 0;
const BYTES: u64 = 7;

/// Longer than any device's name for itself in a document.
const MAX_ACTOR_BYTES: u64 = 64;
/// More writers than one change can speak of.
const MAX_ACTORS: u64 = 64;
/// Far more changes and operations than a document ever sees.
const MAX_COUNTER: u64 = 1 << 30;

/// The content of the next chunk, which must be a plain change.
fn chunk<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], ChangeError> {
    match typed_chunk(cursor)? {
        (CHUNK_CHANGE, body) => Ok(body),
        (CHUNK_COMPRESSED, _) => Err(ChangeError::Compressed),
        _ => Err(ChangeError::Forbidden("something else than a change")),
    }
}

/// The type and content of the next chunk.
pub(crate) fn typed_chunk<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8]), ChangeError> {
    if cursor.take(4)? != MAGIC {
        return Err(ChangeError::Malformed("it is not of Automerge"));
    }
    let _checksum = cursor.take(4)?;
    let [kind] = cursor.take(1)? else { return Err(ChangeError::Malformed("no type")) };
    let length = cursor.unsigned()?;
    Ok((*kind, cursor.take(length)?))
}

/// Reads what stands before the operations.
fn read_head(cursor: &mut Cursor<'_>) -> Result<(), ChangeError> {
    let dependencies = cursor.at_most(MAX_DEPENDENCIES as u64, "predecessors")?;
    cursor.take(32 * dependencies)?;
    actor(cursor)?;
    let _seq = cursor.at_most(MAX_COUNTER, "a counter")?;
    let _first_op = cursor.at_most(MAX_COUNTER, "a counter")?;
    // Neither a time nor words: a document knows no clock, and envelopes say everything.
    if cursor.signed()? != 0 || cursor.unsigned()? != 0 {
        return Err(ChangeError::Forbidden("a time or words beside its operations"));
    }
    for _ in 0..cursor.at_most(MAX_ACTORS, "writers")? {
        actor(cursor)?;
    }
    Ok(())
}

/// A device's name for itself in a document.
pub(crate) fn actor(cursor: &mut Cursor<'_>) -> Result<(), ChangeError> {
    let length = cursor.at_most(MAX_ACTOR_BYTES, "a writer's name")?;
    cursor.take(length)?;
    Ok(())
}
