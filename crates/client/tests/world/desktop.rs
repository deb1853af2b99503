//! A desktop without a window: a profile folder, a keychain in memory, a clock to set.

use super::now;
use countersign_client::{
    Controller, Shell,
    view::{CaseView, ConnectionView, DecisionInput, Delivery},
};
use countersign_keychain::{DeviceKeys, ProfileName, store::memory::MemorySecretStore};
use countersign_model::TimestampMs;
use countersign_store::Store;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

/// What the engine told the window.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<Vec<String>>>);

impl Shell for Told {
    fn case_changed(&self, proposal: &str) {
        self.0.lock().unwrap().push(proposal.to_owned());
    }

    fn connection_changed(&self, connection: &ConnectionView) {
        let online = if connection.online { "online" } else { "offline" };
        self.0.lock().unwrap().push(online.to_owned());
    }

    fn workspace_changed(&self) {
        self.0.lock().unwrap().push("workspace".to_owned());
    }
}

impl Told {
    pub fn has(&self, words: &str) -> bool {
        self.0.lock().unwrap().iter().any(|told| told == words)
    }
}

pub struct Desktop {
    pub folder: tempfile::TempDir,
    pub secrets: Arc<MemorySecretStore>,
    pub told: Told,
    /// How far this desktop's clock is from the true one, in milliseconds.
    pub clock_error_ms: Arc<AtomicI64>,
    engine: Option<Controller<Told>>,
}

impl Desktop {
    pub fn new() -> Self {
        let mut desktop = Self {
            folder: tempfile::tempdir().unwrap(),
            secrets: Arc::default(),
            told: Told::default(),
            clock_error_ms: Arc::default(),
            engine: None,
        };
        desktop.open();
        desktop
    }

    /// Opens the profile again, as a fresh start of the app does.
    pub fn open(&mut self) {
        let error = self.clock_error_ms.clone();
        let clock = Arc::new(move || now().plus_ms(error.load(Ordering::SeqCst)));
        let secrets = self.secrets.clone();
        let folder = self.folder.path().join("profile");
        self.engine = Some(Controller::open(folder, secrets, self.told.clone(), clock));
    }

    pub fn start(&self) {
        self.engine().start(&tokio::runtime::Handle::current());
    }

    /// Ends the app; `open` begins it again.
    pub async fn close(&mut self) {
        self.engine.take().unwrap().shut_down().await;
    }

    /// Ends an engine that was never started.
    pub fn drop_engine(&mut self) {
        self.engine = None;
    }

    pub fn engine(&self) -> &Controller<Told> {
        self.engine.as_ref().unwrap()
    }

    pub fn store_path(&self) -> PathBuf {
        self.folder.path().join("profile/store.db")
    }

    /// The closed profile's store, for breaking things in it.
    pub fn store(&self) -> Store {
        let profile = std::fs::read(self.folder.path().join("profile/profile.json")).unwrap();
        let profile: serde_json::Value = serde_json::from_slice(&profile).unwrap();
        let name = ProfileName::parse(profile["profile"].as_str().unwrap()).unwrap();
        let keys = DeviceKeys::open(self.secrets.clone(), name).unwrap();
        Store::open(&self.store_path(), keys.wrapping_key()).unwrap()
    }

    pub fn set_clock_error_ms(&self, error: i64) {
        self.clock_error_ms.store(error, Ordering::SeqCst);
    }

    pub fn clock(&self) -> TimestampMs {
        now().plus_ms(self.clock_error_ms.load(Ordering::SeqCst))
    }

    pub fn case(&self, proposal: &str) -> Option<CaseView> {
        self.engine().open_case(proposal).ok()
    }

    /// How far this person's decision in a case has got.
    pub fn my_delivery(&self, proposal: &str) -> Option<Delivery> {
        let case = self.case(proposal)?;
        case.decisions.into_iter().find(|one| one.mine).map(|one| one.delivery)
    }

    pub fn approve(&self, proposal: &str, role: &str) {
        let input = DecisionInput {
            proposal: proposal.into(),
            kind: "approve".into(),
            role: role.into(),
            reason_code: "within_plan".into(),
            reason_text: String::new(),
            override_micros: None,
            totp_code: None,
        };
        let sheet = self.engine().prepare_decision(&input).unwrap();
        self.engine().sign_decision(&sheet.ticket).unwrap();
    }
}
