//! A profile folder: a small plain file that names its keys, and the encrypted store.
//! Once a profile is made, missing keys or a missing store are reported, never replaced.

use crate::{
    profile::{clock::Clock, device::Device, random},
    view::{
        ProblemView,
        problem::{Code, problem},
    },
};
use countersign_keychain::{DeviceKeys, KeychainError, ProfileName, SecretStore};
use countersign_model::DeviceId;
use countersign_store::{MetaKey, Store};
use serde::{Deserialize, Serialize};
use std::{
    fs,
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

/// Why the folder's content cannot be used.
pub(crate) enum ProfileProblem {
    /// The keychain is in the way, or has lost the keys.
    Keychain(ProblemView),
    /// The store is in the way.
    Store(ProblemView),
}

impl Profile {
    pub(crate) fn new(folder: PathBuf, secrets: Arc<dyn SecretStore>) -> Self {
        Self { folder, secrets }
    }

    /// Opens what is there; `None` while nothing is.
    pub(crate) fn open(&self) -> Result<Option<Device>, ProfileProblem> {
        let file = self.read_file().map_err(ProfileProblem::Store)?;
        let Some(file) = file.filter(|file| file.made) else { return Ok(None) };
        let keys = DeviceKeys::open(self.secrets.clone(), name(file.profile)?)
            .map_err(|error| ProfileProblem::Keychain(error.into()))?;
        let store = Store::open(&self.store_path(), keys.wrapping_key())
            .map_err(|error| ProfileProblem::Store(error.into()))?;
        Device::load(keys, store).map(Some).map_err(ProfileProblem::Store)
    }

    /// Makes keys and store, or goes on where a crash has stopped the making.
    pub(crate) fn make(&self, clock: &Clock) -> Result<Device, ProblemView> {
        fs::create_dir_all(&self.folder).map_err(|_| folder_problem())?;
        let (file, keys) = self.make_keys()?;
        let path = self.store_path();
        let mut store = if path.exists() {
            Store::open(&path, keys.wrapping_key())?
        } else {
            Store::create(&path, keys.wrapping_key())?
        };
        let id = DeviceId::from_uuid(random::uuid(clock())?);
        let sealing_secret = zeroize::Zeroizing::new(random::bytes::<32>()?);
        store.transaction::<_, ProblemView>(|tx| {
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
    /// were made by half are left behind under their random name; nothing depends on them.
    fn make_keys(&self) -> Result<(ProfileFile, DeviceKeys), ProblemView> {
        let unfinished = self.read_file()?.filter(|file| !file.made);
        if let Some(file) = unfinished {
            match DeviceKeys::open(self.secrets.clone(), plain_name(file.profile)?) {
                Ok(keys) => return Ok((file, keys)),
                Err(KeychainError::KeyMissing) if !self.store_path().exists() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let profile = Uuid::from_bytes(random::bytes()?);
        let file = ProfileFile { format: PROFILE_FORMAT.into(), profile, made: false };
        self.write_file(&file)?;
        let keys = DeviceKeys::create(self.secrets.clone(), plain_name(profile)?)?;
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

    fn read_file(&self) -> Result<Option<ProfileFile>, ProblemView> {
        let bytes = match fs::read(self.file_path()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // A store without its profile file is a loss too, not a beginning.
                return if self.store_path().exists() { Err(file_problem()) } else { Ok(None) };
            }
            Err(_) => return Err(folder_problem()),
        };
        let file: ProfileFile = serde_json::from_slice(&bytes).map_err(|_| file_problem())?;
        if file.format == PROFILE_FORMAT { Ok(Some(file)) } else { Err(file_problem()) }
    }

    fn write_file(&self, file: &ProfileFile) -> Result<(), ProblemView> {
        let bytes = serde_json::to_vec_pretty(file).map_err(|_| folder_problem())?;
        write_whole(&self.file_path(), &bytes).map_err(|_| folder_problem())
    }
}

/// Writes beside and renames, so that the file is always whole.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let draft = path.with_extension("json.new");
    let mut file = fs::File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(draft, path)
}

fn name(profile: Uuid) -> Result<ProfileName, ProfileProblem> {
    plain_name(profile).map_err(ProfileProblem::Store)
}

fn plain_name(profile: Uuid) -> Result<ProfileName, ProblemView> {
    ProfileName::parse(&profile.hyphenated().to_string()).ok_or_else(file_problem)
}

fn file_problem() -> ProblemView {
    problem(
        Code::ProfileDamaged,
        "The file profile.json in the profile folder is missing or damaged.",
        &["Restore the profile folder from a back-up; nothing in it was changed."],
    )
}

fn folder_problem() -> ProblemView {
    problem(
        Code::ProfileUnreadable,
        "The profile folder cannot be read or written.",
        &["Check the folder's permissions and the free space of its disk."],
    )
}
