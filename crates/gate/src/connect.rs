//! Connections to ad accounts, as the configuration has them. Secrets are read here, handed over
//! and wiped; nothing is sent.

use crate::{
    access::{Access, Guarded},
    config::{AccountConfig, CredentialConfig, GoogleAdsConfig},
    keys::{self, KeyError},
    reads::Sources,
};
use countersign_executor::{Accounts, Platform};
use countersign_model::entity::PlatformId;
use countersign_platforms::google_ads::{self, Credentials, GoogleAds, SetupError, Writing};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why an account cannot be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A secret file.
    #[error("the credential {credential} of the account {account} cannot be used")]
    Key {
        /// The account.
        account: PlatformId,
        /// The credential's name.
        credential: String,
        /// Why.
        source: KeyError,
    },
    /// A service account's key file.
    #[error("the credential {credential} of the account {account} cannot be used")]
    ServiceAccount {
        /// The account.
        account: PlatformId,
        /// The credential's name.
        credential: String,
        /// Why.
        source: Box<SetupError>,
    },
    /// The connector.
    #[error("the ad account {account} cannot be set up")]
    Platform {
        /// The account.
        account: PlatformId,
        /// Why.
        source: Box<SetupError>,
    },
}

/// Connects every account, so that each writes only while it is open. Nothing is sent yet, so
/// that one that is away stops no other.
///
/// # Errors
/// [`ConnectError`].
pub(crate) fn connect_all(
    accounts: &[AccountConfig],
    access: &Access,
) -> Result<(Accounts, Sources), ConnectError> {
    let mut connections = vec![];
    let mut sources = Sources::new();
    for config in accounts {
        let AccountConfig::GoogleAds(google) = config;
        let account = config.account();
        say_who_writes(config, access);
        let key = (account.platform, account.account_id.clone());
        sources.insert(key, config.evidence_source().into());
        let connection = Arc::new(connect(google)?);
        let (kind, id) = (account.platform, account.account_id.clone());
        let guarded = Guarded::new(connection, account, config.writer(), access.clone());
        connections.push((kind, id, Arc::new(guarded) as Arc<dyn Platform>));
    }
    Ok((Accounts::new(connections), sources))
}

/// Tells an operator how an account is connected, and what opens it.
fn say_who_writes(config: &AccountConfig, access: &Access) {
    let account = config.account();
    match (config.writer(), access.credential(&account)) {
        (Some(writer), Some(opened)) if writer == opened => {
            tracing::info!(%account, credential = writer, "connected; it may be written");
        }
        (Some(writer), Some(opened)) => tracing::warn!(
            %account, configured = writer, opened,
            "connected for reading only: it was opened for another credential than the configured one; `writing-open` opens it for this one"
        ),
        (Some(writer), None) => tracing::warn!(
            %account, configured = writer,
            "connected for reading only, until `writing-open` opens it"
        ),
        (None, _) => tracing::warn!(
            %account,
            "connected for reading only: its configuration names no `writer`"
        ),
    }
}

/// Connects one Google Ads account.
///
/// # Errors
/// [`ConnectError`].
pub(crate) fn connect(config: &GoogleAdsConfig) -> Result<GoogleAds, ConnectError> {
    let refuse = |source| ConnectError::Platform {
        account: config.customer_id.clone(),
        source: Box::new(source),
    };
    let reader = credentials(config, &config.reader)?;
    let writer = config.writer.as_ref().map(|writer| credentials(config, writer)).transpose()?;
    if writer.as_ref().is_some_and(|writer| writer.is_same_identity(&reader)) {
        tracing::warn!(
            account = %config.customer_id,
            "its reader and its writer are one identity; give reading one of its own, whose role in the account is Read only"
        );
    }
    let mut setup = google_ads::GoogleAdsConfig::new(reader).map_err(refuse)?;
    setup.writing = writer.map_or(Writing::ReadOnly, Writing::Identity);
    setup.login_customer_id.clone_from(&config.login_customer_id);
    setup.min_daily_micros = config.min_daily_budget_micros;
    if let Some(endpoint) = &config.endpoint {
        setup.endpoint = endpoint.clone();
    }
    if let Some(token_url) = &config.token_url {
        setup.token_url = token_url.clone();
    }
    GoogleAds::new(setup).map_err(refuse)
}

/// Reads the secrets of one credential.
fn credentials(
    account: &GoogleAdsConfig,
    config: &CredentialConfig,
) -> Result<Credentials, ConnectError> {
    let (account, credential) = (account.customer_id.clone(), config.name().to_owned());
    let found = match config {
        CredentialConfig::RefreshToken {
            client_id,
            client_secret_file,
            refresh_token_file,
            ..
        } => {
            let read = |path| {
                keys::read_secret(path).map(|text| Zeroizing::new(text.trim().to_owned())).map_err(
                    |source| ConnectError::Key {
                        account: account.clone(),
                        credential: credential.clone(),
                        source,
                    },
                )
            };
            Credentials::new(
                client_id.clone(),
                read(client_secret_file)?,
                read(refresh_token_file)?,
            )
        }
        CredentialConfig::ServiceAccount { email, key_file, .. } => {
            Credentials::service_account(email, key_file).map_err(|source| {
                ConnectError::ServiceAccount {
                    account: account.clone(),
                    credential: credential.clone(),
                    source: Box::new(source),
                }
            })?
        }
    };
    Ok(found.named(&credential))
}
