//! What an envelope claims: its statement, read once. Whoever looks into a statement to find the
//! keys that may stand under it checks the very same reading afterwards.

use super::{
    Envelope, EnvelopeError, EnvelopeSignature, PAYLOAD_TYPE, Predicate, STATEMENT_TYPE, Statement,
    Verified, check_signature, claimed_keys, pre_authentication_encoding, signature_by,
};
use crate::{
    Digest, PublicKey,
    canonical::{self, CanonicalError},
    signature::batch::{self, Item, WORTHWHILE},
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
    /// The key whose signature fits, as far as [`check_together`] has found out.
    checked: Option<PublicKey>,
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
        Ok(Self { signatures, payload, statement, subject, checked: None })
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
        if self.checked != Some(signed_by) {
            check_signature(&self.signatures, &self.payload, signed_by)?;
        }
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

/// Checks the signatures of many claims at once, of each the one by the key that `key_of` names.
/// What fits, [`Claim::verify`] need not check again; what does not, it judges by itself. Few are
/// left to it altogether: checking those together costs more.
pub fn check_together<P: Predicate>(
    claims: &mut [&mut Claim<P>],
    key_of: impl Fn(&P) -> Option<PublicKey>,
) {
    let item = |claim: &Claim<P>| {
        let key = key_of(claim.predicate())?;
        let signature = signature_by(&claim.signatures, key).ok()?;
        let bytes = pre_authentication_encoding(PAYLOAD_TYPE, &claim.payload);
        Some((key, Item::new(key, signature, &bytes)))
    };
    let found = claims.iter_mut().filter_map(|claim| item(claim).map(|item| (claim, item)));
    let (claims, (keys, items)): (Vec<_>, (Vec<_>, Vec<_>)) = found.unzip();
    if items.len() < WORTHWHILE {
        return;
    }
    let mut invalid = batch::find_invalid(&items).into_iter().peekable();
    for (place, (claim, key)) in claims.into_iter().zip(keys).enumerate() {
        if invalid.next_if_eq(&place).is_none() {
            claim.checked = Some(key);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{Signer as _, SigningKey};
    use serde::Serialize;

    #[derive(Clone, Serialize, Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Numbered {
        number: u8,
    }
    impl Predicate for Numbered {
        const TYPE: &'static str = "urn:countersign:test:v1";
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    /// What `number` of three keys says.
    fn claim(number: u8) -> Claim<Numbered> {
        let signed = Envelope::seal("x", Digest::of(&[]), &Numbered { number }, &key(number % 3));
        signed.unwrap().claim().unwrap()
    }

    fn key_of(said: &Numbered) -> Option<PublicKey> {
        Some(key(said.number % 3).public_key())
    }

    fn verify(claim: Claim<Numbered>) -> Result<u8, EnvelopeError> {
        let keys = key_of(claim.predicate()).map_or(vec![], |key| vec![key]);
        claim.verify(&keys).map(|verified| verified.predicate.number)
    }

    #[test]
    fn together_or_alone_the_same_stand() {
        let mut claims: Vec<_> = (0..9).map(claim).collect();
        // One has another's signature, one names no signature at all, one is by a stranger.
        claims[2].signatures = claims[5].signatures.clone();
        claims[4].signatures.clear();
        let stranger = Envelope::seal("x", Digest::of(&[]), &Numbered { number: 7 }, &key(9));
        claims[7] = stranger.unwrap().claim().unwrap();
        let mut together = claims.clone();
        check_together(&mut together.iter_mut().collect::<Vec<_>>(), key_of);
        let fits = |claim: &Claim<Numbered>| claim.checked.is_some();
        let checked: Vec<_> = together.iter().map(fits).collect();
        assert_eq!(checked, [true, true, false, true, false, true, true, false, true]);
        for (one, alone) in together.into_iter().zip(claims) {
            let (one, alone) = (verify(one), verify(alone));
            assert_eq!(one.as_ref().ok(), alone.as_ref().ok());
            assert_eq!(format!("{:?}", one.err()), format!("{:?}", alone.err()));
        }
    }

    #[test]
    fn what_was_checked_under_one_key_says_nothing_of_another() {
        let mut claims: Vec<_> = (0..6).map(claim).collect();
        check_together(&mut claims.iter_mut().collect::<Vec<_>>(), key_of);
        let other = key(1).public_key();
        let verified = claims.remove(0).verify(&[other]);
        assert!(matches!(verified, Err(EnvelopeError::UnknownKey)));
    }

    #[test]
    fn few_are_checked_alone() {
        let mut claims: Vec<_> = (0..3).map(claim).collect();
        check_together(&mut claims.iter_mut().collect::<Vec<_>>(), key_of);
        assert!(claims.iter().all(|claim| claim.checked.is_none()));
        assert!(claims.into_iter().all(|claim| verify(claim).is_ok()));
    }
}
