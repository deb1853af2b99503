//! Joining a workspace: a request that proves the key is held, and the enrolment that an
//! administrator makes from it, believed once its words were compared over a second channel.

use crate::{
    profile::{
        clock::Clock,
        device::Device,
        failure::{Broken, Cause, Failure, ProfileError},
        folder::Profile,
        member, words,
    },
    view::{EnrolmentRequestView, EnrolmentView, names},
};
use countersign_identity::enrolment::{Enrolment, EnrolmentError, EnrolmentRequest};
use countersign_model::{Digest, Roster, TimestampMs, roster::RosterError};
use countersign_store::{MetaKey, StoreError};
use countersign_sync::{EpochKey, SealingSecret, WrappedKey, key::KeyError};
use std::sync::Arc;

/// Why no request is made, or no workspace is joined.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnrolError {
    /// The profile cannot be opened or made.
    #[error(transparent)]
    Profile(Arc<ProfileError>),
    /// The file is not an enrolment of this device, or the request cannot be made.
    #[error(transparent)]
    File(#[from] EnrolmentError),
    #[error("the enrolment is refused")]
    Refused(#[from] Untrusted),
    #[error("the words of the workspace are not those of the enrolment")]
    RootWords,
    #[error("this device has made no request")]
    NoRequest,
    #[error("the profile belongs to a workspace already")]
    AlreadyJoined,
    #[error(transparent)]
    Failure(Failure),
}

/// What in an enrolment is not to be believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untrusted {
    #[error(transparent)]
    Roster(#[from] RosterError),
    #[error("its roster is of another workspace")]
    OtherWorkspace,
    #[error("its roster names other root keys than it asks to trust")]
    OtherRoots,
    #[error("its roster does not admit this device's keys for that person")]
    NotAdmitted,
    #[error("its relay address is not an http or https URL")]
    RelayAddress,
    #[error(transparent)]
    EpochKey(#[from] KeyError),
}

impl<C: Cause> From<C> for EnrolError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

impl From<ProfileError> for EnrolError {
    fn from(error: ProfileError) -> Self {
        Self::Profile(Arc::new(error))
    }
}

/// Makes keys, store and request; the same request again if there is one.
pub(crate) fn make_request(
    profile: &Profile,
    existing: Option<Box<Device>>,
    clock: &Clock,
) -> Result<Box<Device>, EnrolError> {
    let mut device = match existing {
        Some(device) => device,
        None => Box::new(profile.make(clock)?),
    };
    let stored = device.store.read(member::stored_request)?;
    if stored.is_none() {
        let sealing_key = Digest::from(sealing_secret(&mut device)?.public_key());
        let signer = device.keys.decision_signer();
        let request = EnrolmentRequest::make(device.id, sealing_key, clock(), &signer)?;
        let json = serde_json::to_string_pretty(&request).map_err(|_| Broken("request"))?;
        device.store.transaction::<_, StoreError>(|tx| {
            tx.put_meta(MetaKey::EnrolmentRequest, json.as_bytes())
        })?;
    }
    Ok(device)
}

/// The stored request for the window.
pub(crate) fn request_view(device: &mut Device) -> Result<EnrolmentRequestView, EnrolError> {
    let stored = device.store.read(member::stored_request)?;
    let json = stored.ok_or(Broken("stored request"))?;
    let request = EnrolmentRequest::parse(&json)?;
    let fingerprint = request.fingerprint().into_iter().map(str::to_owned).collect();
    Ok(EnrolmentRequestView { json, fingerprint })
}

/// An enrolment whose every signature was checked. Whether its root keys are the workspace's
/// is for a person to say: until then nothing of it is kept.
struct Checked {
    enrolment: Enrolment,
    roster: Roster,
    epoch_key: EpochKey,
}

/// What a person compares with the administrator before anything is believed.
pub(crate) fn read(
    device: &mut Device,
    json: &str,
    now: TimestampMs,
) -> Result<EnrolmentView, EnrolError> {
    let sealing_key = Digest::from(sealing_secret(device)?.public_key());
    let Checked { enrolment, roster, .. } = check(device, json, now)?;
    Ok(EnrolmentView {
        workspace_name: enrolment.workspace_name,
        person_name: names::person(&roster, enrolment.person),
        root_words: words::root_words(&roster),
        fingerprint: words::device_words(device.keys.public_key(), sealing_key),
    })
}

/// Verifies an enrolment and stores it with the roster and the epoch key, all or nothing, if
/// its root keys have the words that a person has confirmed.
pub(crate) fn accept(
    device: &mut Device,
    json: &str,
    confirmed: &[String],
    now: TimestampMs,
) -> Result<(), EnrolError> {
    let Checked { enrolment, roster, epoch_key } = check(device, json, now)?;
    if words::root_words(&roster) != confirmed {
        return Err(EnrolError::RootWords);
    }
    let envelope = enrolment.roster.to_bytes().map_err(|_| Broken("roster"))?;
    let stored = serde_json::to_vec(&enrolment).map_err(|_| Broken("enrolment"))?;
    device.store.transaction::<_, EnrolError>(|tx| {
        tx.put_meta(MetaKey::Enrolment, &stored)?;
        member::put_epoch_keys(tx, &[&epoch_key])?;
        tx.add_roster(roster.version, &envelope)?;
        Ok(())
    })
}

fn check(device: &mut Device, json: &str, now: TimestampMs) -> Result<Checked, EnrolError> {
    let enrolment = Enrolment::parse(json, device.id)?;
    let roster = Roster::open_first(&enrolment.roster, &enrolment.trusted_root, now)
        .map_err(Untrusted::Roster)?;
    if roster.workspace != enrolment.workspace {
        return Err(Untrusted::OtherWorkspace.into());
    }
    if roster.root != enrolment.trusted_root {
        return Err(Untrusted::OtherRoots.into());
    }
    let sealing_secret = sealing_secret(device)?;
    let admitted = roster.person(enrolment.person).is_some_and(|person| {
        person.devices.iter().any(|known| {
            known.id == device.id
                && known.signing_key == device.keys.public_key()
                && known.sealing_key == Digest::from(sealing_secret.public_key())
        })
    });
    if !admitted {
        return Err(Untrusted::NotAdmitted.into());
    }
    let relay: Option<url::Url> = enrolment.relay_url.parse().ok();
    if !relay.is_some_and(|relay| matches!(relay.scheme(), "http" | "https")) {
        return Err(Untrusted::RelayAddress.into());
    }
    let epoch_key = unwrap(&enrolment, &sealing_secret)?;
    Ok(Checked { enrolment, roster, epoch_key })
}

fn unwrap(enrolment: &Enrolment, secret: &SealingSecret) -> Result<EpochKey, Untrusted> {
    let wrapped = WrappedKey::from_base64(enrolment.epoch, &enrolment.wrapped_epoch_key);
    wrapped
        .and_then(|wrapped| secret.unwrap(enrolment.workspace, enrolment.device, &wrapped))
        .map_err(Untrusted::EpochKey)
}

fn sealing_secret(device: &mut Device) -> Result<SealingSecret, Failure> {
    let bytes = device.store.read::<_, StoreError>(|reader| reader.meta(MetaKey::SealingSecret))?;
    let bytes = bytes.ok_or(Broken("sealing secret"))?;
    let bytes = bytes.as_slice().try_into().map_err(|_| Broken("sealing secret"))?;
    Ok(SealingSecret::from_bytes(bytes))
}
