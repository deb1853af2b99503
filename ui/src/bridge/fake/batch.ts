// The items and totals of a batch: one kind, one class, one tier; what does not fit drops out.
import type { BatchItemView } from '../bindings/BatchItemView';
import type { BatchTotalsView } from '../bindings/BatchTotalsView';
import type { CaseView } from '../bindings/CaseView';
import type { DecisionInput } from '../bindings/DecisionInput';
import type { MoneyView } from '../bindings/MoneyView';
import { currencyOf } from '../../lib/diff';
import { spendOf } from './change';
import { decisionLines, decisionTitle } from './confirm';
import { micros } from './money';
import { refusal } from './problem';
import { digestOf, sixWords } from './random';
import type { World } from './world';

/** Each case with its lines, or why it is not in the batch. */
export function batchItems(views: CaseView[], inputs: DecisionInput[], batchClass: string, world: World): BatchItemView[] {
  const language = world.language();
  return views.map((view, index) => {
    const blocked = view.state !== 'deciding' ? refusal(`case_${view.state}`) : (view.my_options.blocked_because ?? view.my_options.approval_blocked_because);
    const other = view.batch_class === batchClass && view.verdict.risk_tier !== 'high' ? null : refusal('batch_other_class');
    return {
      proposal: view.proposal,
      campaign: view.change.campaign,
      title: decisionTitle(view, 'approve', language),
      lines: decisionLines(view, inputs[index] as DecisionInput, spendOf(view.change).after, language, world.now()),
      digest: digestOf(`batch ${view.proposal}`),
      fingerprint: sixWords(`batch ${view.proposal}`),
      dropped: blocked ?? other,
    };
  });
}

/** The effect of all together, by currency. */
export function batchTotals(views: CaseView[]): BatchTotalsView[] {
  const currencies = [...new Set(views.map((view) => currencyOf(view.change)))];
  return currencies.map((currency) => {
    const of = views.filter((view) => currencyOf(view.change) === currency);
    const sum = (amount: (view: CaseView) => MoneyView | null): MoneyView => ({
      amount_micros: String(of.reduce((total, view) => total + micros(amount(view) ?? { amount_micros: '0', currency }), 0n)), currency,
    });
    const size = (view: CaseView): bigint => { const delta = micros(spendOf(view.change).delta); return delta < 0n ? -delta : delta; };
    const largest = of.reduce((best, view) => (size(view) > size(best) ? view : best));
    const accounts = new Set(of.map((view) => view.change.entity.split('/campaigns/')[0]));
    return { items: of.length, accounts: accounts.size, per: 'daily', delta: sum((view) => spendOf(view.change).delta), largest: spendOf(largest.change).delta, worst_case: sum((view) => view.change.worst_case) };
  });
}
