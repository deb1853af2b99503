//! Joining a workspace: a request that proves the key is held, and the enrolment that an
//! administrator makes from it, believed once its words were compared over a second channel.

use crate::{
    profile::{clock::Clock, device::Device, folder::Profile, member, words},
    view::{
        EnrolmentRequestView, EnrolmentView, ProblemView, names,
        problem::{Code, internal, problem},
    },
};
use countersign_identity::enrolment::{Enrolment, EnrolmentRequest};
use countersign_model::{Digest, Roster, TimestampMs};
use countersign_store::{MetaKey, StoreError};
use countersign_sync::{EpochKey, SealingSecret, WrappedKey};

/// Makes keys, store and request; the same request again if there is one.
pub(crate) fn make_request(
    profile: &Profile,
    existing: Option<Box<Device>>,
    clock: &Clock,
) -> Result<Box<Device>, ProblemView> {
    let mut device = match existing {
        Some(device) => device,
        None => Box::new(profile.make(clock)?),
    };
    let stored = device.store.read(member::stored_request)?;
    if stored.is_none() {
        let sealing_key = Digest::from(sealing_secret(&mut device)?.public_key());
        let signer = device.keys.decision_signer();
        let request = EnrolmentRequest::make(device.id, sealing_key, clock(), &signer)?;
        let json = serde_json::to_string_pretty(&request).map_err(|_| internal("request"))?;
        device.store.transaction::<_, StoreError>(|tx| {
            tx.put_meta(MetaKey::EnrolmentRequest, json.as_bytes())
        })?;
    }
    Ok(device)
}

/// The stored request for the window.
pub(crate) fn request_view(device: &mut Device) -> Result<EnrolmentRequestView, ProblemView> {
    let stored = device.store.read(member::stored_request)?;
    let json = stored.ok_or_else(|| internal("stored request"))?;
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
) -> Result<EnrolmentView, ProblemView> {
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
) -> Result<(), ProblemView> {
    let Checked { enrolment, roster, epoch_key } = check(device, json, now)?;
    if words::root_words(&roster) != confirmed {
        return Err(root_words_differ());
    }
    let envelope = enrolment.roster.to_bytes().map_err(|_| internal("roster"))?;
    let stored = serde_json::to_vec(&enrolment).map_err(|_| internal("enrolment"))?;
    device.store.transaction::<_, ProblemView>(|tx| {
        tx.put_meta(MetaKey::Enrolment, &stored)?;
        member::put_epoch_keys(tx, &[&epoch_key])?;
        tx.add_roster(roster.version, &envelope)?;
        Ok(())
    })
}

fn check(device: &mut Device, json: &str, now: TimestampMs) -> Result<Checked, ProblemView> {
    let enrolment = Enrolment::parse(json, device.id)?;
    let roster = Roster::open_first(&enrolment.roster, &enrolment.trusted_root, now)
        .map_err(|error| refused(&error.to_string()))?;
    if roster.workspace != enrolment.workspace {
        return Err(refused("its roster is of another workspace"));
    }
    if roster.root != enrolment.trusted_root {
        return Err(refused("its roster names other root keys than it asks to trust"));
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
        return Err(refused("its roster does not admit this device's keys for that person"));
    }
    let relay: Option<url::Url> = enrolment.relay_url.parse().ok();
    if !relay.is_some_and(|relay| matches!(relay.scheme(), "http" | "https")) {
        return Err(refused("its relay address is not an http or https URL"));
    }
    let epoch_key = unwrap(&enrolment, &sealing_secret)?;
    Ok(Checked { enrolment, roster, epoch_key })
}

fn unwrap(enrolment: &Enrolment, secret: &SealingSecret) -> Result<EpochKey, ProblemView> {
    let wrapped = WrappedKey::from_base64(enrolment.epoch, &enrolment.wrapped_epoch_key);
    wrapped
        .and_then(|wrapped| secret.unwrap(enrolment.workspace, enrolment.device, &wrapped))
        .map_err(|error| refused(&error.to_string()))
}

fn sealing_secret(device: &mut Device) -> Result<SealingSecret, ProblemView> {
    let bytes = device.store.read::<_, StoreError>(|reader| reader.meta(MetaKey::SealingSecret))?;
    let bytes = bytes.ok_or_else(|| internal("sealing secret"))?;
    let bytes = bytes.as_slice().try_into().map_err(|_| internal("sealing secret"))?;
    Ok(SealingSecret::from_bytes(bytes))
}

fn refused(why: &str) -> ProblemView {
    problem(
        Code::EnrolmentRefused,
        format!("The enrolment is refused: {why}. Nothing was changed."),
        &["Ask the administrator for the file that was made from this device's request."],
    )
}

fn root_words_differ() -> ProblemView {
    problem(
        Code::RootWordsDiffer,
        "The six words of the workspace are not those of this enrolment. It is refused, and nothing of it was kept.",
        &[
            "Tell your administrator now, by phone: somebody may have come between.",
            "Ask for the file again over another channel, and compare the words once more.",
        ],
    )
}
