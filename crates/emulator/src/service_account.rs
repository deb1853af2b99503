//! A service account made up: a key of its own, as the desk knows it and as Google hands it out.

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::oauth::ServiceAccount;

impl ServiceAccount {
    /// A new one with this address, and the JSON key file that Google would hand out for it.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn generate(email: &str) -> anyhow::Result<(Self, String)> {
        let key = KeyPair::generate(KeySize::Rsa2048)?;
        let private: Pkcs8V1Der<'_> = key.as_der()?;
        let public: PublicKeyX509Der<'_> = key.public_key().as_der()?;
        let key_file = json!({
            "type": "service_account",
            "client_email": email,
            "private_key_id": "k1",
            "private_key": pem("PRIVATE KEY", private.as_ref()),
        });
        let public_key_pem = pem("PUBLIC KEY", public.as_ref());
        Ok((Self { email: email.to_owned(), public_key_pem }, key_file.to_string()))
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}
