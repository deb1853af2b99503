//! Signed requests: HTTP Message Signatures
//! ([RFC 9421](https://www.rfc-editor.org/rfc/rfc9421)) with a `Content-Digest`
//! ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)).
//!
//! One small, fixed profile: label `sig1`, components `"@method" "@path" "@query"
//! "content-digest"`, parameters `created`, `keyid`, `alg`, `nonce` in this order, Ed25519.
//! Anything else is refused, so there is nothing to negotiate down.

use crate::limits::{CREATED_WINDOW_S, MAX_SIGNATURE_HEADER_BYTES};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_model::{DeviceId, Digest, PublicKey, Signature, Signer, signature::SignerError};

/// Header of the body's digest.
pub const CONTENT_DIGEST: &str = "content-digest";
/// Header of what is covered and how.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// Header of the signature.
pub const SIGNATURE: &str = "signature";

const LABEL: &str = "sig1=";
const COMPONENTS: &str = r#"("@method" "@path" "@query" "content-digest")"#;

/// The three headers of a signed request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedHeaders {
    /// `Content-Digest`.
    pub content_digest: String,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
}

/// A request's claim of who signed it, read from its headers and not checked yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestSignature {
    key_id: DeviceId,
    created_unix_s: i64,
    nonce: [u8; 16],
    content_digest: String,
    params: String,
    signature: Signature,
}

/// A request whose signature and body digest were checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerifiedRequest {
    /// The device that signed.
    pub key_id: DeviceId,
    /// When, by its clock, in Unix seconds.
    pub created_unix_s: i64,
    /// Random; the relay refuses it a second time.
    pub nonce: [u8; 16],
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A header of the three is missing.
    #[error("the request is not signed: send Content-Digest, Signature-Input and Signature")]
    Unsigned,
    /// The headers are not of this profile.
    #[error("the request's signature headers are not of the profile that this API documents")]
    Malformed,
    /// The body does not have the digest that was signed.
    #[error("the body does not match its Content-Digest")]
    Body,
    /// No key of that device.
    #[error("the request is signed by a device that is not enrolled here")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the request's signature does not fit its method, path, query or body")]
    Mismatch,
    /// Too old or from the future.
    #[error("the request is not of these five minutes: check this device's clock")]
    Stale,
}

impl SignedHeaders {
    /// Names and values, for any HTTP client.
    #[must_use]
    pub fn iter(&self) -> [(&'static str, &str); 3] {
        [
            (CONTENT_DIGEST, &self.content_digest),
            (SIGNATURE_INPUT, &self.signature_input),
            (SIGNATURE, &self.signature),
        ]
    }
}

/// Signs a request. `path_and_query` is exactly what goes on the request line;
/// `nonce` is 16 fresh random bytes; `created_unix_s` is now in Unix seconds.
///
/// # Errors
/// When the device's key cannot be used now.
pub fn sign_request(
    method: &str,
    path_and_query: &str,
    body: &[u8],
    key_id: DeviceId,
    signer: &dyn Signer,
    created_unix_s: i64,
    nonce: &[u8; 16],
) -> Result<SignedHeaders, SignerError> {
    let content_digest = content_digest(body);
    let nonce = STANDARD.encode(nonce);
    let params = format!(
        r#"{COMPONENTS};created={created_unix_s};keyid="{key_id}";alg="ed25519";nonce="{nonce}""#
    );
    let base = request_base(method, path_and_query, &content_digest, &params);
    let signature = STANDARD.encode(signer.sign(base.as_bytes())?.as_bytes());
    Ok(SignedHeaders {
        content_digest,
        signature_input: format!("{LABEL}{params}"),
        signature: format!("{LABEL}:{signature}:"),
    })
}

/// Reads and checks a request in one step; `header` looks a header up by its lower-case
/// name, `key_of` finds a device's key. The caller checks freshness and the nonce.
///
/// # Errors
/// [`RequestError`].
pub fn verify_request<'h>(
    method: &str,
    path_and_query: &str,
    body: &[u8],
    header: impl Fn(&str) -> Option<&'h str>,
    key_of: impl FnOnce(&DeviceId) -> Option<PublicKey>,
) -> Result<VerifiedRequest, RequestError> {
    let claim = RequestSignature::parse(header)?;
    let key = key_of(&claim.key_id()).ok_or(RequestError::UnknownKey)?;
    claim.verify(method, path_and_query, body, &key)
}

impl RequestSignature {
    /// Reads the three headers.
    ///
    /// # Errors
    /// [`RequestError::Unsigned`], [`RequestError::Malformed`].
    pub fn parse<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Result<Self, RequestError> {
        let content_digest = header(CONTENT_DIGEST).ok_or(RequestError::Unsigned)?;
        let input = header(SIGNATURE_INPUT).ok_or(RequestError::Unsigned)?;
        let signature = header(SIGNATURE).ok_or(RequestError::Unsigned)?;
        // What is kept of them is what is signed, whatever else they hold: it stays small.
        if [content_digest, input, signature].iter().any(|h| h.len() > MAX_SIGNATURE_HEADER_BYTES) {
            return Err(RequestError::Malformed);
        }
        parse(content_digest, input, signature).ok_or(RequestError::Malformed)
    }

    /// The device that claims to have signed.
    #[must_use]
    pub const fn key_id(&self) -> DeviceId {
        self.key_id
    }

    /// Whether `created` is within [`CREATED_WINDOW_S`] of now; to be asked before any work.
    ///
    /// # Errors
    /// [`RequestError::Stale`].
    pub const fn check_fresh(&self, now_unix_s: i64) -> Result<(), RequestError> {
        let age = now_unix_s.saturating_sub(self.created_unix_s);
        if age > CREATED_WINDOW_S || age < -CREATED_WINDOW_S {
            return Err(RequestError::Stale);
        }
        Ok(())
    }

    /// Checks signature and body in one step.
    ///
    /// # Errors
    /// [`RequestError::Mismatch`], [`RequestError::Body`].
    pub fn verify(
        &self,
        method: &str,
        path_and_query: &str,
        body: &[u8],
        key: &PublicKey,
    ) -> Result<VerifiedRequest, RequestError> {
        let request = self.verify_head(method, path_and_query, key)?;
        self.verify_body(body)?;
        Ok(request)
    }

    /// Checks the signature, which covers the body's digest and not the body: who asks is
    /// known before a byte of the body is read. [`Self::verify_body`] must follow.
    ///
    /// # Errors
    /// [`RequestError::Mismatch`].
    pub fn verify_head(
        &self,
        method: &str,
        path_and_query: &str,
        key: &PublicKey,
    ) -> Result<VerifiedRequest, RequestError> {
        let base = request_base(method, path_and_query, &self.content_digest, &self.params);
        key.verify(base.as_bytes(), &self.signature).map_err(|_| RequestError::Mismatch)?;
        let Self { key_id, created_unix_s, nonce, .. } = *self;
        Ok(VerifiedRequest { key_id, created_unix_s, nonce })
    }

    /// Checks that the body is the one that was signed.
    ///
    /// # Errors
    /// [`RequestError::Body`].
    pub fn verify_body(&self, body: &[u8]) -> Result<(), RequestError> {
        if content_digest(body) == self.content_digest { Ok(()) } else { Err(RequestError::Body) }
    }
}

fn parse(content_digest: &str, input: &str, signature: &str) -> Option<RequestSignature> {
    let params = input.strip_prefix(LABEL)?;
    let rest = params.strip_prefix(COMPONENTS)?.strip_prefix(";created=")?;
    let (created, rest) = rest.split_once(';')?;
    let (key_id, rest) = rest.strip_prefix("keyid=\"")?.split_once('"')?;
    let rest = rest.strip_prefix(";alg=\"ed25519\";nonce=\"")?;
    let nonce = rest.strip_suffix('"')?;
    if created.is_empty() || !created.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let signature = signature.strip_prefix(LABEL)?.strip_prefix(':')?.strip_suffix(':')?;
    Some(RequestSignature {
        key_id: key_id.parse().ok()?,
        created_unix_s: created.parse().ok()?,
        nonce: STANDARD.decode(nonce).ok()?.try_into().ok()?,
        content_digest: content_digest.to_owned(),
        params: params.to_owned(),
        signature: Signature::from_slice(&STANDARD.decode(signature).ok()?).ok()?,
    })
}

/// RFC 9530, section 2: SHA-256 as a structured-field byte sequence.
fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Digest::of(body).as_bytes()))
}

/// RFC 9421, section 2.2: `@query` keeps its question mark and is `?` when there is none.
fn request_base(method: &str, path_and_query: &str, digest: &str, params: &str) -> String {
    let split = path_and_query.find('?').unwrap_or(path_and_query.len());
    let (path, query) = path_and_query.split_at(split);
    let query = if query.is_empty() { "?" } else { query };
    let components =
        [("@method", method), ("@path", path), ("@query", query), (CONTENT_DIGEST, digest)];
    signature_base(&components, params)
}

/// RFC 9421, section 2.5.
fn signature_base(components: &[(&str, &str)], params: &str) -> String {
    let mut base = String::new();
    for (name, value) in components {
        base.push_str(&format!("\"{name}\": {value}\n"));
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(params);
    base
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::signature::SigningKey;
    use uuid::Uuid;

    const PATH: &str = "/v1/workspaces/ws_1/records?after=3&limit=5";

    fn signed() -> (SigningKey, DeviceId, SignedHeaders) {
        let key = SigningKey::from_seed(&[4; 32]);
        let device = DeviceId::from_uuid(Uuid::from_u128(5));
        let headers = sign_request("POST", PATH, b"body", device, &key, 1_000, &[6; 16]).unwrap();
        (key, device, headers)
    }

    fn check(
        headers: &SignedHeaders,
        method: &str,
        path: &str,
        body: &[u8],
        key: Option<PublicKey>,
    ) -> Result<VerifiedRequest, RequestError> {
        let look = |name: &str| {
            headers.iter().into_iter().find(|header| header.0 == name).map(|header| header.1)
        };
        verify_request(method, path, body, look, |_| key)
    }

    /// RFC 9421, appendix B.2.6, with key `test-key-ed25519` of B.1.4.
    #[test]
    fn rfc_9421_b_2_6() {
        let pkcs8 =
            STANDARD.decode("MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF");
        let seed: [u8; 32] = pkcs8.unwrap()[16..].try_into().unwrap();
        let key = SigningKey::from_seed(&seed);
        let components = [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ];
        let params = concat!(
            r#"("date" "@method" "@path" "@authority" "content-type" "content-length")"#,
            r#";created=1618884473;keyid="test-key-ed25519""#
        );
        let base = signature_base(&components, params);
        let signature = key.sign(base.as_bytes()).unwrap();
        assert_eq!(
            STANDARD.encode(signature.as_bytes()),
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
        );
    }

    #[test]
    fn a_request_verifies_as_it_was_signed_and_not_otherwise() {
        let (key, device, headers) = signed();
        let public = Some(key.public_key());
        let verified = check(&headers, "POST", PATH, b"body", public).unwrap();
        assert_eq!(
            verified,
            VerifiedRequest { key_id: device, created_unix_s: 1_000, nonce: [6; 16] }
        );
        let other = Some(SigningKey::from_seed(&[5; 32]).public_key());
        let path = "/v1/workspaces/ws_1/records?after=4&limit=5";
        for (result, error) in [
            (check(&headers, "GET", PATH, b"body", public), RequestError::Mismatch),
            (check(&headers, "POST", path, b"body", public), RequestError::Mismatch),
            (check(&headers, "POST", PATH, b"b0dy", public), RequestError::Body),
            (check(&headers, "POST", PATH, b"body", other), RequestError::Mismatch),
            (check(&headers, "POST", PATH, b"body", None), RequestError::UnknownKey),
        ] {
            assert_eq!(result, Err(error));
        }
    }

    #[test]
    fn only_the_profile_is_read() {
        let (key, _, headers) = signed();
        let public = Some(key.public_key());
        let broken = |edit: fn(&mut SignedHeaders)| {
            let mut headers = headers.clone();
            edit(&mut headers);
            check(&headers, "POST", PATH, b"body", public)
        };
        for edit in [
            (|h| h.signature_input = h.signature_input.replace(" \"@query\"", ""))
                as fn(&mut SignedHeaders),
            |h| h.signature_input = h.signature_input.replace("ed25519", "hmac-sha256"),
            |h| h.signature_input = h.signature_input.replace("=1000", "=+1000"),
            |h| h.signature_input.push_str(";tag=\"x\""),
            |h| h.signature = h.signature.replace("sig1", "sig2"),
            |h| h.signature = "sig1=:AAAA:".to_owned(),
            |h| h.content_digest = "x".repeat(MAX_SIGNATURE_HEADER_BYTES + 1),
        ] {
            assert_eq!(broken(edit), Err(RequestError::Malformed));
        }
        let later = broken(|h| h.signature_input = h.signature_input.replace("=1000", "=1001"));
        assert_eq!(later, Err(RequestError::Mismatch));
        assert_eq!(RequestSignature::parse(|_| None), Err(RequestError::Unsigned));
    }

    #[test]
    fn stale_and_future_requests_are_told() {
        let (_, _, headers) = signed();
        let claim = RequestSignature::parse(|name| {
            headers.iter().into_iter().find(|header| header.0 == name).map(|header| header.1)
        })
        .unwrap();
        assert_eq!(claim.check_fresh(1_300), Ok(()));
        assert_eq!(claim.check_fresh(700), Ok(()));
        assert_eq!(claim.check_fresh(1_301), Err(RequestError::Stale));
        assert_eq!(claim.check_fresh(699), Err(RequestError::Stale));
        assert_eq!(claim.check_fresh(i64::MIN), Err(RequestError::Stale));
    }
}
