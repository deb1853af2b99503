// Amounts as the bridge gives them: micros as text, so that no digit is lost.
import type { MoneyView } from '../bindings/MoneyView';

const MICROS_PER_CENT = 10_000n;

/** An amount in major units; cents are exact up to nine million million. */
export function money(amount: number, currency = 'USD'): MoneyView {
  return { amount_micros: String(BigInt(Math.round(amount * 100)) * MICROS_PER_CENT), currency };
}

/** Micros of an amount. */
export const micros = (amount: MoneyView): bigint => BigInt(amount.amount_micros);

/** `a` minus `b`. */
export function minus(a: MoneyView, b: MoneyView): MoneyView {
  return { amount_micros: String(micros(a) - micros(b)), currency: a.currency };
}

/** An amount many times; parts of a micro are cut off. */
export function times(amount: MoneyView, factor: number): MoneyView {
  return { amount_micros: String((micros(amount) * BigInt(Math.round(factor * 1_000))) / 1_000n), currency: amount.currency };
}

/** Relative change to four decimals; null from nothing. */
export function ratio(before: MoneyView, after: MoneyView): number | null {
  if (micros(before) === 0n) return null;
  return Number(((micros(after) - micros(before)) * 10_000n) / micros(before)) / 10_000;
}

/** As on a sheet: `1'234.50 USD` without locale. */
export function plain({ amount_micros, currency }: MoneyView): string {
  const cents = (BigInt(amount_micros) / MICROS_PER_CENT).toString().padStart(3, '0');
  return `${cents.slice(0, -2)}.${cents.slice(-2)} ${currency}`;
}
