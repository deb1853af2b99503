//! The whole way of one proposal through real parts, and its bad neighbours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use countersign_audit::{Frontier, Trust, checkpoint};
use countersign_identity::enrolment::Enrolment;
use countersign_model::{
    Digest, ProposalId,
    decision::Refusal,
    entry::{EntryKind, ExecutionStatus},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
};
use support::{World, desktop::Desktop, draft_of, pause};

struct Team {
    world: World,
    ops: Desktop,
    finance: Desktop,
    token: String,
}

async fn team() -> Team {
    let mut world = World::start().await;
    let ops = world.admit(1, "Olivia", "ops", None).await;
    let finance = world.admit(2, "Felix", "finance", None).await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    Team { world, ops, finance, token }
}

fn proposal(receipt: &Value) -> ProposalId {
    receipt["proposal"].as_str().unwrap().parse().unwrap()
}

fn changes(account: &Value) -> usize {
    account["changes"].as_array().unwrap().len()
}

/// What a witness does: the leaf hashes of the tile give the root of the checkpoint.
async fn assert_tiles_make_the_signed_root(world: &World) {
    let trust: Trust = serde_json::from_value(world.command(&["trust"]).await).unwrap();
    let get = async |path: &str| {
        let url = format!("http://{}{path}", world.gate_address);
        reqwest::get(url).await.unwrap()
    };
    let note = get("/log/checkpoint").await.text().await.unwrap();
    let head = checkpoint::verify(&note, &trust.log_vkey).unwrap();
    let tile = get(&format!("/log/tile/0/000.p/{}", head.size)).await.bytes().await.unwrap();
    let mut frontier = Frontier::default();
    for leaf in tile.chunks(32) {
        frontier.push(Digest::from_bytes(leaf.try_into().unwrap()));
    }
    assert_eq!((frontier.size(), frontier.root()), (head.size, head.root));
    // Every entry was once the newest of a checkpoint.
    for width in 1..=head.size {
        let part = get(&format!("/log/tile/0/000.p/{width}")).await;
        assert_eq!(part.headers()["cache-control"], "public, max-age=31536000, immutable");
        let length = usize::try_from(width).unwrap() * 32;
        assert_eq!(part.bytes().await.unwrap(), tile[..length], "{width} of {}", head.size);
    }
    let entries = get(&format!("/log/tile/entries/000.p/{}", head.size)).await;
    assert_eq!(entries.status(), 404, "entries are not for everybody on the network");
    assert_eq!(get("/healthz").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_is_executed_once_though_the_gate_is_killed() {
    let Team { mut world, mut ops, mut finance, token, .. } = team().await;
    let receipt = world.draft(&token, 0).await;
    let case = proposal(&receipt);
    let seen = ops.open(case).await;
    let roles: Vec<_> = seen.verdict.quorum.iter().map(|group| group.role.as_str()).collect();
    assert_eq!(roles, ["finance", "ops"]);
    let approval = ops.approval(&seen);
    assert_eq!(ops.decide(&seen, &approval).await, None);
    assert_eq!(changes(&world.account().await), 0, "half a quorum changes nothing");

    world.fault(json!({"kind": "pause_after_commit", "hold_ms": 60_000})).await;
    let seen = finance.open(case).await;
    let narrower = finance.override_to(&seen, 15);
    assert_eq!(finance.decide(&seen, &narrower).await, None);
    while world.account().await["holding"] == 0 {
        pause().await;
    }
    world.kill_gate();
    world.serve().await;
    let finished = ops
        .wait_for("the outcome", |entry| entry.body.event.kind() == EntryKind::ExecutionFinished)
        .await;
    let platform = finished.body.event.platform().unwrap();
    assert_eq!(platform.status, ExecutionStatus::Applied);
    assert_eq!(platform.read_back, narrower.effective);
    assert!(!platform.request_ids.is_empty());
    assert_eq!(changes(&world.account().await), 1, "exactly once");
    let (_, status) = world.call(&token, "get_case", json!({"proposal": case.to_string()})).await;
    assert_eq!(status["state"], "executed");
    world.assert_export_holds().await;
    assert_tiles_make_the_signed_root(&world).await;

    // No prompt, reason, rationale, code, amount or token reaches the log of the process.
    let log = world.log();
    let amount = seen.proposal.action;
    let countersign_model::Action::BudgetChange(change) = amount else { unreachable!() };
    let amounts = [change.before.amount_micros.to_string(), change.after.amount_micros.to_string()];
    assert!(log.contains(&case.to_string()), "the case is followed by its id");
    for marker in ["MARKER", &token, "emulator-refresh-token", &amounts[0], &amounts[1]] {
        assert!(!log.contains(marker), "{marker} stands in the process's log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_drafts_are_refused_by_name_and_logged() {
    let Team { world, mut ops, token, .. } = team().await;
    let (_, listed) = world.call(&token, "list_campaigns", json!({})).await;
    let good = draft_of(&listed["campaigns"][0]);
    let mut moved = good.clone();
    moved["change"]["before"]["amount_micros"] = json!("12345");
    let mut stranger = good.clone();
    stranger["change"]["entity"]["campaign_id"] = json!("999999");
    let mut euros = good.clone();
    euros["change"]["before"]["currency"] = json!("EUR");
    euros["change"]["after"]["currency"] = json!("EUR");
    // Case 01: an agent multiplied floats.
    let mut odd = good.clone();
    odd["change"]["after"]["amount_micros"] = json!("94500001");
    let mut small = good.clone();
    small["change"]["after"]["amount_micros"] = json!("4990000");
    // Case 03: the budget of a removed campaign can still be read.
    let removed = draft_of(&listed["campaigns"][2]);
    let id = &listed["campaigns"][2]["entity"]["campaign_id"];
    let id: i64 = id.as_str().unwrap().parse().unwrap();
    world.control("campaign", json!({"campaign_id": id, "status": "REMOVED"})).await;
    let mut unknown = good.clone();
    unknown["approve"] = json!(true);
    for (code, draft) in [
        ("BEFORE_MOVED", moved),
        ("ENTITY_UNKNOWN", stranger),
        ("CURRENCY_MISMATCH", euros),
        ("AMOUNT_NOT_TAKEN", odd),
        ("AMOUNT_NOT_TAKEN", small),
        ("ENTITY_ENDED", removed),
        ("SCHEMA_INVALID", unknown),
    ] {
        let (failed, answer) = world.call(&token, "draft_budget_change", draft).await;
        assert!(failed, "{code}");
        assert_eq!(answer["error"]["code"], code);
    }
    // The first is told at once; the others are counted and told by their number later.
    ops.wait_for("the refusal", |one| one.body.event.kind() == EntryKind::DraftRefused).await;
    world.draft(&token, 0).await;
    ops.wait_for("the proposal", |one| one.body.event.kind() == EntryKind::ProposalReceived).await;
    let refused = ops.entries.iter().filter(|one| one.body.event.kind() == EntryKind::DraftRefused);
    assert_eq!(refused.count(), 1);
}

/// Cases 03 and 05: a campaign that somebody stops after people have signed, and a token
/// endpoint that is away when the change could be made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_in_the_way_is_waited_for_and_another_state_is_stale() {
    let Team { mut world, mut ops, mut finance, token, .. } = team().await;
    let [stopped, held_up] = [world.draft(&token, 0).await, world.draft(&token, 2).await];
    let [stopped, held_up] = [proposal(&stopped), proposal(&held_up)];
    for case in [stopped, held_up] {
        let seen = ops.open(case).await;
        let approval = ops.approval(&seen);
        assert_eq!(ops.decide(&seen, &approval).await, None);
    }
    world.control("campaign", json!({"campaign_id": 2_000_000_001_i64, "status": "PAUSED"})).await;
    let seen = finance.open(stopped).await;
    let approval = finance.approval(&seen);
    assert_eq!(finance.decide(&seen, &approval).await, None);
    let is = |case, kind| {
        move |entry: &countersign_model::entry::Entry| {
            entry.body.event.kind() == kind && entry.body.event.proposal_id() == Some(case)
        }
    };
    let finished = ops.wait_for("the end", is(stopped, EntryKind::ExecutionFinished)).await;
    assert_eq!(finished.body.event.platform().unwrap().status, ExecutionStatus::Stale);

    let outage = json!({"expire_access_tokens": true, "outage_status": 503});
    world.control("oauth", outage).await;
    let seen = finance.open(held_up).await;
    let approval = finance.approval(&seen);
    assert_eq!(finance.decide(&seen, &approval).await, None);
    let waiting = ops.wait_for("the wait", is(held_up, EntryKind::ExecutionWaiting)).await;
    assert_eq!(waiting.body.event.waiting().unwrap().code, "oauth.HTTP_503");
    let (_, status) =
        world.call(&token, "get_case", json!({"proposal": held_up.to_string()})).await;
    assert_eq!(status["state"], "executing");
    assert!(status["words"].as_str().unwrap().contains("tried again"), "{status}");
    // A restart loses nothing, and what is well again is used at once.
    world.kill_gate();
    world.control("oauth", json!({"outage_status": 200})).await;
    world.serve().await;
    let finished = ops.wait_for("the outcome", is(held_up, EntryKind::ExecutionFinished)).await;
    assert_eq!(finished.body.event.platform().unwrap().status, ExecutionStatus::Applied);
    assert_eq!(changes(&world.account().await), 1);
    world.assert_export_holds().await;
}

/// Two budgets are written as one decision, though the answer to the second write is lost; a case
/// about the one that gave is superseded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_is_one_case_over_two_budgets() {
    let Team { world, mut ops, token, .. } = team().await;
    let (_, listed) = world.call(&token, "list_campaigns", json!({})).await;
    let campaign = |at: usize| listed["campaigns"][at].clone();
    let leg = |at: usize, by: i64| {
        let campaign = campaign(at);
        let before = campaign["budget"]["amount"].clone();
        let micros: i64 = before["amount_micros"].as_str().unwrap().parse().unwrap();
        let after = json!({
            "amount_micros": (micros + by).to_string(), "currency": before["currency"],
        });
        json!([{ "entity": campaign["entity"], "before": before, "after": after }])
    };
    let alone = proposal(&world.draft(&token, 0).await);
    let mut draft = support::draft_of(&campaign(2));
    draft["change"] = json!({
        "proposal_type": "budget_transfer", "from": leg(0, -500_000), "to": leg(2, 500_000),
    });
    let mut unbalanced = draft.clone();
    unbalanced["change"]["to"] = leg(2, 600_000);
    let (failed, answer) = world.call(&token, "draft_budget_transfer", unbalanced).await;
    assert!(failed && answer["error"]["code"] == "DRAFT_INVALID", "{answer}");
    let (failed, receipt) = world.call(&token, "draft_budget_transfer", draft).await;
    assert!(!failed, "{receipt}");
    let case = proposal(&receipt);
    world.fault(json!({"kind": "timeout_after_commit", "hold_ms": 100, "skip": 1})).await;
    let seen = ops.open(case).await;
    assert_eq!(ops.decide(&seen, &ops.approval(&seen)).await, None);
    let is = |case, kind| {
        move |entry: &countersign_model::entry::Entry| {
            entry.body.event.kind() == kind && entry.body.event.proposal_id() == Some(case)
        }
    };
    let finished = ops.wait_for("the end", is(case, EntryKind::ExecutionFinished)).await;
    let platform = finished.body.event.platform().unwrap();
    assert_eq!((platform.status, platform.legs.len()), (ExecutionStatus::Applied, 2));
    ops.wait_for("the other case", is(alone, EntryKind::CaseSuperseded)).await;
    assert_eq!(changes(&world.account().await), 2);
    world.assert_export_holds().await;
}

/// A roster, an agent and policies are events at run time; no command needs the gate stopped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serving_gate_is_administered_at_its_socket() {
    let mut world = World::start().await;
    let policies = world.folder.path().join("policies");
    copy_folder(&support::root().join("policies"), &policies);
    world.configure("policies_dir", json!(policies));
    world.serve().await;
    let socket = world.data().join("gate.sock");
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // Whoever is admitted while it serves is known to relay and gate at once, and so is an agent.
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let mut finance = world.admit(2, "Felix", "finance", None).await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    let case = proposal(&world.draft(&token, 0).await);
    let seen = ops.open(case).await;
    for desktop in [&mut ops, &mut finance] {
        let approval = desktop.approval(&seen);
        desktop.open(case).await;
        assert_eq!(desktop.decide(&seen, &approval).await, None);
    }
    let is_done = |entry: &countersign_model::entry::Entry| {
        entry.body.event.kind() == EntryKind::ExecutionFinished
    };
    ops.wait_for("the outcome", is_done).await;
    let rights = world.try_command(&["correct-clock", "--why", "a test"]).await.unwrap_err();
    assert!(rights.contains("must be earlier"), "{rights}");

    // Who cannot be handed anything is not admitted, and who goes away is nobody's agent.
    let before = world.entries().await;
    let (_, request) = Desktop::request(&world, 9);
    let out = world.folder.path().join("absent/felix.json").display().to_string();
    let args = ["admit", "--request", &request, "--name", "X", "--roles", "ops", "--out", &out];
    let refused = world.try_command(&args).await.unwrap_err();
    assert!(refused.contains("there is no such folder"), "{refused}");
    let order = json!({"ledger": {"add_agent": {
        "name": "gone", "owner": owner.person, "scopes": "mcp.read",
    }}});
    let says = |words: &[String]| {
        let mut stream = UnixStream::connect(&socket).unwrap();
        let mut heard = vec![];
        for line in words {
            stream.write_all(line.as_bytes()).unwrap();
            let mut answer = String::new();
            BufReader::new(&stream).read_line(&mut answer).unwrap();
            heard.push(answer);
        }
        heard
    };
    let [decided] = &says(&[format!("{order}\n")])[..] else { panic!() };
    assert!(decided.contains("csag_"), "it is decided, and then nobody commits");
    let commit = json!({"commit": {}});
    let [refused] = &says(&[format!("{order}\n{commit}\n")])[..] else { panic!() };
    assert!(refused.contains("refused"), "committed before anything was handed over: {refused}");
    assert_eq!(world.entries().await, before, "nothing was committed");

    // Policies: broken ones are refused; others hold for new drafts.
    let data = std::fs::read_to_string(policies.join("data.json")).unwrap();
    std::fs::write(policies.join("data.json"), "{").unwrap();
    let refused = world.try_command(&["policy-reload"]).await.unwrap_err();
    assert!(refused.contains("stay"), "{refused}");
    let same = world.draft(&token, 1).await;
    let open = ops.open(proposal(&same)).await;
    assert_eq!(open.verdict.policy, seen.verdict.policy);
    let mut next: Value = serde_json::from_str(&data).unwrap();
    next["version"] = json!("next");
    std::fs::write(policies.join("data.json"), next.to_string()).unwrap();
    let reloaded = world.command(&["policy-reload"]).await;
    assert_eq!((&reloaded["version"], &reloaded["is_new"]), (&json!("next"), &json!(true)));
    assert_eq!(world.command(&["policy-reload"]).await["is_new"], json!(false));
    let newer = ops.open(proposal(&world.draft(&token, 2).await)).await;
    assert_eq!(newer.verdict.policy.version, "next");
    let still = ops.open(proposal(&same)).await;
    assert_eq!(still.verdict.policy, open.verdict.policy, "an open case keeps its verdict");

    // A killed gate leaves its socket; commands work without it, and the next one replaces it.
    world.kill_gate();
    assert!(socket.exists());
    let without = world.try_command(&["policy-reload"]).await.unwrap_err();
    assert!(without.contains("no gate serves"), "{without}");
    world.add_agent(owner.person).await;
    world.serve().await;
    let token = world.add_agent(owner.person).await;
    world.draft(&token, 1).await;
    world.assert_export_holds().await;
    assert!(!world.log().contains("csag_"), "no token in the log");
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_log_is_not_served() {
    let world = World::start().await;
    // One byte of one entry: the gate says so and does not serve.
    let database = world.data().join("gate.sqlite");
    let rows = rusqlite::Connection::open(&database).unwrap();
    let sql = "UPDATE log_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'roster', 'rostre') AS BLOB) WHERE seq = 0";
    assert_eq!(rows.execute(sql, []).unwrap(), 1);
    drop(rows);
    let config = world.config();
    let refused = world.try_command(&["serve", "--config", &config]).await.unwrap_err();
    assert!(refused.contains("failed its check"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_executes_first_supersedes_its_neighbour() {
    let Team { world, mut ops, mut finance, token, .. } = team().await;
    let first = proposal(&world.draft(&token, 2).await);
    let second = proposal(&world.draft(&token, 2).await);
    let seen = ops.open(first).await;
    let approval = ops.approval(&seen);
    assert_eq!(ops.decide(&seen, &approval).await, None);
    let approval = finance.open(first).await;
    let approval = (finance.approval(&approval), approval);
    assert_eq!(finance.decide(&approval.1, &approval.0).await, None);
    let superseded = ops
        .wait_for("the neighbour's end", |entry| {
            entry.body.event.kind() == EntryKind::CaseSuperseded
        })
        .await;
    assert_eq!(superseded.body.event.proposal_id(), Some(second));
    let seen = ops.open(second).await;
    let late = ops.approval(&seen);
    assert_eq!(ops.decide(&seen, &late).await, Some(Refusal::EntityMoved), "its author hears why");
    assert_eq!(changes(&world.account().await), 1);

    // The next draft counts from the new revision.
    let third = proposal(&world.draft(&token, 2).await);
    let third = ops.open(third).await;
    assert_eq!(third.proposal.entity_revision, seen.proposal.entity_revision + 1);
    world.assert_export_holds().await;
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_admitted_without_their_files_is_not_admitted() {
    let world = World::start().await;
    let (device, request) = Desktop::request(&world, 9);
    let folder = world.folder.path().join("files");
    std::fs::create_dir(&folder).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    std::fs::write(at("taken"), "mine").unwrap();
    let (out, totp) = (at("felix.json"), at("felix.totp"));
    let (absent, long) = (at("not-plugged-in/felix"), at(&"x".repeat(300)));
    let admit = |out: &str, totp: &str| -> Vec<String> {
        let args =
            ["admit", "--name", "Felix", "--roles", "finance", "--request", &request, "--out"];
        args.into_iter().chain([out, "--totp-out", totp]).map(str::to_owned).collect()
    };
    let before = world.entries().await;

    for (out, totp, path, cause) in [
        (&out, &absent, &absent, "there is no such folder"),
        (&absent, &totp, &absent, "there is no such folder"),
        (&out, &at("taken"), &at("taken"), "exists already"),
        (&at("taken"), &totp, &at("taken"), "exists already"),
        (&at(""), &totp, &at(""), "Is a directory"),
        (&out, &out, &out, "exists already"),
        (&at("taken/felix"), &totp, &at("taken/felix"), "Not a directory"),
        (&out, &long, &long, "File name too long"),
    ] {
        let args = admit(out, totp);
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let error = world.try_command(&args).await.unwrap_err();
        assert!(error.contains(path) && error.contains(cause), "{error}");
        assert_eq!(names(&folder), ["taken"], "{error}");
    }
    let args = admit(&out, &totp);
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    // Room for the files, and none for the database.
    let full = "trap '' XFSZ; ulimit -f 32;";
    let (ended_well, error) = world.in_shell(full, "", &args).await;
    assert!(!ended_well && error.contains("database"), "{error}");
    assert_eq!(names(&folder), ["taken"], "{error}");
    assert_eq!(world.entries().await, before, "nothing was committed");

    // With all that it needs, but nowhere to print the answer to.
    let (ended_well, told) = world.in_shell("", ">/dev/full", &args).await;
    assert!(!ended_well && told.contains("this was done"), "{told}");
    for part in ["\"person\":\"person_", "\"roster_version\":2", "fingerprint", "root_words"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(names(&folder), ["felix.json", "felix.totp", "taken"]);
    assert!(std::fs::read_to_string(&totp).unwrap().starts_with("otpauth://totp/"));
    Enrolment::parse(&std::fs::read_to_string(&out).unwrap(), device).unwrap();
    assert_eq!(world.entries().await, before + 1);
    assert_eq!(std::fs::read_to_string(at("taken")).unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_whose_token_nobody_got_is_not_added() {
    let world = World::start().await;
    let owner = world.admit(1, "Olivia", "ops", None).await.person.to_string();
    let before = world.entries().await;
    let args = ["agent-add", "--name", "proposer", "--owner", &owner];
    // The last is a pipe that nobody reads any more.
    let gone = "exec 3> >(:); wait $!;";
    for (before, lost) in [("", ">/dev/full"), ("", ">/dev/null"), ("", ">&-"), (gone, ">&3")] {
        let (ended_well, told) = world.in_shell(before, lost, &args).await;
        assert!(!ended_well && told.contains("nothing was done"), "{lost}: {told}");
        assert!(!told.contains("csag_"), "{lost}: {told}");
    }
    assert_eq!(world.entries().await, before, "nothing was committed");
    let out = world.folder.path().join("token.json");
    let (ended_well, told) = world.in_shell("", &format!(">{}", out.display()), &args).await;
    assert!(ended_well, "{told}");
    assert!(std::fs::read_to_string(out).unwrap().contains("\"token\":\"csag_"));
    assert_eq!(world.entries().await, before + 1);
    let full = "trap '' XFSZ; ulimit -f 32;";
    let (ended_well, told) = world.in_shell(full, "", &args).await;
    assert!(!ended_well && told.contains("opens nothing"), "{told}");
    assert_eq!(world.entries().await, before + 1);
}
