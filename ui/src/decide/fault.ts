// What is wrong with an amount that somebody types, in words.
import type { AmountsView } from '../bridge/bindings/AmountsView';
import { money } from '../lib/format';
import { isTaken, type parseAmount } from '../lib/money';
import { words } from '../messages';

/** Empty for an amount that can be read and that the platform takes for this change. */
export function faultOf(parsed: ReturnType<typeof parseAmount>, { step, min }: AmountsView): string {
  if ('fault' in parsed) return words.sheet.amountFault[parsed.fault];
  return isTaken(parsed.micros, step.amount_micros, min.amount_micros) ? '' : words.sheet.limits(money(min), money(step));
}
