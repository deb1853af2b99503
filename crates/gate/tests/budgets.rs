//! What one agent, one caller or one relay can use up: their own budgets, and no more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use countersign_model::entry::EntryKind;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use support::{World, desktop::Desktop, draft_of, pause};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

fn refused(desktop: &Desktop) -> usize {
    desktop.entries.iter().filter(|one| one.body.event.kind() == EntryKind::DraftRefused).count()
}

/// Waits until the gate's log holds still.
async fn settled(desktop: &mut Desktop) {
    let mut before = usize::MAX;
    while before != desktop.entries.len() {
        before = desktop.entries.len();
        for _ in 0..10 {
            pause().await;
        }
        desktop.sync().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_calls_of_a_token_add_one_entry_to_the_log() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let owner = world.admit(3, "Omar", "ops", None).await.person.to_string();
    let args = ["agent-add", "--name", "reader", "--owner", &owner, "--scopes", "mcp.read"];
    let token = world.command(&args).await["token"].as_str().unwrap().to_owned();
    world.serve().await;
    let http = reqwest::Client::new();
    let url = format!("http://{}/v1/approvals", world.gate_address);
    let callers = (0..10).map(|_| {
        let (http, url, token) = (http.clone(), url.clone(), token.clone());
        tokio::spawn(async move {
            let mut heard = vec![];
            for _ in 0..50 {
                let answer = http.post(&url).bearer_auth(&token).send().await.unwrap();
                heard.push(answer.status().as_u16());
            }
            heard
        })
    });
    let callers: Vec<_> = callers.collect();
    let mut statuses = BTreeMap::new();
    for caller in callers {
        for status in caller.await.unwrap() {
            *statuses.entry(status).or_insert(0) += 1;
        }
    }
    settled(&mut ops).await;
    assert_eq!(refused(&ops), 1, "{statuses:?}");
    assert!(statuses[&403] >= 100 && statuses.get(&429).is_some_and(|count| *count > 0));
    // What ordinary clients say wrongly is in nobody's log.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for method in ["foo/bar", "tasks/list", "resources/subscribe"] {
        let url = format!("http://{}/mcp", world.gate_address);
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method});
        let request = http.post(url).bearer_auth(&token).json(&message);
        let request = request.header("accept", "application/json, text/event-stream");
        let told: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(told["error"]["code"], -32_601, "{told}");
    }
    settled(&mut ops).await;
    assert_eq!(refused(&ops), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_cases_of_an_agent_are_bounded_and_another_agent_goes_on() {
    let mut world = World::start().await;
    let ops = world.admit(1, "Olivia", "ops", None).await;
    let (first, second) = (world.add_agent(ops.person).await, world.add_agent(ops.person).await);
    world.configure("agents", json!({"open_cases": 2}));
    world.serve().await;
    world.draft(&first, 0).await;
    world.draft(&first, 1).await;
    let (_, listed) = world.call(&first, "list_campaigns", json!({})).await;
    let params =
        json!({"name": "draft_budget_change", "arguments": draft_of(&listed["campaigns"][2])});
    let message = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params});
    let url = format!("http://{}/mcp", world.gate_address);
    let request = reqwest::Client::new().post(&url).bearer_auth(&first).json(&message);
    let request = request.header("accept", "application/json, text/event-stream");
    let answer = request.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()),
        (429, "60")
    );
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["id"], 5);
    let data = &told["error"]["data"];
    assert_eq!((&data["budget"], &data["limit"]), (&json!("open_cases"), &json!(2)));
    world.draft(&second, 2).await;
}

/// A relay that answers whatever is asked for a page with `head` and then zeros without end.
async fn lying_relay(head: String) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (head, sent) = (head.clone(), Arc::clone(&counted));
            tokio::spawn(async move {
                let mut request = vec![0; 16_384];
                let count = stream.read(&mut request).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&request[..count]).into_owned();
                if !(text.starts_with("GET") && text.contains("/records")) {
                    let ok = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                    let _ = stream.write_all(ok).await;
                    return;
                }
                let _ = stream.write_all(head.as_bytes()).await;
                let chunk = vec![0; 1_000_000];
                while stream.write_all(&chunk).await.is_ok() {
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    (url, sent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lying_relay_fills_no_memory() {
    for head in [
        // Of a size that is told, of one that is not, and in a refusal.
        "HTTP/1.1 200 OK\r\ncontent-length: 900000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 500 Oh\r\nconnection: close\r\n\r\n",
    ] {
        let mut world = World::start().await;
        let (url, sent) = lying_relay(head.into()).await;
        world.configure("relay_url", json!(url));
        world.serve().await;
        let before = world.memory_kib("VmHWM");
        // Several tries of the gate's.
        tokio::time::sleep(Duration::from_secs(4)).await;
        let after = world.memory_kib("VmHWM");
        println!(
            "{head:?}: peak {before} -> {after} KiB, {} MB offered",
            sent.load(Ordering::Relaxed)
        );
        assert!(after < before + 64 * 1024, "{before} -> {after} KiB");
        let health = reqwest::get(format!("http://{}/healthz", world.gate_address)).await.unwrap();
        assert!(health.status().is_success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_requests_follow_no_redirect() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", elsewhere.local_addr().unwrap());
    let was_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&was_asked);
    tokio::spawn(async move {
        let _ = elsewhere.accept().await;
        asked.store(true, Ordering::Relaxed);
    });
    let mut world = World::start().await;
    let head = format!(
        "HTTP/1.1 307 Gone\r\nlocation: {target}/x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let (url, sent) = lying_relay(head).await;
    world.configure("relay_url", json!(url));
    world.serve().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(world.log().contains("307"), "the relay was asked: {}", sent.load(Ordering::Relaxed));
    assert!(!was_asked.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_on_this_machine_is_not_asked_through_a_proxy() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    world.serve_with("HTTP_PROXY", "http://127.0.0.1:1").await;
    ops.wait_for("the log", |one| one.body.event.kind() == EntryKind::RosterAccepted).await;
}

/// How long the drafts of one honest agent took, in order of length.
async fn honest_drafts(world: &World, token: &str, count: usize, every: Duration) -> Vec<Duration> {
    let (_, listed) = world.call(token, "list_campaigns", json!({})).await;
    let mut took = vec![];
    for number in 0..count {
        let draft = draft_of(&listed["campaigns"][number % 3]);
        let begun = Instant::now();
        let (failed, receipt) = world.call(token, "draft_budget_change", draft).await;
        assert!(!failed, "{receipt}");
        took.push(begun.elapsed());
        tokio::time::sleep(every.saturating_sub(begun.elapsed())).await;
    }
    took.sort();
    took
}

/// An agent that asks for everything at once, all the time, by 16 callers.
fn rogue(
    world: &World,
    token: &str,
    stop: &Arc<AtomicBool>,
) -> Vec<tokio::task::JoinHandle<BTreeMap<u16, u64>>> {
    let url = format!("http://{}/mcp", world.gate_address);
    let bodies: Vec<String> = [
        json!({"name": "draft_budget_change", "arguments": {"rationale": "x".repeat(200_000)}}),
        json!({"name": "list_campaigns", "arguments": {}}),
        json!({"name": "approve", "arguments": {}}),
    ]
    .into_iter()
    .map(|params| {
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string()
    })
    .collect();
    let caller = |number: usize| {
        let (url, token, stop) = (url.clone(), token.to_owned(), Arc::clone(stop));
        let (http, body) = (reqwest::Client::new(), bodies[number % bodies.len()].clone());
        tokio::spawn(async move {
            let mut statuses = BTreeMap::new();
            while !stop.load(Ordering::Relaxed) {
                let request = http
                    .post(&url)
                    .bearer_auth(&token)
                    .header("content-type", "application/json")
                    .header("accept", "application/json, text/event-stream")
                    .body(body.clone());
                let status = request.send().await.map_or(0, |answer| answer.status().as_u16());
                *statuses.entry(status).or_insert(0) += 1;
            }
            statuses
        })
    };
    (0..16).map(caller).collect()
}

async fn beside_a_rogue(
    drafts: usize,
    every: Duration,
) -> (Vec<Duration>, Vec<Duration>, BTreeMap<u16, u64>) {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let (honest, hostile) = (world.add_agent(ops.person).await, world.add_agent(ops.person).await);
    // Room for all the honest drafts at once, and so for the rogue's too.
    world.configure("agents", json!({"drafts_per_hour": 12 * drafts}));
    world.serve().await;
    let alone = honest_drafts(&world, &honest, drafts, every).await;
    let stop = Arc::new(AtomicBool::new(false));
    let callers = rogue(&world, &hostile, &stop);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let beside = honest_drafts(&world, &honest, drafts, every).await;
    // The desktops have seen every one of them while it went on.
    let drafted = |desktop: &Desktop| {
        let all = desktop.entries.iter();
        all.filter(|one| one.body.event.kind() == EntryKind::ProposalReceived).count()
    };
    while drafted(&ops) < 2 * drafts {
        ops.sync().await;
        pause().await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut statuses = BTreeMap::new();
    for caller in callers {
        for (status, count) in caller.await.unwrap() {
            *statuses.entry(status).or_insert(0) += count;
        }
    }
    settled(&mut ops).await;
    assert_eq!(refused(&ops), 1, "{statuses:?}");
    assert_eq!(drafted(&ops), 2 * drafts, "the rogue drafted nothing");
    (alone, beside, statuses)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_work_goes_on_beside_a_rogue_agent() {
    let (_, _, statuses) = beside_a_rogue(6, Duration::ZERO).await;
    let shed = statuses.get(&429).copied().unwrap_or(0);
    assert!(shed > 50, "much of it is shed: {statuses:?}");
    assert!(!statuses.contains_key(&0), "each was answered: {statuses:?}");
}

/// Run with `--release -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn latency_of_honest_drafts_beside_a_rogue_agent() {
    // A client of MCP asks three times for a draft, and an agent has 20 requests a second.
    let (alone, beside, statuses) = beside_a_rogue(60, Duration::from_millis(200)).await;
    let at =
        |took: &[Duration], percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    for (name, took) in [("alone", &alone), ("beside the rogue", &beside)] {
        println!("{name}: p50 {:?}, p95 {:?}", at(took, 50), at(took, 95));
    }
    println!("the rogue heard {statuses:?}");
}

/// This process is relay and emulator too, which have it as programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Processor time that a process has used, in milliseconds; `proc(5)` counts hundredths.
fn processor_ms(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields = stat.rsplit(')').next().unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.map(|field| field.parse::<u64>().unwrap()).sum::<u64>() * 10
}

/// Drafts of so many callers at once, each on a connection of its own: how long each took.
async fn drafts_at_once(
    url: &str,
    token: &str,
    drafts: &Arc<Vec<Value>>,
    (callers, each): (usize, usize),
) -> Vec<Duration> {
    let caller = |number: usize| {
        let (url, token, drafts) = (url.to_owned(), token.to_owned(), Arc::clone(drafts));
        tokio::spawn(async move {
            let http = reqwest::Client::new();
            let mut took = vec![];
            for count in 0..each {
                let draft = &drafts[(number + count) % drafts.len()];
                let params = json!({"name": "draft_budget_change", "arguments": draft});
                let message =
                    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
                let begun = Instant::now();
                let request = http.post(&url).bearer_auth(&token).json(&message);
                let request = request.header("accept", "application/json, text/event-stream");
                let answer: Value = request.send().await.unwrap().json().await.unwrap();
                assert_eq!(answer["result"]["isError"], false, "{answer}");
                took.push(begun.elapsed());
            }
            took
        })
    };
    let callers: Vec<_> = (0..callers).map(caller).collect();
    let mut took = vec![];
    for caller in callers {
        took.extend(caller.await.unwrap());
    }
    took.sort();
    took
}

/// Run with `--release -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn drafts_of_sixteen_callers() {
    const CALLERS: usize = 16;
    const EACH: usize = 100;
    let mut world = World::start().await;
    let ops = world.admit(1, "Olivia", "ops", None).await;
    let token = world.add_agent(ops.person).await;
    let much = 10_000_000;
    world.configure(
        "agents",
        json!({"requests_per_second": much, "burst": much, "concurrent": 64, "drafts_per_hour": much, "open_cases": much}),
    );
    world.serve().await;
    let (_, listed) = world.call(&token, "list_campaigns", json!({})).await;
    let campaigns = listed["campaigns"].as_array().unwrap();
    let drafts = Arc::new(campaigns.iter().map(draft_of).collect::<Vec<_>>());
    let url = format!("http://{}/mcp", world.gate_address);
    let (gate, rest) = (world.gate_pid(), std::process::id());
    drafts_at_once(&url, &token, &drafts, (CALLERS, 5)).await;
    for _ in 0..3 {
        let calls = world.account().await["search_calls"].as_u64().unwrap();
        let before = (processor_ms(gate), processor_ms(rest));
        let begun = Instant::now();
        let took = drafts_at_once(&url, &token, &drafts, (CALLERS, EACH)).await;
        let (all, count) = (begun.elapsed(), took.len());
        let calls = world.account().await["search_calls"].as_u64().unwrap() - calls;
        let at = |percent: usize| took[(count * percent / 100).min(count - 1)];
        let a_draft = |ms: u64| ms as f64 / count as f64;
        println!(
            "{:.0} drafts a second, p50 {:?}, p95 {:?}; processor a draft: gate {:.1} ms, emulator, relay and callers {:.1} ms; reads of the platform a draft {:.1}",
            count as f64 / all.as_secs_f64(),
            at(50),
            at(95),
            a_draft(processor_ms(gate) - before.0),
            a_draft(processor_ms(rest) - before.1),
            a_draft(calls),
        );
    }
}
