// The cases of the default day, as short plans: a case in every state, the flash sale first.
import type { CampaignStatusView } from '../bindings/CampaignStatusView';
import type { CaseState } from '../bindings/CaseState';
import type { DecisionView } from '../bindings/DecisionView';
import type { FactView } from '../bindings/FactView';
import type { FlagView } from '../bindings/FlagView';
import type { DraftView } from '../bindings/DraftView';
import type { EntryKind } from '../bindings/codes';
import type { TakesBackView } from '../bindings/TakesBackView';
import type { HeldUpBy } from '../bindings/HeldUpBy';
import type { LegView } from '../bindings/LegView';
import type { KindName } from '../bindings/KindName';
import type { SwapPlan } from './ads';
import type { BidPlan } from './change';
import { ME, OPS } from './people';
import type { Code } from './problem';
import { audience, place, type SetPlan } from './sets';

/** An entry of the log that a case brings: action, actor, facts, amount in major units. */
export type PlanEntry = [action: EntryKind, actor: string, facts?: Record<string, string>, amount?: number];

/** What a case is made from. Minutes count from now. */
export interface Plan {
  /** Proposal id. */
  id: string;
  campaign: string;
  /** What may be spent on a day, in major units; nothing while the campaign is paused. */
  before: number;
  after: number;
  /** When the flight ends now and after, in days from today; `null` is until further notice. */
  flight?: [now: number | null, after: number | null];
  /** Campaigns that give and that receive, with their daily budgets now and after. */
  transfer?: { from: [campaign: string, now: number, after: number][]; to: [campaign: string, now: number, after: number][] };
  /** A bid, of which `before` and `after` are the amounts; a target return as a number. */
  bid?: BidPlan;
  /** Two ads, of which one takes the other's place. */
  swap?: SwapPlan;
  /** What a campaign or an ad group reaches or leaves out. */
  set?: SetPlan;
  /** A budget change unless it says otherwise. */
  kind?: KindName;
  state: CaseState;
  trigger: string;
  decideBy: number;
  currency?: string;
  tier?: 'low' | 'medium' | 'high';
  /** Roles asked. */
  roles?: string[];
  /** Why I cannot decide at all. */
  blocked?: Code;
  effective?: number;
  readBack?: number;
  /** What became of each leg of a transfer, where it did not hold as a whole, in the order of its sides. */
  legs?: Pick<LegView, 'end' | 'code'>[];
  /** What the execution waits for, and how many minutes after the case was made. */
  heldUp?: { by: HeldUpBy; code: string; after: number; quiet?: number };
  status?: CampaignStatusView;
  /** How many days before the first one that the platform reports were asked for. */
  askedBefore?: number;
  window?: boolean;
  sharedBy?: number;
  batchClass?: string;
  /** A question for me that blocks approval. */
  question?: boolean;
  /** What this device finds wrong with what the gate says about it. */
  contradicted?: string;
  decisions?: Partial<DecisionView>[];
  flags?: FlagView[];
  log: PlanEntry[];
  rationale?: string;
  /** Parts of what the agent says beside its rationale. */
  told?: Partial<DraftView>;
  /** What it takes back, where a person asked for it and no agent drafted it. */
  takesBack?: TakesBackView;
  /** The case that takes it back. */
  takenBackBy?: string;
  intent?: string;
  /** Kinds of evidence that are not on this device. */
  missing?: string[];
  /** Neither series nor similar cases. */
  noHistory?: boolean;
  /** How many people have signed already (bad data). */
  signatures?: number;
  practice?: boolean;
}

/** Facts as the bridge gives them. */
export function facts(named: Record<string, string> = {}): FactView[] {
  return Object.entries(named).map(([key, value]) => ({ key, value }));
}

/** The id of the n-th case. */
export function proposalId(number: number): string {
  return `0193a1b2-77aa-7000-8000-${String(number).padStart(12, '0')}`;
}

const received = (amount: number): PlanEntry => ['proposal_received', 'budget-agent', { model: 'pacing-response' }, amount];
const verdict = (flags = 2): PlanEntry => ['verdict_issued', 'Gate', { flags: String(flags), policy: '2026-11-21.1' }];
const approved = (who: string, role: string, reason = 'within_plan'): PlanEntry => ['decision_accepted', who, { decision: 'approve', role, reason }];
const rung = (role: string): PlanEntry => ['rung_climbed', 'Gate', { told: role }];

/** The opening of every log. */
export const opening = (after: number, flags = 2): PlanEntry[] => [received(after), verdict(flags)];

const settled = (signatures: number, amount: number): PlanEntry[] => [
  ['change_authorized', 'Gate', { signatures: String(signatures) }, amount],
  ['execution_intended', 'Gate', {}, amount],
];

const BOTH = ['ops', 'finance'];

/** The default day. */
export const PLANS: Plan[] = ([
  {
    campaign: 'flash_sale_burst', before: 460, after: 575, state: 'deciding', decideBy: 24, tier: 'high', window: true, roles: BOTH,
    trigger: '72-hour flash sale starts; search demand for “rain jacket” is up 38 % on the week.',
    decisions: [{ person: OPS, role: 'ops', reason_code: 'seasonal_opportunity', text: 'Stock is there; the sale page is live from 06:00.' }],
    log: [...opening(575), approved(OPS, 'ops', 'seasonal_opportunity')],
  },
  {
    campaign: 'video_product_launch', before: 168, after: 218.4, state: 'deciding', decideBy: 7, tier: 'high', roles: BOTH,
    trigger: 'View-through rate held above plan for ten days.', question: true,
    log: [...opening(218.4), rung('cfo')],
  },
  {
    campaign: 'niche_interest', before: 55, after: 44, state: 'deciding', decideBy: 190, tier: 'low', roles: ['finance'], batchClass: 'small_decrease',
    trigger: 'Reach in this audience is saturated; frequency is at 6.1.', log: opening(44, 1),
  },
  {
    campaign: 'brand_always_on', before: 308, after: 293, state: 'deciding', decideBy: 205, tier: 'low', roles: ['finance'], batchClass: 'small_decrease',
    trigger: 'Brand search is back above its floor; the extra spend is no longer needed.', log: opening(293, 1),
  },
  {
    campaign: 'lookalike_conversions', before: 118, after: 112, state: 'deciding', decideBy: 220, tier: 'low', roles: ['finance'], batchClass: 'small_decrease',
    trigger: 'Overlap with the interest audience rose to 31 %.', log: opening(112, 1),
  },
  {
    campaign: 'spring_promo', before: 148, after: 163.5, state: 'deciding', decideBy: 75, tier: 'medium', roles: ['ops'], sharedBy: 2, status: 'paused', askedBefore: 14,
    blocked: 'no_role',
    trigger: 'Promotion calendar: second week of the spring offer.', log: opening(163.5),
  },
  {
    campaign: 'brand_always_on', before: 308, after: 339, state: 'authorized', decideBy: 12, tier: 'medium', roles: BOTH, effective: 339,
    heldUp: { by: 'sign_in', code: 'oauth.HTTP_503', after: 8 },
    trigger: 'Brand search share fell under the agreed floor.',
    decisions: [
      { person: OPS, role: 'ops', reason_code: 'within_plan' },
      { person: 'Ruth Kaplan', role: 'finance', reason_code: 'within_plan' },
    ],
    log: [...opening(339), approved(OPS, 'ops'), approved('Ruth Kaplan', 'finance'), ...settled(2, 339), ['execution_waiting', 'Gate', { code: 'oauth.HTTP_503' }]],
  },
  {
    campaign: 'lookalike_conversions', before: 118, after: 147.5, state: 'executed', decideBy: -300, tier: 'high', roles: BOTH, effective: 135.7, readBack: 135.7,
    trigger: 'Conversion rate above its band for seven days.',
    decisions: [
      { person: OPS, role: 'ops', reason_code: 'evidence_convincing', delivery: { stage: 'executed' } },
      { person: ME, role: 'finance', kind: 'override', reason_code: 'budget_headroom', text: 'Only 15 % is left in the month.', factor: 'totp', delivery: { stage: 'executed' } },
    ],
    log: [...opening(147.5), approved(OPS, 'ops', 'evidence_convincing'), ['decision_accepted', ME, { decision: 'override', role: 'finance', reason: 'budget_headroom', factor: 'totp' }], ...settled(2, 135.7), ['execution_finished', 'Gate', { status: 'applied' }, 135.7]],
  },
  {
    campaign: 'broad_prospecting', before: 9.4, after: 14.1, state: 'not_applied', decideBy: -800, roles: ['ops'], effective: 14.1, readBack: 9.4,
    trigger: 'Cheap reach in a new region.',
    decisions: [{ person: OPS, role: 'ops', reason_code: 'within_plan' }],
    log: [...opening(14.1), approved(OPS, 'ops'), ...settled(1, 14.1), ['execution_finished', 'Gate', { status: 'not_applied', code: 'BUDGET_BELOW_MINIMUM' }, 9.4]],
  },
  {
    campaign: 'spring_promo', before: 148, after: 207.2, state: 'rejected', decideBy: -1500, roles: BOTH,
    trigger: 'Competitor left the auction.',
    decisions: [{ person: ME, role: 'finance', kind: 'reject', reason_code: 'over_budget' }],
    log: [...opening(207.2), ['decision_accepted', ME, { decision: 'reject', role: 'finance', reason: 'over_budget' }], ['case_rejected', ME, { role: 'finance', reason: 'over_budget' }]],
  },
  {
    campaign: 'niche_interest', before: 55, after: 82.5, state: 'sent_back', decideBy: -2100, roles: BOTH,
    trigger: 'Seasonal interest is rising.',
    decisions: [
      { person: OPS, role: 'ops', kind: 'request_changes', reason_code: 'smaller_change', text: 'At most a fifth more.', requested: { max_after_micros: '66000000', max_days: 14, evidence: ['backtest'], texts: false } },
    ],
    log: [...opening(82.5), ['decision_accepted', OPS, { decision: 'request_changes', role: 'ops', reason: 'smaller_change' }], ['changes_requested', OPS, { role: 'ops', reason: 'smaller_change' }]],
  },
  { campaign: 'brand_always_on', before: 308, after: 385, state: 'expired', decideBy: -2900, roles: BOTH, trigger: 'Weekend demand.', missing: ['pacing_series'], log: [...opening(385), ['deadline_passed', 'Gate'], ['case_expired', 'Gate']] },
  { campaign: 'lookalike_conversions', before: 118, after: 141.6, state: 'superseded', decideBy: -3300, roles: BOTH, trigger: 'Audience refreshed.', log: [...opening(141.6), ['case_superseded', 'Gate']] },
  {
    campaign: 'video_product_launch', before: 168, after: 1680, state: 'blocked', decideBy: -4000, tier: 'high', roles: BOTH, trigger: 'Launch day.',
    flags: [{ rule: 'trailing_moves_over_limit', layer: 'protocol', outcome: 'block', words: 'The rises of the last 7 days add up to more than 10000 USD a day: nothing proceeds.' }],
    log: [received(1680), verdict(1)],
  },
] satisfies Omit<Plan, 'id'>[]).map((plan, index) => ({ id: proposalId(index + 1), ...plan }));

/** Campaigns that are paused or run again. Letting a costly one run asks its owner, ops, and finance too. */
export const STATUS_PLANS: Plan[] = ([
  {
    campaign: 'video_product_launch', kind: 'status_change', before: 0, after: 1680, state: 'deciding', decideBy: 24, tier: 'medium', roles: BOTH,
    trigger: 'The product is in stock again; its launch film was cleared on Friday.',
    rationale: 'The campaign was paused when stock ran out. Warehouses report four weeks of stock, and search interest in the product has held since. Letting it run at its former budget should bring conversions back within a week.',
    intent: 'Sell the new product while interest in it is high.',
    log: opening(1680),
  },
  {
    campaign: 'niche_interest', kind: 'status_change', before: 55, after: 0, state: 'deciding', decideBy: 190, tier: 'low', roles: ['finance'], batchClass: 'routine_pause',
    trigger: 'The landing page has been down since 05:40.',
    rationale: 'Every click leads to an error page. Nothing is lost by a pause, and the campaign can run again as soon as the page answers.',
    intent: 'Reach people with a special interest in rainwear.',
    log: opening(0, 1),
  },
  {
    campaign: 'lookalike_conversions', kind: 'status_change', before: 118, after: 0, state: 'deciding', decideBy: 205, tier: 'low', roles: ['finance'], batchClass: 'routine_pause',
    trigger: 'The audience overlaps with another campaign by 64 %.', log: opening(0, 1),
  },
  {
    campaign: 'spring_promo', kind: 'status_change', before: 0, after: 148, state: 'deciding', decideBy: 75, tier: 'medium', roles: ['ops'], blocked: 'no_role',
    trigger: 'Promotion calendar: the spring offer begins again.', log: opening(148),
  },
  {
    campaign: 'brand_always_on', kind: 'status_change', before: 308, after: 0, state: 'executed', decideBy: -300, tier: 'low', roles: ['finance'], effective: 0, readBack: 0,
    trigger: 'Trademark claim under review.',
    decisions: [{ person: ME, role: 'finance', reason_code: 'within_plan', delivery: { stage: 'executed' } }],
    log: [...opening(0, 1), approved(ME, 'finance'), ...settled(1, 0), ['execution_finished', 'Gate', { status: 'applied' }, 0]],
  },
] satisfies Omit<Plan, 'id'>[]).map((plan, index) => ({ id: proposalId(index + 71), ...plan }));

/** A change that did not do what it was approved for, and the case that takes it back. */
export const ROLLBACK_PLANS: Plan[] = ([
  {
    campaign: 'flash_sale_burst', before: 575, after: 460, state: 'deciding', decideBy: 1_380, tier: 'low', roles: ['finance'], noHistory: true, missing: [],
    trigger: 'The sale was called off.', takesBack: { proposal: proposalId(92), person: OPS, mine: false, text: 'The sale was called off this morning, and the budget was raised for it alone.' },
    flags: [], log: [['rollback_opened', OPS, { of: proposalId(92) }, 460], verdict(0)],
  },
  {
    campaign: 'flash_sale_burst', before: 460, after: 575, state: 'executed', decideBy: -300, tier: 'medium', roles: BOTH, effective: 575, readBack: 575, noHistory: true, takenBackBy: proposalId(91),
    trigger: '72-hour flash sale starts.',
    decisions: [{ person: ME, role: 'finance', reason_code: 'within_plan', delivery: { stage: 'executed' } }],
    log: [...opening(575), approved(OPS, 'ops'), approved(ME, 'finance'), ...settled(2, 575), ['execution_finished', 'Gate', { status: 'applied' }, 575]],
  },
  {
    campaign: 'lookalike_conversions', before: 118, after: 147.5, state: 'executed', decideBy: -300, tier: 'medium', roles: BOTH, effective: 147.5, readBack: 147.5, noHistory: true,
    trigger: 'Conversion rate above its band for seven days.',
    decisions: [{ person: ME, role: 'finance', reason_code: 'within_plan', delivery: { stage: 'executed' } }],
    log: [...opening(147.5), approved(OPS, 'ops'), approved(ME, 'finance'), ...settled(2, 147.5), ['execution_finished', 'Gate', { status: 'applied' }, 147.5]],
  },
] satisfies Omit<Plan, 'id'>[]).map((plan, index) => ({ id: proposalId(index + 91), ...plan }));

/** Flights that get longer and shorter, and what one may spend over all of it. */
export const FLIGHT_PLANS: Plan[] = ([
  {
    campaign: 'video_product_launch', kind: 'total_budget_change', before: 42_000, after: 54_600, state: 'deciding', decideBy: 26, tier: 'medium', roles: BOTH,
    trigger: 'Two thirds of the flight are over, and three quarters of its budget are spent.',
    rationale: 'At the present pace the budget is spent nine days before the flight ends, in the week in which the second film is shown. The rest of the flight costs about what its first half did.',
    intent: 'Sell the new product while interest in it is high.',
    log: opening(54_600),
  },
  {
    campaign: 'flash_sale_burst', kind: 'schedule_change', before: 1000, after: 1000, flight: [3, 10], state: 'deciding', decideBy: 41, tier: 'medium', roles: BOTH,
    trigger: 'The sale was prolonged by a week.',
    rationale: 'Orders still rose on the last planned day, at the same cost each, and stock lasts for two weeks more.',
    intent: 'Clear the autumn stock.',
    log: opening(1000),
  },
  {
    campaign: 'niche_interest', kind: 'schedule_change', before: 55, after: 55, flight: [null, 14], state: 'deciding', decideBy: 190, tier: 'low', roles: ['finance'], batchClass: 'routine_flight',
    trigger: 'The series of films that it accompanies ends in two weeks.', log: opening(55, 1),
  },
] satisfies Omit<Plan, 'id'>[]).map((plan, index) => ({ id: proposalId(index + 91), ...plan }));

/** Daily budget that goes from campaigns to others: between two, between several, and one that was made. */
export const TRANSFER_PLANS: Plan[] = ([
  {
    campaign: 'flash_sale_burst', kind: 'budget_transfer', before: 460, after: 520, state: 'deciding', decideBy: 26, tier: 'medium', roles: BOTH, window: true,
    transfer: { from: [['brand_always_on', 308, 248]], to: [['flash_sale_burst', 460, 520]] },
    trigger: 'Brand search is above its floor on every day, and the sale leaves demand unmet.',
    rationale: 'The last sixty dollars a day of the brand campaign bring clicks that come anyway, while the sale runs out of budget before noon. In all nothing more is spent.',
    intent: 'Clear the autumn stock.',
    log: opening(60),
  },
  {
    campaign: 'video_product_launch', kind: 'budget_transfer', before: 1_680, after: 1_930, state: 'deciding', decideBy: 95, tier: 'medium', roles: BOTH,
    transfer: {
      from: [['spring_promo', 1_148, 998.5], ['broad_prospecting', 214.1, 150], ['niche_interest_rainwear_and_outdoor_2026', 155, 98.6]],
      to: [['video_product_launch', 1_680, 1_930], ['lookalike_conversions', 118, 138]],
    },
    trigger: 'Three campaigns have reached everyone whom they were made for; the launch has not.',
    rationale: 'Frequency in the three campaigns that give is above six, and their last conversions cost twice what those of the launch do.',
    intent: 'Sell the new product while interest in it is high.',
    log: opening(270),
  },
  {
    campaign: 'lookalike_conversions', kind: 'budget_transfer', before: 118, after: 138, state: 'executed', decideBy: -300, tier: 'medium', roles: BOTH, effective: 20, readBack: 20,
    transfer: { from: [['spring_promo', 148, 128]], to: [['lookalike_conversions', 118, 138]] },
    trigger: 'Conversion rate above its band for seven days.',
    decisions: [
      { person: OPS, role: 'ops', reason_code: 'evidence_convincing', delivery: { stage: 'executed' } },
      { person: ME, role: 'finance', reason_code: 'within_plan', delivery: { stage: 'executed' } },
    ],
    log: [...opening(20), approved(OPS, 'ops', 'evidence_convincing'), approved(ME, 'finance'), ...settled(2, 20), ['execution_finished', 'Gate', { status: 'applied' }, 20]],
  },
  {
    campaign: 'flash_sale_burst', kind: 'budget_transfer', before: 460, after: 495, state: 'not_applied', decideBy: -120, tier: 'medium', roles: BOTH, effective: 35,
    transfer: { from: [['brand_always_on', 308, 288], ['niche_interest_rainwear_and_outdoor_2026', 155, 140]], to: [['flash_sale_burst', 460, 495]] },
    legs: [{ end: 'not_taken_back', code: 'internalError.INTERNAL_ERROR' }, { end: 'taken_back', code: null }, { end: 'not_made', code: 'campaignBudgetError.MONEY_AMOUNT_TOO_LARGE' }],
    trigger: 'The sale runs out of budget before noon.',
    decisions: [
      { person: OPS, role: 'ops', reason_code: 'evidence_convincing', delivery: { stage: 'accepted_by_gate' } },
      { person: ME, role: 'finance', reason_code: 'within_plan', delivery: { stage: 'accepted_by_gate' } },
    ],
    log: [...opening(35), approved(OPS, 'ops', 'evidence_convincing'), approved(ME, 'finance'), ...settled(2, 35), ['execution_finished', 'Gate', { status: 'partially_applied', code: 'internalError.INTERNAL_ERROR' }]],
  },
] satisfies Omit<Plan, 'id'>[]).map((plan, index) => ({ id: proposalId(index + 121), ...plan }));

/** Bids, targets and strategies. */
export const BID_PLANS: Plan[] = ([
  {
    campaign: 'flash_sale_burst', kind: 'bid_change', bid: { field: 'cpc_bid', group: 'rain jackets, exact', budget: 460 }, before: 0.5, after: 0.65, state: 'deciding', decideBy: 24, tier: 'medium', roles: BOTH,
    trigger: 'A third of the impressions of this ad group are lost to rank.',
    rationale: 'The ad group shows in the second place on most searches, and a click in the first place sells twice as often. The budget has not been spent before midnight on any day of the last two weeks.',
    log: opening(0.65),
  },
  {
    campaign: 'video_product_launch', kind: 'bid_change', bid: { field: 'strategy', budget: 168, strategies: ['manual_cpc', 'maximize_conversions'] }, before: 0, after: 12, state: 'deciding', decideBy: 41, tier: 'high', roles: BOTH,
    trigger: 'Conversions have been measured for 30 days.',
    rationale: 'With 80 conversions in 30 days the platform has enough to bid by. A conversion cost 11.40 on average in that time.',
    intent: 'Sell the new product while interest in it is high.',
    log: opening(12),
  },
  {
    campaign: 'spring_promo', kind: 'bid_change', bid: { field: 'target_roas', budget: 148 }, before: 4, after: 3.5, state: 'deciding', decideBy: 90, tier: 'medium', roles: BOTH,
    trigger: 'The target was missed on none of the last 20 days, and half of the budget was left.', log: opening(3.5),
  },
  {
    campaign: 'niche_interest', kind: 'bid_change', bid: { field: 'target_cpa', budget: 55 }, before: 14, after: 12, state: 'deciding', decideBy: 190, tier: 'low', roles: ['finance'], batchClass: 'routine_bids',
    trigger: 'A conversion cost 11 on average for three weeks.', log: opening(12, 1),
  },
] satisfies Omit<Plan, 'id'>[]).map((plan, index) => ({ id: proposalId(index + 101), ...plan }));

const drafted: PlanEntry[] = [['proposal_received', 'creative-agent', { model: 'copy-writer' }], verdict(1)];

/** One ad in another's place: two texts, a whole ad with a claim, and one that was limited. */
export const AD_PLANS: Plan[] = ([
  {
    campaign: 'flash_sale_burst', kind: 'creative_swap', before: 0, after: 0, state: 'deciding', decideBy: 190, tier: 'medium', roles: ['editor'],
    swap: {
      group: 'rain jackets, exact',
      from: {
        id: '690012345678', page: 'shop.example/rain', path: 'rain', standing: 'approved',
        headlines: ['Rain jackets', 'For every weather', 'Free returns', 'Twelve colours'],
        descriptions: ['Jackets for walks in the rain, in twelve colours and all sizes.', 'Order today, wear it at the weekend.'],
      },
      to: {
        page: 'shop.example/rain', path: 'rain/light',
        headlines: [['Light rain jackets', 1], 'For every weather', 'Free returns', 'Fits into a pocket'],
        descriptions: ['Jackets that fit into a pocket, in twelve colours and all sizes.', 'Order today, wear it at the weekend.'],
      },
    },
    trigger: 'Searches for light jackets have doubled since October.',
    rationale: 'One search in three asks for a light jacket, and the ad does not say that it is one.',
    intent: 'Sell the new light jacket before the spring.',
    log: drafted,
  },
  {
    campaign: 'video_product_launch', kind: 'creative_swap', before: 0, after: 0, state: 'deciding', decideBy: 420, tier: 'high', roles: ['editor', 'legal'],
    swap: {
      group: 'night creams', found: '“clinically proven”, “guaranteed” (guarantee, medical claim)',
      from: {
        id: '690098765432', page: 'shop.example/cream', standing: 'limited', topics: ['HEALTH_IN_PERSONALIZED_ADS'],
        headlines: ['Night cream', 'Made of oats', 'Since 1990'],
        descriptions: ['A cream of oats and shea butter, for dry skin.', 'Made in small batches.'],
      },
      to: {
        page: 'shop.example/cream-new',
        headlines: ['Smooth skin, guaranteed', 'Made of oats', '東京で人気のクリーム'],
        descriptions: ['Clinically proven: smoother skin within a week.', 'Made in small batches.', 'A cream of oats and shea butter, for dry skin.'],
      },
    },
    trigger: 'The platform has limited the ad that runs.',
    rationale: 'The new words say what the cream does.',
    intent: 'Sell the new product while interest in it is high.',
    log: drafted,
  },
] satisfies Omit<Plan, 'id'>[]).map((plan, index) => ({ id: proposalId(index + 141), ...plan }));

const REVIEW = 'Brand safety review, 2026-10';
const MODEL = 'suitability-model-3, 2026-11-20';

/** What is said beside a change of who or what is reached. */
const judged = (recommended_action: string, counterfactual: string): Partial<DraftView> => ({ recommended_action, counterfactual });

/** Places and audiences. */
export const SET_PLANS: Plan[] = ([
  {
    campaign: 'video_product_launch', kind: 'placement_add', before: 0, after: 0, state: 'deciding', decideBy: 41, tier: 'high', roles: ['ops', 'brand'],
    set: { field: 'placements', group: 'product videos', budget: 168, members: [
      place('site', 'news.example', { vetted: true, score: 0.82, publisher: 'News House', known: { score: 0.82, source: REVIEW }, claim: { score: 0.9, source: MODEL } }),
      place('site', 'politics.example', { vetted: true, high_risk: true, score: 0.55, known: { score: 0.64, source: REVIEW }, claim: { score: 0.55, source: MODEL } }),
      place('site', 'blogs.news.example', { score: 0.82, part_of: 'news.example', known: { score: 0.82, source: REVIEW } }),
      place('app', '2-com.example.game', { claim: { score: 0.77, source: MODEL }, score: 0.77 }),
      place('youtube_channel', 'UCq3Xv0aWkLr5nB2tYh8dE1g'),
    ] },
    trigger: 'A tenth of the budget was left unspent for two weeks.',
    rationale: 'Readers of these places are those who buy most often, and clicks there cost less. The budget has room for them: a tenth of it was left on each of the last fourteen days.',
    intent: 'Sell the new product while interest in it is high.',
    told: judged('Show ads in five further places, three of them of one publisher.', 'Had the budget been spent in full, no further place would have been proposed.'),
    log: opening(0),
  },
  {
    campaign: 'flash_sale_burst', kind: 'audience_exclude', before: 0, after: 0, state: 'deciding', decideBy: 75, tier: 'high', roles: ['ops', 'channel_owner', 'legal'],
    set: { field: 'excluded_audiences', budget: 460, members: [
      audience('9000000001', 'Carts of the last three days', [48_000, 21_000], 'consent', ['AT', 'DE'], { shoppers: true, sale: 'Holiday sale 2026', source: 'Data protection register, 2026-09' }),
      audience('9000000004', 'Allergy guide readers', [3_100, 800], 'unknown', [], { sensitive: ['health'], lacks_consent: true }),
      audience('9000000005', 'Bought within a week', [12_400, 5_300], 'contract', ['US']),
    ] },
    trigger: 'A tenth of the clicks was of people who had just bought.',
    rationale: 'Those who bought within a week do not buy again within a week, and their clicks are paid for nothing.',
    told: judged('Leave these three lists out for the rest of the sale.', 'Had their clicks led to one order in fifty, nothing would have been proposed.'),
    log: opening(0),
  },
  {
    campaign: 'niche_interest', kind: 'placement_exclude', before: 0, after: 0, state: 'deciding', decideBy: 190, tier: 'low', roles: ['ops', 'brand'],
    set: { field: 'excluded_placements', budget: 55, members: [place('site', 'kids-games.example', { score: 0.3, claim: { score: 0.3, source: MODEL } })] },
    trigger: 'The cost of an order rose by a fifth.', told: judged('Show no ads on the games site.', 'Had the site brought one order in a hundred clicks, nothing would have been proposed.'), log: opening(0, 1),
  },
  {
    campaign: 'spring_promo', kind: 'audience_add', before: 0, after: 0, state: 'deciding', decideBy: 240, tier: 'medium', roles: ['ops', 'channel_owner'],
    set: { field: 'audiences', budget: 148, members: [audience('9000000006', 'Bought last spring', [31_000, 14_200], 'consent', ['AT', 'CH', 'DE'], { source: 'Data protection register, 2026-09' })] },
    trigger: 'Repeat orders fell by a tenth.', told: judged('Reach the people who bought last spring.', 'Had repeat orders not fallen, no further audience would have been proposed.'), log: opening(0),
  },
] satisfies Omit<Plan, 'id'>[]).map((plan, index) => ({ id: proposalId(index + 141), ...plan }));

/** The plan of a late refusal: I signed on a train, the case was settled meanwhile. */
export const LATE: Plan = {
  id: proposalId(61),
  campaign: 'spring_promo', before: 148, after: 170, state: 'executed', decideBy: -40, tier: 'medium', roles: BOTH, effective: 170, readBack: 170,
  trigger: 'Promotion calendar: first week of the spring offer.',
  decisions: [
    { person: OPS, role: 'ops', reason_code: 'within_plan', delivery: { stage: 'executed' } },
    { person: 'Ruth Kaplan', role: 'finance', reason_code: 'within_plan', delivery: { stage: 'executed' } },
    {
      person: ME, role: 'finance', kind: 'override', reason_code: 'pacing_risk', text: 'Too steep for a first week.', factor: 'totp',
      delivery: { stage: 'refused', why: { code: 'case_settled', message: 'The case was settled before this arrived. The recorded outcome stands.', hints: [], values: {} } },
    },
  ],
  log: [...opening(170), approved(OPS, 'ops'), approved('Ruth Kaplan', 'finance'), ...settled(2, 170), ['execution_finished', 'Gate', { status: 'applied' }, 170], ['decision_refused', ME, { decision: 'override', role: 'finance', reason: 'pacing_risk', refusal: 'case_settled' }]],
};
