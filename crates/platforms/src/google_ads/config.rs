//! What a connection is set up with. Addresses default to Google's own; another one, such
//! as an emulator's, comes from configuration only.

use countersign_model::entity::PlatformId;
use url::{Host, Url};
use zeroize::Zeroizing;

/// Google's own API.
pub const DEFAULT_ENDPOINT: &str = "https://googleads.googleapis.com";
/// Google's own token endpoint.
pub const DEFAULT_TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
const DEFAULT_TIMEOUT_MS: u64 = 60_000;

/// Everything a connection needs.
#[derive(Debug)]
pub struct GoogleAdsConfig {
    /// Where the API is; [`DEFAULT_ENDPOINT`] unless configured.
    pub endpoint: Url,
    /// Where access tokens come from; [`DEFAULT_TOKEN_URL`] unless configured.
    pub token_url: Url,
    /// The manager account to act through, if any.
    pub login_customer_id: Option<PlatformId>,
    /// The account's smallest daily budget, in micros of its currency, if it is known: Google
    /// tells it only when it refuses.
    pub min_daily_micros: Option<i64>,
    /// One call's time-out in milliseconds; a write that runs into it has an unknown outcome.
    pub timeout_ms: u64,
    /// The identity.
    pub credentials: Credentials,
}

/// An OAuth2 client and the refresh token of the identity that it acts for. The secrets
/// are wiped when dropped and never shown.
pub struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: Zeroizing<String>,
    pub(crate) refresh_token: Zeroizing<String>,
}

/// Why a connection cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A secret would travel in the clear.
    #[error("the address {0} is not https; plain http is taken for the loopback interface only")]
    Insecure(Url),
    /// Not a usable address.
    #[error("not a usable address")]
    Address(#[from] url::ParseError),
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be set up")]
    Client(#[from] reqwest::Error),
}

impl GoogleAdsConfig {
    /// Google's own addresses.
    ///
    /// # Errors
    /// Never: the constants are addresses.
    pub fn new(credentials: Credentials) -> Result<Self, SetupError> {
        Ok(Self {
            endpoint: Url::parse(DEFAULT_ENDPOINT)?,
            token_url: Url::parse(DEFAULT_TOKEN_URL)?,
            login_customer_id: None,
            min_daily_micros: None,
            timeout_ms: DEFAULT_TIMEOUT_MS,
            credentials,
        })
    }
}

impl Credentials {
    /// Takes over the secrets.
    #[must_use]
    pub fn new(
        client_id: String,
        client_secret: Zeroizing<String>,
        refresh_token: Zeroizing<String>,
    ) -> Self {
        Self { client_id, client_secret, refresh_token }
    }
}

/// Names the client, never a secret.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Refuses to send secrets in the clear beyond this machine.
pub(crate) fn check_address(url: &Url) -> Result<(), SetupError> {
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)) {
        Ok(())
    } else {
        Err(SetupError::Insecure(url.clone()))
    }
}

/// Whether no secret leaves this machine, whatever a resolver says.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

/// Whether a proxy has nothing to do with it: an address of loopback, or a name of it.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    let is_named = url.domain().is_some_and(|name| {
        let name = name.trim_end_matches('.');
        name == "localhost" || name.ends_with(".localhost")
    });
    is_named || is_loopback(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        Credentials::new("client".into(), secret("hush-1"), secret("hush-2"))
    }

    #[test]
    fn the_default_is_google_itself() {
        let config = GoogleAdsConfig::new(credentials()).unwrap();
        assert_eq!(config.endpoint.host_str(), Some("googleads.googleapis.com"));
        assert_eq!(config.token_url.as_str(), "https://oauth2.googleapis.com/token");
    }

    #[test]
    fn secrets_are_never_shown() {
        let shown = format!("{:?}", GoogleAdsConfig::new(credentials()).unwrap());
        assert!(shown.contains("client") && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn what_is_on_this_machine_needs_no_proxy() {
        for (address, here) in [
            ("http://127.0.0.1:9", true),
            ("http://[::1]:9", true),
            ("http://[::ffff:127.0.0.1]:9", true),
            ("https://LOCALHOST.:9", true),
            ("https://ads.localhost", true),
            ("https://localhost.example.com", false),
            ("https://googleads.googleapis.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_this_machine(&Url::parse(address).unwrap()), here, "{address}");
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (address, taken) in [
            ("http://127.0.0.1:9", true),
            ("http://[::1]:9", true),
            ("http://10.0.0.1:9", false),
            ("http://127.0.0.1.example.com", false),
            ("https://example.com", true),
            ("ftp://127.0.0.1", false),
        ] {
            assert_eq!(check_address(&Url::parse(address).unwrap()).is_ok(), taken, "{address}");
        }
    }
}
