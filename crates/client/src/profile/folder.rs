//! A profile folder: a small plain file that names its keys, and the encrypted store.
//! Once a profile is made, missing keys or a missing store are reported, never replaced.

use crate::profile::{clock::Clock, device::Device, failure::ProfileError, random};
use countersign_keychain::{DeviceKeys, KeychainError, ProfileName, SecretStore};
use countersign_model::DeviceId;
use countersign_store::{MetaKey, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use uuid::Uuid;

const PROFILE_FORMAT: &str = "countersign-profile/v1";

/// What `profile.json` says. Nothing in it is secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    format: String,
    /// Random; names the items in the keychain.
    profile: Uuid,
    /// Keys and store are there; from now on their absence is a loss, not a beginning.
    made: bool,
}

/// A folder on this computer.
pub(crate) struct Profile {
    folder: PathBuf,
    secrets: Arc<dyn SecretStore>,
}

impl Profile {
    pub(crate) fn new(folder: PathBuf, secrets: Arc<dyn SecretStore>) -> Self {
        Self { folder, secrets }
    }

    /// Opens what is there; `None` while nothing is.
    pub(crate) fn open(&self) -> Result<Option<Device>, ProfileError> {
        let file = self.read_file()?;
        let Some(file) = file.filter(|file| file.made) else { return Ok(None) };
        let keys = DeviceKeys::open(self.secrets.clone(), name(file.profile)?)?;
        let store = Store::open(&self.store_path(), keys.wrapping_key())?;
        Device::load(keys, store).map(Some)
    }

    /// Makes keys and store, or goes on where a crash has stopped the making.
    pub(crate) fn make(&self, clock: &Clock) -> Result<Device, ProfileError> {
        fs::create_dir_all(&self.folder)?;
        let (file, keys) = self.make_keys()?;
        let path = self.store_path();
        let mut store = if path.exists() {
            Store::open(&path, keys.wrapping_key())?
        } else {
            Store::create(&path, keys.wrapping_key())?
        };
        let id = DeviceId::from_uuid(random::uuid(clock())?);
        let sealing_secret = zeroize::Zeroizing::new(random::bytes::<32>()?);
        store.transaction::<_, StoreError>(|tx| {
            if tx.meta(MetaKey::Device)?.is_none() {
                tx.put_meta(MetaKey::Device, id.to_string().as_bytes())?;
                tx.put_meta(MetaKey::SealingSecret, sealing_secret.as_slice())?;
            }
            Ok(())
        })?;
        self.write_file(&ProfileFile { made: true, ..file })?;
        Device::load(keys, store)
    }

    /// Where an unfinished making stands: a profile id whose keys can be used. Keys that
    /// were only half made are left behind under their random name; nothing depends on them.
    fn make_keys(&self) -> Result<(ProfileFile, DeviceKeys), ProfileError> {
        let unfinished = self.read_file()?.filter(|file| !file.made);
        if let Some(file) = unfinished {
            match DeviceKeys::open(self.secrets.clone(), name(file.profile)?) {
                Ok(keys) => return Ok((file, keys)),
                Err(KeychainError::KeyMissing) if !self.store_path().exists() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let profile = Uuid::from_bytes(random::bytes()?);
        let file = ProfileFile { format: PROFILE_FORMAT.into(), profile, made: false };
        self.write_file(&file)?;
        let keys = DeviceKeys::create(self.secrets.clone(), name(profile)?)?;
        Ok((file, keys))
    }

    /// Where settings are kept too.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn store_path(&self) -> PathBuf {
        self.folder.join("store.db")
    }

    fn file_path(&self) -> PathBuf {
        self.folder.join("profile.json")
    }

    fn read_file(&self) -> Result<Option<ProfileFile>, ProfileError> {
        let bytes = match fs::read(self.file_path()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A store without its profile file is a loss too, not a beginning.
                return if self.store_path().exists() { Err(ProfileError::File) } else { Ok(None) };
            }
            Err(error) => return Err(error.into()),
        };
        let file: ProfileFile = serde_json::from_slice(&bytes).map_err(|_| ProfileError::File)?;
        if file.format == PROFILE_FORMAT { Ok(Some(file)) } else { Err(ProfileError::File) }
    }

    fn write_file(&self, file: &ProfileFile) -> Result<(), ProfileError> {
        let bytes = serde_json::to_vec_pretty(file).map_err(io::Error::from)?;
        Ok(write_whole(&self.file_path(), &bytes)?)
    }
}

/// Writes beside and renames, so that the file is always whole.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let draft = path.with_extension("json.new");
    let mut file = fs::File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(draft, path)
}

fn name(profile: Uuid) -> Result<ProfileName, ProfileError> {
    ProfileName::parse(&profile.hyphenated().to_string()).ok_or(ProfileError::File)
}
