//! `admit`: a device that asked becomes a person's device in the next roster.

use super::{AdminError, Office, check_name, file_error, output::Output};
use crate::{
    changes::{Changes, Row},
    clock, factor, keys,
    relay::Relay,
};
use countersign_identity::{
    anchor::Anchor,
    enrolment::{ENROLMENT_FORMAT, Enrolment, EnrolmentRequest},
};
use countersign_model::{
    Envelope, PersonId, Role, Roster,
    roster::{Device, Person},
    verdict::FactorKind,
};
use countersign_sync::SealingPublicKey;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// What the administrator decides about the asker.
pub struct Admission {
    /// The request file.
    pub request: PathBuf,
    /// The person's name.
    pub name: String,
    /// Roles, separated by commas.
    pub roles: String,
    /// A person who is on the roster already and gets a further device.
    pub person: Option<PersonId>,
    /// Where the enrolment goes.
    pub out: PathBuf,
    /// Where the authenticator's URI goes; without it the person has no second factor.
    pub totp_out: Option<PathBuf>,
}

/// What was done.
pub struct Admitted {
    /// The person.
    pub person: PersonId,
    /// The roster's version.
    pub roster_version: u64,
    /// The device's words, to be compared with what the device shows.
    pub fingerprint: Vec<&'static str>,
    /// The words of the root keys, the gate and the log, to be compared with what the device
    /// shows before it believes the enrolment.
    pub root_words: Vec<&'static str>,
    /// Whether the relay knows the device already; `serve` tells it otherwise.
    pub relay_told: bool,
}

/// Admits a device. The files are on the disk before the roster is committed, and have their
/// names after it.
///
/// # Errors
/// [`AdminError`]; nothing was changed, but for [`AdminError::Unnamed`].
pub async fn admit(data: &Path, admission: &Admission) -> Result<Admitted, AdminError> {
    let mut office = Office::open(data)?;
    let text = std::fs::read_to_string(&admission.request)
        .map_err(|error| file_error(&admission.request, &error))?;
    let request =
        EnrolmentRequest::parse(&text).map_err(|error| file_error(&admission.request, &error))?;
    let mut next = office.next_roster();
    let person = place_device(&mut next, admission, &request)?;
    let mut changes = Changes::default();
    let uri = add_factor(&office, &mut next, person, admission, &mut changes)?;
    let enrolment = make_enrolment(&office, &request, person, &next)?;
    let mut out = Output::create(&admission.out)?;
    let mut totp_out = admission.totp_out.as_deref().map(Output::create).transpose()?;
    office.accept_roster(&next, changes, |roster| {
        let json = serde_json::to_vec_pretty(&enrolment(roster.clone()));
        out.fill(&json.map_err(|error| file_error(&admission.out, &error))?)?;
        match (&mut totp_out, &uri) {
            (Some(totp_out), Some(uri)) => totp_out.fill(uri.as_bytes()),
            _ => Ok(()),
        }
    })?;
    let kept = [Some(out), totp_out].map(|output| output.map_or(Ok(()), Output::keep));
    let relay_told = tell_relay(&office).await;
    kept.into_iter().collect::<Result<(), _>>()?;
    Ok(Admitted {
        person,
        roster_version: next.version,
        fingerprint: request.fingerprint(),
        root_words: Anchor::of(&next).words(),
        relay_told,
    })
}

fn place_device(
    next: &mut Roster,
    admission: &Admission,
    request: &EnrolmentRequest,
) -> Result<PersonId, AdminError> {
    let device = Device {
        id: request.device,
        signing_key: request.signing_key,
        sealing_key: request.sealing_key,
        enrolled_at_ms: next.issued_at_ms,
        revoked_at_ms: None,
    };
    let Some(known) = admission.person else {
        let id = PersonId::from_uuid(clock::new_uuid());
        let name = check_name(&admission.name)?;
        let roles = parse_roles(&admission.roles)?;
        next.people.push(Person {
            id,
            name,
            roles,
            devices: vec![device],
            factors: BTreeSet::new(),
        });
        return Ok(id);
    };
    let person = next.people.iter_mut().find(|person| person.id == known);
    let person =
        person.ok_or_else(|| AdminError::Argument("no such person is on the roster".into()))?;
    person.devices.push(device);
    Ok(known)
}

fn parse_roles(text: &str) -> Result<BTreeSet<Role>, AdminError> {
    let roles = text
        .split(',')
        .map(|role| Role::parse(role.trim()))
        .collect::<Result<BTreeSet<_>, _>>()
        .map_err(|error| AdminError::Argument(error.to_string()))?;
    Ok(roles)
}

/// Makes a second factor for a person who has none.
fn add_factor(
    office: &Office,
    next: &mut Roster,
    id: PersonId,
    admission: &Admission,
    changes: &mut Changes,
) -> Result<Option<zeroize::Zeroizing<String>>, AdminError> {
    let person = next.people.iter_mut().find(|person| person.id == id);
    let Some(person) = person.filter(|_| admission.totp_out.is_some()) else { return Ok(None) };
    if !person.factors.insert(FactorKind::Totp) {
        let words = "this person has an authenticator already; leave --totp-out away";
        return Err(AdminError::Argument(words.into()));
    }
    let secret = factor::new_secret()?;
    let sealed = factor::seal(&office.ledger.identity().factors, id, &secret)?;
    changes.put(Row::Factor(id, sealed));
    let uri = secret.enrolment_uri("Countersign", &person.name);
    uri.map(Some).map_err(|error| AdminError::Argument(error.to_string()))
}

/// The enrolment without its roster, which is signed later.
fn make_enrolment(
    office: &Office,
    request: &EnrolmentRequest,
    person: PersonId,
    next: &Roster,
) -> Result<impl FnOnce(Envelope) -> Enrolment + use<>, AdminError> {
    let identity = office.ledger.identity();
    let sealing = SealingPublicKey::from(request.sealing_key);
    let wrapped = identity
        .epoch
        .wrap(identity.workspace, request.device, &sealing, &*keys::random::<32>()?)
        .map_err(|error| AdminError::Argument(error.to_string()))?;
    let (workspace_name, relay_url) = office.ledger.store().read(|reader| {
        Ok::<_, AdminError>((reader.meta_text("workspace_name")?, reader.meta_text("relay_url")?))
    })?;
    let (workspace, device, trusted_root) = (identity.workspace, request.device, next.root.clone());
    Ok(move |roster| Enrolment {
        format: ENROLMENT_FORMAT.into(),
        workspace,
        workspace_name,
        relay_url,
        person,
        device,
        roster,
        trusted_root,
        epoch: wrapped.epoch(),
        wrapped_epoch_key: wrapped.to_base64(),
    })
}

async fn tell_relay(office: &Office) -> bool {
    let url = office.ledger.store().read(|reader| reader.meta_text("relay_url"));
    let Some(url) = url.ok().and_then(|url| url.parse().ok()) else { return false };
    let Ok(relay) = Relay::new(url, office.ledger.identity().clone()) else { return false };
    match relay.put_devices(office.ledger.roster()).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(error = %error, "the relay will be told of the device by `serve`");
            false
        }
    }
}
