//! Approvals of one class signed together: one sheet with the effect of all of them, one
//! signature per item, one result line per item. What does not belong, or has become stale,
//! drops out with its reason; an override or a high tier is never in a batch.

use crate::{
    case::{
        facts::{CaseFacts, parse_case, unknown_case},
        options, state,
    },
    profile::member::Me,
    sign::{
        decide::{self, Prepared, Sheet},
        tickets::{GOOD_FOR_MS, Tickets},
    },
    view::{
        BatchConfirmView, BatchInput, BatchItemView, BatchTotalsView, DecisionInput, MoneyView,
        ProblemView,
        number::count,
        problem::{Code, internal, problem},
    },
};
use countersign_model::{
    Action, Currency, ProposalId, TimestampMs, Verdict, change::Spend, confirm, decision,
    verdict::RiskTier,
};
use countersign_store::Reader;
use std::collections::{BTreeMap, BTreeSet};

/// Most items of a batch: what a person can still look at.
const MAX_ITEMS: usize = 100;

/// Bytes of one approval, ready to be signed.
pub(crate) struct Item {
    pub(crate) prepared: Prepared,
    pub(crate) campaign: String,
}

/// What all items of a batch have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Class {
    batch_class: String,
    kind: &'static str,
    tier: RiskTier,
}

/// Makes the bytes of each approval and the sheet of all of them.
pub(crate) fn prepare<S: From<Vec<Item>>>(
    reader: &Reader<'_>,
    me: &Me,
    input: &BatchInput,
    tickets: &mut Tickets<S>,
    sheet: Sheet,
) -> Result<BatchConfirmView, ProblemView> {
    let mut seen = BTreeSet::new();
    let asked: Vec<&String> = input.proposals.iter().filter(|one| seen.insert(*one)).collect();
    if asked.is_empty() || asked.len() > MAX_ITEMS {
        let words = format!("A batch holds 1 to {MAX_ITEMS} cases.");
        return Err(problem(
            Code::BatchSize,
            words,
            &["Choose fewer cases, or decide one by one."],
        ));
    }
    let mut class = None;
    let (mut items, mut views, mut changes) = (vec![], vec![], vec![]);
    for proposal in asked {
        match prepare_item(reader, me, input, proposal, &mut class, sheet)? {
            Ok(made) => {
                changes.push(made.change);
                views.push(made.view);
                items.push(made.item);
            }
            Err(dropped) => views.push(*dropped),
        }
    }
    Ok(BatchConfirmView {
        ticket: tickets.keep(items.into(), sheet.now)?,
        batch_class: class.as_ref().map(|class| class.batch_class.clone()).unwrap_or_default(),
        risk_tier: class.map(|class| crate::view::names::wire(&class.tier)).unwrap_or_default(),
        totals: totals(&changes),
        items: views,
        warnings: decide::clock_warnings(sheet.clock_skew_ms),
        good_until_ms: sheet.now.plus_ms(GOOD_FOR_MS).millis(),
    })
}

/// Whether a case may be signed in a batch now; checked when the sheet is made and again
/// when it is signed.
pub(crate) fn check(
    reader: &Reader<'_>,
    me: &Me,
    facts: &CaseFacts,
    now: TimestampMs,
) -> Result<(), ProblemView> {
    if let Some(why) = options::blocked_because(facts, me, now) {
        return Err(why);
    }
    if let Some(why) = options::approval_blocked_because(reader, facts, me)? {
        return Err(why);
    }
    belongs(&facts.verdict, state::is_overridden(facts), now)
}

/// Whether a case of this verdict may be in any batch.
fn belongs(verdict: &Verdict, overridden: bool, now: TimestampMs) -> Result<(), ProblemView> {
    let refuse = |code: Code, words: &str| Err(problem(code, words, &["Decide it by itself."]));
    if verdict.batch_class.is_none() {
        return refuse(Code::BatchNoClass, "Policy lets this case be decided only by itself.");
    }
    if verdict.risk_tier == RiskTier::High {
        return refuse(Code::BatchHighTier, "A high-risk case is never decided in a batch.");
    }
    if !verdict.factors.to_decide.is_empty() {
        return refuse(Code::BatchFactor, "This case asks for a second factor.");
    }
    if overridden {
        return refuse(Code::BatchOverridden, "Somebody has decided on an own value.");
    }
    if verdict.decide_by_ms <= now {
        return refuse(Code::BatchOverdue, "The deadline of this case has passed.");
    }
    Ok(())
}

/// [`check`] for a case as it is stored now.
pub(crate) fn check_again(
    reader: &Reader<'_>,
    me: &Me,
    case: ProposalId,
    now: TimestampMs,
) -> Result<(), ProblemView> {
    let facts = CaseFacts::load(reader, me, case)?.ok_or_else(unknown_case)?;
    check(reader, me, &facts, now)
}

/// An item that will be signed.
struct Made {
    item: Item,
    view: BatchItemView,
    change: Action,
}

/// An item, or its line with the reason why it dropped out.
fn prepare_item(
    reader: &Reader<'_>,
    me: &Me,
    input: &BatchInput,
    proposal: &str,
    class: &mut Option<Class>,
    sheet: Sheet,
) -> Result<Result<Made, Box<BatchItemView>>, ProblemView> {
    let now = sheet.now;
    let Ok(case) = parse_case(proposal) else {
        return Ok(Err(Box::new(dropped(proposal, String::new(), unknown_case()))));
    };
    let Some(facts) = CaseFacts::load(reader, me, case)? else {
        return Ok(Err(Box::new(dropped(proposal, String::new(), unknown_case()))));
    };
    let change = facts.proposal.action.clone();
    let campaign = change.headline().subject;
    let fits = check(reader, me, &facts, now).and_then(|()| same_class(&facts, class));
    let made = fits
        .and_then(|()| decide::make_decision(reader, me, &facts, &approval(input, proposal), now));
    let decision = match made {
        Ok(decision) => decision,
        Err(why) => return Ok(Err(Box::new(dropped(proposal, campaign, why)))),
    };
    let bytes = decision::statement_bytes(&decision, facts.proposal_digest)
        .map_err(|_| internal("statement"))?;
    let rendered =
        confirm::render(&bytes, sheet.language).map_err(|_| internal("confirm sheet"))?;
    let view = BatchItemView {
        proposal: proposal.into(),
        campaign: campaign.clone(),
        digest: rendered.digest.to_string(),
        fingerprint: rendered.fingerprint.into_iter().map(str::to_owned).collect(),
        title: rendered.title,
        lines: decide::lines(rendered.lines),
        dropped: None,
    };
    let prepared = Prepared::new(bytes, case);
    Ok(Ok(Made { item: Item { prepared, campaign }, view, change }))
}

/// The first item that may be in a batch says of which class the batch is.
fn same_class(facts: &CaseFacts, class: &mut Option<Class>) -> Result<(), ProblemView> {
    let own = Class {
        batch_class: facts.verdict.batch_class.clone().unwrap_or_default(),
        kind: facts.proposal.action.kind(),
        tier: facts.verdict.risk_tier,
    };
    let first = class.get_or_insert_with(|| own.clone());
    if *first == own {
        return Ok(());
    }
    let words = "This case is of another class, kind or risk tier than the first one.";
    Err(problem(Code::BatchOtherClass, words, &["Put cases of one class into a batch."]))
}

fn approval(input: &BatchInput, proposal: &str) -> DecisionInput {
    DecisionInput {
        proposal: proposal.into(),
        kind: "approve".into(),
        role: input.role.clone(),
        reason_code: input.reason_code.clone(),
        reason_text: input.reason_text.clone(),
        override_micros: None,
        requested: None,
        totp_code: None,
    }
}

fn dropped(proposal: &str, campaign: String, why: ProblemView) -> BatchItemView {
    BatchItemView {
        proposal: proposal.into(),
        campaign,
        title: String::new(),
        lines: vec![],
        digest: String::new(),
        fingerprint: vec![],
        dropped: Some(why),
    }
}

/// Sums per currency. In 128 bits a hundred amounts cannot overflow. What has nothing to do
/// with money is in no sum.
fn totals(changes: &[Action]) -> Vec<BatchTotalsView> {
    let mut by_currency: BTreeMap<Currency, Vec<(&Action, Spend)>> = BTreeMap::new();
    for change in changes {
        if let Some(spend) = change.spend() {
            by_currency.entry(spend.after.currency).or_default().push((change, spend));
        }
    }
    by_currency.into_iter().map(|(currency, changes)| total(currency, &changes)).collect()
}

fn total(currency: Currency, changes: &[(&Action, Spend)]) -> BatchTotalsView {
    let deltas = changes.iter().map(|(_, Spend { before, after })| {
        i128::from(after.amount_micros) - i128::from(before.amount_micros)
    });
    let accounts: BTreeSet<_> = changes
        .iter()
        .map(|(change, _)| (change.entity().platform, &change.entity().account_id))
        .collect();
    let worst = changes.iter().map(|(change, _)| match change.stake() {
        Ok(stake) => stake.map_or(0, |stake| i128::from(stake.amount_micros)),
        // Beyond 64 bits it is more than there is, whatever it is.
        Err(_) => i128::from(i64::MAX),
    });
    let money = |micros: i128| MoneyView {
        amount_micros: micros.to_string(),
        currency: currency.code().into(),
    };
    BatchTotalsView {
        items: count(changes.len()),
        accounts: count(accounts.len()),
        delta_per_day: money(deltas.clone().sum()),
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
                let delta = one.delta_per_day.amount_micros.as_str();
                (one.delta_per_day.currency.as_str(), one.items, one.accounts, delta)
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
            prop_assert_eq!(&found[0].delta_per_day.amount_micros, &expected.to_string());
            prop_assert_eq!(found[0].items as usize, amounts.len());
            let largest: i128 = found[0].largest.amount_micros.parse().unwrap();
            for (_, before, after) in &amounts {
                prop_assert!((i128::from(*after) - i128::from(*before)).abs() <= largest.abs());
            }
        }
    }
}
