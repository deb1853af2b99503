// Changes as the bridge gives them. What a paused campaign may spend on a day is nothing.
import type { BudgetPeriodView } from '../bindings/BudgetPeriodView';
import type { CampaignStatusView } from '../bindings/CampaignStatusView';
import type { CaseView } from '../bindings/CaseView';
import type { ChangeView } from '../bindings/ChangeView';
import type { DiffRowView } from '../bindings/DiffRowView';
import type { KindName } from '../bindings/KindName';
import type { MoneyView } from '../bindings/MoneyView';
import type { SpendView } from '../bindings/SpendView';
import type { StrategyView } from '../bindings/StrategyView';
import type { ValueView } from '../bindings/ValueView';
import { balanceOf, type Balance } from '../../lib/balance';
import { amountsOf } from '../../lib/diff';
import { micros, minus, ratio } from './money';

/** What of a change moves. */
type Moved = Pick<ChangeView, 'direction' | 'diff' | 'spend'>;

/** What moves when a budget does. */
export function budgetOf(from: MoneyView, to: MoneyView, per: BudgetPeriodView = 'daily'): Moved {
  const by = ratio(from, to);
  const delta = minus(to, from);
  return {
    direction: micros(delta) > 0n ? 'increase' : micros(delta) < 0n ? 'decrease' : 'none',
    diff: [{ subject: null, field: per === 'daily' ? 'daily_budget' : 'total_budget', before: { type: 'money', ...from }, after: { type: 'money', ...to }, ratio: by }],
    spend: { per, before: from, after: to, delta, ratio: by },
  };
}

/** Whether a campaign runs that may spend so much on a day. */
const stateAt = (spend: MoneyView): CampaignStatusView => (micros(spend) > 0n ? 'enabled' : 'paused');

/** What moves when a campaign is paused or runs again; its budget is not written, so it has no ratio. */
export function statusOf(from: MoneyView, to: MoneyView): Moved {
  const [before, after] = [from, to].map((spend): ValueView => ({ type: 'status', status: stateAt(spend) })) as [ValueView, ValueView];
  return { ...budgetOf(from, to), diff: [{ subject: null, field: 'status', before, after, ratio: null }] };
}

/** What moves when a flight ends at another time; `null` is until further notice. */
export function flightOf(from: number | null, to: number | null): Moved {
  const [before, after] = [from, to].map((at): ValueView => (at === null ? { type: 'open' } : { type: 'moment', at_ms: at })) as [ValueView, ValueView];
  return { direction: (to ?? Infinity) > (from ?? Infinity) ? 'increase' : 'decrease', diff: [{ subject: null, field: 'flight_end', before, after, ratio: null }], spend: null };
}

/** A campaign's part of a transfer: name, daily budget now and after. */
export type Leg = [campaign: string, before: MoneyView, after: MoneyView];

/** What moves when daily budget goes from some campaigns to others; in all as much may be spent as before. */
export function transferOf(from: Leg[], to: Leg[]): Moved {
  const rows = [...from, ...to].map(([subject, before, after]): DiffRowView => ({
    subject, field: 'daily_budget', before: { type: 'money', ...before }, after: { type: 'money', ...after }, ratio: ratio(before, after),
  }));
  const moved = to.map(([, before, after]) => minus(after, before)).reduce((sum, one) => ({ ...sum, amount_micros: String(micros(sum) + micros(one)) }));
  return { direction: 'increase', diff: [{ subject: null, field: 'moved', before: null, after: { type: 'money', ...moved }, ratio: null }, ...rows], spend: null };
}

/** The same transfer between two campaigns, of another amount. */
function transferWith({ from, to }: Balance, amount: MoneyView): Moved {
  const leg = (parts: Balance['from']['parts'], sign: bigint): Leg[] =>
    parts.map(({ subject, before }) => [subject, before, { ...before, amount_micros: String(micros(before) + sign * micros(amount)) }]);
  return transferOf(leg(from.parts, -1n), leg(to.parts, 1n));
}

/** A bid or target in a plan: what it is, and the ad group or the strategies that go with it. */
export interface BidPlan {
  field: 'cpc_bid' | 'target_cpa' | 'target_roas' | 'strategy';
  group?: string;
  /** What the campaign may spend on a day. */
  budget: number;
  strategies?: [from: StrategyView, to: StrategyView];
}

/** What moves when a bid does. Another strategy begins without a target. */
export function bidOf({ field, strategies }: BidPlan, from: MoneyView, to: MoneyView): Moved {
  const rose = micros(minus(to, from)) > 0n;
  const by = ratio(from, to);
  const value = (amount: MoneyView): ValueView => (field === 'target_roas' ? { type: 'return', ratio: Number(micros(amount)) / 1e6 } : { type: 'money', ...amount });
  if (strategies) {
    const [before, after] = strategies.map((strategy): ValueView => ({ type: 'strategy', strategy })) as [ValueView, ValueView];
    return {
      direction: 'increase',
      diff: [{ subject: null, field: 'strategy', before, after, ratio: null }, { subject: null, field: 'target_cpa', before: { type: 'unset' }, after: value(to), ratio: null }],
      spend: null,
    };
  }
  return { direction: rose === (field !== 'target_roas') ? 'increase' : 'decrease', diff: [{ subject: null, field, before: value(from), after: value(to), ratio: by }], spend: null };
}

/** The amounts that a decision is about: of what may be spent, or of a bid. */
export const amountsIn = (change: ChangeView): Pick<SpendView, 'before' | 'after'> => (change.spend ? change.spend : (amountsOf(change) ?? spendOf(change)));

/** What a kind of change writes for a campaign that may spend so much on a day. */
export const valueAt = (kind: KindName, spend: MoneyView): ValueView =>
  kind === 'status_change' ? { type: 'status', status: stateAt(spend) } : { type: 'money', ...spend };

const NOTHING: MoneyView = { amount_micros: '0', currency: 'USD' };

/** What may be spent under a change; nothing moves under one of other things. */
export const spendOf = (change: ChangeView): SpendView => change.spend ?? { per: 'daily', before: NOTHING, after: NOTHING, delta: NOTHING, ratio: null };

/** The budget as the platform has it, whether the campaign runs or not. */
export function budgetIn(change: ChangeView): MoneyView {
  const { kind, direction } = change;
  const spend = spendOf(change);
  return kind === 'status_change' && direction === 'increase' ? spend.after : spend.before;
}

/** A change with somebody's own amount. */
export function withAmount(change: ChangeView, amount: MoneyView): ChangeView {
  const balance = balanceOf(change.diff);
  if (balance) return { ...change, ...transferWith(balance, amount) };
  if (change.spend) return { ...change, ...budgetOf(change.spend.before, amount, change.spend.per) };
  const [row, ...further] = change.diff;
  return row ? { ...change, diff: [{ ...row, after: { type: 'money', ...amount }, ratio: ratio(amountsIn(change).before, amount) }, ...further] } : change;
}

/** What became of a case on the platform, if anything. */
export const madeOf = ({ change, read_back }: CaseView): DiffRowView[] | null =>
  read_back && change.diff.map((row) => (row.subject === null ? { ...row, after: read_back } : row));
