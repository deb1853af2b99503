//! A relay and writers that lie: found, said, not believed, and over when they end.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use countersign_client::view::{CaseState, DecisionInput, PolicyCheck};
use countersign_document::RecordBody;
use countersign_model::{Digest, entry::LogEvent};
use countersign_replay::world::content_refused;
use countersign_sync::wire::Page;
use std::sync::{Arc, Mutex};
use world::{
    CaseSetup, Desktop, Gate, Relay, World,
    desktop::{approval, fault},
    until,
};

type Lie = Arc<Mutex<Option<fn(&mut Page)>>>;

/// Stands between a desktop and the real relay and changes the pages that come back.
struct LyingRelay {
    url: String,
    lie: Lie,
}

impl LyingRelay {
    async fn before(relay: &Relay) -> Self {
        let lie = Lie::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(pass_on).with_state((
            relay.url(),
            lie.clone(),
            reqwest::Client::new(),
        ));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, lie }
    }

    fn tell(&self, lie: fn(&mut Page)) {
        *self.lie.lock().unwrap() = Some(lie);
    }

    fn be_honest(&self) {
        *self.lie.lock().unwrap() = None;
    }
}

async fn pass_on(
    State((base, lie, http)): State<(String, Lie, reqwest::Client)>,
    request: Request,
) -> Response {
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    if path.contains("/tail") {
        // Without a live tail the desktop asks by itself.
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::NOT_FOUND;
        return answer;
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let mut onward = http.request(parts.method, format!("{base}{path}")).body(body);
    for name in ["content-digest", "signature-input", "signature", "content-type"] {
        if let Some(value) = parts.headers.get(name) {
            onward = onward.header(name, value);
        }
    }
    let answer = onward.send().await.unwrap();
    let status = answer.status();
    let mut bytes = answer.bytes().await.unwrap().to_vec();
    let lie = *lie.lock().unwrap();
    if let (Some(lie), true) = (lie, path.contains("/records?")) {
        let mut page = Page::decode(&bytes).unwrap();
        lie(&mut page);
        bytes = page.encode().unwrap();
    }
    let mut answer = Response::new(Body::from(bytes));
    *answer.status_mut() = status;
    answer
}

struct Lied {
    relay: LyingRelay,
    gate: Gate,
    desktop: Desktop,
    _real: Relay,
}

async fn lied_to() -> Lied {
    let real = Relay::start().await;
    let relay = LyingRelay::before(&real).await;
    let mut gate = Gate::found(&real.url()).await;
    let desktop = Desktop::new();
    let request = desktop.engine().make_enrolment_request().unwrap();
    gate.set_base(&relay.url);
    let enrolment = gate.admit(&request.json, "Olivia", "ops").await;
    gate.set_base(&real.url());
    desktop.join(&enrolment);
    Lied { relay, gate, desktop, _real: real }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_records_are_missed_and_healed_when_they_come() {
    let mut lied = lied_to().await;
    let made = lied.gate.publish_case(CaseSetup::default()).await;
    lied.relay.tell(|page| page.records.retain(|(position, _)| *position != 2));
    lied.desktop.start();
    let fault = until("a fault", || lied.desktop.engine().connection().fault).await;
    assert!(["record_withheld", "record_missing"].contains(&fault.code.as_str()), "{fault:?}");
    assert!(lied.desktop.case(&made.id).is_none(), "built on a gap");
    lied.relay.be_honest();
    until("the case", || lied.desktop.case(&made.id)).await;
    until("no fault", || lied.desktop.engine().connection().fault.is_none().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reordered_and_repeated_records_change_nothing_and_are_said() {
    let mut lied = lied_to().await;
    let made = lied.gate.publish_case(CaseSetup::default()).await;
    lied.relay.tell(|page| page.records.reverse());
    lied.desktop.start();
    until("a fault", || lied.desktop.engine().connection().fault).await;
    lied.relay.tell(|page| {
        let again = page.records.clone();
        page.records.extend(again);
    });
    let case = until("the case", || lied.desktop.case(&made.id)).await;
    assert_eq!(case.timeline.len(), 2);
    lied.relay.be_honest();
    let more = lied.gate.publish_case(CaseSetup::default()).await;
    until("the next case", || lied.desktop.case(&more.id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortened_log_and_changed_bytes_are_said_and_nothing_is_lost() {
    let mut lied = lied_to().await;
    let made = lied.gate.publish_case(CaseSetup::default()).await;
    lied.desktop.start();
    until("the case", || lied.desktop.case(&made.id)).await;
    lied.relay.tell(|page| {
        page.head = 1;
        page.records.retain(|(position, _)| *position <= 1);
    });
    fault(&lied.desktop, "relay_went_back").await;
    assert!(lied.desktop.case(&made.id).is_some());
    let size = lied.desktop.engine().connection().checkpoint.unwrap().size;
    assert_eq!(size, lied.gate.log_size(), "the trusted head shrank");

    let other = lied.gate.publish_case(CaseSetup::default()).await;
    lied.relay.tell(|page| {
        for (_, bytes) in &mut page.records {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
    });
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert!(lied.desktop.case(&other.id).is_none(), "changed bytes were believed");
    lied.relay.be_honest();
    until("the other case", || lied.desktop.case(&other.id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_two_histories_is_never_believed_again() {
    let mut lied = lied_to().await;
    let made = lied.gate.publish_case(CaseSetup::default()).await;
    lied.desktop.start();
    until("the case with its entries", || {
        lied.desktop.case(&made.id).filter(|case| case.timeline.len() == 2)
    })
    .await;
    // The gate signs an outcome into a history from which it left an entry out.
    let hidden = lied.gate.entry(LogEvent::RosterAccepted { output_hash: Digest::of(b"hidden") });
    lied.gate.log(hidden);
    let expired = lied.gate.entry(LogEvent::CaseExpired { proposal_id: made.case });
    lied.gate.log(expired);
    let RecordBody::LogSegment { first_seq, mut entries, checkpoint } = lied.gate.segment() else {
        panic!("not a segment")
    };
    entries.remove(0);
    lied.gate.write(&RecordBody::LogSegment { first_seq, entries, checkpoint }).await;
    fault(&lied.desktop, "log_fault").await;
    let case = lied.desktop.case(&made.id).unwrap();
    assert_eq!((case.state, case.timeline.len()), (CaseState::Deciding, 2));
    lied.desktop.close().await;
    lied.desktop.open();
    fault(&lied.desktop, "log_fault").await;
}

/// A gate that asks for fewer signatures than its own published policy, signed by all rules.
#[tokio::test(flavor = "multi_thread")]
async fn a_gate_that_leaves_a_role_out_is_found_before_anybody_approves() {
    let mut world = World::new().await;
    let honest = world.gate.publish_case(CaseSetup::default()).await;
    let setup = CaseSetup { hidden_role: Some("finance"), ..CaseSetup::default() };
    let made = world.gate.publish_case(setup).await;
    let checked =
        |id: &str, check| world.ops.case(id).filter(|case| case.verdict.check == Some(check));
    let case = until("the check", || checked(&made.id, PolicyCheck::Differs)).await;
    assert_eq!(case.my_options.blocked_because, None);
    let why = case.my_options.approval_blocked_because.unwrap();
    assert_eq!(why.code, "case_contradicted");
    assert!(why.values["words"].contains("quorum differs"), "{why:?}");
    let engine = world.ops.engine();
    let refused = engine.prepare_decision(&approval(&made.id, "ops")).unwrap_err();
    assert_eq!(refused.code, "case_contradicted");
    let reject = DecisionInput {
        kind: "reject".into(),
        reason_code: "over_budget".into(),
        ..approval(&made.id, "ops")
    };
    engine.prepare_decision(&reject).unwrap();
    assert_eq!(engine.connection().fault.unwrap().code, "log_not_signed_for");
    let log = engine.verify_log().unwrap();
    assert_eq!(log.integrity.problem.unwrap().code, "log_not_signed_for");
    // The case before it is none the worse.
    until("the check", || checked(&honest.id, PolicyCheck::Holds)).await;
    engine.prepare_decision(&approval(&honest.id, "ops")).unwrap();
}

/// The gate signs two histories and hands one of them to Olivia, the other to Farid. Each
/// fits by itself; what the other has cosigned does not.
#[tokio::test(flavor = "multi_thread")]
async fn two_histories_shown_to_two_people_are_found_by_both() {
    static SHOWN: Mutex<Option<(Vec<u8>, Vec<u8>)>> = Mutex::new(None);
    let Lied { relay, mut gate, desktop: olivia, _real } = lied_to().await;
    let farid = Desktop::new();
    let request = farid.engine().make_enrolment_request().unwrap();
    let enrolment = gate.admit(&request.json, "Farid", "finance").await;
    farid.join(&enrolment);
    // Each is a history that an honest gate could have: only together they are a lie.
    let device = gate.roster.people[0].devices[0].id;
    let refused = |count| content_refused(gate.device, device, Digest::of(b"junk"), count);
    let (one, other) = (refused(1), refused(2));
    *SHOWN.lock().unwrap() = Some(gate.publish_two_histories(one, other).await);
    relay.tell(|page| {
        let shown = SHOWN.lock().unwrap();
        let (to_farid, to_olivia) = shown.as_ref().unwrap();
        for (_, bytes) in page.records.iter_mut().filter(|(_, bytes)| bytes == to_farid) {
            bytes.clone_from(to_olivia);
        }
    });
    olivia.start();
    farid.start();
    for desktop in [&olivia, &farid] {
        let fault = until("two histories", || desktop.engine().connection().fault).await;
        assert_eq!(fault.code, "log_forked", "{fault:?}");
        assert!(fault.message.contains("two forms") && !fault.hints.is_empty(), "{fault:?}");
    }
}
