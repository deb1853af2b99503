// Seven simulated campaigns, a case in every state; the first is the flash sale.
import type { CaseState, CaseView, ChangeView, DecisionView, MoneyView, PacingView, ReasonView, TimelineView } from '../types';
import { FIRST_DAY, SERIES } from './series';

/** The person at this device. */
export const ME = 'Ines Ferreira';
const OPS = 'Jonas Weber';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Plan {
  campaign: string;
  before: number;
  after: number;
  state: CaseState;
  trigger: string;
  /** Minutes from now. */
  decideBy: number;
  tier?: string;
  blocked?: string;
  effective?: number;
  readBack?: number;
  window?: boolean;
  decisions?: Partial<DecisionView>[];
  log: [action: string, actor: string, words: string][];
}

const RECEIVED: Plan['log'][number] = ['proposal_received', 'budget-agent', 'Budget change drafted and checked against the platform.'];
const VERDICT: Plan['log'][number] = ['verdict_issued', 'gate', 'Escalate: operations and finance must sign.'];
const accepted = (who: string, words: string): Plan['log'][number] => ['decision_accepted', who, words];

const PLANS: Plan[] = [
  {
    campaign: 'flash_sale_burst', before: 460, after: 575, state: 'deciding', decideBy: 24, tier: 'high', window: true,
    trigger: '72-hour flash sale starts; search demand for “rain jacket” is up 38 % on the week.',
    decisions: [{ person: OPS, role: 'ops', kind: 'approve', reason: 'A seasonal opportunity worth taking', text: 'Stock is there; the sale page is live from 06:00.', delivery: { stage: 'accepted_by_gate' } }],
    log: [RECEIVED, VERDICT, accepted(OPS, 'Approved as operations.')],
  },
  {
    campaign: 'video_product_launch', before: 168, after: 218.4, state: 'deciding', decideBy: 7, tier: 'high',
    trigger: 'View-through rate held above plan for ten days.',
    log: [RECEIVED, VERDICT],
  },
  {
    campaign: 'niche_interest', before: 55, after: 44, state: 'deciding', decideBy: 190, tier: 'low',
    trigger: 'Reach in this audience is saturated; frequency is at 6.1.',
    log: [RECEIVED, VERDICT],
  },
  {
    campaign: 'spring_promo', before: 148, after: 163.5, state: 'deciding', decideBy: 75, tier: 'medium',
    blocked: 'Only operations has to sign this case.',
    trigger: 'Promotion calendar: second week of the spring offer.', log: [RECEIVED, VERDICT],
  },
  {
    campaign: 'brand_always_on', before: 308, after: 339, state: 'authorized', decideBy: 12, tier: 'medium', effective: 339,
    trigger: 'Brand search share fell under the agreed floor.',
    decisions: [{ person: OPS, role: 'ops', kind: 'approve', reason: 'Within the agreed plan', delivery: { stage: 'accepted_by_gate' } }],
    log: [RECEIVED, VERDICT, accepted(OPS, 'Approved as operations.'), ['change_authorized', 'gate', 'The quorum holds.'], ['execution_intended', 'gate', 'Set USD 339.00 a day.']],
  },
  {
    campaign: 'lookalike_conversions', before: 118, after: 147.5, state: 'executed', decideBy: -300, tier: 'high', effective: 135.7, readBack: 135.7,
    trigger: 'Conversion rate above its band for seven days.',
    decisions: [
      { person: OPS, role: 'ops', kind: 'approve', reason: 'The evidence is convincing', delivery: { stage: 'executed' } },
      { person: ME, mine: true, role: 'finance', kind: 'override', reason: 'Not enough budget headroom for the full change', text: 'Only 15 % is left in the month.', factor: 'totp', delivery: { stage: 'executed' } },
    ],
    log: [RECEIVED, VERDICT, accepted(OPS, 'Approved as operations.'), accepted(ME, 'Overridden to USD 135.70 a day as finance, with an authenticator code.'), ['change_authorized', 'gate', 'The quorum holds for the narrower change.'], ['execution_intended', 'gate', 'Set USD 135.70 a day.'], ['execution_finished', 'gate', 'Applied and read back.']],
  },
  {
    campaign: 'broad_prospecting', before: 9.4, after: 14.1, state: 'not_applied', decideBy: -800, effective: 14.1, readBack: 9.4,
    trigger: 'Cheap reach in a new region.',
    decisions: [{ person: OPS, role: 'ops', kind: 'approve', reason: 'Within the agreed plan', delivery: { stage: 'accepted_by_gate' } }],
    log: [RECEIVED, VERDICT, accepted(OPS, 'Approved as operations.'), ['change_authorized', 'gate', 'The quorum holds.'], ['execution_intended', 'gate', 'Set USD 14.10 a day.'], ['execution_finished', 'gate', 'The platform refused: BUDGET_BELOW_MINIMUM.']],
  },
  {
    campaign: 'spring_promo', before: 148, after: 207.2, state: 'rejected', decideBy: -1500,
    trigger: 'Competitor left the auction.',
    decisions: [{ person: ME, mine: true, role: 'finance', kind: 'reject', reason: 'There is no budget for it', delivery: { stage: 'accepted_by_gate' } }],
    log: [RECEIVED, VERDICT, accepted(ME, 'Rejected as finance.'), ['case_rejected', 'gate', 'Nothing was changed.']],
  },
  {
    campaign: 'niche_interest', before: 55, after: 82.5, state: 'sent_back', decideBy: -2100,
    trigger: 'Seasonal interest is rising.',
    decisions: [{ person: ME, mine: true, role: 'finance', kind: 'request_changes', reason: 'Propose a smaller change', text: 'At most +20 %.', delivery: { stage: 'refused', why: { code: 'late', message: 'the case had been sent back already.', hints: [] } } }],
    log: [RECEIVED, VERDICT, ['changes_requested', OPS, 'Propose a smaller change.']],
  },
  { campaign: 'brand_always_on', before: 308, after: 385, state: 'expired', decideBy: -2900, trigger: 'Weekend demand.', log: [RECEIVED, VERDICT, ['case_expired', 'gate', 'Nobody decided in time.']] },
  { campaign: 'lookalike_conversions', before: 118, after: 141.6, state: 'superseded', decideBy: -3300, trigger: 'Audience refreshed.', log: [RECEIVED, VERDICT, ['case_superseded', 'gate', 'The daily budget was changed by another case.']] },
  { campaign: 'video_product_launch', before: 168, after: 1680, state: 'blocked', decideBy: -4000, tier: 'high', trigger: 'Launch day.', log: [RECEIVED, ['verdict_issued', 'gate', 'Block: more than five times the daily budget.']] },
];

/** All cases, times relative to `nowMs`. */
export function makeCases(nowMs: number): CaseView[] {
  return PLANS.map((plan, index) => makeCase(plan, index, nowMs));
}

function makeCase(plan: Plan, index: number, nowMs: number): CaseView {
  const decideBy = nowMs + plan.decideBy * MINUTE;
  const createdAt = decideBy - 30 * MINUTE;
  const decisions = (plan.decisions ?? []).map((made, position) => makeDecision(made, plan, index * 10 + position, createdAt + (position + 2) * MINUTE));
  const proposal = `0193a1b2-77aa-7000-8000-${String(index + 1).padStart(12, '0')}`;
  const settled = plan.state !== 'deciding';
  return {
    proposal,
    state: plan.state,
    change: makeChange(plan, plan.after, nowMs),
    effective: plan.effective === undefined ? null : makeChange(plan, plan.effective, nowMs),
    read_back: plan.readBack === undefined ? null : usd(plan.readBack),
    predicted_lift: { value: 0.12, low: 0.05, high: 0.19 },
    confidence: 0.79,
    confidence_words: 'In 79 of 100 such cases the lift falls in this interval.',
    attributions: [
      { signal: 'search demand, 7 days', weight: 0.46 },
      { signal: 'sale window', weight: 0.31 },
      { signal: 'saturation of reach', weight: -0.18 },
      { signal: 'stock on hand', weight: 0.09 },
      { signal: 'competitor pressure', weight: -0.05 },
    ],
    rationale: 'Demand rises ahead of the sale while spend a day has stayed under the budget’s ceiling on only two of the last fifteen active days. The response curve is still steep at the current level, so a quarter more should be met by nearly proportional conversions; past that the curve flattens.',
    trigger: plan.trigger,
    likely_outcome: 'About 12 % more conversions over the window at a cost per conversion within 4 % of today’s.',
    campaign_intent: 'Sell through the season’s remaining rainwear at full margin.',
    model: { id: 'pacing-response', version: '2026.11.2', training_snapshot: 'e1c4a9f07d3b5286a0c9e8f14b72d6530f9a1c8e7b64d2053a8f1e9c6d70b425' },
    initiator: { agent: 'budget-agent', owner: 'Mara Lind' },
    verdict: {
      outcome: plan.state === 'blocked' ? 'block' : 'escalate',
      risk_tier: plan.tier ?? 'medium',
      flags: [
        { rule: 'corporate.budget_change.large', layer: 'corporate', outcome: plan.state === 'blocked' ? 'block' : 'escalate', words: 'A daily budget change over 15 % needs operations and finance, within 30 minutes.' },
        ...(plan.window ? [{ rule: 'campaign.flash_sale.window', layer: 'campaign', outcome: 'escalate', words: 'During a flash sale every change ends with the sale.' }] : []),
      ],
      policy_version: '3',
      policy_digest: '77be0f1d4a92c3e5860b1d7f2c9a45e8d03f6b1a8e5c7294f0d3b6a19c8e7f52',
    },
    signers: ['ops', 'finance'].filter((role) => role === 'ops' || !plan.blocked).map((role) => ({
      role,
      minimum: 1,
      signed_by: decisions.filter((made) => made.role === role && made.kind !== 'reject').map((made) => made.person),
      eligible: role === 'ops' ? [OPS, 'Aiko Tanaka'] : [ME],
    })),
    decisions,
    my_options: {
      roles: ['finance'],
      blocked_because: settled ? 'This case is closed.' : (plan.blocked ?? null),
      factor_to_decide: false,
      factor_to_override: true,
      approve_reasons: [reason('evidence_convincing', 'The evidence is convincing'), reason('within_plan', 'Within the agreed plan'), reason('seasonal_opportunity', 'A seasonal opportunity worth taking'), reason('other', 'Another reason', true)],
      override_reasons: [reason('budget_headroom', 'Not enough budget headroom for the full change', true), reason('pacing_risk', 'The full change would upset pacing', true), reason('other', 'Another reason', true)],
      reject_reasons: [reason('not_convincing', 'The evidence is not convincing'), reason('over_budget', 'There is no budget for it'), reason('other', 'Another reason', true)],
      request_changes_reasons: [reason('smaller_change', 'Propose a smaller change', true), reason('more_evidence', 'More evidence is needed', true)],
    },
    pacing: plan.state === 'expired' ? null : makePacing(plan, createdAt),
    evidence_complete: plan.state !== 'expired',
    timeline: plan.log.map(([action, actor, words], position): TimelineView => ({
      seq: 1_200 + index * 7 + position,
      at_ms: createdAt + position * MINUTE,
      action,
      actor,
      words,
      request_ids: action === 'execution_finished' ? ['emu-7f3a91c2e5d04b18'] : [],
      included_in: plan.state === 'authorized' && action === 'execution_intended' ? null : 1_284,
      leaf: '5d9c'.repeat(16),
    })),
    decide_by_ms: decideBy,
    expires_at_ms: decideBy + DAY,
    created_at_ms: createdAt,
    open_on_same_entity: plan.campaign === 'spring_promo' && !settled ? ['0193a1b2-77aa-7000-8000-000000000008'] : [],
  };
}

function makeDecision(made: Partial<DecisionView>, plan: Plan, number: number, atMs: number): DecisionView {
  const binds = made.kind === 'approve' ? plan.after : made.kind === 'override' ? plan.effective : undefined;
  return {
    id: `0193a1b2-dec0-7000-8000-${String(number).padStart(12, '0')}`,
    kind: 'approve',
    person: OPS,
    mine: false,
    role: 'ops',
    reason: '',
    text: '',
    after: binds === undefined ? null : usd(binds),
    factor: null,
    signed_at_ms: atMs,
    fingerprint: ['harbor', 'slim', 'notice', 'kitten', 'gravity', 'lemon'],
    signature_checked: true,
    delivery: { stage: 'accepted_by_gate' },
    ...made,
  };
}

function makeChange(plan: Plan, after: number, nowMs: number): ChangeView {
  const start = nowMs + 9 * HOUR;
  return {
    campaign: plan.campaign,
    entity: `google_ads:customers/4711082615/campaigns/20${plan.campaign.length}881`,
    before: usd(plan.before),
    after: usd(after),
    delta: usd(after - plan.before),
    ratio: Math.round((after / plan.before - 1) * 10_000) / 10_000,
    worst_case: usd(after * (plan.window ? 3 * 2 : 30.4)),
    starts_at_ms: plan.window ? start : null,
    ends_at_ms: plan.window ? start + 3 * DAY : null,
    shared_by: plan.campaign === 'spring_promo' ? 2 : 1,
  };
}

function makePacing(plan: Plan, readAtMs: number): PacingView {
  const first = Date.parse(`${FIRST_DAY}T00:00:00Z`);
  return {
    source: 'Simulated: the published PyMC-Marketing credibility series, with a known ground truth. No real account.',
    time_zone: 'America/New_York',
    read_at_ms: readAtMs,
    daily_budget: usd(plan.before),
    days: (SERIES[plan.campaign] ?? []).map(([cents, impressions, clicks], index) => ({
      date: new Date(first + index * DAY).toISOString().slice(0, 10),
      spend_micros: String(cents * 10_000),
      impressions,
      clicks,
    })),
  };
}

const usd = (amount: number): MoneyView => ({ amount_micros: String(Math.round(amount * 100) * 10_000), currency: 'USD' });

const reason = (code: string, words: string, needs_text = false): ReasonView => ({ code, words, needs_text });
