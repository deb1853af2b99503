// The most that a person's own value can cost, in the proportion that Rust gave for the proposed one.
// It is a preview; the sheet that is signed has Rust's own figure.
import type { ChangeView } from '../bridge/bindings/ChangeView';
import type { MoneyView } from '../bridge/bindings/MoneyView';
import { balanceOf } from '../lib/balance';

/** Null where the proposal has none, or was for nothing a day. */
export function worstCase(change: ChangeView, value: MoneyView): MoneyView | null {
  // What is moved costs nothing by itself: what receives it can cost all that it then has.
  const raised = change.spend ? null : (balanceOf(change.diff)?.to.sum ?? null);
  // Where no budget moves, its bound stands whatever the value.
  if (!change.spend && !raised) return change.worst_case;
  const proposed = BigInt((raised ?? change.spend)?.after.amount_micros ?? 0);
  if (!change.worst_case || proposed <= 0n) return null;
  const own = BigInt(value.amount_micros) + BigInt(raised?.before.amount_micros ?? 0);
  const whole = BigInt(change.worst_case.amount_micros) * own;
  return { amount_micros: ((whole + proposed / 2n) / proposed).toString(), currency: value.currency };
}
