//! The first whole decision, end to end, through real parts: two real app windows with
//! two keychains, a relay that is really stopped, a gate that is really killed, and an
//! emulated ad account over HTTP. The test `tests/story.rs` and `cargo xtask run
//! --headless` play this same story; it leaves pictures and the log's export.

use crate::{
    agent::Agent,
    draft,
    session::Session,
    window::Window,
    world::{self, Admitted, Cast, World},
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    future::Future,
    path::Path,
    process::Command,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::time::sleep;

const SIZE: (u32, u32) = (1280, 800);

/// Plays the story below `folder`, with the project's files at `source`; `tell` hears
/// each chapter as it begins.
///
/// # Errors
/// The first thing that is not as it must be, with the place.
pub async fn play(folder: &Path, source: &Path, tell: &dyn Fn(&str)) -> Result<()> {
    let pictures = folder.join("pictures");
    std::fs::create_dir_all(&pictures)?;
    tell("Two computers start, each with a display and a keychain of its own.");
    let ops_session = Session::start(&folder.join("ops"), SIZE).await?;
    let finance_session = Session::start(&folder.join("finance"), SIZE).await?;
    tell("Relay, gate and the emulated ad account start; three people are admitted.");
    let seat = world::two_seats(&ops_session, &finance_session);
    let (mut world, Cast { ops, finance, agent_token }) =
        World::start_demo(&folder.join("servers"), source, seat).await?;

    let ops_window = Window::open(&ops_session, &world.programs, &ops.profile).await?;
    let finance_window = Window::open(&finance_session, &world.programs, &finance.profile).await?;
    tell("An agent connects over MCP and drafts +25 % for a 72-hour sale.");
    let proposal = agent_drafts(&world, &agent_token).await?;

    tell("Both desktops receive the case and show its evidence.");
    for (name, window) in [("ops", &ops_window), ("finance", &finance_window)] {
        open_case(window, &proposal).await?;
        sees_the_evidence(window).await.with_context(|| format!("in the window of {name}"))?;
        window.picture(&pictures.join(format!("1-case-received-{name}.png"))).await?;
    }

    ops_window.picture_at("pacing-chart", &pictures.join("1-pacing-ops.png")).await?;
    tell("Ops approves.");
    approve(&ops_window, &pictures).await?;
    ops_window.find("delivery", "[data-stage=\"accepted_by_gate\"]").await?;

    tell("The relay stops. Finance opens the app from cold and overrides to +15 %.");
    finance_window.close().await?;
    world.stop_relay().await?;
    let finance_window =
        override_offline(&world, &finance_session, &finance, &proposal, &pictures).await?;

    tell("The relay comes back; the gate is killed between the platform's commit and the outcome.");
    execute_across_a_kill(&mut world).await?;

    tell("Both desktops see it executed, with proofs that they checked themselves.");
    for (name, window) in [("ops", &ops_window), ("finance", &finance_window)] {
        sees_it_executed(window).await.with_context(|| format!("in the window of {name}"))?;
        window.picture(&pictures.join(format!("6-executed-{name}.png"))).await?;
    }
    ops_window.picture_at("timeline-row", &pictures.join("7-timeline-ops.png")).await?;
    changed_exactly_once(&world.account().await?)?;
    tell("Finance asks to take it back, ops signs, and the budget is what it was.");
    take_it_back(&world, &finance_window, &ops_window, &pictures).await.context("a rollback")?;
    tell("The agent drafts a pause. One signature is enough, and the campaign stands still.");
    pause_a_campaign(&world, &agent_token, &ops_window, &pictures).await.context("a pause")?;
    tell("The exported log is checked offline; a changed byte is named.");
    the_export_proves_it(&world, folder).await?;
    ops_window.close().await?;
    finance_window.close().await?;
    no_secret_in_any_log(world.folder())
}

async fn agent_drafts(world: &World, token: &str) -> Result<String> {
    let agent = Agent::connect(world.gate_address(), token).await?;
    let tools = agent.tools().await?;
    ensure!(tools.iter().any(|tool| tool == "draft_budget_change"), "tools: {tools:?}");
    for word in ["approve", "decide", "sign", "override", "execute"] {
        ensure!(!tools.iter().any(|tool| tool.contains(word)), "{word} in {tools:?}");
    }
    let (status, body) = agent.raw_tool_call("approve_proposal").await?;
    ensure!(status == 403 && body["error"] == "SCOPE_INSUFFICIENT", "{status} {body}");

    let campaigns = agent.call("list_campaigns", json!({})).await?;
    let listed = campaigns["campaigns"].as_array().context("no campaigns")?;
    ensure!(listed.len() == 7, "{campaigns}");
    let receipt = draft::SALE.send(&agent, now_ms()).await?;
    Ok(receipt["proposal"].as_str().context("no proposal in the receipt")?.to_owned())
}

async fn open_case(window: &Window, proposal: &str) -> Result<()> {
    window.click("inbox-row", &format!("[data-proposal=\"{proposal}\"]")).await?;
    window.find("case-title", "").await?;
    Ok(())
}

async fn sees_the_evidence(window: &Window) -> Result<()> {
    contains(window, "diff-before", "305").await?;
    contains(window, "diff-after", "381.25").await?;
    contains(window, "diff-percent", "25").await?;
    for role in ["ops", "finance"] {
        window.find("signer-row", &format!("[data-role=\"{role}\"]")).await?;
    }
    contains(window, "flag-row", "15").await?;
    window.find("attribution-row", "").await?;
    window.find("pacing-chart", "").await?;
    judged_here(window).await
}

/// This device has evaluated the policy itself, and everything in the log follows.
async fn judged_here(window: &Window) -> Result<()> {
    window.find("policy-check", "[data-check=\"holds\"]").await?;
    Ok(())
}

async fn approve(window: &Window, pictures: &Path) -> Result<()> {
    window.click("approve-button", "").await?;
    window.choose("reason-select", "seasonal_opportunity").await?;
    window.click("to-confirm", "").await?;
    contains(window, "confirm-sheet", "USD 381.25").await?;
    window.picture(&pictures.join("2-confirm-ops.png")).await?;
    window.click("sign-button", "").await?;
    window.find("signed-note", "").await?;
    Ok(())
}

async fn override_offline(
    world: &World,
    session: &Session,
    finance: &Admitted,
    proposal: &str,
    pictures: &Path,
) -> Result<Window> {
    let window = Window::open(session, &world.programs, &finance.profile).await?;
    window.find("connection-chip", "[data-online=\"false\"]").await?;
    open_case(&window, proposal).await?;
    sees_the_evidence(&window).await.context("offline, from cold")?;
    window.picture(&pictures.join("3-offline-from-cold-finance.png")).await?;

    window.click("override-button", "").await?;
    window.fill("override-amount", "350.75").await?;
    window.choose("reason-select", "budget_headroom").await?;
    window.fill("reason-text", "The quarter's headroom covers fifteen percent.").await?;
    window.fill("totp-code", &world::totp_code(&finance.totp_uri, now_ms_u64() / 1_000)?).await?;
    window.picture(&pictures.join("4-override-finance.png")).await?;
    window.click("to-confirm", "").await?;
    contains(&window, "confirm-sheet", "USD 350.75").await?;
    window.picture(&pictures.join("5-confirm-override-finance.png")).await?;
    window.click("sign-button", "").await?;
    window.find("delivery", "[data-stage=\"held\"]").await?;
    window.find("connection-chip", "[data-unsent=\"1\"]").await?;
    window.picture(&pictures.join("5-signed-not-delivered-finance.png")).await?;
    Ok(window)
}

/// The relay comes back; the gate is killed after the platform has committed and before
/// the outcome is logged.
async fn execute_across_a_kill(world: &mut World) -> Result<()> {
    world.fault(&json!({"kind": "pause_after_commit", "hold_ms": 60_000})).await?;
    world.start_relay().await?;
    eventually("the platform holds the answer to the write", || async {
        let account = world.account().await?;
        Ok(account["holding"] == 1 && account["changes"].as_array().map(Vec::len) == Some(1))
    })
    .await?;
    world.kill_gate().await?;
    world.start_gate().await
}

async fn sees_it_executed(window: &Window) -> Result<()> {
    window.find("state-badge", "[data-state=\"executed\"]").await?;
    window.find("read-back", "[data-micros=\"350750000\"]").await?;
    let decisions = window.all("decision-row", "").await?;
    ensure!(decisions.len() == 2, "{} decisions are shown", decisions.len());
    for decision in decisions {
        let checked = decision.attr("data-checked").await?;
        ensure!(checked.as_deref() == Some("true"), "a signature is not shown as checked");
    }
    let executed = "[data-action=\"execution_finished\"]";
    let row = window.find("timeline-row", executed).await?;
    ensure!(row.attr("data-included").await?.as_deref() == Some("true"), "no inclusion proof");
    judged_here(window).await
}

fn changed_exactly_once(account: &Value) -> Result<()> {
    let changes = account["changes"].as_array().context("no changes")?;
    ensure!(changes.len() == 1, "the budget changed {} times: {changes:?}", changes.len());
    ensure!(changes[0]["new_amount_micros"] == 350_750_000, "{changes:?}");
    Ok(())
}

/// Who asks for it does not decide; what is written is what stood there before.
async fn take_it_back(
    world: &World,
    finance: &Window,
    ops: &Window,
    pictures: &Path,
) -> Result<()> {
    finance.press("z").await?;
    finance.find("rollback-sheet", "").await?;
    finance.fill("rollback-text", "The sale was called off.").await?;
    finance.click("rollback-next", "").await?;
    contains(finance, "confirm-sheet", "The sale was called off.").await?;
    finance.picture(&pictures.join("7-confirm-rollback-finance.png")).await?;
    finance.click("sign-button", "").await?;
    // The gate has opened the case, and this device has followed it there.
    finance.click("rollback-by", "").await?;
    finance.find("takes-back", "").await?;
    finance.find("blocked-because", "[data-code=\"initiator_may_not_decide\"]").await?;
    let case = finance.find("case", "").await?.attr("data-proposal").await?;
    let proposal = case.context("the case does not say which it is")?;
    judged_here(finance).await?;

    ops.press("gi").await?;
    open_case(ops, &proposal).await?;
    contains(ops, "diff-after", "305").await?;
    ops.picture(&pictures.join("7-rollback-ops.png")).await?;
    ops.click("approve-button", "").await?;
    ops.choose("reason-select", "within_plan").await?;
    ops.click("to-confirm", "").await?;
    contains(ops, "confirm-sheet", "USD 305.00").await?;
    ops.click("sign-button", "").await?;
    ops.find("case", &format!("[data-proposal=\"{proposal}\"]")).await?;
    // The change that is taken back stands among the cases like this one, executed.
    ops.find("read-back", "[data-micros=\"305000000\"]").await?;
    judged_here(ops).await?;
    let account = world.account().await?;
    let changes = account["changes"].as_array().context("no changes")?;
    ensure!(changes.len() == 2, "{} changes: {changes:?}", changes.len());
    ensure!(changes[1]["new_amount_micros"] == 305_000_000, "{changes:?}");
    Ok(())
}

/// A second kind of change, on a campaign of its own.
async fn pause_a_campaign(
    world: &World,
    token: &str,
    window: &Window,
    pictures: &Path,
) -> Result<()> {
    let agent = Agent::connect(world.gate_address(), token).await?;
    let receipt = draft::PAUSE.send_pause(&agent).await?;
    let proposal = receipt["proposal"].as_str().context("no proposal in the receipt")?;
    // From the case that is open back to the list.
    window.press("gi").await?;
    open_case(window, proposal).await?;
    window.click("approve-button", "").await?;
    window.choose("reason-select", "within_plan").await?;
    window.click("to-confirm", "").await?;
    window.find("confirm-line", "[data-key=\"status_after\"]").await?;
    contains(window, "confirm-sheet", "paused").await?;
    window.picture(&pictures.join("8-confirm-pause-ops.png")).await?;
    window.click("sign-button", "").await?;
    window.find("case", &format!("[data-proposal=\"{proposal}\"]")).await?;
    window.find("state-badge", "[data-state=\"executed\"]").await?;
    judged_here(window).await?;
    window.picture(&pictures.join("9-paused-ops.png")).await?;
    let account = world.account().await?;
    let changes = account["changes"].as_array().context("no changes")?;
    ensure!(changes.len() == 3, "{} changes: {changes:?}", changes.len());
    ensure!(changes[2]["statuses"] == json!(["ENABLED", "PAUSED"]), "{changes:?}");
    Ok(())
}

async fn the_export_proves_it(world: &World, folder: &Path) -> Result<()> {
    let (export, trust) = (folder.join("log-export.jsonl"), folder.join("trust.json"));
    world.export(&export, &trust).await?;
    let verdict = verify(world, &export, &trust)?;
    ensure!(verdict.0, "countersign-verify finds fault: {}", verdict.1);
    std::fs::write(folder.join("verdict.txt"), &verdict.1)?;

    let text = std::fs::read_to_string(&export)?;
    let tampered = folder.join("tampered.jsonl");
    std::fs::write(&tampered, text.replacen("350750000", "381250000", 1))?;
    let verdict = verify(world, &tampered, &trust)?;
    ensure!(!verdict.0, "a changed amount was not found");
    ensure!(verdict.1.contains("line"), "the place is not named: {}", verdict.1);
    std::fs::remove_file(tampered)?;
    Ok(())
}

fn verify(world: &World, export: &Path, trust: &Path) -> Result<(bool, String)> {
    let output = Command::new(world.programs.path("countersign-verify"))
        .arg(export)
        .arg("--trust")
        .arg(trust)
        .output()?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// What must be in no log line: the amounts, the prompt, the rationale, names of people.
fn no_secret_in_any_log(folder: &Path) -> Result<()> {
    for name in ["gate.log", "relay.log"] {
        let log = std::fs::read_to_string(folder.join(name))?;
        for secret in ["350750000", "381250000", "305000000", "last 120 days", "Felix", "Olivia"] {
            ensure!(!log.contains(secret), "{name} contains {secret:?}");
        }
    }
    Ok(())
}

async fn contains(window: &Window, testid: &str, words: &str) -> Result<()> {
    let text = window.text(testid, "").await?;
    let all = window.all(testid, "").await?;
    for element in all {
        if element.text().await?.contains(words) {
            return Ok(());
        }
    }
    bail!("{testid} does not say {words:?}; it says {text:?}")
}

async fn eventually<F, Fut>(what: &str, mut check: F) -> Result<()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<bool>>,
{
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if check().await? {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    bail!("not within 60 s: {what}")
}

fn now_ms() -> i64 {
    i64::try_from(now_ms_u64()).unwrap_or(i64::MAX)
}

fn now_ms_u64() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
