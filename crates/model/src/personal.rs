//! Statements that a person signs on a device: the checks that all of them share. They need
//! nothing but bytes and the roster.

use crate::{
    Comment, Control, Decision, DeviceId, Envelope, PersonId, Roster, TimestampMs, WorkspaceId,
    decision::Refusal,
    envelope::{EnvelopeError, Predicate, Verified},
    roster::Person,
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

/// Checks signature, person, device and workspace; returns the person as the roster has them.
///
/// # Errors
/// The [`Refusal`], as a value.
pub fn open<'a, P: Personal>(
    envelope: &Envelope,
    roster: &'a Roster,
) -> Result<(Verified<P>, &'a Person), Refusal> {
    let claimed: P = envelope.peek_unverified().map_err(|_| Refusal::Malformed)?;
    let person = roster.person(claimed.person()).ok_or(Refusal::UnknownKey)?;
    let device = person
        .devices
        .iter()
        .find(|device| device.id == claimed.device())
        .ok_or(Refusal::UnknownKey)?;
    let verified: Verified<P> =
        envelope.open(&[device.signing_key]).map_err(|error| match error {
            EnvelopeError::UnknownKey => Refusal::UnknownKey,
            EnvelopeError::Signature(_) => Refusal::BadSignature,
            _ => Refusal::Malformed,
        })?;
    if verified.predicate.workspace() != roster.workspace {
        return Err(Refusal::WrongProposal);
    }
    let signed_at = verified.predicate.signed_at_ms();
    if signed_at < device.enrolled_at_ms {
        // No device signs before it exists: its clock is wrong.
        return Err(Refusal::ClockSkew);
    }
    if !device.is_valid_at(signed_at) {
        return Err(Refusal::DeviceRevoked);
    }
    Ok((verified, person))
}
