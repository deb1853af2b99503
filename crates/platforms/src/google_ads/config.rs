//! What a connection is set up with. Addresses default to Google's own; another one, such
//! as an emulator's, comes from configuration only.

use countersign_model::entity::PlatformId;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
};
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
    /// The identity that reads.
    pub credentials: Credentials,
    /// Who writes; nobody unless set otherwise.
    pub writing: Writing,
}

/// Who writes to an account that is connected. Google's scope covers reading and writing, so what
/// an identity may do is its role in the account (Read only, Standard).
#[derive(Debug, Clone, Default)]
pub enum Writing {
    /// Nobody: a dry run or a write is refused before anything is sent.
    #[default]
    ReadOnly,
    /// The identity that reads.
    SameIdentity,
    /// Another one.
    Identity(Credentials),
}

/// An identity. Its secrets are wiped when dropped and never shown; its name is what logs say.
#[derive(Clone)]
pub struct Credentials {
    pub(crate) name: String,
    pub(crate) grant: Grant,
}

/// How an identity comes to an access token.
#[derive(Clone)]
pub(crate) enum Grant {
    /// An OAuth2 client and the refresh token of the identity that it acts for.
    RefreshToken {
        client_id: String,
        client_secret: Zeroizing<String>,
        refresh_token: Zeroizing<String>,
    },
    /// A service account that signs for itself (RFC 7523).
    ServiceAccount { email: String, key_id: Option<String>, key_pem: Zeroizing<String> },
}

/// Google's key file of a service account, so far as it is needed.
#[derive(serde::Deserialize)]
struct KeyFile {
    client_email: String,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(deserialize_with = "wiped")]
    private_key: Zeroizing<String>,
}

fn wiped<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Zeroizing<String>, D::Error> {
    <String as serde::Deserialize>::deserialize(from).map(Zeroizing::new)
}

/// The largest key file that is read, in bytes.
const MAX_KEY_FILE_BYTES: u64 = 64 * 1024;

/// Why a connection cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A secret would travel in the clear.
    #[error("the address {0} is not https; plain http is taken for the loopback interface only")]
    Insecure(Url),
    /// Not a usable address.
    #[error("not a usable address")]
    Address(#[from] url::ParseError),
    /// The key file cannot be read.
    #[error("the key file {path} cannot be read")]
    KeyUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others on the machine could read the key.
    #[error("the key file {0} can be read by others: set its mode to 0600")]
    KeyExposed(PathBuf),
    /// Not a service account's key.
    #[error("the key file {0} is not a service account's JSON key with an RSA key in PEM")]
    KeyMalformed(PathBuf),
    /// The key is another account's.
    #[error("the key file {0} is of another service account than the configured one")]
    KeyOfAnother(PathBuf),
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be set up")]
    Client(#[from] reqwest::Error),
}

impl GoogleAdsConfig {
    /// Google's own addresses, and nobody who writes.
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
            writing: Writing::ReadOnly,
        })
    }
}

impl Grant {
    /// The way to a token, in a word for the log.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::RefreshToken { .. } => "refresh token",
            Self::ServiceAccount { .. } => "service account",
        }
    }
}

impl Credentials {
    /// The same under another name than the client's id or the account's address.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// What logs call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the same identity as another one, whatever they are called.
    #[must_use]
    pub fn is_same_identity(&self, other: &Self) -> bool {
        match (&self.grant, &other.grant) {
            (
                Grant::RefreshToken { refresh_token, .. },
                Grant::RefreshToken { refresh_token: other, .. },
            ) => refresh_token == other,
            (Grant::ServiceAccount { email, .. }, Grant::ServiceAccount { email: other, .. }) => {
                email == other
            }
            _ => false,
        }
    }

    /// Takes over the secrets.
    #[must_use]
    pub fn new(
        client_id: String,
        client_secret: Zeroizing<String>,
        refresh_token: Zeroizing<String>,
    ) -> Self {
        let name = client_id.clone();
        Self { name, grant: Grant::RefreshToken { client_id, client_secret, refresh_token } }
    }

    /// A service account, from Google's JSON key in a file that its owner alone can read.
    ///
    /// # Errors
    /// [`SetupError`] names the file and what is wrong with it, never what is in it.
    pub fn service_account(email: &str, key_file: &Path) -> Result<Self, SetupError> {
        let text = read_key(key_file)?;
        let malformed = || SetupError::KeyMalformed(key_file.to_owned());
        let key: KeyFile = serde_json::from_str(&text).map_err(|_| malformed())?;
        if key.client_email != email {
            return Err(SetupError::KeyOfAnother(key_file.to_owned()));
        }
        jsonwebtoken::EncodingKey::from_rsa_pem(key.private_key.as_bytes())
            .map_err(|_| malformed())?;
        let (key_id, key_pem) = (key.private_key_id, key.private_key);
        let grant = Grant::ServiceAccount { email: key.client_email, key_id, key_pem };
        Ok(Self { name: email.to_owned(), grant })
    }
}

/// Reads a file that nobody else can read; the check is of the file that was opened.
fn read_key(path: &Path) -> Result<Zeroizing<String>, SetupError> {
    let unreadable = |source| SetupError::KeyUnreadable { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata().map_err(unreadable)?.permissions().mode() & 0o077 != 0 {
            return Err(SetupError::KeyExposed(path.to_owned()));
        }
    }
    // Room for all of it: what a growing buffer leaves behind is not wiped.
    let room = usize::try_from(MAX_KEY_FILE_BYTES).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(room));
    file.take(MAX_KEY_FILE_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Names the identity, never a secret.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, whose) = match &self.grant {
            Grant::RefreshToken { client_id, .. } => ("client_id", client_id),
            Grant::ServiceAccount { email, .. } => ("email", email),
        };
        let mut shown = f.debug_struct("Credentials");
        shown.field("name", &self.name).field(kind, whose).finish_non_exhaustive()
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
