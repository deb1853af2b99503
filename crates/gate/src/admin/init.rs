//! `init`: makes ids, keys and the first roster, once, and registers at the relay.

use super::{AdminError, ROSTER_VALID_MS, check_name, commit_roster, seal};
use crate::{
    changes::{Changes, Row},
    clock,
    config::Config,
    data::DataDir,
    identity::{FIRST_EPOCH, Identity},
    keys,
    ledger::Ledger,
    relay::Relay,
    store::Store,
};
use countersign_audit::{LogKeys, checkpoint};
use countersign_model::{
    DeviceId, Roster, Signer, WorkspaceId,
    roster::{GateKeys, RootKeys},
    signature::SigningKey,
};
use countersign_sync::EpochKey;
use std::{collections::BTreeSet, path::Path, sync::Arc};

/// Makes a workspace and returns its id.
///
/// Keys and database are made first and the relay is asked last; when it refuses, running
/// the command again only repeats the registration.
///
/// # Errors
/// [`AdminError`]; an existing workspace is never replaced.
pub async fn init(data: &Path, config: &Config, name: &str) -> Result<WorkspaceId, AdminError> {
    let name = check_name(name)?;
    let token = keys::read_secret(&config.relay_operator_token_file)?;
    let data = DataDir::new(data);
    data.create()?;
    let _lock = data.lock()?;
    let (ledger, workspace) = if data.database().exists() {
        let store = Arc::new(Store::open(&data.database())?);
        let identity = Arc::new(Identity::load(&data, &store)?);
        let workspace = identity.workspace;
        (Ledger::open(store, identity)?, workspace)
    } else {
        create(&data, config, &name)?
    };
    let relay = Relay::new(config.relay_url.clone(), Arc::clone(ledger.identity()))?;
    relay.create_workspace(token.trim()).await?;
    relay.put_devices(ledger.roster()).await?;
    Ok(workspace)
}

fn create(
    data: &DataDir,
    config: &Config,
    name: &str,
) -> Result<(Ledger, WorkspaceId), AdminError> {
    let signing = SigningKey::from_seed(&*keys::create(&data.key("gate"))?);
    let log = SigningKey::from_seed(&*keys::create(&data.key("log"))?);
    let root = SigningKey::from_seed(&*keys::create(&data.key("root"))?);
    let epoch = EpochKey::from_bytes(FIRST_EPOCH, *keys::create(&data.key("epoch-0"))?);
    let factors = keys::create(&data.key("factors"))?;
    let workspace = WorkspaceId::from_uuid(clock::new_uuid());
    let device = DeviceId::from_uuid(clock::new_uuid());
    let origin = format!("countersign/{workspace}");
    let vkey = checkpoint::make_vkey(&origin, log.public_key())
        .map_err(crate::ledger::LedgerError::from)?;
    let now = clock::now();
    let roster = Roster {
        workspace,
        version: 1,
        issued_at_ms: now,
        expires_at_ms: now.plus_ms(ROSTER_VALID_MS),
        root: RootKeys { keys: BTreeSet::from([root.public_key()]), threshold: 1 },
        gate: GateKeys { device, signing_key: signing.public_key(), log_vkey: vkey.clone() },
        people: vec![],
        agents: vec![],
    };
    let envelope = seal(&roster, &root)?;
    let log_keys = LogKeys { workspace, gate_key: signing.public_key(), vkey: vkey.clone() };
    let identity = Identity { workspace, device, signing, log, origin, log_keys, epoch, factors };
    let store = Arc::new(Store::create(&data.database())?);
    let mut ledger = Ledger::begin(store, Arc::new(identity), roster.clone());
    let mut changes = Changes::default();
    changes.put(Row::Meta("workspace", workspace.to_string().into()));
    changes.put(Row::Meta("workspace_name", name.into()));
    changes.put(Row::Meta("device", device.to_string().into()));
    changes.put(Row::Meta("log_vkey", vkey.into()));
    changes.put(Row::Meta("relay_url", config.relay_url.to_string().into()));
    let at = ledger.moment(now);
    commit_roster(&mut ledger, &envelope, changes, at)?;
    Ok((ledger, workspace))
}
