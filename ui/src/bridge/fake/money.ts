// Amounts as the bridge gives them: micros as text, so that no digit is lost.
import { decimalText, SHOWN_DIGITS } from '../../lib/money';
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

/** A count as Rust spells it on a sheet: `48,000`, `48.000`. */
export const sheetNumber = (value: number, language: 'en' | 'de'): string => String(value).replace(/\B(?=(\d{3})+$)/g, language === 'en' ? ',' : '.');

/** As Rust spells it on a sheet: `USD 1,234.50`, `1.234,50 USD`. */
export function sheetAmount({ amount_micros, currency }: MoneyView, language: 'en' | 'de'): string {
  const [whole = '', part = ''] = decimalText(amount_micros, SHOWN_DIGITS).split('.');
  const grouped = (mark: string): string => whole.replace(/\B(?=(\d{3})+$)/g, mark);
  return language === 'en' ? `${currency} ${grouped(',')}.${part}` : `${grouped('.')},${part} ${currency}`;
}
