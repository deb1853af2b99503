//! The published policies and facts to judge by them, for tests and benchmarks.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use countersign_model::{
    Action, AgentId, AmountLimits, BudgetChange, CampaignStatus, Currency, Digest, EntityRef,
    Money, PersonId, Proposal, ProposalId, Ratio, TimestampMs, WorkspaceId,
    change::{BudgetPeriod, Direction, Facts},
    draft::{Grounds, Interval},
    entity::{PlatformId, PlatformKind},
    proposal::{Drafted, Initiator, Origin},
    verdict::AutonomyMode,
};
use countersign_policy::{OriginKind, PolicyInput, PolicySet};
use std::{
    fs,
    path::{Path, PathBuf},
};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// Every Rego file: name relative to the folder, and source.
pub fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for layer in ["protocol", "corporate", "brand", "campaign"] {
        for entry in fs::read_dir(folder().join(layer)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{layer}/{}", path.file_name().unwrap().to_str().unwrap());
            found.push((name, fs::read_to_string(path).unwrap()));
        }
    }
    found.sort();
    found
}

pub fn data() -> serde_json::Value {
    serde_json::from_slice(&fs::read(folder().join("data.json")).unwrap()).unwrap()
}

/// The data as rules see it, limits merged.
pub fn merged_data() -> serde_json::Value {
    let mut data = data();
    let (limits, conflicts) = countersign_policy::limits::merge(&data).unwrap();
    assert!(conflicts.is_empty(), "the published limits relax each other: {conflicts:?}");
    data["limits"] = limits.into();
    data
}

pub fn published() -> PolicySet {
    PolicySet::compile(&files(), data()).unwrap()
}

/// A budget of 100 USD a day changed by `percent`.
pub fn input(percent: i64) -> PolicyInput {
    let before = 100_000_000;
    let after = before + percent * 1_000_000;
    PolicyInput {
        kind: "budget_change".into(),
        direction: match percent.signum() {
            1 => Direction::Increase,
            -1 => Direction::Decrease,
            _ => Direction::None,
        },
        campaign_id: "101".into(),
        origin: OriginKind::Draft,
        agent: Some(AgentId::from_uuid(uuid::Uuid::from_u128(1))),
        autonomy: AutonomyMode::ProposeOnly,
        currency: Currency::parse("USD").ok(),
        before_micros: before,
        after_micros: after,
        budget_delta_percent: Some(Ratio::from_millionths(percent * 1_000_000)),
        weekly_budget_micros: before * 7,
        weekly_move_micros: (after - before).abs() * 7,
        trailing_weekly_increase_micros: 0,
        predicted_lift: Some(Ratio::from_millionths(120_000)),
        confidence: Some(Ratio::from_millionths(790_000)),
        risk_financial_exposure: Some(Ratio::from_millionths(400_000)),
        risk_brand_safety: Some(Ratio::from_millionths(100_000)),
        risk_regulatory_sensitivity: Some(Ratio::from_millionths(50_000)),
        risk_audience_reach: Some(Ratio::from_millionths(300_000)),
        risk_deviation_from_intent: Some(Ratio::from_millionths(100_000)),
        shared_by: 1,
        budget_period: Some(BudgetPeriod::Daily),
        stake_micros: after * 304 / 10,
        own: Facts::default(),
        texts: vec![],
    }
}

/// A daily budget in micros of USD, from and to.
pub fn budget(before: i64, after: i64, shared_by: u32) -> Action {
    let usd = Currency::parse("USD").unwrap();
    Action::BudgetChange(BudgetChange {
        entity: EntityRef {
            platform: PlatformKind::GoogleAds,
            account_id: PlatformId::parse("1234567890").unwrap(),
            campaign_id: PlatformId::parse("101").unwrap(),
        },
        campaign_name: "flash_sale".into(),
        budget_resource: "customers/1234567890/campaignBudgets/2001".into(),
        shared_by,
        status: CampaignStatus::Enabled,
        limits: AmountLimits::unknown(usd),
        before: Money::from_micros(before, usd),
        after: Money::from_micros(after, usd),
        window: None,
    })
}

/// What the agent says of a proposal.
pub fn grounds(proposal: &mut Proposal) -> &mut Grounds {
    match &mut proposal.origin {
        Origin::Draft(drafted) => &mut drafted.grounds,
        Origin::Rollback(_) => unreachable!("no agent drafted it"),
    }
}

/// A rise of 25 % as an agent would propose it.
pub fn proposal() -> Proposal {
    let id = uuid::Uuid::from_u128;
    let lift = Ratio::from_millionths(120_000);
    Proposal {
        id: ProposalId::from_uuid(id(42)),
        workspace: WorkspaceId::from_uuid(id(7)),
        created_at_ms: TimestampMs::from_millis(1_795_237_200_000),
        expires_at_ms: TimestampMs::from_millis(1_795_244_400_000),
        origin: Origin::Draft(Box::new(Drafted {
            initiator: Initiator {
                agent: AgentId::from_uuid(id(1)),
                agent_name: "proposer".into(),
                owner: PersonId::from_uuid(id(2)),
            },
            grounds: Grounds {
                predicted_lift: Interval { value: lift, low: lift, high: lift },
                ..Grounds::sample()
            },
            prompt_commitment: Digest::of(b"p"),
        })),
        action: budget(100_000_000, 125_000_000, 1),
        entity_revision: 0,

        evidence: vec![],
    }
}
