// A prompt as an agent might have had it.
import type { CaseView } from '../bindings/CaseView';
import { budgetIn } from './change';
import { sheetAmount } from './money';

/** The prompt behind a case. */
export function promptOf({ change, draft }: CaseView): string {
  return [
    'You plan daily budgets for one ad account. Propose at most one change a day for each campaign.',
    `Campaign: ${change.campaign}. It is for: ${draft?.campaign_intent ?? ''}`,
    `Present daily budget: ${sheetAmount(budgetIn(change), 'en')}. The spend of the last 28 days follows as a table.`,
    'Answer with the change, its reasons, the expected lift with an interval, and what would prove you wrong.',
  ].join('\n\n');
}
