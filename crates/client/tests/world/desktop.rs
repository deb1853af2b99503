//! A desktop without a window: a profile folder, a keychain in memory, a clock to set.

use super::{now, until};
use countersign_client::{
    Controller, News, Shell,
    view::{CaseView, CommentInput, DecisionInput, Delivery, NoticeView, SignedView},
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
pub struct Told(Arc<Mutex<Vec<News>>>);

impl Shell for Told {
    fn tell(&self, news: News) {
        self.0.lock().unwrap().push(news);
    }
}

impl Told {
    /// Whether a case was said to have changed.
    pub fn has(&self, case: &str) -> bool {
        let changed = |news: &News| matches!(news, News::CasesChanged(cases) if cases.iter().any(|one| one == case));
        self.all().iter().any(changed)
    }

    pub fn all(&self) -> Vec<News> {
        self.0.lock().unwrap().clone()
    }

    pub fn notices(&self) -> Vec<NoticeView> {
        let notice = |news| match news {
            News::Notice(view) => Some(view),
            _ => None,
        };
        self.all().into_iter().filter_map(notice).collect()
    }

    pub fn forget(&self) {
        self.0.lock().unwrap().clear();
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

    /// Joins with an enrolment whose words were compared, as an honest person does it.
    pub fn join(&self, enrolment: &str) {
        let offered = self.engine().read_enrolment(enrolment).unwrap();
        self.engine().join_workspace(enrolment, &offered.root_words).unwrap();
    }

    /// Opens the profile again, as a fresh start of the app does, with every list row written.
    pub fn open(&mut self) {
        self.open_as_is();
        while self.engine().write_rows().unwrap_or(false) {}
    }

    /// Opens the profile again; list rows are as they are.
    pub fn open_as_is(&mut self) {
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

    /// Returns once the relay has this person's own decision on a case.
    pub async fn delivered(&self, proposal: &str) {
        until("delivery of a decision", || {
            (self.my_delivery(proposal)? == Delivery::DeliveredToRelay).then_some(())
        })
        .await;
    }

    /// Signs an approval and lets the time to recall it pass.
    pub fn approve(&self, proposal: &str, role: &str) {
        self.sign(&approval(proposal, role));
        self.skip_hold();
    }

    /// Signs a decision, which is held then.
    pub fn sign(&self, input: &DecisionInput) -> SignedView {
        let sheet = self.engine().prepare_decision(input).unwrap();
        self.engine().sign_decision(&sheet.ticket).unwrap()
    }

    /// Lets the time to recall a decision pass.
    pub fn skip_hold(&self) {
        let seconds = i64::from(self.engine().settings().undo_seconds);
        self.skip_ms(seconds * 1_000 + 1);
    }

    /// Lets time pass on this desktop's clock, and has the engine look at it.
    pub fn skip_ms(&self, millis: i64) {
        self.clock_error_ms.fetch_add(millis, Ordering::SeqCst);
        self.engine().change_settings(&self.engine().settings()).unwrap();
    }

    /// The profile as it is on the disk this moment, as after a crash, as another desktop.
    pub fn crashed(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("profile");
        std::fs::create_dir(&profile).unwrap();
        for entry in std::fs::read_dir(self.folder.path().join("profile")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            if entry.path().is_file() && !name.to_string_lossy().contains("lock") {
                std::fs::copy(entry.path(), profile.join(name)).unwrap();
            }
        }
        let mut desktop = Self {
            folder,
            secrets: self.secrets.clone(),
            told: Told::default(),
            clock_error_ms: Arc::new(AtomicI64::new(self.clock_error_ms.load(Ordering::SeqCst))),
            engine: None,
        };
        desktop.open();
        desktop
    }
}

/// An approval within plan.
pub fn approval(proposal: &str, role: &str) -> DecisionInput {
    DecisionInput {
        proposal: proposal.into(),
        kind: "approve".into(),
        role: role.into(),
        reason_code: "within_plan".into(),
        reason_text: String::new(),
        override_micros: None,
        override_entries: None,
        requested: None,
        totp_code: None,
    }
}

pub fn comment(case: &str, text: &str) -> CommentInput {
    CommentInput {
        proposal: case.into(),
        text: text.into(),
        mentions: vec![],
        question_for: vec![],
        answers: None,
    }
}

/// Waits until a desktop shows this fault, and what to do about it.
pub async fn fault(desktop: &Desktop, code: &str) {
    until(code, || {
        let fault = desktop.engine().connection().fault?;
        assert!(!fault.hints.is_empty());
        (fault.code == code).then_some(())
    })
    .await;
}
