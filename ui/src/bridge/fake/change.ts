// Changes as the bridge gives them. Every change of the fake has to do with money: what a paused
// campaign may spend on a day is nothing.
import type { CampaignStatusView } from '../bindings/CampaignStatusView';
import type { CaseView } from '../bindings/CaseView';
import type { ChangeView } from '../bindings/ChangeView';
import type { DiffRowView } from '../bindings/DiffRowView';
import type { KindName } from '../bindings/KindName';
import type { MoneyView } from '../bindings/MoneyView';
import type { SpendView } from '../bindings/SpendView';
import type { ValueView } from '../bindings/ValueView';
import { micros, minus, ratio } from './money';

/** What moves when a daily budget does. */
export function budgetOf(from: MoneyView, to: MoneyView): Pick<ChangeView, 'direction' | 'diff' | 'spend'> {
  const by = ratio(from, to);
  const delta = minus(to, from);
  return {
    direction: micros(delta) > 0n ? 'increase' : micros(delta) < 0n ? 'decrease' : 'none',
    diff: [{ field: 'daily_budget', before: { type: 'money', ...from }, after: { type: 'money', ...to }, ratio: by }],
    spend: { per: 'daily', before: from, after: to, delta, ratio: by },
  };
}

/** Whether a campaign runs that may spend so much on a day. */
const stateAt = (spend: MoneyView): CampaignStatusView => (micros(spend) > 0n ? 'enabled' : 'paused');

/** What moves when a campaign is paused or runs again; its budget is not written, so it has no ratio. */
export function statusOf(from: MoneyView, to: MoneyView): Pick<ChangeView, 'direction' | 'diff' | 'spend'> {
  const [before, after] = [from, to].map((spend): ValueView => ({ type: 'status', status: stateAt(spend) })) as [ValueView, ValueView];
  return { ...budgetOf(from, to), diff: [{ field: 'status', before, after, ratio: null }] };
}

/** What a kind of change writes for a campaign that may spend so much on a day. */
export const valueAt = (kind: KindName, spend: MoneyView): ValueView =>
  kind === 'status_change' ? { type: 'status', status: stateAt(spend) } : { type: 'money', ...spend };

/** What may be spent on a day under a change. */
export function spendOf(change: ChangeView): SpendView {
  if (!change.spend) throw new Error('a change without money');
  return change.spend;
}

/** The daily budget as the platform has it, whether the campaign runs or not. */
export function budgetIn({ kind, direction, spend }: ChangeView): MoneyView {
  if (!spend) throw new Error('a change without money');
  return kind === 'status_change' && direction === 'increase' ? spend.after : spend.before;
}

/** A change with somebody's own amount. */
export const withAmount = (change: ChangeView, amount: MoneyView): ChangeView => ({ ...change, ...budgetOf(spendOf(change).before, amount) });

/** What became of a case on the platform, if anything. */
export const madeOf = ({ change, read_back }: CaseView): DiffRowView[] | null =>
  read_back && change.diff.map((row) => ({ ...row, after: read_back }));
