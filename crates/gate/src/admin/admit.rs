//! `admit`: a device that asked becomes a person's device in the next roster.

use super::{
    AdminError, Office, check_name,
    decide::{NextRoster, next_roster},
    file_error,
    order::{Admit, Done, HandOver, LedgerOrder, Secret},
    output::Output,
};
use crate::{
    changes::{Changes, Row},
    clock, factor, keys,
    ledger::Ledger,
};
use countersign_identity::{
    anchor::Anchor,
    enrolment::{ENROLMENT_FORMAT, Enrolment, EnrolmentRequest},
};
use countersign_model::{
    Envelope, PersonId, Role, Roster, TimestampMs,
    causes::in_full,
    roster::{Device, Person},
    verdict::FactorKind,
};
use countersign_sync::SealingPublicKey;
use std::{
    collections::BTreeSet,
    io::Read as _,
    path::{Path, PathBuf},
};

/// The largest request file that is read, in bytes.
const MAX_REQUEST_BYTES: u64 = 64 * 1024;

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
    /// Whether the relay knows the device already; the gate tells it otherwise.
    pub relay_told: bool,
}

/// Admits a device, whether or not a gate serves. The files are on the disk before the roster
/// is committed, and have their names after it.
///
/// # Errors
/// [`AdminError`]; nothing was changed, but for [`AdminError::Unnamed`] and, perhaps,
/// [`AdminError::Unanswered`].
pub async fn admit(data: &Path, admission: &Admission) -> Result<Admitted, AdminError> {
    let text = read_request(&admission.request)?;
    let request =
        EnrolmentRequest::parse(&text).map_err(|error| file_error(&admission.request, &error))?;
    let mut office = Office::open(data).await?;
    let mut out = Output::create(&admission.out)?;
    let mut totp_out = admission.totp_out.as_deref().map(Output::create).transpose()?;
    let order = LedgerOrder::Admit(Admit {
        request: text,
        name: admission.name.clone(),
        roles: admission.roles.clone(),
        person: admission.person,
        with_totp: totp_out.is_some(),
    });
    let HandOver::Admission { enrolment, totp_uri } = office.decide(order).await? else {
        return Err(AdminError::Foreign);
    };
    let json = serde_json::to_vec_pretty(&enrolment);
    out.fill(&json.map_err(|error| file_error(&admission.out, &error))?)?;
    match (&mut totp_out, &totp_uri) {
        (Some(totp_out), Some(uri)) => totp_out.fill(uri.0.as_bytes())?,
        (None, None) => {}
        _ => return Err(AdminError::Foreign),
    }
    let outputs = [Some(out), totp_out].into_iter().flatten();
    let (roster_version, relay_told) = match office.commit().await {
        Ok(Done::Roster { version, relay_told }) => (version, relay_told),
        Ok(_) => return Err(AdminError::Foreign),
        Err(AdminError::Unanswered { .. }) => {
            // It may be done: nothing that cannot be had again is removed.
            let left: Vec<_> = outputs.map(Output::leave).collect();
            return Err(AdminError::Unanswered { left: left.join(" and ") });
        }
        Err(refused) => return Err(refused),
    };
    // Every file gets its name, whatever became of another's.
    let kept: Vec<_> = outputs.map(Output::keep).collect();
    kept.into_iter().collect::<Result<(), _>>()?;
    let roster: Roster = enrolment.roster.peek_unverified().map_err(|_| AdminError::Foreign)?;
    Ok(Admitted {
        person: enrolment.person,
        roster_version,
        fingerprint: request.fingerprint(),
        root_words: Anchor::of(&roster).words(),
        relay_told,
    })
}

fn read_request(path: &Path) -> Result<String, AdminError> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| file_error(path, &error))?;
    let read = file.take(MAX_REQUEST_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| file_error(path, &error))?;
    if text.len() as u64 > MAX_REQUEST_BYTES {
        return Err(file_error(path, &"it is too large for a request"));
    }
    Ok(text)
}

/// Decides about an admission; changes nothing.
pub(super) fn decide(
    ledger: &Ledger,
    admit: &Admit,
    at: TimestampMs,
) -> Result<NextRoster<impl FnOnce(Envelope) -> HandOver + use<>>, AdminError> {
    let request = EnrolmentRequest::parse(&admit.request)
        .map_err(|error| AdminError::Argument(in_full(&error)))?;
    let mut next = next_roster(ledger, at);
    let person = place_device(&mut next, admit, &request)?;
    let mut changes = Changes::default();
    let totp_uri = add_factor(ledger, &mut next, person, admit, &mut changes)?;
    let enrolment = make_enrolment(ledger, &request, person, &next)?;
    let hand_over = move |roster| HandOver::Admission {
        enrolment: Box::new(enrolment(roster)),
        totp_uri: totp_uri.map(Secret),
    };
    Ok(NextRoster { next, changes, hand_over })
}

fn place_device(
    next: &mut Roster,
    admit: &Admit,
    request: &EnrolmentRequest,
) -> Result<PersonId, AdminError> {
    let device = Device {
        id: request.device,
        signing_key: request.signing_key,
        sealing_key: request.sealing_key,
        enrolled_at_ms: next.issued_at_ms,
        revoked_at_ms: None,
    };
    let Some(known) = admit.person else {
        let id = PersonId::from_uuid(clock::new_uuid());
        let name = check_name(&admit.name)?;
        let roles = parse_roles(&admit.roles)?;
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
    ledger: &Ledger,
    next: &mut Roster,
    id: PersonId,
    admit: &Admit,
    changes: &mut Changes,
) -> Result<Option<zeroize::Zeroizing<String>>, AdminError> {
    let person = next.people.iter_mut().find(|person| person.id == id);
    let Some(person) = person.filter(|_| admit.with_totp) else { return Ok(None) };
    if !person.factors.insert(FactorKind::Totp) {
        let words = "this person has an authenticator already; leave --totp-out away";
        return Err(AdminError::Argument(words.into()));
    }
    let secret = factor::new_secret()?;
    let sealed = factor::seal(&ledger.identity().factors, id, &secret)?;
    changes.put(Row::Factor(id, sealed));
    let uri = secret.enrolment_uri("Countersign", &person.name);
    uri.map(Some).map_err(|error| AdminError::Argument(error.to_string()))
}

/// The enrolment without its roster, which is signed later.
fn make_enrolment(
    ledger: &Ledger,
    request: &EnrolmentRequest,
    person: PersonId,
    next: &Roster,
) -> Result<impl FnOnce(Envelope) -> Enrolment + use<>, AdminError> {
    let identity = ledger.identity();
    let sealing = SealingPublicKey::from(request.sealing_key);
    let wrapped = identity
        .epoch
        .wrap(identity.workspace, request.device, &sealing, &*keys::random::<32>()?)
        .map_err(|error| AdminError::Argument(error.to_string()))?;
    let (workspace_name, relay_url) = ledger.store().read(|reader| {
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
