//! Approvals of one class signed together: one sheet with the effect of all of them, one
//! signature per item, one result line per item. What does not belong, or has become stale,
//! drops out with its reason; an override or a high tier is never in a batch.

use crate::{
    case::{
        blocked::{ApprovalBlocked, Blocked},
        facts::{CaseFacts, CaseUnknown, parse_case},
        options, state,
    },
    profile::{
        failure::{Broken, Cause, Failure},
        member::Me,
    },
    sign::{
        decide::{self, DecideError, Prepared, Sheet},
        tickets::{GOOD_FOR_MS, Tickets},
        warnings::{self, Warning},
    },
    view::{BatchInput, BatchTotalsView, DecisionInput, MoneyView, headline, number::count},
};
use countersign_model::{
    Action, Currency, ProposalId, TimestampMs, Verdict,
    change::{BudgetPeriod, Spend},
    confirm::{self, ConfirmSheet},
    decision,
    verdict::RiskTier,
};
use countersign_store::Reader;
use std::collections::{BTreeMap, BTreeSet};

/// The most items of a batch: as many as a person can still look at.
pub(crate) const MAX_ITEMS: usize = 100;

/// Why there is no batch at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    #[error("a batch holds 1 to {MAX_ITEMS} cases")]
    Size,
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for BatchError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// Why a case is not in the batch.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Dropped {
    #[error("policy lets it be decided only by itself")]
    NoClass,
    #[error("its risk is high")]
    HighTier,
    #[error("it asks for a second factor")]
    Factor,
    #[error("somebody has decided on a different value")]
    Overridden,
    #[error("its deadline has passed")]
    Overdue,
    #[error("it is of another class, kind or risk tier than the first one")]
    OtherClass,
    /// It could not be decided by itself either.
    #[error(transparent)]
    Decide(#[from] DecideError),
}

impl<C: Cause> From<C> for Dropped {
    fn from(cause: C) -> Self {
        Self::Decide(cause.into().into())
    }
}

impl From<CaseUnknown> for Dropped {
    fn from(unknown: CaseUnknown) -> Self {
        Self::Decide(unknown.into())
    }
}

impl From<Blocked> for Dropped {
    fn from(why: Blocked) -> Self {
        Self::Decide(why.into())
    }
}

impl From<ApprovalBlocked> for Dropped {
    fn from(why: ApprovalBlocked) -> Self {
        Self::Decide(why.into())
    }
}

/// Bytes of one approval, ready to be signed.
pub(crate) struct Item {
    pub(crate) prepared: Prepared,
    pub(crate) campaign: String,
}

/// The sheet of a batch.
pub(crate) struct BatchSheet {
    /// Names the prepared bytes of all items.
    pub(crate) ticket: String,
    /// The class that all items are of; none if all have dropped out.
    pub(crate) class: Option<Class>,
    /// The effect of all together, one per currency.
    pub(crate) totals: Vec<BatchTotalsView>,
    pub(crate) lines: Vec<Line>,
    pub(crate) warnings: Vec<Warning>,
    /// After this moment it must be made again.
    pub(crate) good_until_ms: TimestampMs,
}

/// An item on the sheet: rendered from its own bytes, or why it is not signed.
pub(crate) struct Line {
    /// Its id as the window gave it.
    pub(crate) proposal: String,
    /// The campaign's name; empty while the case is unknown here.
    pub(crate) campaign: String,
    pub(crate) sheet: Result<ConfirmSheet, Dropped>,
}

/// What all items of a batch have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Class {
    pub(crate) batch_class: String,
    kind: &'static str,
    pub(crate) tier: RiskTier,
}

/// Makes the bytes of each approval and the sheet of all of them.
pub(crate) fn prepare<S: From<Vec<Item>>>(
    reader: &Reader<'_>,
    me: &Me,
    input: &BatchInput,
    tickets: &mut Tickets<S>,
    sheet: Sheet,
) -> Result<BatchSheet, BatchError> {
    let mut seen = BTreeSet::new();
    let asked: Vec<&String> = input.proposals.iter().filter(|one| seen.insert(*one)).collect();
    if asked.is_empty() || asked.len() > MAX_ITEMS {
        return Err(BatchError::Size);
    }
    let mut class = None;
    let (mut items, mut lines, mut changes) = (vec![], vec![], vec![]);
    for proposal in asked {
        let (made, line) = prepare_item(reader, me, input, proposal, &mut class, sheet)?;
        if let Some(Made { item, change }) = made {
            changes.push(change);
            items.push(item);
        }
        lines.push(line);
    }
    Ok(BatchSheet {
        ticket: tickets.keep(items.into(), sheet.now)?,
        class,
        totals: totals(&changes),
        lines,
        warnings: warnings::of_clock(sheet.clock_skew_ms),
        good_until_ms: sheet.now.plus_ms(GOOD_FOR_MS),
    })
}

/// Whether a case may be signed in a batch now; checked when the sheet is made and again
/// when it is signed.
pub(crate) fn check(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    now: TimestampMs,
) -> Result<(), Dropped> {
    if let Some(why) = options::blocked_because(facts, me, now) {
        return Err(why.into());
    }
    if let Some(why) = options::approval_blocked_because(reader, facts, me)? {
        return Err(why.into());
    }
    belongs(&facts.verdict, state::is_overridden(facts), now)
}

/// Whether a case of this verdict may be in any batch.
fn belongs(verdict: &Verdict, overridden: bool, now: TimestampMs) -> Result<(), Dropped> {
    if verdict.batch_class.is_none() {
        return Err(Dropped::NoClass);
    }
    if verdict.risk_tier == RiskTier::High {
        return Err(Dropped::HighTier);
    }
    if !verdict.factors.to_decide.is_empty() {
        return Err(Dropped::Factor);
    }
    if overridden {
        return Err(Dropped::Overridden);
    }
    if verdict.decide_by_ms <= now {
        return Err(Dropped::Overdue);
    }
    Ok(())
}

/// [`check`] for a case as it is stored now.
pub(crate) fn check_again(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
    now: TimestampMs,
) -> Result<(), Dropped> {
    let facts = CaseFacts::load(reader, me, case)?.ok_or(CaseUnknown)?;
    check(reader, me, &facts, now)
}

/// An item that will be signed.
struct Made {
    item: Item,
    change: Action,
}

/// An item's line, and the item itself unless it dropped out.
fn prepare_item(
    reader: &Reader<'_>,
    me: &Me,
    input: &BatchInput,
    proposal: &str,
    class: &mut Option<Class>,
    sheet: Sheet,
) -> Result<(Option<Made>, Line), BatchError> {
    let now = sheet.now;
    let line = |campaign: &str, sheet| Line {
        proposal: proposal.to_owned(),
        campaign: campaign.to_owned(),
        sheet,
    };
    let facts = match parse_case(proposal) {
        Ok(case) => CaseFacts::load(reader, me, case)?,
        Err(CaseUnknown) => None,
    };
    let Some(facts) = facts else { return Ok((None, line("", Err(CaseUnknown.into())))) };
    let change = facts.proposal.action.clone();
    let campaign = change.headline().name();
    let fits = check(reader, me, &facts, now).and_then(|()| same_class(&facts, class));
    let made = fits.and_then(|()| {
        let input = approval(input, proposal);
        Ok(decide::make_decision(reader, me, &facts, &input, now)?)
    });
    let decision = match made {
        Ok(decision) => decision,
        Err(why) => return Ok((None, line(&campaign, Err(why)))),
    };
    let bytes = decision::statement_bytes(&decision, facts.proposal_digest)
        .map_err(|_| Broken("statement"))?;
    let rendered = confirm::render(&bytes, sheet.language).map_err(|_| Broken("confirm sheet"))?;
    let line = line(&campaign, Ok(rendered));
    let prepared = Prepared::new(bytes, facts.proposal.id);
    Ok((Some(Made { item: Item { prepared, campaign }, change }), line))
}

/// The first item that may be in a batch says of which class the batch is.
fn same_class(facts: &CaseFacts, class: &mut Option<Class>) -> Result<(), Dropped> {
    let own = Class {
        batch_class: facts.verdict.batch_class.clone().unwrap_or_default(),
        kind: facts.proposal.action.kind(),
        tier: facts.verdict.risk_tier,
    };
    let first = class.get_or_insert_with(|| own.clone());
    if *first == own {
        return Ok(());
    }
    Err(Dropped::OtherClass)
}

fn approval(input: &BatchInput, proposal: &str) -> DecisionInput {
    DecisionInput {
        proposal: proposal.into(),
        kind: "approve".into(),
        role: input.role.clone(),
        reason_code: input.reason_code.clone(),
        reason_text: input.reason_text.clone(),
        override_micros: None,
        override_entries: None,
        requested: None,
        totp_code: None,
    }
}

/// Sums per currency, and per what amounts are for. In 128 bits a hundred amounts cannot overflow. What has nothing to do
/// with money is in no sum.
fn totals(changes: &[Action]) -> Vec<BatchTotalsView> {
    let mut alike: BTreeMap<(Currency, BudgetPeriod), Vec<(&Action, Spend)>> = BTreeMap::new();
    for change in changes {
        if let Some(spend) = change.spend() {
            alike.entry((spend.after.currency, spend.per)).or_default().push((change, spend));
        }
    }
    alike.into_iter().map(|(of, changes)| total(of, &changes)).collect()
}

fn total(
    (currency, per): (Currency, BudgetPeriod),
    changes: &[(&Action, Spend)],
) -> BatchTotalsView {
    let deltas = changes.iter().map(|(_, Spend { before, after, .. })| {
        i128::from(after.amount_micros) - i128::from(before.amount_micros)
    });
    let accounts: BTreeSet<_> = changes
        .iter()
        .map(|(change, _)| (change.entity().platform, &change.entity().account_id))
        .collect();
    let worst = changes.iter().map(|(change, _)| match change.stake() {
        Ok(stake) => stake.map_or(0, |stake| i128::from(stake.amount_micros)),
        // Beyond 64 bits it is more money than there is, in any currency.
        Err(_) => i128::from(i64::MAX),
    });
    let money = |micros: i128| MoneyView {
        amount_micros: micros.to_string(),
        currency: currency.code().into(),
    };
    BatchTotalsView {
        items: count(changes.len()),
        accounts: count(accounts.len()),
        per: headline::period(per),
        delta: money(deltas.clone().sum()),
        largest: money(deltas.max_by_key(|delta| delta.unsigned_abs()).unwrap_or(0)),
        worst_case: money(worst.sum()),
    }
}

impl Item {
    /// The case.
    pub(crate) const fn case(&self) -> ProposalId {
        self.prepared.case()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::{
        AmountLimits, BudgetChange, CampaignStatus, Digest, EntityRef, Money, Outcome, WorkspaceId,
        entity::{PlatformId, PlatformKind},
        verdict::{AutonomyMode, DecisionType, FactorKind, FactorRule, PolicyRef},
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    fn change(account: u8, code: &str, before: i64, after: i64) -> Action {
        let currency = Currency::parse(code).unwrap();
        Action::BudgetChange(BudgetChange {
            entity: EntityRef {
                platform: PlatformKind::GoogleAds,
                account_id: PlatformId::parse(&format!("1{account}")).unwrap(),
                campaign_id: PlatformId::parse("2").unwrap(),
            },
            campaign_name: "c".into(),
            budget_resource: "b".into(),
            shared_by: 1,
            status: CampaignStatus::Enabled,
            limits: AmountLimits::unknown(currency),
            before: Money::from_micros(before, currency),
            after: Money::from_micros(after, currency),
            window: None,
        })
    }

    fn verdict(tier: RiskTier, class: Option<String>, factor: bool, due: i64) -> Verdict {
        let to_decide = if factor { vec![FactorKind::Totp] } else { vec![] };
        Verdict {
            workspace: WorkspaceId::from_uuid(Uuid::nil()),
            proposal: ProposalId::from_uuid(Uuid::nil()),
            outcome: Outcome::Escalate,
            risk_tier: tier,
            decision_type: DecisionType::HumanOwned,
            autonomy: AutonomyMode::ProposeOnly,
            quorum: vec![],
            factors: FactorRule { to_decide, to_override: vec![FactorKind::Totp] },
            flags: vec![],
            policy: PolicyRef { version: "1".into(), digest: Digest::of(b"policy") },
            evaluated_at_ms: TimestampMs::from_millis(0),
            decide_by_ms: TimestampMs::from_millis(due),
            ladder: vec![],
            batch_class: class,
        }
    }

    #[test]
    fn currencies_are_never_added_up() {
        let totals = totals(&[
            change(1, "USD", 100, 150),
            change(1, "EUR", 100, 90),
            change(2, "USD", 100, 10),
        ]);
        let found: Vec<_> = totals
            .iter()
            .map(|one| {
                let delta = one.delta.amount_micros.as_str();
                (one.delta.currency.as_str(), one.items, one.accounts, delta)
            })
            .collect();
        assert_eq!(found, [("EUR", 1, 1, "-10"), ("USD", 2, 2, "-40")]);
        assert_eq!(totals[1].largest.amount_micros, "-90");
    }

    proptest! {
        #[test]
        fn overrides_and_high_tiers_never_belong(
            tier in prop::sample::select(vec![RiskTier::Low, RiskTier::Medium, RiskTier::High]),
            class in prop::option::of("[a-z]{1,8}"),
            factor: bool,
            overridden: bool,
            due in -1_000i64..1_000,
        ) {
            let now = TimestampMs::from_millis(0);
            let verdict = verdict(tier, class.clone(), factor, due);
            let may = tier != RiskTier::High && class.is_some() && !factor && !overridden && due > 0;
            prop_assert_eq!(belongs(&verdict, overridden, now).is_ok(), may);
        }

        #[test]
        fn totals_are_sums(amounts in prop::collection::vec((0u8..4, any::<i64>(), any::<i64>()), 1..100)) {
            let changes: Vec<_> = amounts
                .iter()
                .map(|(account, before, after)| change(*account, "USD", *before, *after))
                .collect();
            let found = totals(&changes);
            prop_assert_eq!(found.len(), 1);
            let expected: i128 =
                amounts.iter().map(|(_, before, after)| i128::from(*after) - i128::from(*before)).sum();
            prop_assert_eq!(&found[0].delta.amount_micros, &expected.to_string());
            prop_assert_eq!(found[0].items as usize, amounts.len());
            let largest: i128 = found[0].largest.amount_micros.parse().unwrap();
            for (_, before, after) in &amounts {
                prop_assert!((i128::from(*after) - i128::from(*before)).abs() <= largest.abs());
            }
        }
    }
}
