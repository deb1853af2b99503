//! What desktops cosigned of the log, held against the entries of an export. A head counts by
//! the log's own signature, a device by the roster that was replayed: so neither a device
//! alone nor the gate alone can make witnesses up.

use countersign_audit::{
    cosignature::{Said, examine},
    report::{Claim, Doubt, Doubted, MAX_FINDINGS, Place, Witnesses, are, counted},
    verify::{CosignedHead, Walk},
};
use countersign_model::{DeviceId, PersonId, Roster};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead,
};

/// Judges every cosigned head when all entries were read.
pub(crate) fn judge<R: BufRead>(walk: &mut Walk<R>, roster: Option<&Roster>) -> Witnesses {
    let mut newest: BTreeMap<DeviceId, u64> = BTreeMap::new();
    let mut doubts: BTreeSet<Doubt> = BTreeSet::new();
    for one in walk.take_cosigned_heads() {
        let CosignedHead { place, ref head, .. } = one;
        let said = examine(&one.note, &walk.trust().log_vkey, roster).unwrap_or_default();
        let mut believed = vec![];
        let mut doubt = |whose| doubts.insert(Doubt { place, size: head.size, whose });
        for said in said {
            match said {
                Said::Counts(witness) => believed.push(witness.device),
                Said::Unknown(name) => drop(doubt(Doubted::Unknown(name))),
                Said::Revoked(device) => drop(doubt(Doubted::Revoked(device))),
                Said::Wrong(device) => {
                    let words = format!("the cosignature of {device} does not fit");
                    walk.find(Claim::Integrity, place, words);
                }
            }
        }
        if one.own_root == Some(head.root) {
            for device in believed {
                let size = newest.entry(device).or_default();
                *size = head.size.max(*size);
            }
        } else if !one.is_exports {
            contradict(walk, &one, &believed);
        }
    }
    let persons: BTreeSet<PersonId> =
        newest.keys().filter_map(|device| owner(roster?, *device)).collect();
    let entries = newest.values().copied().max().unwrap_or(0);
    Witnesses {
        devices: newest.len() as u64,
        persons: persons.len() as u64,
        entries,
        unseen: walk.size() - entries,
        doubts: doubts.into_iter().take(MAX_FINDINGS).collect(),
    }
}

/// The log's key signed a head that these entries do not have.
fn contradict<R: BufRead>(walk: &mut Walk<R>, one: &CosignedHead, believed: &[DeviceId]) {
    let who = match believed {
        [] => "the log's key has signed".to_owned(),
        _ => {
            let devices: Vec<_> = believed.iter().map(ToString::to_string).collect();
            format!("{} cosigned", devices.join(", "))
        }
    };
    let (size, held) = (one.head.size, walk.size());
    let place = Place { seq: size.checked_sub(1), ..one.place };
    if size > held {
        let all = counted(size, "entry", "entries");
        let words = format!("{who} {all}: {} missing at the end", are(size - held));
        walk.find(Claim::Completeness, place, words);
        return;
    }
    let first = counted(size, "entry", "entries");
    let words = format!("up to here the log is not the one of {first} that {who}");
    // What the gate signed as its export is what it shows: then there are two.
    let two = if walk.is_as_signed() { ": there are two histories" } else { "" };
    walk.find(Claim::Integrity, place, words + two);
}

fn owner(roster: &Roster, device: DeviceId) -> Option<PersonId> {
    let mut people = roster.people.iter();
    people.find(|person| person.devices.iter().any(|own| own.id == device)).map(|one| one.id)
}
