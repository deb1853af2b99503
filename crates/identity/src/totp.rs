//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, 30 seconds, as every
//! authenticator app reads them. A code proves that the person held the enrolled secret
//! in that minute; it is not bound to the decision, so each step counts once per person.

use countersign_model::TimestampMs;
use totp_rs::{Builder, Secret, Totp, TotpError};
use zeroize::Zeroizing;

/// Length of a secret in bytes (160 bits, RFC 4226 section 4).
pub const SECRET_BYTES: usize = 20;
/// How many 30-second steps to each side are accepted.
const SKEW_STEPS: u16 = 1;

/// A person's enrolled TOTP secret. Wiped when dropped, never shown by `Debug`.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

/// The 30-second step that a code belongs to; each may be used once per person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TotpStep(pub u64);

/// A name cannot stand in an enrolment URI.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot stand in an authenticator URI; use one without a colon")]
pub struct NameError(#[source] TotpError);

impl TotpSecret {
    /// Wraps bytes from a cryptographic random source.
    #[must_use]
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for sealing at rest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// The step that `code` belongs to if it is right for the minute of `signed_at`.
    #[must_use]
    pub fn check(&self, code: &str, signed_at: TimestampMs) -> Option<TotpStep> {
        let seconds = u64::try_from(signed_at.millis().div_euclid(1_000)).ok()?;
        self.totp().build_noncompliant().check(code, seconds).map(TotpStep)
    }

    /// The code of a moment: for authenticators under test.
    #[must_use]
    pub fn code_at(&self, at: TimestampMs) -> Option<String> {
        let seconds = u64::try_from(at.millis().div_euclid(1_000)).ok()?;
        Some(self.totp().build_noncompliant().generate(seconds).to_string())
    }

    /// The `otpauth://` URI that an authenticator app scans; it contains the secret.
    ///
    /// # Errors
    /// [`NameError`] when a name contains a colon.
    pub fn enrolment_uri(
        &self,
        issuer: &str,
        account: &str,
    ) -> Result<Zeroizing<String>, NameError> {
        let totp: Totp = self
            .totp()
            .with_issuer(Some(issuer))
            .with_account_name(account)
            .build()
            .map_err(NameError)?;
        totp.to_url().map(Zeroizing::new).map_err(NameError)
    }

    fn totp(&self) -> Builder {
        Builder::new()
            .with_secret(Secret::from(*self.0))
            .with_digits(6)
            .with_step_duration(30)
            .with_skew(SKEW_STEPS)
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> TimestampMs {
        TimestampMs::from_millis(seconds * 1_000)
    }

    /// RFC 6238 appendix B, SHA-1, the last six of the eight digits.
    #[test]
    fn published_vectors() {
        let secret = TotpSecret::from_bytes(*b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(secret.code_at(at(seconds)).unwrap(), code);
            assert_eq!(
                secret.check(code, at(seconds)),
                Some(TotpStep(seconds.cast_unsigned() / 30))
            );
        }
    }

    #[test]
    fn a_code_is_right_for_its_minute_only() {
        let secret = TotpSecret::from_bytes([9; SECRET_BYTES]);
        let code = secret.code_at(at(1_000_000)).unwrap();
        assert!(secret.check(&code, at(1_000_030)).is_some());
        assert!(secret.check(&code, at(1_000_090)).is_none());
        assert!(secret.check("12345", at(1_000_000)).is_none());
        assert!(secret.check("abcdef", at(1_000_000)).is_none());
        assert!(secret.check(&code, at(-5)).is_none());
    }

    #[test]
    fn debug_hides_the_secret_and_the_uri_names_both() {
        let secret = TotpSecret::from_bytes([9; SECRET_BYTES]);
        assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
        let uri = secret.enrolment_uri("Countersign", "Olivia").unwrap();
        assert!(uri.starts_with("otpauth://totp/Countersign:Olivia?secret="), "{}", *uri);
        assert!(secret.enrolment_uri("Counter:sign", "x").is_err());
    }
}
