// Changes as the bridge gives them. Every change of the fake has to do with money.
import type { CaseView } from '../bindings/CaseView';
import type { ChangeView } from '../bindings/ChangeView';
import type { DiffRowView } from '../bindings/DiffRowView';
import type { MoneyView } from '../bindings/MoneyView';
import type { SpendView } from '../bindings/SpendView';
import { micros, minus, ratio } from './money';

/** What moves when a daily budget does. */
export function budgetOf(from: MoneyView, to: MoneyView): Pick<ChangeView, 'direction' | 'diff' | 'spend'> {
  const by = ratio(from, to);
  const delta = minus(to, from);
  return {
    direction: micros(delta) > 0n ? 'increase' : micros(delta) < 0n ? 'decrease' : 'none',
    diff: [{ field: 'daily_budget', before: { type: 'money', ...from }, after: { type: 'money', ...to }, ratio: by }],
    spend: { before: from, after: to, delta, ratio: by },
  };
}

/** What may be spent on a day under a change. */
export function spendOf(change: ChangeView): SpendView {
  if (!change.spend) throw new Error('a change without money');
  return change.spend;
}

/** A change with somebody's own amount. */
export const withAmount = (change: ChangeView, amount: MoneyView): ChangeView => ({ ...change, ...budgetOf(spendOf(change).before, amount) });

/** What became of a case on the platform, if anything. */
export const madeOf = ({ change, read_back }: CaseView): DiffRowView[] | null =>
  read_back && change.diff.map((row) => ({ ...row, after: read_back }));
