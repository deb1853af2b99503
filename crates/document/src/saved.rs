//! Looks at a saved document before Automerge loads it: nothing compressed, no column that
//! stands for more than a document can hold. The bytes are of this device's own store; a
//! damaged or foreign file must not take its memory all the same.

use crate::{
    change::{self, Candidates, ChangeError},
    columns::{self, Column, Cursor, difference, each_run, number, text, truths},
    limits::{MAX_DOCUMENT_BYTES, MAX_DOCUMENT_ITEMS, MAX_KEY_BYTES},
};

const CHUNK_DOCUMENT: u8 = 0;
/// More changes than a document has heads or writers.
const MAX_HEADS: u64 = 4_096;

// Types of columns: the lower three bits.
const GROUP: u64 = 0;
const DELTA: u64 = 3;
const TRUTH: u64 = 4;
const TEXT: u64 = 5;
const RAW: u64 = 7;

/// Whether the bytes are a saved document of bounded size; the changes that wait for others
/// may follow it.
pub(crate) fn check(bytes: &[u8]) -> Result<(), ChangeError> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(ChangeError::TooLarge("the document"));
    }
    let mut cursor = Cursor(bytes);
    let (kind, body) = change::typed_chunk(&mut cursor)?;
    if kind != CHUNK_DOCUMENT {
        return Err(ChangeError::Malformed("it is not a saved document"));
    }
    check_document(&mut Cursor(body))?;
    while !cursor.is_done() {
        let before = cursor.0;
        change::typed_chunk(&mut cursor)?;
        Candidates::of(&before[..before.len() - cursor.0.len()])?;
    }
    Ok(())
}

fn check_document(cursor: &mut Cursor<'_>) -> Result<(), ChangeError> {
    for _ in 0..cursor.at_most(MAX_HEADS, "writers")? {
        change::actor(cursor)?;
    }
    let heads = cursor.at_most(MAX_HEADS, "heads")?;
    cursor.take(32 * heads)?;
    let changes = columns::column_list(cursor)?;
    let ops = columns::column_list(cursor)?;
    for list in [changes, ops] {
        columns::columns(cursor, &list)?.iter().try_for_each(check_column)?;
    }
    // What follows are the heads' places, one number each.
    for _ in 0..heads {
        if cursor.is_done() {
            break;
        }
        cursor.unsigned()?;
    }
    Ok(())
}

fn check_column(column: &Column<'_>) -> Result<(), ChangeError> {
    const MOST: u64 = MAX_DOCUMENT_ITEMS;
    let bytes = column.bytes;
    match column.spec & 0b111 {
        GROUP => {
            let mut sum = 0_u64;
            each_run(bytes, MOST, number, |value, times| {
                sum = sum.saturating_add(value.unwrap_or(0).saturating_mul(times));
                if sum > MOST { Err(ChangeError::TooLarge("operations")) } else { Ok(()) }
            })?;
        }
        DELTA => {
            each_run(bytes, MOST, difference, |_, _| Ok(()))?;
        }
        TRUTH => {
            truths(bytes, MOST)?;
        }
        TEXT => {
            each_run(bytes, MOST, |cursor| text(cursor, MAX_KEY_BYTES), |_, _| Ok(()))?;
        }
        RAW => {}
        _ => {
            each_run(bytes, MOST, number, |_, _| Ok(()))?;
        }
    }
    Ok(())
}
