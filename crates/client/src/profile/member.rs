//! This device as a member of a workspace: keys, store, roster, epoch keys.

use crate::{
    profile::{
        device::Device,
        failure::{Broken, Failure, ProfileError},
        words,
    },
    view::{WorkspaceView, names},
};
use countersign_audit::LogKeys;
use countersign_identity::enrolment::Enrolment;
use countersign_keychain::DeviceKeys;
use countersign_model::{
    DeviceId, Envelope, PersonId, PublicKey, Roster, TimestampMs, WorkspaceId, roster::Person,
};
use countersign_store::{MetaKey, Reader, Store, StoreError, Tx};
use countersign_sync::{EpochKey, EpochKeys};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Who this device is in its workspace.
pub(crate) struct Member {
    pub(crate) me: Me,
    pub(crate) keys: DeviceKeys,
    pub(crate) store: Store,
    pub(crate) epoch_keys: EpochKeys,
    pub(crate) enrolment: Enrolment,
}

/// What verifying and viewing needs to know: never a secret.
#[derive(Clone, Debug)]
pub(crate) struct Me {
    pub(crate) workspace: WorkspaceId,
    pub(crate) person: PersonId,
    pub(crate) device: DeviceId,
    /// The newest roster of the verified chain.
    pub(crate) roster: Roster,
}

/// What a device with keys and a store is.
pub(crate) enum Loaded {
    /// It has joined no workspace yet.
    Waiting(Box<Device>),
    /// A member of a workspace.
    Member(Box<Member>),
}

/// An epoch key at rest, inside the encrypted store.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct StoredEpochKey {
    epoch: u32,
    key: [u8; 32],
}

impl Member {
    /// Loads a member, or the device as it is while it waits for an administrator.
    pub(crate) fn load(device: Device) -> Result<Loaded, ProfileError> {
        let Device { id, keys, mut store } = device;
        let (enrolment, epoch_keys, rosters) = store.read::<_, StoreError>(|reader| {
            Ok((
                reader.meta(MetaKey::Enrolment)?,
                reader.meta(MetaKey::EpochKeys)?,
                reader.rosters()?,
            ))
        })?;
        let (Some(enrolment), Some(epoch_keys)) = (enrolment, epoch_keys) else {
            return Ok(Loaded::Waiting(Box::new(Device { id, keys, store })));
        };
        let enrolment: Enrolment =
            serde_json::from_slice(&enrolment).map_err(|_| Broken("stored enrolment"))?;
        let epoch_keys = read_epoch_keys(&epoch_keys)?;
        let roster = replay_rosters(&enrolment, &rosters)?;
        let me =
            Me { workspace: enrolment.workspace, person: enrolment.person, device: id, roster };
        Ok(Loaded::Member(Box::new(Self { me, keys, store, epoch_keys, enrolment })))
    }

    /// The workspace for the window.
    pub(crate) fn view(&self) -> WorkspaceView {
        let person = self.me.person();
        let listed = person
            .and_then(|person| person.devices.iter().find(|device| device.id == self.me.device));
        WorkspaceView {
            workspace: self.me.workspace.to_string(),
            name: self.enrolment.workspace_name.clone(),
            person: self.me.person.to_string(),
            person_name: names::person(&self.me.roster, self.me.person),
            roles: person
                .map(|person| person.roles.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            device: self.me.device.to_string(),
            // The words bind both keys; without the roster's sealing key there are none to compare.
            fingerprint: listed
                .map(|device| words::device_words(self.keys.public_key(), device.sealing_key))
                .unwrap_or_default(),
            root_words: words::root_words(&self.me.roster),
        }
    }
}

impl Me {
    /// Myself on the roster.
    pub(crate) fn person(&self) -> Option<&Person> {
        self.roster.person(self.person)
    }

    /// Whose log is believed.
    pub(crate) fn log_keys(&self) -> LogKeys {
        LogKeys {
            workspace: self.workspace,
            gate_key: self.roster.gate.signing_key,
            vkey: self.roster.gate.log_vkey.clone(),
        }
    }

    /// Everyone whose records may be read: every device that ever was on the roster, and
    /// the gate. Whether what they say counts is judged from what it says.
    pub(crate) fn writer_keys(&self) -> BTreeMap<DeviceId, PublicKey> {
        let people = self.roster.people.iter().flat_map(|person| &person.devices);
        let gate = &self.roster.gate;
        people
            .map(|device| (device.id, device.signing_key))
            .chain([(gate.device, gate.signing_key)])
            .collect()
    }
}

/// The epoch keys as they are kept inside the encrypted store.
pub(crate) fn put_epoch_keys(tx: &Tx<'_>, keys: &[&EpochKey]) -> Result<(), Failure> {
    let stored: Vec<_> = keys
        .iter()
        .map(|key| StoredEpochKey { epoch: key.epoch(), key: *key.secret_bytes() })
        .collect();
    let mut bytes = serde_json::to_vec(&stored).map_err(|_| Broken("epoch keys"))?;
    let put = tx.put_meta(MetaKey::EpochKeys, &bytes);
    bytes.zeroize();
    Ok(put?)
}

fn read_epoch_keys(bytes: &[u8]) -> Result<EpochKeys, Broken> {
    let stored: Vec<StoredEpochKey> =
        serde_json::from_slice(bytes).map_err(|_| Broken("stored epoch keys"))?;
    Ok(stored.iter().map(|key| EpochKey::from_bytes(key.epoch, key.key)).collect())
}

/// Verifies the whole chain again, from the root keys whose words a person has
/// confirmed at enrolment ([`crate::profile::enrol`]).
/// The first one's expiry was checked when it came; time passing does not unmake it.
fn replay_rosters(
    enrolment: &Enrolment,
    rosters: &[(u64, Vec<u8>)],
) -> Result<Roster, ProfileError> {
    let always = TimestampMs::from_millis(i64::MIN);
    let mut roster: Option<Roster> = None;
    for (_, bytes) in rosters {
        let envelope = Envelope::from_bytes(bytes).map_err(|_| ProfileError::Rosters)?;
        roster = Some(
            match roster {
                None => Roster::open_first(&envelope, &enrolment.trusted_root, always),
                Some(roster) => roster.open_next(&envelope, always),
            }
            .map_err(|_| ProfileError::Rosters)?,
        );
    }
    roster.ok_or(ProfileError::Rosters)
}

/// The stored request, if one was made.
pub(crate) fn stored_request(reader: &Reader<'_>) -> Result<Option<String>, Failure> {
    let bytes = reader.meta(MetaKey::EnrolmentRequest)?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
}
