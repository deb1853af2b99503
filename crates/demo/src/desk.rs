//! The desk in real windows: cold and offline to a signed decision by keyboard alone, undo,
//! a restart with unsent signatures, two windows that see each other live, and a link that
//! opens the right case from cold. `tests/desk.rs` plays it.

use crate::{
    agent::Agent,
    draft::{self, DemoDraft},
    keyboard::{Keyboard, Place},
    session::Session,
    window::Window,
    world::{self, Admitted, Cast, World},
};
use anyhow::{Context, Result, ensure};
use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use thirtyfour::Key;
use tokio::time::sleep;

const SIZE: (u32, u32) = (1280, 800);

/// A workspace with two approvers at two computers.
struct Desk {
    world: World,
    ops_session: Session,
    finance_session: Session,
    ops: Admitted,
    finance: Admitted,
    agent: Agent,
}

/// Plays all chapters below `folder`, with the project's files at `source`; `tell` hears
/// each as it begins.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn play(folder: &Path, source: &Path, tell: &dyn Fn(&str)) -> Result<()> {
    let mut desk = Desk::start(folder, source).await?;
    tell("Two windows see each other's decision live.");
    desk.two_windows_live().await.context("two windows, live")?;
    tell("Keys act by their place on other layouts, and with Caps Lock.");
    desk.keys_by_place().await.context("keys by their place")?;
    tell("Offline from cold to a signed decision, by keyboard alone; undo; a crash; delivery.");
    desk.offline_by_keyboard().await.context("offline by keyboard")?;
    tell("A link opens the right case from cold and decides nothing.");
    desk.link_from_cold().await.context("a link from cold")?;
    tell("The real bridge keeps the contract that the fake keeps.");
    desk.contract(source).await.context("the bridge's contract")
}

impl Desk {
    async fn start(folder: &Path, source: &Path) -> Result<Self> {
        let ops_session = Session::start(&folder.join("ops"), SIZE).await?;
        let finance_session = Session::start(&folder.join("finance"), SIZE).await?;
        let seat = world::two_seats(&ops_session, &finance_session);
        let (world, Cast { ops, finance, agent_token }) =
            World::start_demo(&folder.join("servers"), source, seat).await?;
        let agent = Agent::connect(world.gate_address(), &agent_token).await?;
        Ok(Self { world, ops_session, finance_session, ops, finance, agent })
    }

    /// Drafts a change and returns its proposal id.
    async fn draft(&self, draft: &DemoDraft) -> Result<String> {
        let receipt = draft.send(&self.agent, now_ms()?).await?;
        Ok(receipt["proposal"].as_str().context("no proposal in the receipt")?.to_owned())
    }

    async fn ops_window(&self) -> Result<Window> {
        Window::open(&self.ops_session, &self.world.programs, &self.ops.profile).await
    }

    async fn finance_window(&self) -> Result<Window> {
        Window::open(&self.finance_session, &self.world.programs, &self.finance.profile).await
    }

    async fn two_windows_live(&self) -> Result<()> {
        let (ops, finance) = (self.ops_window().await?, self.finance_window().await?);
        let proposal = self.draft(&draft::SALE).await?;
        for window in [&ops, &finance] {
            open_case(window, &proposal).await?;
            window.find("backtest-chart", "").await?;
        }
        approve_by_keyboard(&ops).await?;
        ops.find("undo", "").await.context("no way back is offered")?;
        // Finance touches nothing: the decision of ops appears by itself.
        let seen = "[data-role=\"ops\"][data-mine=\"false\"][data-checked=\"true\"]";
        finance.find("decision-row", seen).await.context("finance does not see it")?;
        finance.find("signer-row", "[data-role=\"ops\"][data-signed=\"true\"]").await?;
        ops.find("delivery", "[data-stage=\"accepted_by_gate\"]").await?;
        ops.close().await?;
        finance.close().await
    }

    /// Case 11 of the field's reports: `g l`, `g i` and Ctrl + K where a layout has no such
    /// letters, and with Caps Lock.
    async fn keys_by_place(&self) -> Result<()> {
        let window = self.ops_window().await?;
        window.find("inbox", "").await?;
        let keyboard = Keyboard::of(&self.ops_session).await?;
        for (layout, caps_lock) in
            [("us", false), ("us", true), ("ru", false), ("ru", true), ("gr", false), ("il", false)]
        {
            let turn = async || {
                keyboard.layout(layout).await?;
                if caps_lock {
                    keyboard.tap(&[Place::CAPS_LOCK]).await?;
                }
                keyboard.tap(&[Place::G, Place::L]).await?;
                window.find("log-kind", "").await.context("g l")?;
                keyboard.tap(&[Place::G, Place::I]).await?;
                window.find("inbox", "").await.context("g i")?;
                keyboard.tap_with_control(Place::K).await?;
                window.find("palette", "").await.context("Ctrl + K")?;
                keyboard.tap(&[Place::ESCAPE]).await?;
                window.gone("palette", "").await.context("Escape")?;
                if caps_lock {
                    keyboard.tap(&[Place::CAPS_LOCK]).await?;
                }
                anyhow::Ok(())
            };
            turn().await.with_context(|| format!("layout {layout}, Caps Lock {caps_lock}"))?;
        }
        keyboard.layout("us").await?;
        window.close().await
    }

    async fn offline_by_keyboard(&mut self) -> Result<()> {
        let window = self.ops_window().await?;
        let proposal = self.draft(&draft::STEADY_RAISE).await?;
        window.find("inbox-row", &row(&proposal)).await?;
        window.close().await?;
        self.world.stop_relay().await?;

        let window = self.ops_window().await?;
        window.find("connection-chip", "[data-online=\"false\"]").await?;
        go_to_row(&window, &proposal).await?;
        approve_by_keyboard(&window).await?;
        window.find("delivery", "[data-stage=\"held\"]").await?;
        window.find("connection-chip", "[data-unsent=\"1\"]").await?;

        // Undo: nothing is unsent any more, and the case asks again.
        window.press("u").await?;
        window.find("connection-chip", "[data-unsent=\"0\"]").await.context("undo")?;
        window.find("approve-button", "").await.context("the case asks again after undo")?;

        approve_by_keyboard(&window).await?;
        window.find("delivery", "[data-stage=\"held\"]").await?;
        window.kill().await?;

        // After the crash it is still there, still unsent, and says so.
        let window = self.ops_window().await?;
        window.find("connection-chip", "[data-unsent=\"1\"]").await.context("after a crash")?;
        self.world.start_relay().await?;
        window.find("connection-chip", "[data-online=\"true\"][data-unsent=\"0\"]").await?;
        open_settled_or_waiting(&window, &proposal).await?;
        window.find("state-badge", "[data-state=\"executed\"]").await?;
        let mine = "[data-mine=\"true\"][data-checked=\"true\"]";
        window.find("decision-row", mine).await.context("my decision is not in the case")?;
        window.close().await?;
        let account = self.world.account().await?;
        let changes = account["changes"].as_array().context("no changes")?;
        ensure!(changes.len() == 1, "{} changes were applied: {changes:?}", changes.len());
        Ok(())
    }

    async fn link_from_cold(&self) -> Result<()> {
        let window = self.ops_window().await?;
        let proposal = self.draft(&draft::DECREASE).await?;
        window.find("inbox-row", &row(&proposal)).await?;
        window.close().await?;
        let link = format!("countersign://case/{proposal}");
        let (session, programs) = (&self.ops_session, &self.world.programs);
        let window = Window::open_with(session, programs, &self.ops.profile, Some(&link)).await?;
        window.find("case", &row(&proposal)).await.context("the link's case is not open")?;
        window.find("approve-button", "").await?;
        ensure!(window.all("decision-sheet", "").await?.is_empty(), "the link opened a sheet");
        ensure!(window.all("decision-row", "").await?.is_empty(), "the link decided");
        window.close().await
    }
}

/// The laws that every bridge keeps, built from `ui/tests/contract` by `npm run build:contract`.
const CONTRACT: &str = "ui/dist-contract/contract.js";

impl Desk {
    async fn contract(&self, source: &Path) -> Result<()> {
        let file = source.join(CONTRACT);
        let laws = std::fs::read_to_string(&file)
            .with_context(|| format!("{} is not built", file.display()))?;
        let window = self.ops_window().await?;
        window.find("inbox-row", "").await?;
        let script = format!(
            "{laws}\nconst done = arguments[arguments.length - 1];\n\
             countersignContract.run({{ changes: true }}).then(done, (error) => done(String(error)));"
        );
        let outcomes = window.ask(&script, vec![]).await?;
        window.close().await?;
        let outcomes = outcomes.as_array().with_context(|| format!("it answered {outcomes}"))?;
        ensure!(outcomes.len() > 20, "only {} laws were tried", outcomes.len());
        let broken: Vec<_> =
            outcomes.iter().filter(|outcome| !outcome["breach"].is_null()).collect();
        ensure!(broken.is_empty(), "broken: {broken:#?}");
        Ok(())
    }
}

fn row(proposal: &str) -> String {
    format!("[data-proposal=\"{proposal}\"]")
}

async fn open_case(window: &Window, proposal: &str) -> Result<()> {
    window.click("inbox-row", &row(proposal)).await?;
    window.find("case", &row(proposal)).await?;
    Ok(())
}

/// With `j` to the row and Enter to the case: no mouse.
async fn go_to_row(window: &Window, proposal: &str) -> Result<()> {
    window.find("inbox-row", &row(proposal)).await?;
    let cursor = format!("{}[data-cursor=\"true\"]", row(proposal));
    for _ in 0..20 {
        if !window.all("inbox-row", &cursor).await?.is_empty() {
            break;
        }
        window.press("j").await?;
        sleep(Duration::from_millis(100)).await;
    }
    window.press(&Key::Enter.value().to_string()).await?;
    window.find("case", &row(proposal)).await?;
    Ok(())
}

/// `a`, Tab to the reason and its first letter, Tab and Enter to the confirm sheet,
/// Ctrl+Enter to sign.
async fn approve_by_keyboard(window: &Window) -> Result<()> {
    window.find("approve-button", "").await?;
    window.press("a").await?;
    window.find("decision-sheet", "[data-kind=\"approve\"]").await?;
    let begun = std::time::Instant::now();
    tab_to(window, "reason-select").await?;
    window.press("w").await?;
    tab_to(window, "to-confirm").await?;
    window.press(&Key::Enter.value().to_string()).await?;
    window.find("confirm-sheet", "").await?;
    window.find("confirm-line", "[data-key=\"budget_after\"]").await?;
    window.find("sign-button", "[data-ready=\"true\"]").await?;
    window.press_with_control(Key::Enter).await?;
    window.gone("confirm-sheet", "").await?;
    ensure!(begun.elapsed() < Duration::from_secs(30), "signing took {:?}", begun.elapsed());
    Ok(())
}

async fn tab_to(window: &Window, testid: &str) -> Result<()> {
    for _ in 0..20 {
        if window.focused().await?.as_deref() == Some(testid) {
            return Ok(());
        }
        window.press(&Key::Tab.value().to_string()).await?;
    }
    anyhow::bail!("Tab does not reach {testid}")
}

/// Opens a case on whichever list it stands by now.
async fn open_settled_or_waiting(window: &Window, proposal: &str) -> Result<()> {
    for _ in 0..60 {
        for view in ["view-needs_me", "view-waiting_on_others", "view-settled"] {
            window.click(view, "").await?;
            sleep(Duration::from_millis(250)).await;
            if !window.all("inbox-row", &row(proposal)).await?.is_empty() {
                return open_case(window, proposal).await;
            }
        }
    }
    anyhow::bail!("{proposal} is on no list")
}

fn now_ms() -> Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}
