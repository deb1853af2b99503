// Money by whole numbers only: text to micros and back, never through a float.
import type { ValueView } from '../bridge/bindings/ValueView';
import type { MoneyView } from '../bridge/types';

const MICRO_DIGITS = 6;

/** Why an amount was not understood. */
export type AmountFault = 'empty' | 'form' | 'too_fine' | 'zero' | 'too_large';

/** An amount in micros as decimal text, or why there is none. */
export type ParsedAmount = { micros: string } | { fault: AmountFault };

/** Digits after the point that an amount shows at least, in any currency: as the sheets do. */
export const SHOWN_DIGITS = 2;

/** Digits after the point that a currency has (ISO 4217, as the platform's Intl knows it). */
export function minorDigits(currency: string): number {
  const known = minor.get(currency);
  if (known !== undefined) return known;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  minor.set(currency, digits);
  return digits;
}

const minor = new Map<string, number>();

/** An amount to the nearest unit of `digits` decimals, half away from zero. */
export function roundedMicros(amountMicros: string, digits: number): string {
  const unit = 10n ** BigInt(Math.max(0, MICRO_DIGITS - digits));
  const micros = BigInt(amountMicros);
  const half = micros < 0n ? -unit / 2n : unit / 2n;
  return (((micros + half) / unit) * unit).toString();
}

/**
 * Reads what a person typed: digits, spaces between groups of three, then at most the
 * currency's own decimals after a point or comma. Anything doubtful is refused: `1,234`
 * could mean two amounts.
 */
export function parseAmount(text: string, currency: string): ParsedAmount {
  const trimmed = text.trim();
  if (trimmed === '') return { fault: 'empty' };
  const match = /^(\d+|\d{1,3}(?:[ \u00a0\u202f]\d{3})+)(?:([.,])(\d+))?$/.exec(trimmed);
  if (!match) return { fault: 'form' };
  const whole = (match[1] ?? '').replace(/\D/g, '');
  const decimals = match[3] ?? '';
  if (match[2] === ',' && decimals.length === 3) return { fault: 'form' };
  if (decimals.length > minorDigits(currency)) return { fault: 'too_fine' };
  const micros = (whole + decimals.padEnd(MICRO_DIGITS, '0')).replace(/^0+/, '');
  if (micros === '') return { fault: 'zero' };
  if (micros.length > 18) return { fault: 'too_large' };
  return { micros };
}

/** Exact decimal text of an amount, with at least `digits` decimals: `57500000` is `57.50`. */
export function decimalText(amountMicros: string, digits: number): string {
  const negative = amountMicros.startsWith('-');
  const padded = (negative ? amountMicros.slice(1) : amountMicros).padStart(MICRO_DIGITS + 1, '0');
  const whole = padded.slice(0, -MICRO_DIGITS);
  const exact = padded.slice(-MICRO_DIGITS).replace(/0+$/, '').padEnd(digits, '0');
  return `${negative ? '-' : ''}${whole}${exact === '' ? '' : `.${exact}`}`;
}

/** The amount in a value, if it is one. */
export const moneyIn = (value: ValueView | null): MoneyView | null =>
  value?.type === 'money' ? { amount_micros: value.amount_micros, currency: value.currency } : null;

/** `a - b` for amounts of one currency. */
export function difference(a: MoneyView, b: MoneyView): MoneyView {
  const micros = BigInt(a.amount_micros) - BigInt(b.amount_micros);
  return { amount_micros: micros.toString(), currency: a.currency };
}

/** Relative change in hundredths of a percent, rounded half away from zero; null from zero. */
export function changeBasisPoints(before: string, after: string): number | null {
  const from = BigInt(before);
  if (from === 0n) return null;
  const scaled = (BigInt(after) - from) * 10_000n;
  const half = (scaled < 0n ? -from : from) / 2n;
  return Number((scaled + half) / from);
}

/** Whether the platform takes an amount: not below `min`, and a whole multiple of `step`. */
export function isTaken(value: string, step: string, min: string): boolean {
  const [own, by, from] = [BigInt(value), BigInt(step), BigInt(min)];
  return own >= from && (by <= 1n || own % by === 0n);
}

/** Whether `value` lies between `before` and `proposed`: a narrower change, same direction. */
export function isNarrower(before: string, proposed: string, value: string): boolean {
  const [from, to, own] = [BigInt(before), BigInt(proposed), BigInt(value)];
  return to >= from ? own > from && own <= to : own < from && own >= to;
}
