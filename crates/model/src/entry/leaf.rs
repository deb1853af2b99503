//! The short way to read an entry. In the canonical form all but the event stands at known places
//! and has one spelling, so that it can be cut out and need not be written again to be compared.
//! What is not plainly of that form is left to the long way, which also says what is wrong.

use super::{Actor, ActorKind, Entry, EntryBody, LogEvent};
use crate::{Role, TimestampMs, canonical};
use std::str::FromStr;

/// Base64 of 64 bytes.
const SIGNATURE_CHARS: usize = 88;
const EVENT_ID_CHARS: usize = 40;
const DIGEST_CHARS: usize = 64;
const WORKSPACE_CHARS: usize = 39;
/// Above it a canonical number no longer says which whole number it is.
const MAX_EXACT: u64 = 1 << 53;

/// The entry, if the bytes are one in canonical form; `None` says nothing.
pub(super) fn read(leaf: &[u8]) -> Option<Entry> {
    let leaf = std::str::from_utf8(leaf).ok()?;
    let rest = leaf.strip_prefix("{\"body\":{\"actor\":{\"id\":")?;
    let (id, rest) = text(rest)?;
    let (kind, rest) = text(rest.strip_prefix(",\"kind\":")?)?;
    let kind = match kind {
        "person" => ActorKind::Person,
        "agent" => ActorKind::Agent,
        "gate" => ActorKind::Gate,
        _ => return None,
    };
    let rest = rest.strip_prefix(",\"role\":")?;
    let (role, rest) = match rest.strip_prefix("null") {
        Some(rest) => (None, rest),
        None => text(rest).and_then(|(role, rest)| Some((Some(Role::parse(role).ok()?), rest)))?,
    };
    let rest = rest.strip_prefix("},\"at_ms\":")?;
    let (at_ms, rest) = rest.split_once(',')?;
    let rest = rest.strip_prefix("\"event\":")?;

    let (rest, server_signature) = last(rest.strip_suffix("\"}")?, SIGNATURE_CHARS)?;
    let rest = rest.strip_suffix("\"},\"server_signature\":\"")?;
    let (rest, workspace) = last(rest, WORKSPACE_CHARS)?;
    let rest = rest.strip_suffix(",\"workspace\":\"")?;
    let (rest, seq) = rest.rsplit_once(':')?;
    let (rest, prev_hash) = last(rest.strip_suffix("\",\"seq\"")?, DIGEST_CHARS)?;
    let (rest, event_id) = last(rest.strip_suffix("\",\"prev_hash\":\"")?, EVENT_ID_CHARS)?;
    let event = rest.strip_suffix(",\"event_id\":\"")?;

    let body = EntryBody {
        event_id: event_id.parse().ok()?,
        seq: whole(seq).filter(|seq: &u64| *seq <= MAX_EXACT)?,
        prev_hash: prev_hash.parse().ok()?,
        at_ms: whole(at_ms)
            .filter(|at: &i64| at.unsigned_abs() <= MAX_EXACT)
            .map(TimestampMs::from_millis)?,
        workspace: workspace.parse().ok()?,
        actor: Actor { kind, id: id.into(), role },
        event: canonical::from_bytes::<LogEvent>(event.as_bytes()).ok()?,
    };
    let server_signature = Some(server_signature).filter(|signature| is_plain(signature))?.into();
    Some(Entry { body, server_signature })
}

/// A text that is written as it is, and what follows it.
fn text(json: &str) -> Option<(&str, &str)> {
    json.strip_prefix('"')?.split_once('"').filter(|(text, _)| is_plain(text))
}

/// Whether nothing of a text is escaped.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}

/// The last of the bytes, this many, and what comes before them.
fn last(text: &str, count: usize) -> Option<(&str, &str)> {
    text.split_at_checked(text.len().checked_sub(count)?)
}

/// A whole number in its one spelling: no plus sign, leading zero or minus zero.
fn whole<N: FromStr>(text: &str) -> Option<N> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_spelled_so = text == "0" || !digits.starts_with(['0', '+']);
    text.parse().ok().filter(|_| is_spelled_so)
}
