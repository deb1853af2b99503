//! Joining: nothing is believed before a person has compared the workspace's six words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod world;

use countersign_client::view::WorkspaceState;
use countersign_identity::{anchor::Anchor, enrolment::Enrolment};
use countersign_model::{Signer as _, signature::SigningKey};
use world::{Desktop, Gate, Relay};

/// A desktop that has asked, and what an honest administrator hands back.
async fn asked() -> (Relay, Gate, Desktop, String) {
    let relay = Relay::start().await;
    let mut gate = Gate::found(&relay.url()).await;
    let desktop = Desktop::new();
    let request = desktop.engine().make_enrolment_request().unwrap();
    let enrolment = gate.admit(&request.json, "Olivia", "ops").await;
    (relay, gate, desktop, enrolment)
}

fn waits(desktop: &Desktop) -> bool {
    matches!(desktop.engine().workspace_state(), WorkspaceState::RequestMade { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_what_the_administrator_reads_out_and_is_shown_later_too() {
    let (_relay, gate, desktop, enrolment) = asked().await;
    let offered = desktop.engine().read_enrolment(&enrolment).unwrap();
    assert_eq!(offered.root_words, Anchor::of(&gate.roster).words());
    assert_eq!((offered.workspace_name.as_str(), offered.person_name.as_str()), ("Acme", "Olivia"));
    let WorkspaceState::RequestMade { request } = desktop.engine().workspace_state() else {
        panic!("reading an enrolment has changed where the device stands")
    };
    assert_eq!(offered.fingerprint, request.fingerprint, "the device's own words beside them");
    desktop.engine().join_workspace(&enrolment, &offered.root_words).unwrap();
    let WorkspaceState::Ready { workspace } = desktop.engine().workspace_state() else {
        panic!("not ready")
    };
    assert_eq!(workspace.root_words, offered.root_words);
    assert_eq!(desktop.engine().people().unwrap().root_words, offered.root_words);
}

/// Whoever carries the file puts a workspace of his own in its place: everything in it is
/// signed as it must be, and only the words tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_of_somebody_elses_is_refused_by_its_words_and_nothing_is_kept() {
    let (relay, gate, mut desktop, honest) = asked().await;
    let mut rogue = Gate::found_with(&relay.url(), 66).await;
    let WorkspaceState::RequestMade { request } = desktop.engine().workspace_state() else {
        panic!("no request")
    };
    let forged = rogue.admit(&request.json, "Olivia", "ops").await;
    let read_out: Vec<String> =
        Anchor::of(&gate.roster).words().into_iter().map(str::to_owned).collect();
    let shown = desktop.engine().read_enrolment(&forged).unwrap().root_words;
    assert_ne!(shown, read_out, "the person sees that they differ");
    for words in [&read_out[..], &[], &read_out[..5]] {
        let refused = desktop.engine().join_workspace(&forged, words).unwrap_err();
        assert_eq!(refused.code, "root_words_differ");
        assert!(!refused.hints.is_empty());
        assert!(waits(&desktop));
    }
    desktop.drop_engine();
    desktop.open();
    assert!(waits(&desktop), "something of the refused enrolment was kept");
    let joined = desktop.engine().join_workspace(&honest, &read_out).unwrap();
    assert!(matches!(joined, WorkspaceState::Ready { .. }));
}

/// The words are of the root keys in the roster; the file must not ask to trust others.
#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_that_asks_to_trust_further_root_keys_is_refused() {
    let (_relay, _gate, desktop, enrolment) = asked().await;
    let mut changed: Enrolment = serde_json::from_str(&enrolment).unwrap();
    changed.trusted_root.keys.insert(SigningKey::from_seed(&[67; 32]).public_key());
    let changed = serde_json::to_string(&changed).unwrap();
    let refused = desktop.engine().read_enrolment(&changed).unwrap_err();
    assert_eq!(refused.code, "enrolment_refused");
    assert!(waits(&desktop));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_is_read_only_where_one_was_asked_for() {
    let (_relay, _gate, desktop, enrolment) = asked().await;
    let stranger = Desktop::new();
    assert_eq!(stranger.engine().read_enrolment(&enrolment).unwrap_err().code, "no_request");
    stranger.engine().make_enrolment_request().unwrap();
    let refused = stranger.engine().read_enrolment(&enrolment).unwrap_err();
    assert_eq!(refused.code, "enrolment_other_device");
    assert_eq!(
        desktop.engine().read_enrolment(r#"{"format":"?"}"#).unwrap_err().code,
        "enrolment_format"
    );
    desktop.join(&enrolment);
    assert_eq!(desktop.engine().read_enrolment(&enrolment).unwrap_err().code, "already_joined");
}
