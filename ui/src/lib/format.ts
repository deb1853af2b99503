// Numbers and money in the language of the words, as the sheets that are signed spell them; dates
// in the habits of the system; ISO currency codes, named zones.
import type { MoneyView } from '../bridge/types';
import { words } from '../messages';
import { locale } from './locale.svelte';
import { decimalText, minorDigits, roundedMicros, SHOWN_DIGITS } from './money';

export { peopleLocale } from './locale.svelte';

/** Words made elsewhere, their percent signs kept on the line of their number. */
export function keepPercents(words: string): string {
  return words.replaceAll(' %', '\u00a0%');
}

/** Fixes the locale of dates, for tests and pictures that must not depend on the machine. */
export function useLocale(tag: string): void {
  locale.fix(tag);
}

/** Making a formatter costs far more than using it, so each is made once. */
function madeOnce<Options, Format>(make: (tag: string, options?: Options) => Format): (tag: string, options?: Options) => Format {
  const formats = new Map<string, Format>();
  return (tag, options) => {
    const key = `${tag} ${JSON.stringify(options)}`;
    const known = formats.get(key);
    if (known !== undefined) return known;
    const made = make(tag, options);
    formats.set(key, made);
    return made;
  };
}

const numbers = madeOnce((tag, options?: Intl.NumberFormatOptions) => new Intl.NumberFormat(tag, options));
const dates = madeOnce((tag, options?: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(tag, options));

/** `USD 1,234.50`: exact, the ISO code always shown. */
export function money(amount: MoneyView, sign: 'auto' | 'exceptZero' = 'auto'): string {
  return wideMinus(moneyFormat(amount, 'code', sign));
}

/** `USD 1,198.74`: to the currency's smallest unit, for estimates and what is summed of them. */
export function roundedMoney(amount: MoneyView): string {
  return money({ ...amount, amount_micros: roundedMicros(amount.amount_micros, minorDigits(amount.currency)) });
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
  const text = decimalText(amount_micros, SHOWN_DIGITS);
  const shown = (text.split('.')[1] ?? '').length;
  return numbers(locale.language, {
    style: 'currency',
    currency,
    currencyDisplay,
    signDisplay,
    minimumFractionDigits: SHOWN_DIGITS,
    maximumFractionDigits: shown,
  }).format(text as Intl.StringNumericLiteral);
}

/** A minus is as wide as a plus; a hyphen is not. */
const wideMinus = (number: string): string => number.replace('-', '\u2212');

/** `+25%`, `−20%`; a ratio of 0.25. */
export function signedPercent(ratio: number): string {
  return wideMinus(percentFormat(ratio, 'exceptZero'));
}

/** `79%`. */
export function percent(ratio: number): string {
  return percentFormat(ratio, 'auto');
}

function percentFormat(ratio: number, signDisplay: 'auto' | 'exceptZero'): string {
  return numbers(locale.language, {
    style: 'percent',
    signDisplay,
    maximumFractionDigits: 2,
  }).format(ratio);
}

/** `+0.42`: a weight with its sign. */
export function weight(value: number): string {
  return numbers(locale.language, {
    signDisplay: 'exceptZero',
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  }).format(value);
}

/** `1,250.5` for an axis: a picture may round, a number shown elsewhere may not. */
export function axisAmount(micros: string): string {
  return numbers(locale.language, { maximumFractionDigits: 2 }).format(Number(micros) / 1_000_000);
}

/** `0.82`: a score from 0 to 1, as precise as it is. */
export function score(value: number): string {
  return numbers(locale.language, { maximumFractionDigits: 6 }).format(value);
}

/** `12,345`. */
export function count(value: number): string {
  return numbers(locale.language).format(value);
}

/** The zone that times are shown in first; undefined for the person's own. */
export function zoneFor(accountZone?: string): string | undefined {
  if (locale.time === 'utc') return 'UTC';
  return locale.time === 'account' ? accountZone : undefined;
}

/** `21 Nov 2026, 15:05 CET`: in the zone that the person chose, its name said. */
export function dateTime(atMs: number, accountZone?: string): string {
  return inZone(atMs, zoneFor(accountZone), { year: 'numeric', month: 'short', day: 'numeric' });
}

/** `15:05 CET`. */
export function clock(atMs: number, accountZone?: string): string {
  return inZone(atMs, zoneFor(accountZone), {});
}

/** `Sat 21 Nov, 09:05 EST` in a zone that is named. */
export function inNamedZone(atMs: number, zone: string): string {
  return inZone(atMs, zone, { weekday: 'short', day: 'numeric', month: 'short' });
}

function inZone(atMs: number, timeZone: string | undefined, parts: Intl.DateTimeFormatOptions): string {
  return format(atMs, { ...parts, hour: '2-digit', minute: '2-digit', timeZoneName: 'short', timeZone });
}

function format(atMs: number, options: Omit<Intl.DateTimeFormatOptions, 'timeZone'> & { timeZone: string | undefined }): string {
  const { timeZone, ...rest } = options;
  if (timeZone === undefined) return dates(locale.tag, rest).format(atMs);
  if (isKnown(timeZone)) return dates(locale.tag, { ...rest, timeZone }).format(atMs);
  return words.time.unknownZone(dates(locale.tag, { ...rest, timeZone: 'UTC' }).format(atMs), timeZone);
}

/** Whether the window's own data has this zone, and it is one of a place. */
function isKnown(timeZone: string): boolean {
  if (/^(etc\/unknown|factory)$/i.test(timeZone)) return false;
  try {
    dates('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** `21 Apr`, for an account's calendar day given as `YYYY-MM-DD`. */
export function day(date: string): string {
  return dates(locale.tag, { month: 'short', day: 'numeric', timeZone: 'UTC' })
    .format(Date.parse(`${date}T00:00:00Z`));
}

/** A span as its largest one or two units: `2 d 3 h`, `1 h 20 min`, `28 min`, `40 s`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const unit = (value: number, name: string): string =>
    numbers(locale.language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  const pair = (big: string, rest: number, name: string): string =>
    rest === 0 ? big : `${big} ${unit(rest, name)}`;
  if (days > 0) return pair(unit(days, 'day'), hours % 24, 'hour');
  if (hours > 0) return pair(unit(hours, 'hour'), minutes % 60, 'minute');
  if (minutes > 0) return unit(minutes, 'minute');
  return unit(seconds, 'second');
}
