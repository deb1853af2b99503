// Numbers, money and times for people: the system's locale, ISO currency codes, named zones.
import type { MoneyView } from '../bridge/types';
import { decimalText, minorDigits } from './money';

/** The system's locale for numbers and dates; words for units follow the messages. */
let locale: string | undefined = peopleLocale(new Intl.NumberFormat().resolvedOptions().locale);
const LANGUAGE = 'en';

/** The C and POSIX locales are for machines, `USD 2104.50`: people get their base, `en-US`. */
export function peopleLocale(system: string): string | undefined {
  const machine = /^(c|posix|und)$|[-_]posix$|-u-va-posix\b/i.test(system);
  if (!machine) return undefined;
  const base = system.replace(/[-_]posix$|-u-va-posix.*$/i, '').replace('_', '-');
  return base.includes('-') ? base : 'en-US';
}

/** Words made elsewhere, their percent signs kept on the line of their number. */
export function keepPercents(words: string): string {
  return words.replaceAll(' %', '\u00a0%');
}

/** Fixes the locale, for tests and pictures that must not depend on the machine. */
export function useLocale(tag: string): void {
  locale = tag;
}

/** `USD 1,234.50`: exact, the ISO code always shown. */
export function money(amount: MoneyView, sign: 'auto' | 'exceptZero' = 'auto'): string {
  return moneyFormat(amount, 'code', sign);
}

/** `1,234.50 US dollars`, for a screen reader's sentence. */
export function spokenMoney(amount: MoneyView): string {
  return moneyFormat(amount, 'name', 'auto');
}

function moneyFormat(
  { amount_micros, currency }: MoneyView,
  currencyDisplay: 'code' | 'name',
  signDisplay: 'auto' | 'exceptZero',
): string {
  const digits = minorDigits(currency);
  const text = decimalText(amount_micros, digits);
  const shown = Math.max(digits, (text.split('.')[1] ?? '').length);
  // The name of a currency is a word of the sentence, so it follows the messages.
  return new Intl.NumberFormat(currencyDisplay === 'name' ? LANGUAGE : locale, {
    style: 'currency',
    currency,
    currencyDisplay,
    signDisplay,
    minimumFractionDigits: digits,
    maximumFractionDigits: shown,
  }).format(text as Intl.StringNumericLiteral);
}

/** `+25%`; a ratio of 0.25. */
export function signedPercent(ratio: number): string {
  return percentFormat(ratio, 'exceptZero');
}

/** `79%`. */
export function percent(ratio: number): string {
  return percentFormat(ratio, 'auto');
}

function percentFormat(ratio: number, signDisplay: 'auto' | 'exceptZero'): string {
  return new Intl.NumberFormat(locale, {
    style: 'percent',
    signDisplay,
    maximumFractionDigits: 2,
  }).format(ratio);
}

/** `+0.42`: a weight with its sign. */
export function weight(value: number): string {
  return new Intl.NumberFormat(locale, {
    signDisplay: 'exceptZero',
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  }).format(value);
}

/** `1,250.5` for an axis: a picture may round, a number shown elsewhere may not. */
export function axisAmount(micros: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(Number(micros) / 1_000_000);
}

/** `12,345`. */
export function count(value: number): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** `21 Nov 2026, 15:05 CET`: local time, its zone named. */
export function dateTime(atMs: number): string {
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(atMs);
}

/** `15:05 CET`. */
export function clock(atMs: number): string {
  return new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(atMs);
}

/** `21 Apr`, for an account's calendar day given as `YYYY-MM-DD`. */
export function day(date: string): string {
  return new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', timeZone: 'UTC' })
    .format(Date.parse(`${date}T00:00:00Z`));
}

/** A span as its largest one or two units: `2 d 3 h`, `1 h 20 min`, `28 min`, `40 s`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const unit = (value: number, name: string): string =>
    new Intl.NumberFormat(LANGUAGE, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  const pair = (big: string, rest: number, name: string): string =>
    rest === 0 ? big : `${big} ${unit(rest, name)}`;
  if (days > 0) return pair(unit(days, 'day'), hours % 24, 'hour');
  if (hours > 0) return pair(unit(hours, 'hour'), minutes % 60, 'minute');
  if (minutes > 0) return unit(minutes, 'minute');
  return unit(seconds, 'second');
}
