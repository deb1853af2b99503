//! Agents draft, and the gate is given what the platform says beside it.

use super::World;
use crate::{
    cast,
    gate::Ended,
    model::{Broken, DRAFT_ONLY, LAYERS, Wanted, broken},
    step::{Quality, Wish},
};
use countersign_gate::{
    core::{Drafting, Event, Prepared},
    evidence,
};
use countersign_model::{
    CampaignStatus, Digest, Draft, EntityState, TimestampMs,
    change::{
        Budget, BudgetDraft, BudgetPeriod, DraftChange, ScheduleDraft, StatusDraft,
        TotalBudgetDraft,
    },
    draft::{ConsideredInput, Grounds, InputKind, SourceReference},
    evidence::{DayRange, PacingSeries},
    time::DAY_MS,
};
use std::collections::BTreeMap;

impl World {
    pub(super) fn draft(
        &mut self,
        campaign: usize,
        wish: Wish,
        quality: Quality,
    ) -> Result<String, Broken> {
        if let Err(Ended(why)) = self.gate.start() {
            return Ok(format!("the gate ended ({why})"));
        }
        let state = self.account.state(campaign);
        let draft = draft_of(asked(&state, wish, quality));
        if draft.change.check().is_err() {
            let input = Digest::of(b"what it sent");
            let refused = Event::DraftsRefused { agent: cast::agent(), input, count: 1 };
            return Ok(match self.gate.handle(refused) {
                Ok(()) => "refused at the door".into(),
                Err(Ended(why)) => format!("the gate ended ({why})"),
            });
        }
        let (log_size, now) = (self.gate.log_size(), self.time.wall());
        let prepared = prepared(draft, state, log_size, now);
        let sealed =
            self.gate.look(|ledger| evidence::seal(&prepared, ledger.identity(), ledger.random()));
        let Some(Ok(evidence)) = sealed else { return Ok("no evidence".into()) };
        let before: Vec<_> = self.gate.works();
        let opened = match self.gate.draft(Drafting { prepared, evidence, keyed: None }) {
            Ok(opened) => opened,
            Err(Ended(why)) => return Ok(format!("the gate ended ({why})")),
        };
        let begun = self.gate.works().into_iter().find(|one| opened.contains(one));
        if begun.is_some() && !before.iter().any(|one| opened.contains(one)) {
            return broken(DRAFT_ONLY, "a draft began an execution");
        }
        for case in opened.iter().filter_map(|case| self.gate.case(*case)) {
            let roles: Vec<_> =
                case.verdict().quorum.iter().map(|group| group.role.as_str().to_owned()).collect();
            let proposed = Wanted::of(&case.proposal().action);
            let missing =
                proposed.roles().iter().find(|role| !roles.contains(&(**role).to_owned()));
            if let Some(role) = missing {
                return broken(
                    LAYERS,
                    format!("{proposed:?} asks for {roles:?} and not for {role}"),
                );
            }
        }
        Ok(if opened.is_empty() { "refused".into() } else { "a case opens".into() })
    }
}

/// What an agent asks for of a campaign as the platform reports it.
fn asked(state: &EntityState, wish: Wish, quality: Quality) -> DraftChange {
    let (is_stale, is_empty) = (quality == Quality::Stale, quality == Quality::Empty);
    let entity = state.entity.clone();
    match wish {
        Wish::Percent(percent) => {
            let Budget { period, amount } = state.budget.holds;
            let before = amount.amount_micros + if is_stale { 3_000_000 } else { 0 };
            let after = if is_empty { before } else { before + before / 100 * percent };
            let (before, after) = (cast::usd(before), cast::usd(after));
            match period {
                BudgetPeriod::Daily => {
                    DraftChange::BudgetChange(BudgetDraft { entity, before, after, window: None })
                }
                BudgetPeriod::Total => {
                    DraftChange::TotalBudgetChange(TotalBudgetDraft { entity, before, after })
                }
            }
        }
        Wish::Turn => {
            let other = |status| match status {
                CampaignStatus::Enabled => CampaignStatus::Paused,
                _ => CampaignStatus::Enabled,
            };
            let before = if is_stale { other(state.status) } else { state.status };
            let after = if is_empty { before } else { other(before) };
            DraftChange::StatusChange(StatusDraft {
                entity,
                ad_group_id: None,
                before,
                after,
                window: None,
            })
        }
        Wish::Days(days) => {
            let end = |from: Option<TimestampMs>, days: i64| {
                Some(from.unwrap_or(TimestampMs::from_millis(cast::T0)).plus_ms(days * DAY_MS))
            };
            let mut before = state.flight;
            if is_stale {
                before.ends_at_ms = end(before.ends_at_ms, 1);
            }
            let mut after = before;
            if !is_empty {
                after.ends_at_ms = end(before.ends_at_ms, days);
            }
            DraftChange::ScheduleChange(ScheduleDraft { entity, before, after })
        }
    }
}

fn draft_of(change: DraftChange) -> Draft {
    Draft {
        change,
        grounds: Grounds {
            feature_attributions: BTreeMap::new(),
            uncertainty: "MARKER uncertainty".into(),
            escalation_rule: "MARKER escalation".into(),
            rationale: "MARKER rationale".into(),
            trigger: "MARKER trigger".into(),
            likely_outcome: "MARKER outcome".into(),
            next_steps: vec!["MARKER step".into()],
            campaign_intent: "MARKER intent".into(),
            inputs_considered: vec![ConsideredInput {
                kind: InputKind::CampaignHistory,
                about: "MARKER input".into(),
            }],
            source_references: vec![SourceReference {
                title: "MARKER source".into(),
                location: "MARKER location".into(),
                digest: None,
            }],
            recommended_action: Some("MARKER action".into()),
            counterfactual: Some("MARKER counterfactual".into()),
            ..Grounds::sample()
        },
        prompt: "MARKER prompt".into(),
        backtest: None,
    }
}

fn prepared(draft: Draft, state: EntityState, log_size: u64, now: TimestampMs) -> Prepared {
    let day = "2026-11-01".to_owned();
    let pacing = PacingSeries {
        entity: state.entity.clone(),
        time_zone: state.time_zone.clone(),
        read_at_ms: now,
        budget: state.budget.holds,
        source: "simulated".into(),
        asked: DayRange { first: day.clone(), last: day },
        days: vec![],
    };
    Prepared {
        initiator: cast::initiator(),
        draft,
        log_size,
        states: vec![state],
        pacing: vec![pacing],
    }
}
