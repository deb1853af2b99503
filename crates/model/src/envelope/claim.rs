//! What an envelope claims: its statement, read once. Whoever looks into a statement to find the
//! keys that may stand under it checks the very same reading afterwards.

use super::{
    Envelope, EnvelopeError, EnvelopeSignature, Predicate, STATEMENT_TYPE, Statement, Verified,
    check_signature, claimed_keys,
};
use crate::{
    Digest, PublicKey,
    canonical::{self, CanonicalError},
};
use serde::Deserialize;

/// A statement in canonical form, of the expected type, whose signature was not checked. Never
/// for deciding: [`Claim::verify`] makes of it what may be decided by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim<P> {
    signatures: Vec<EnvelopeSignature>,
    payload: Vec<u8>,
    statement: Statement<P>,
    subject: Digest,
}

impl Envelope {
    /// Reads the statement without checking any signature.
    ///
    /// # Errors
    /// [`EnvelopeError`]: malformed or of another type.
    pub fn claim<P: Predicate>(&self) -> Result<Claim<P>, EnvelopeError> {
        Claim::read(self.payload()?, self.signatures.clone())
    }
}

impl<P: Predicate> Claim<P> {
    pub(super) fn read(
        payload: Vec<u8>,
        signatures: Vec<EnvelopeSignature>,
    ) -> Result<Self, EnvelopeError> {
        let (statement, subject) = parse_statement(&payload)?;
        Ok(Self { signatures, payload, statement, subject })
    }

    /// What is claimed.
    #[must_use]
    pub const fn predicate(&self) -> &P {
        &self.statement.predicate
    }

    /// What is claimed, as a value.
    #[must_use]
    pub fn into_predicate(self) -> P {
        self.statement.predicate
    }

    /// Whether there is exactly one signature.
    #[must_use]
    pub const fn has_one_signature(&self) -> bool {
        self.signatures.len() == 1
    }

    /// Checks the first signature that is by one of `keys`.
    ///
    /// # Errors
    /// [`EnvelopeError`]: by no known key, or forged.
    pub fn verify(self, keys: &[PublicKey]) -> Result<Verified<P>, EnvelopeError> {
        let signed_by = claimed_keys(&self.signatures).find(|key| keys.contains(key));
        let signed_by = signed_by.ok_or(EnvelopeError::UnknownKey)?;
        check_signature(&self.signatures, &self.payload, signed_by)?;
        Ok(self.verified_by(signed_by))
    }

    /// Whoever calls this has checked that key's signature.
    pub(super) fn verified_by(self, signed_by: PublicKey) -> Verified<P> {
        let Self { payload, statement, subject, .. } = self;
        let subject_name = statement.subject.into_iter().next().map(|one| one.name);
        Verified {
            subject_name: subject_name.unwrap_or_default(),
            predicate: statement.predicate,
            subject,
            signed_by,
            payload_digest: Digest::of(&payload),
        }
    }
}

fn parse_statement<P: Predicate>(payload: &[u8]) -> Result<(Statement<P>, Digest), EnvelopeError> {
    #[derive(Deserialize)]
    struct TypeOnly {
        #[serde(rename = "predicateType")]
        predicate_type: String,
    }
    let head: TypeOnly = serde_json::from_slice(payload)
        .map_err(|error| EnvelopeError::Statement(CanonicalError::Read(error)))?;
    if head.predicate_type != P::TYPE {
        return Err(EnvelopeError::WrongPredicate { expected: P::TYPE });
    }
    let statement: Statement<P> =
        canonical::from_bytes(payload).map_err(EnvelopeError::Statement)?;
    let [subject] = statement.subject.as_slice() else {
        return Err(EnvelopeError::Malformed("expected exactly one subject"));
    };
    if statement.statement_type != STATEMENT_TYPE || subject.digest.len() != 1 {
        return Err(EnvelopeError::Malformed("not an in-toto Statement v1 with one SHA-256"));
    }
    let digest = subject
        .digest
        .get("sha256")
        .and_then(|hex| hex.parse().ok())
        .ok_or(EnvelopeError::Malformed("the subject has no SHA-256"))?;
    Ok((statement, digest))
}
