//! Statements that a person signs on a device: the checks that all of them share. They need
//! nothing but bytes and the roster.

use crate::{
    Comment, Control, Decision, DeviceId, PersonId, Roster, TimestampMs, WorkspaceId,
    decision::Refusal,
    envelope::{Claim, EnvelopeError, Predicate, Verified},
    roster::{Device, Person},
};

/// A predicate that says who signed it, on which device, and when by that device's clock.
pub trait Personal: Predicate {
    /// The workspace.
    fn workspace(&self) -> WorkspaceId;
    /// Who signed.
    fn person(&self) -> PersonId;
    /// On which device.
    fn device(&self) -> DeviceId;
    /// When, by the device's clock.
    fn signed_at_ms(&self) -> TimestampMs;
}

/// For predicates whose fields have the names of the methods.
macro_rules! personal {
    ($($predicate:ty),+) => {
        $(
            impl Personal for $predicate {
                fn workspace(&self) -> WorkspaceId {
                    self.workspace
                }

                fn person(&self) -> PersonId {
                    self.person
                }

                fn device(&self) -> DeviceId {
                    self.device
                }

                fn signed_at_ms(&self) -> TimestampMs {
                    self.signed_at_ms
                }
            }
        )+
    };
}

personal!(Decision, Comment, Control);

/// Why a statement does not stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unfit<P> {
    /// Nobody on the roster is known to have signed it.
    Unsigned(Refusal),
    /// A person on the roster signed it, and it does not stand all the same. It spends its
    /// id like one that does: nobody else can raise it again in their name.
    Signed(Box<P>, Refusal),
}

impl<P> Unfit<P> {
    /// Why.
    #[must_use]
    pub const fn refusal(&self) -> Refusal {
        match self {
            Self::Unsigned(refusal) | Self::Signed(_, refusal) => *refusal,
        }
    }
}

/// Checks signature, person, device and workspace; returns the person as the roster has them.
///
/// A personal statement has exactly one signature: a second one would be bytes that nobody
/// answers for, and would give one statement two digests.
///
/// # Errors
/// [`Unfit`], as a value.
pub fn open<P: Personal>(
    claim: Claim<P>,
    roster: &Roster,
) -> Result<(Verified<P>, &Person), Unfit<P>> {
    let (verified, person, device) = attribute(claim, roster).map_err(Unfit::Unsigned)?;
    let signed_at = verified.predicate.signed_at_ms();
    let refusal = if verified.predicate.workspace() != roster.workspace {
        Refusal::WrongProposal
    } else if signed_at < device.enrolled_at_ms {
        // No device signs before it exists: its clock is wrong.
        Refusal::ClockSkew
    } else if !device.is_valid_at(signed_at) {
        Refusal::DeviceRevoked
    } else {
        return Ok((verified, person));
    };
    Err(Unfit::Signed(Box::new(verified.predicate), refusal))
}

/// Whose signature it is.
fn attribute<P: Personal>(
    claim: Claim<P>,
    roster: &Roster,
) -> Result<(Verified<P>, &Person, &Device), Refusal> {
    if !claim.has_one_signature() {
        return Err(Refusal::Malformed);
    }
    let claimed = claim.predicate();
    let person = roster.person(claimed.person()).ok_or(Refusal::UnknownKey)?;
    let device = person
        .devices
        .iter()
        .find(|device| device.id == claimed.device())
        .ok_or(Refusal::UnknownKey)?;
    let verified = claim.verify(&[device.signing_key]).map_err(|error| match error {
        EnvelopeError::UnknownKey => Refusal::UnknownKey,
        EnvelopeError::Signature(_) => Refusal::BadSignature,
        _ => Refusal::Malformed,
    })?;
    Ok((verified, person, device))
}
