//! The gate's configuration: one JSON file, unknown fields refused.

mod accounts;

pub use accounts::{AccountConfig, CredentialConfig, GoogleAdsConfig};

use countersign_intake::AgentLimits;
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use url::Url;

/// What `serve` and `init` need to know. Relative paths are relative to the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where agents and log readers connect; loopback unless set otherwise.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// The origin under which agents reach the gate, when a proxy stands before it.
    #[serde(default)]
    pub public_origin: Option<Url>,
    /// Browser origins from which agents may call, as browsers write them, such as
    /// `https://tools.example.com`. Without any, every request with an `Origin` is refused.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// What one agent may use.
    #[serde(default)]
    pub agents: AgentLimits,
    /// What callers without a known token, and connections, may use.
    #[serde(default)]
    pub door: DoorLimits,
    /// The relay, without a path.
    pub relay_url: Url,
    /// File with the relay operator's token, which `init` registers the workspace with.
    #[serde(default = "default_operator_token_file")]
    pub relay_operator_token_file: PathBuf,
    /// The folder with the Rego policies.
    pub policies_dir: PathBuf,
    /// The ad accounts, each with credentials of its own; at least one, and none twice.
    pub accounts: Vec<AccountConfig>,
    /// How many days of delivery travel with a proposal, 1 to 365.
    #[serde(default = "default_pacing_days")]
    pub pacing_days: u16,
    /// How long a proposal can be decided, in minutes.
    #[serde(default = "default_proposal_valid_minutes")]
    pub proposal_valid_minutes: u32,
    /// When the relay is compacted, and what then goes.
    #[serde(default)]
    pub compaction: CompactionConfig,
}

/// When the relay is compacted, and what then goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompactionConfig {
    /// Every how many hours, 1 to 8760, while the gate serves.
    pub every_hours: u32,
    /// For how many days after its end a case's records and evidence stay at the relay.
    pub keep_ended_days: u32,
}

impl Default for CompactionConfig {
    fn default() -> Self {
        Self { every_hours: 24, keep_ended_days: 90 }
    }
}

/// What callers may use before they are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DoorLimits {
    /// How many requests a minute without a known token are answered per address.
    pub strangers_per_minute: u32,
    /// How many connections are held at the same time.
    pub connections: usize,
    /// How many of them may come from one address.
    pub connections_per_peer: usize,
    /// Seconds in which a request's head must be sent, and its body once more.
    pub request_timeout_s: u32,
    /// Seconds after which a connection without a request is closed.
    pub idle_timeout_s: u32,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            strangers_per_minute: 120,
            connections: 512,
            connections_per_peer: 128,
            request_timeout_s: 15,
            idle_timeout_s: 120,
        }
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not the expected JSON.
    #[error("the configuration {path} is not valid")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and field.
        source: serde_json::Error,
    },
    /// A value makes no sense.
    #[error("the configuration {path} is not valid: {what}")]
    Value {
        /// The file.
        path: PathBuf,
        /// Which value and what to write instead.
        what: String,
    },
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 7_411))
}

fn default_operator_token_file() -> PathBuf {
    "relay-operator-token".into()
}

/// 120 days to fit and judge a model on, though the newest may not be reported yet.
const fn default_pacing_days() -> u16 {
    130
}

const fn default_proposal_valid_minutes() -> u32 {
    24 * 60
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`], naming the file and the field.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read(path)
            .map_err(|source| ConfigError::Read { path: path.into(), source })?;
        let mut config: Self = serde_json::from_slice(&text)
            .map_err(|source| ConfigError::Parse { path: path.into(), source })?;
        config.check().map_err(|what| ConfigError::Value { path: path.into(), what })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut files = vec![&mut config.policies_dir, &mut config.relay_operator_token_file];
        files.extend(config.accounts.iter_mut().flat_map(AccountConfig::files));
        for file in files {
            *file = folder.join(&file);
        }
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        self.check_accounts()?;
        Ok(self.check_values()?)
    }

    fn check_accounts(&self) -> Result<(), String> {
        if self.accounts.is_empty() {
            return Err("accounts must name at least one".into());
        }
        let mut known = BTreeSet::new();
        for config in &self.accounts {
            let account = config.account();
            let id = account.account_id.clone();
            if !known.insert(account) {
                return Err(format!("accounts holds {id} twice"));
            }
            config.check().map_err(|what| format!("account {id}: {what}"))?;
        }
        Ok(())
    }

    fn check_values(&self) -> Result<(), &'static str> {
        let urls = [Some(&self.relay_url), self.public_origin.as_ref()];
        if !urls.into_iter().flatten().all(is_web) {
            return Err(WEB_ONLY);
        }
        if !self.allowed_origins.iter().all(|origin| is_origin(origin)) {
            return Err(
                "allowed_origins must hold origins as browsers write them, such as https://tools.example.com or http://localhost:8080: http or https, in lower case, without a path, and with a port only if it is not the scheme's own",
            );
        }
        if !(1..=365).contains(&self.pacing_days) {
            return Err("pacing_days must lie between 1 and 365");
        }
        if !(1..=60 * 24 * 30).contains(&self.proposal_valid_minutes) {
            return Err("proposal_valid_minutes must lie between 1 and 43200 (30 days)");
        }
        self.agents.check(countersign_intake::Limits::default().max_body_bytes)?;
        let DoorLimits { strangers_per_minute, request_timeout_s, idle_timeout_s, .. } = self.door;
        let DoorLimits { connections, connections_per_peer, .. } = self.door;
        if [strangers_per_minute, request_timeout_s, idle_timeout_s].contains(&0)
            || [connections, connections_per_peer].contains(&0)
        {
            return Err("every limit of the door must be at least 1");
        }
        if !(1..=8_760).contains(&self.compaction.every_hours) {
            return Err("compaction.every_hours must lie between 1 and 8760 (a year)");
        }
        Ok(())
    }
}

const WEB_ONLY: &str = "every URL must be http or https with a host";

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// Whether a text is an origin as a browser sends it (RFC 6454, section 6.2); any other
/// spelling would never be equal to one.
fn is_origin(text: &str) -> bool {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.is_some_and(|url| url.origin().ascii_serialization() == text && !text.contains('*'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::causes::in_full;
    use serde_json::{Value, json};

    fn valid() -> Value {
        json!({
            "relay_url": "http://127.0.0.1:7410",
            "policies_dir": "policies",
            "accounts": [account("1234567890")],
        })
    }

    fn account(id: &str) -> Value {
        json!({"google_ads": {
            "customer_id": id,
            "evidence_source": "simulated Google Ads account",
            "reader": {"refresh_token": {
                "name": "ads-reader",
                "client_id": "client",
                "client_secret_file": "secret",
                "refresh_token_file": "/etc/refresh",
            }},
        }})
    }

    fn load(value: &Value) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate.json");
        std::fs::write(&path, value.to_string()).unwrap();
        Config::load(&path).map(|mut config| {
            config.policies_dir = config.policies_dir.strip_prefix(folder.path()).unwrap().into();
            config
        })
    }

    #[test]
    fn paths_are_relative_to_the_file_and_defaults_are_loopback() {
        let config = load(&valid()).unwrap();
        assert_eq!(config.policies_dir, Path::new("policies"));
        assert!(config.listen.ip().is_loopback());
        let AccountConfig::GoogleAds(google) = &config.accounts[0];
        let CredentialConfig::RefreshToken { client_secret_file, refresh_token_file, .. } =
            &google.reader
        else {
            panic!("{google:?}")
        };
        assert!(client_secret_file.ends_with("secret"));
        assert_ne!(client_secret_file, Path::new("secret"));
        assert_eq!(refresh_token_file, Path::new("/etc/refresh"));
        assert!(google.endpoint.is_none());
    }

    #[test]
    fn origins_are_taken_as_browsers_write_them() {
        assert!(load(&valid()).unwrap().allowed_origins.is_empty());
        let origins = ["https://tools.example.com", "http://localhost:8080", "http://[::1]:1"];
        let mut some = valid();
        some["allowed_origins"] = json!(origins);
        assert_eq!(load(&some).unwrap().allowed_origins, origins);
    }

    #[test]
    fn unknown_and_senseless_values_are_refused_by_name() {
        let mut unknown = valid();
        unknown["relay_ulr"] = json!("x");
        assert!(in_full(&load(&unknown).unwrap_err()).contains("relay_ulr"));
        let mut unknown = valid();
        unknown["agents"] = json!({"drafts_per_day": 1});
        assert!(in_full(&load(&unknown).unwrap_err()).contains("drafts_per_day"));
        for (field, value) in [
            ("pacing_days", json!(0)),
            ("accounts", json!([])),
            ("relay_url", json!("file:///etc/passwd")),
            ("proposal_valid_minutes", json!(0)),
            ("agents", json!({"concurrent": 0})),
            ("agents", json!({"bytes_in_flight": 1000})),
            ("door", json!({"connections": 0})),
            ("compaction", json!({"every_hours": 0})),
            ("allowed_origins", json!(["tools.example.com"])),
            ("allowed_origins", json!(["https://tools.example.com/"])),
            ("allowed_origins", json!(["https://Tools.example.com"])),
            ("allowed_origins", json!(["https://tools.example.com:443"])),
            ("allowed_origins", json!(["https://*.example.com"])),
            ("allowed_origins", json!(["null"])),
            ("allowed_origins", json!(["*"])),
        ] {
            let mut bad = valid();
            bad[field] = value;
            assert!(matches!(load(&bad), Err(ConfigError::Value { .. })), "{field}");
        }
    }

    #[test]
    fn accounts_are_told_apart_and_judged_by_name() {
        let load_all = |accounts: [Value; 2]| {
            let mut two = valid();
            two["accounts"] = json!(accounts);
            load(&two)
        };
        let both = load_all([account("1234567890"), account("1111111111")]).unwrap();
        let ids = both.accounts.iter().map(|one| one.account().account_id.to_string());
        assert_eq!(ids.collect::<Vec<_>>(), ["1234567890", "1111111111"]);
        let twice = load_all([account("1111111111"), account("1111111111")]).unwrap_err();
        assert!(twice.to_string().contains("1111111111 twice"), "{twice}");
        for (field, value) in [
            ("evidence_source", json!(" ")),
            ("login_customer_id", json!("123-456")),
            ("min_daily_budget_micros", json!(0)),
            ("token_url", json!("file:///etc/passwd")),
            ("writer", account("1")["google_ads"]["reader"].clone()),
        ] {
            let mut wrong = account("1111111111");
            wrong["google_ads"][field] = value;
            let refused = in_full(&load_all([account("1234567890"), wrong]).unwrap_err());
            assert!(refused.contains("account 1111111111"), "{field}: {refused}");
        }
    }
}
