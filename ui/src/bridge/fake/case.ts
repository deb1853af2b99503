// From a plan to the whole case, as the window opens it.
import type { AmountsView } from '../bindings/AmountsView';
import type { CaseView } from '../bindings/CaseView';
import type { ChangeView } from '../bindings/ChangeView';
import type { DecisionView } from '../bindings/DecisionView';
import type { DirectionView } from '../bindings/DirectionView';
import type { DraftView } from '../bindings/DraftView';
import type { EvidenceKindName } from '../bindings/EvidenceKindName';
import type { EvidenceView } from '../bindings/EvidenceView';
import type { FlagView } from '../bindings/FlagView';
import type { ExecutionEnd } from '../bindings/ExecutionEnd';
import type { HeldUpView } from '../bindings/HeldUpView';
import type { KindName } from '../bindings/KindName';
import type { LegView } from '../bindings/LegView';
import type { MoneyView } from '../bindings/MoneyView';
import type { MyOptionsView } from '../bindings/MyOptionsView';
import type { RollbackView } from '../bindings/RollbackView';
import type { SignerView } from '../bindings/SignerView';
import { backtest, forecast, pacing } from './evidence';
import { adFlags, adRows, swapOf } from './ads';
import { bidOf, type BidPlan, budgetOf, flightOf, statusOf, transferOf, valueAt, type Leg } from './change';
import { micros, money, times } from './money';
import { HOLDERS, ME, OPS, OWNER, personRefs } from './people';
import type { Plan } from './plans';
import { refusal } from './problem';
import { digestOf, sixWords } from './random';
import { setFlags, setOf } from './sets';
import { REASONS, reasonWords } from './reasons';
import { questionOf } from './thread';
import { timeline } from './timeline';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH_DAYS = 30.4;

const RATIONALE =
  'Demand rises ahead of the sale while spend a day has stayed under the budget’s ceiling on only two of the last fifteen active days. The response curve is still steep at the current level, so a quarter more should be met by nearly proportional conversions; past that the curve flattens.';

/** When a plan's proposal was made. */
export const createdAt = (plan: Plan, nowMs: number): number =>
  Math.min(nowMs + plan.decideBy * MINUTE - 30 * MINUTE, nowMs - 6 * MINUTE);

/** Whether it is about a whole flight, of which nothing is foretold by the day. */
const isFlown = (plan: Plan): boolean => ['total_budget_change', 'schedule_change'].includes(kindOf(plan));

/** Its kind of change. */
export const kindOf = (plan: Plan): KindName => plan.kind ?? 'budget_change';

/** The roles that a plan asks. */
export const rolesOf = (plan: Plan): string[] => plan.roles ?? ['ops', 'finance'];

function heldUp({ by, code, after, quiet }: NonNullable<Plan['heldUp']>, created: number): HeldUpView {
  const since = created + after * MINUTE;
  return { by, code, since_ms: since, not_before_ms: quiet === undefined ? null : since + quiet * MINUTE, valid_until_ms: created + 24 * 60 * MINUTE };
}

/** How the execution ended, as the plan's log says, and whether a person must look. */
export function endingOf(plan: Plan, change: Pick<ChangeView, 'diff'>): Pick<CaseView, 'ending' | 'to_check'> {
  const told = plan.log.find(([action]) => action === 'execution_finished')?.[2];
  const status = told?.['status'] as ExecutionEnd | undefined;
  if (status === undefined) return { ending: null, to_check: false };
  const rows = change.diff.filter((row) => row.subject !== null);
  const legs = (plan.legs ?? []).flatMap(({ end, code }, index): LegView[] => {
    const row = rows[index];
    if (!row) return [];
    const holds = { stands: row.after, not_taken_back: row.after, taken_back: row.before }[end as string] ?? null;
    return [{ diff: [row], end, holds, code }];
  });
  return { ending: { status, code: told?.['code'] ?? null, legs }, to_check: ['partially_applied', 'mismatch', 'unknown'].includes(status) };
}

/** The whole case. */
export function makeCase(plan: Plan, nowMs: number): CaseView {
  const created = createdAt(plan, nowMs);
  const decideBy = nowMs + plan.decideBy * MINUTE;
  const decisions = decisionsOf(plan, created);
  const pausing = kindOf(plan) === 'status_change' && plan.after === 0;
  const has = (kind: string): boolean => !(plan.missing ?? []).includes(kind);
  return {
    proposal: plan.id,
    state: plan.state,
    change: changeOf(plan, plan.after, nowMs),
    effective: plan.effective === undefined ? null : changeOf(plan, plan.effective, nowMs),
    read_back: plan.readBack === undefined ? null : valueAt(kindOf(plan), money(plan.readBack, plan.currency)),
    held_up: plan.heldUp === undefined ? null : heldUp(plan.heldUp, created),
    ...endingOf(plan, changeOf(plan, plan.effective ?? plan.after, nowMs)),
    superseded_by: plan.state === 'superseded' ? plan.id.replace(/.$/, '7') : null,
    draft: plan.takesBack ? null : draftOf(plan, pausing, has('prompt')),
    takes_back: plan.takesBack ?? null,
    rollback: plan.state === 'executed' ? rollbackOf(plan, nowMs) : null,
    verdict: {
      outcome: plan.state === 'blocked' ? 'block' : 'escalate',
      risk_tier: plan.tier ?? 'medium',
      decision_type: rolesOf(plan).length > 1 ? 'human_owned' : 'agent_led_human_bounded',
      flags: plan.flags ?? flagsOf(plan),
      policy_version: '2026-11-21.1',
      policy_digest: digestOf('policy'),
      check: plan.practice ? null : plan.contradicted ? 'differs' : 'holds',
    },
    signers: signersOf(plan, decisions),
    ladder: [
      { at_ms: decideBy - 10 * MINUTE, role: 'cfo', people: HOLDERS['cfo'] ?? [], climbed: plan.decideBy < 10 },
      { at_ms: decideBy, role: 'legal', people: HOLDERS['legal'] ?? [], climbed: plan.decideBy < 0 },
    ],
    overdue: plan.state === 'deciding' && plan.decideBy < 0,
    decisions,
    my_options: optionsOf(plan),
    pacing: has('pacing_series') ? pacing(plan, created) : null,
    forecast: has('forecast') && !plan.noHistory && !isFlown(plan) ? forecast(plan, nowMs) : null,
    backtest: has('backtest') && !plan.noHistory ? backtest(plan, created) : null,
    similar: [],
    evidence: evidenceOf(plan, has),
    timeline: timeline(plan, created),
    decide_by_ms: decideBy,
    expires_at_ms: decideBy + DAY,
    created_at_ms: created,
    same_entity: { open: [], trailing: plan.noHistory ? null : { days: 7, executed: 2, increases: money(plan.before * 0.08, plan.currency) } },
    thread: { comments: plan.question ? [questionOf(plan, created)] : [], people: personRefs().filter((one) => one.name !== ME), open_questions: plan.question ? 1 : 0, questions_for_me: plan.question ? 1 : 0 },
    snoozed_until_ms: null,
    batch_class: plan.batchClass ?? null,
    audit: {
      proposal_digest: digestOf(`proposal ${plan.id}`),
      verdict_digest: digestOf(`verdict ${plan.id}`),
      entity_revision: 41,
      prompt_commitment: plan.takesBack ? null : digestOf(`prompt ${plan.id}`),
      input_commitment: digestOf(`input ${plan.id}`),
      evaluated_at_ms: created + 2_000,
      gate_fingerprint: sixWords('gate'),
    },
    practice: plan.practice ?? false,
  };
}

/** The way back of an executed change. */
function rollbackOf(plan: Plan, nowMs: number): RollbackView {
  const back = { ...plan, before: plan.readBack ?? plan.after, after: plan.before };
  return { change: changeOf(back, back.after, nowMs), blocked_because: plan.takenBackBy ? refusal('rollback_open') : null, by: plan.takenBackBy ?? null, pending: false, later: 0 };
}

/** What the agent says. */
function draftOf(plan: Plan, pausing: boolean, hasPrompt: boolean): DraftView {
  return {
    predicted_lift: pausing ? { value: -0.02, low: -0.05, high: 0.01 } : { value: 0.12, low: 0.05, high: 0.19 },
    confidence: 0.79,
    ...told(plan, pausing),
    attributions: attributions(),
    rationale: plan.rationale ?? RATIONALE,
    trigger: plan.trigger,
    likely_outcome: pausing ? 'Hardly fewer conversions, and nothing spent on this campaign until it runs again.' : 'About 12 % more conversions over the window at a cost per conversion within 4 % of today’s.',
    campaign_intent: plan.intent ?? 'Sell through the season’s remaining rainwear at full margin.',
    model: { id: 'pacing-response', version: '2026.11.2', training_snapshot: digestOf('snapshot'), prompt_on_device: hasPrompt, prompt_read_at_ms: null },
    initiator: { agent: 'budget-agent', owner: OWNER },
  };
}

/** What the agent says of its doubts, of risks, of what follows and of what it looked at. */
function told(plan: Plan, pausing: boolean): Pick<DraftView, 'uncertainty' | 'escalation_rule' | 'risk_factors' | 'next_steps' | 'inputs_considered' | 'source_references' | 'recommended_action' | 'counterfactual'> {
  const rise = Math.max(0, plan.after / Math.max(plan.before, 0.01) - 1);
  return {
    uncertainty: 'Only two sales of this length are in the history, both in spring. What rivals bid during this one is not known, so that the lower end of the interval is the more uncertain one.',
    escalation_rule: 'When the lift could as well be a loss, or the window grows beyond a week, the head of marketing decides.',
    risk_factors: {
      financial_exposure: pausing ? 0 : Math.min(1, Math.round((0.2 + rise) * 100) / 100),
      brand_safety: 0.12,
      regulatory_sensitivity: 0.05,
      audience_reach: plan.tier === 'high' ? 0.71 : 0.22,
      deviation_from_intent: pausing ? 0.6 : 0.08,
    },
    next_steps: pausing
      ? ['Ask again in two weeks whether the campaign should run.']
      : ['Compare conversions of the first day with the prediction.', 'Draft the way back to today’s budget when the window ends.'],
    inputs_considered: [
      { kind: 'campaign_history', about: 'Spend, clicks and conversions of the last 120 days' },
      { kind: 'real_time_signals', about: 'Search demand, hour by hour, since Monday' },
      { kind: 'business_constraints', about: 'Stock of the six best-selling jackets, this morning' },
    ],
    source_references: plan.noHistory ? [] : [
      { title: 'Promotion calendar, November', location: 'calendar.example/promotions/2026-11', digest: digestOf('promotion calendar') },
      { title: 'Weekly market report', location: 'report of 20 November, page 4', digest: null },
    ],
    recommended_action: null,
    counterfactual: plan.noHistory ? null : 'Had the budget lasted into the evening on more than ten of the last fifteen days, no rise would have been proposed.',
    ...plan.told,
  };
}

/** A change to `after`. */
export function changeOf(plan: Plan, after: number, nowMs: number): ChangeView {
  const start = nowMs + 9 * HOUR;
  const to = money(after, plan.currency);
  const kind = kindOf(plan);
  const status = kind === 'status_change';
  const legs = (side: NonNullable<Plan['transfer']>['from']): Leg[] => side.map(([campaign, now, then]) => [campaign, money(now, plan.currency), money(then, plan.currency)]);
  const [gives, receives] = [legs(plan.transfer?.from ?? []), legs(plan.transfer?.to ?? [])];
  const pair = gives.length === 1 && receives.length === 1;
  const set = plan.set && setOf(plan.set);
  const own = kind === 'budget_change' || kind === 'total_budget_change' || pair || plan.bid?.field === 'cpc_bid' || plan.bid?.field === 'target_cpa';
  const from = money(plan.before, plan.currency);
  const [ends, wanted] = (plan.flight ?? [null, null]).map((days) => (days === null ? null : midnight(nowMs) + days * DAY)) as [number | null, number | null];
  const moved = {
    budget_change: () => budgetOf(from, to),
    total_budget_change: () => budgetOf(from, to, 'total'),
    status_change: () => statusOf(from, to),
    schedule_change: () => flightOf(ends, wanted),
    budget_transfer: () => transferOf(gives, receives),
    bid_change: () => bidOf(bidIn(plan), from, to),
    creative_swap: () => ({ direction: 'none' as const, diff: plan.swap ? adRows(plan.swap) : [], spend: null }),
  };
  const { direction, ...rows } = set ?? moved[kind as keyof typeof moved]();
  return {
    campaign: plan.campaign,
    part: groupOf(plan) === null ? null : { kind: 'ad_group', name: groupOf(plan) ?? '' },
    swap: plan.swap ? swapOf(plan.swap) : null,
    entity: entityOf(plan),
    kind: kindOf(plan),
    direction,
    places: [],
    audiences: [],
    has_own_part: false,
    ...rows,
    worst_case: worstOf(plan, to, direction),
    has_window: kind !== 'total_budget_change' && kind !== 'schedule_change' && kind !== 'creative_swap',
    starts_at_ms: plan.window ? start : null,
    ends_at_ms: plan.window ? start + 3 * DAY : null,
    shared_by: plan.sharedBy ?? 1,
    status: plan.status ?? (status && plan.before === 0 ? 'paused' : 'enabled'),
    own_amounts: own ? amountsOf(plan) : null,
    asked_amounts: own ? amountsOf(plan) : null,
    asks_days: set !== undefined || kind === 'budget_change' || kind === 'budget_transfer' || kind === 'bid_change',
    asks_texts: kind === 'creative_swap',
  };
}

/** The ad group that a plan is about. */
const groupOf = ({ bid, set, swap }: Plan): string | null => bid?.group ?? set?.group ?? swap?.group ?? null;

/** The most that a change can cost, as its kind counts it. */
function worstOf(plan: Plan, to: MoneyView, direction: DirectionView): MoneyView | null {
  if (plan.set) return direction === 'increase' ? times(money(plan.set.budget, plan.currency), MONTH_DAYS) : null;
  switch (kindOf(plan)) {
    case 'total_budget_change': return to;
    case 'budget_transfer': return times(money((plan.transfer?.to ?? []).reduce((sum, [, , after]) => sum + after, 0), plan.currency), plan.window ? 3 : MONTH_DAYS);
    case 'creative_swap': return null;
    case 'bid_change': return direction === 'increase' ? times(money(bidIn(plan).budget, plan.currency), MONTH_DAYS) : null;
    case 'schedule_change': {
      const [from, until] = plan.flight ?? [null, null];
      return direction === 'decrease' ? null : times(to, from === null || until === null ? MONTH_DAYS : 2 * (until - from));
    }
    case 'status_change': if (micros(to) === 0n) return null;
  }
  return times(to, plan.window ? 3 : MONTH_DAYS);
}

/** The end of a day in the account's zone, near enough for a fake. */
const midnight = (nowMs: number): number => nowMs - (nowMs % DAY) + 5 * HOUR;

const amountsOf = (plan: Plan): AmountsView => ({ step: money(0.01, plan.currency), min: money(plan.bid ? 0.01 : 1, plan.currency) });

const bidIn = ({ bid }: Plan): BidPlan => bid ?? { field: 'cpc_bid', budget: 0 };

/** The campaign as the platform names it; one id per campaign name. */
export const entityOf = (plan: Plan): string => entityNamed(plan.campaign);

/** The same of a campaign alone. */
export function entityNamed(campaign: string): string {
  return `google_ads:customers/4711082615/campaigns/20${parseInt(digestOf(campaign).slice(0, 6), 16)}`;
}

function attributions(): DraftView['attributions'] {
  return [
    { signal: 'search demand, 7 days', weight: 0.46 },
    { signal: 'sale window', weight: 0.31 },
    { signal: 'saturation of reach', weight: -0.18 },
    { signal: 'stock on hand', weight: 0.09 },
    { signal: 'competitor pressure', weight: -0.05 },
  ];
}

function flagsOf(plan: Plan): FlagView[] {
  const flags: FlagView[] = [];
  if (plan.set) {
    flags.push(...setFlags(plan.set));
  } else if (kindOf(plan) === 'budget_transfer') {
    flags.push(...transferFlags(plan));
  } else if (plan.swap) {
    flags.push(...adFlags(plan.swap));
  } else if (plan.bid) {
    flags.push(...bidFlags(plan, plan.bid));
  } else if (kindOf(plan) === 'schedule_change') {
    flags.push(...flightFlags(plan));
  } else if (kindOf(plan) === 'status_change') {
    flags.push(...statusFlags(plan));
  } else if (plan.after < plan.before) {
    flags.push({ rule: 'decrease_is_never_blocked', layer: 'protocol', outcome: 'allow', words: 'Lowering a budget reduces risk: it is never blocked, and one signature is enough.' });
  } else if (plan.after > plan.before * 1.15) {
    flags.push({ rule: 'budget_change_over_limit', layer: 'corporate', outcome: 'escalate', words: `A budget change over 15 % needs ops and finance within 30 minutes. With the rises of the last 7 days this one is ${Math.round((plan.after / Math.max(plan.before, 0.01) - 1) * 100)} %.` });
  }
  if ((plan.sharedBy ?? 1) > 1) flags.push({ rule: 'shared_budget', layer: 'protocol', outcome: 'escalate', words: `${plan.sharedBy} campaigns spend from this budget, and this change moves all of them: ops and finance must sign.` });
  if (plan.window) flags.push({ rule: 'flash_sale_window', layer: 'campaign', outcome: 'escalate', words: 'During a flash sale every change ends with the sale.' });
  return flags;
}

/** As `policies/` says it of a flight. */
function flightFlags({ flight, roles }: Plan): FlagView[] {
  const [from, until] = flight ?? [null, null];
  if ((until ?? Infinity) < (from ?? Infinity)) return [{ rule: 'shorter_flight_is_never_blocked', layer: 'protocol', outcome: 'allow', words: 'A shorter flight reduces risk: it is never blocked, and one signature is enough.' }];
  const longer: FlagView = { rule: 'longer_flight', layer: 'corporate', outcome: 'escalate', words: 'The campaign runs longer and spends meanwhile: ops must sign.' };
  const costly: FlagView = { rule: 'costly_longer_flight', layer: 'corporate', outcome: 'escalate', words: 'In the added time the campaign can spend more than USD 10000: ops and finance must sign.' };
  return (roles ?? []).includes('finance') ? [longer, costly] : [longer];
}

/** As `policies/` says it of a transfer. */
function transferFlags({ transfer }: Plan): FlagView[] {
  const sum = (at: 1 | 2): number => (transfer?.from ?? []).reduce((total, leg) => total + leg[at], 0);
  const share = Math.ceil((1 - sum(2) / sum(1)) * 10_000) / 100;
  if (share <= 10) return [{ rule: 'no_rule_matched', layer: 'protocol', outcome: 'escalate', words: 'No rule of the policy fits this change, so people decide.' }];
  return [{ rule: 'transfer_large_share', layer: 'corporate', outcome: 'escalate', words: `The transfer takes ${share} % of the weekly budget that gives, more than 10 %: ops and finance must sign.` }];
}

/** As `policies/` says it of a bid. */
function bidFlags({ before, after }: Plan, { field, strategies }: BidPlan): FlagView[] {
  const rule = (name: string, words: string): FlagView => ({ rule: name, layer: 'corporate', outcome: 'escalate', words });
  const more = rule('more_is_bid', 'More may be bid for each click or conversion: ops must sign.');
  if (strategies) return [more, rule('another_bidding_strategy', `The bidding strategy changes from ${strategies.map((one) => one.replaceAll('_', ' ').replace('cpc', 'CPC')).join(' to ')}: ops and finance must sign.`)];
  const rise = Math.round((after / before - 1) * 10_000) / 100 * (field === 'target_roas' ? -1 : 1);
  if (rise < 0) return [{ rule: 'lower_bid_is_never_blocked', layer: 'protocol', outcome: 'allow', words: 'Bidding less reduces risk: it is never blocked, and one signature is enough.' }];
  if (field === 'cpc_bid' && rise <= 10) return [rule('small_cpc_bid_rise', 'The CPC bid rises by at most 10 %: ops must sign, together with other such bids if they like.')];
  return rise > 25 ? [more, rule('bid_change_over_limit', `A bid or target that lets more than 25 % more be bid needs ops and finance; this one is ${rise} %.`)] : [more];
}

/** As `policies/` says it of a campaign that is paused or runs again. */
function statusFlags({ after, roles }: Plan): FlagView[] {
  if (after === 0) return [{ rule: 'pause_is_never_blocked', layer: 'protocol', outcome: 'allow', words: 'Pausing a campaign stops its spend: it is never blocked, and one signature is enough.' }];
  const again: FlagView = { rule: 'campaign_runs_again', layer: 'corporate', outcome: 'escalate', words: `The campaign may spend USD ${after} a day from then on: ops, who run the campaigns, must sign.` };
  const costly: FlagView = { rule: 'costly_campaign_runs_again', layer: 'corporate', outcome: 'escalate', words: 'A week of this campaign may spend more than USD 10000: ops and finance must sign.' };
  return (roles ?? []).includes('finance') ? [again, costly] : [again];
}

function decisionsOf(plan: Plan, created: number): DecisionView[] {
  const given: Partial<DecisionView>[] = plan.signatures === undefined
    ? (plan.decisions ?? [])
    : Array.from({ length: plan.signatures }, (_, index) => ({ person: `Board member ${index + 1}`, role: 'ops', reason_code: 'within_plan' }));
  return given.map((made, position) => decision(made, plan, position, Math.min(created + (position + 2) * MINUTE, created + 5 * MINUTE + position)));
}

function decision(made: Partial<DecisionView>, plan: Plan, position: number, atMs: number): DecisionView {
  const kind = made.kind ?? 'approve';
  const binds = kind === 'approve' ? plan.after : kind === 'override' ? (plan.effective ?? plan.before) : undefined;
  const id = plan.id.replace('77aa', 'dec0').replace(/^(.{2})/, `${(10 + position).toString(16).padStart(2, '0')}`);
  return {
    id,
    kind,
    person: OPS,
    mine: made.person === ME,
    on_this_device: made.person === ME,
    role: 'ops',
    reason_code: '',
    reason: reasonWords(kind, made.reason_code ?? ''),
    text: '',
    after: binds === undefined ? null : valueAt(kindOf(plan), money(binds, plan.currency)),
    requested: null,
    factor: null,
    signed_at_ms: atMs,
    fingerprint: sixWords(id),
    digest: digestOf(id),
    signature_checked: true,
    delivery: { stage: 'accepted_by_gate' },
    ...made,
  };
}

function signersOf(plan: Plan, decisions: DecisionView[]): SignerView[] {
  return rolesOf(plan).map((role) => ({
    role,
    minimum: plan.signatures !== undefined && role === 'ops' ? plan.signatures : 1,
    signed_by: decisions.filter((made) => made.role === role && made.kind !== 'reject' && made.kind !== 'request_changes' && made.delivery.stage !== 'refused').map((made) => made.person),
    eligible: plan.signatures !== undefined && role === 'ops' ? decisions.map((made) => made.person) : holdersOf(role),
  }));
}

/** The roles that I hold where a case asks for them. */
const MINE = ['finance', 'brand', 'channel_owner', 'editor'];

/** Who holds a role. */
const holdersOf = (role: string): string[] => HOLDERS[role] ?? (MINE.includes(role) ? [ME] : []);

function optionsOf(plan: Plan): MyOptionsView {
  const blocked = plan.state !== 'deciding' ? (`case_${plan.state}` as const) : (plan.blocked ?? null);
  const mine = rolesOf(plan).filter((role) => MINE.includes(role));
  return {
    roles: blocked === null ? mine : [],
    blocked_because: blocked === null ? null : refusal(blocked, blocked === 'no_role' ? { roles: rolesOf(plan).join(', ') } : {}),
    approval_blocked_because: plan.contradicted ? refusal('case_contradicted', { words: plan.contradicted }) : plan.question ? refusal('open_question') : null,
    recallable: null,
    factor_to_decide: false,
    factor_to_override: true,
    approve_reasons: REASONS.approve,
    override_reasons: REASONS.override,
    reject_reasons: REASONS.reject,
    request_changes_reasons: REASONS.request_changes,
  };
}

function evidenceOf(plan: Plan, has: (kind: string) => boolean): EvidenceView {
  const kinds: EvidenceKindName[] = plan.noHistory ? ['pacing_series', 'prompt'] : ['pacing_series', 'forecast', 'backtest', 'prompt'];
  const pieces = kinds.map((kind, index) => ({ kind, digest: digestOf(`${kind} ${plan.id}`), size_bytes: [18_204, 3_310, 6_742, 2_118][index] ?? 2_118, on_device: has(kind) }));
  return { complete: pieces.every((piece) => piece.on_device), pieces };
}
