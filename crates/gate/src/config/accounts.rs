//! The accounts of a gate: where each is, and which credential reads it and which may write.

use super::{WEB_ONLY, is_web};
use countersign_model::{
    entity::{AccountRef, PlatformId, PlatformKind},
    entry::MAX_CREDENTIAL_CHARS,
    text,
};
use countersign_platforms::google_ads;
use serde::Deserialize;
use std::path::PathBuf;
use url::Url;

/// One ad account, by its platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AccountConfig {
    /// Google Ads API.
    GoogleAds(GoogleAdsConfig),
}

impl AccountConfig {
    /// The platform and the account, as the platform writes it.
    #[must_use]
    pub fn account(&self) -> AccountRef {
        let Self::GoogleAds(google) = self;
        AccountRef { platform: PlatformKind::GoogleAds, account_id: google.customer_id.clone() }
    }

    /// Where its numbers come from, in words that approvers read.
    #[must_use]
    pub fn evidence_source(&self) -> &str {
        let Self::GoogleAds(google) = self;
        &google.evidence_source
    }

    /// The name of the credential that may write, once an operator has opened the account; none
    /// when it can only be read.
    #[must_use]
    pub fn writer(&self) -> Option<&str> {
        let Self::GoogleAds(google) = self;
        google.writer.as_ref().map(CredentialConfig::name)
    }

    /// The paths of its secrets, which are relative to the configuration file.
    pub(super) fn files(&mut self) -> Vec<&mut PathBuf> {
        let Self::GoogleAds(google) = self;
        let credentials = std::iter::once(&mut google.reader).chain(&mut google.writer);
        credentials.flat_map(CredentialConfig::files).collect()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let Self::GoogleAds(google) = self;
        google.check()
    }
}

/// Access to one Google Ads account. Secrets stand in files of their own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoogleAdsConfig {
    /// The advertiser account, without hyphens.
    pub customer_id: PlatformId,
    /// Where numbers come from, in words that approvers read; must say so when simulated.
    pub evidence_source: String,
    /// The manager account that is signed in, if any.
    #[serde(default)]
    pub login_customer_id: Option<PlatformId>,
    /// The account's smallest daily budget, in micros of its currency: Google tells it only when
    /// it refuses a smaller one, and drafts below it are then refused before anybody signs.
    #[serde(default)]
    pub min_daily_budget_micros: Option<i64>,
    /// Google's own endpoint unless set otherwise.
    #[serde(default)]
    pub endpoint: Option<Url>,
    /// Google's own token endpoint unless set otherwise.
    #[serde(default)]
    pub token_url: Option<Url>,
    /// What reads. Google has no scope for reading alone: its role in the account is what
    /// keeps it from writing.
    pub reader: CredentialConfig,
    /// What writes, once an operator has opened the account; without it nothing does.
    #[serde(default)]
    pub writer: Option<CredentialConfig>,
}

/// One identity at Google. Its name is what logs say of it, and never what is in its files.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CredentialConfig {
    /// An OAuth client and the refresh token of a user.
    RefreshToken {
        /// What logs call it.
        name: String,
        /// The OAuth client.
        client_id: String,
        /// File with the client's secret.
        client_secret_file: PathBuf,
        /// File with the refresh token.
        refresh_token_file: PathBuf,
    },
    /// A service account, which signs for itself.
    ServiceAccount {
        /// What logs call it.
        name: String,
        /// Its address, as the key file has it and as it is a user of the account.
        email: String,
        /// Google's JSON key, in a file that its owner alone can read.
        key_file: PathBuf,
    },
}

impl CredentialConfig {
    /// What logs call it.
    #[must_use]
    pub fn name(&self) -> &str {
        let (Self::RefreshToken { name, .. } | Self::ServiceAccount { name, .. }) = self;
        name
    }

    fn files(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::RefreshToken { client_secret_file, refresh_token_file, .. } => {
                vec![client_secret_file, refresh_token_file]
            }
            Self::ServiceAccount { key_file, .. } => vec![key_file],
        }
    }

    fn check(&self) -> Result<(), String> {
        let name = self.name();
        if name.trim() != name || name.is_empty() {
            return Err(
                "a credential needs a name, such as ads-reader, without spaces around".into()
            );
        }
        text::check_line(name, MAX_CREDENTIAL_CHARS)
            .map_err(|error| format!("the name of a credential {error}"))
    }
}

impl GoogleAdsConfig {
    fn check(&self) -> Result<(), String> {
        let ids = [Some(&self.customer_id), self.login_customer_id.as_ref()];
        if !ids.into_iter().flatten().all(google_ads::is_id) {
            return Err("customer_id and login_customer_id must be digits, without hyphens".into());
        }
        if self.min_daily_budget_micros.is_some_and(|min| min < 1) {
            return Err("min_daily_budget_micros must be at least 1".into());
        }
        let urls = [self.endpoint.as_ref(), self.token_url.as_ref()];
        if !urls.into_iter().flatten().all(is_web) {
            return Err(WEB_ONLY.into());
        }
        if self.evidence_source.trim().is_empty() {
            return Err("evidence_source must say where the numbers come from".into());
        }
        self.reader.check()?;
        let Some(writer) = &self.writer else { return Ok(()) };
        writer.check()?;
        if writer.name() == self.reader.name() {
            let name = writer.name();
            return Err(format!(
                "reader and writer are both called {name}; give each a name of its own, so that the log tells them apart"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn google(reader: &Value, writer: &Value) -> Result<AccountConfig, String> {
        let config = json!({"google_ads": {
            "customer_id": "1234567890",
            "evidence_source": "simulated Google Ads account",
            "reader": reader,
            "writer": writer,
        }});
        let config: AccountConfig =
            serde_json::from_value(config).map_err(|error| error.to_string())?;
        config.check().map(|()| config)
    }

    fn token(name: &str) -> Value {
        json!({"refresh_token": {
            "name": name,
            "client_id": "client",
            "client_secret_file": "secret",
            "refresh_token_file": "/etc/refresh",
        }})
    }

    fn service_account(name: &str) -> Value {
        let key_file = format!("{name}.json");
        json!({"service_account": {
            "name": name, "email": "gate@project.example.com", "key_file": key_file,
        }})
    }

    #[test]
    fn an_account_without_a_writer_can_only_be_read() {
        let account = google(&service_account("ads-reader"), &Value::Null).unwrap();
        assert_eq!(
            (account.account().to_string().as_str(), account.writer()),
            ("google_ads:1234567890", None)
        );
        let account = google(&token("ads-reader"), &service_account("ads-writer")).unwrap();
        assert_eq!(account.writer(), Some("ads-writer"));
    }

    #[test]
    fn every_secret_is_a_file_of_its_own() {
        let mut account = google(&token("ads-reader"), &service_account("ads-writer")).unwrap();
        let files: Vec<_> = account.files().into_iter().map(|path| path.clone()).collect();
        assert_eq!(files, ["secret", "/etc/refresh", "ads-writer.json"].map(PathBuf::from));
    }

    #[test]
    fn credentials_are_told_apart_by_name() {
        let alike = google(&token("ads"), &service_account("ads")).unwrap_err();
        assert!(alike.contains("both called ads"), "{alike}");
        for name in ["", " ads", "two\nlines", &"a".repeat(MAX_CREDENTIAL_CHARS + 1)] {
            assert!(google(&token(name), &Value::Null).is_err(), "{name:?}");
        }
        let unknown = google(&json!({"password": {"name": "x"}}), &Value::Null).unwrap_err();
        assert!(unknown.contains("password") && unknown.contains("service_account"), "{unknown}");
        let mut odd = service_account("ads");
        odd["service_account"]["private_key"] = json!("in the clear");
        let odd = google(&odd, &Value::Null).unwrap_err();
        assert!(odd.contains("private_key") && !odd.contains("clear"), "{odd}");
    }
}
