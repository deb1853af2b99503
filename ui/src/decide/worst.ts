// The most that a person's own value can cost, in the proportion that Rust gave for the proposed one.
// It is a preview; the sheet that is signed has Rust's own figure.
import type { ChangeView } from '../bridge/bindings/ChangeView';
import type { MoneyView } from '../bridge/bindings/MoneyView';

/** Null where the proposal has none, or was for nothing a day. */
export function worstCase(change: ChangeView, value: MoneyView): MoneyView | null {
  const proposed = BigInt(change.spend?.after.amount_micros ?? 0);
  if (!change.worst_case || proposed <= 0n) return null;
  const whole = BigInt(change.worst_case.amount_micros) * BigInt(value.amount_micros);
  return { amount_micros: ((whole + proposed / 2n) / proposed).toString(), currency: value.currency };
}
