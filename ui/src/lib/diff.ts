// How a change is told: every sort of value is written here, for the eye and for the ear, and
// nowhere else. Screens ask for the first row, which is what matters most.
import type { ChangeView } from '../bridge/bindings/ChangeView';
import type { DiffRowView } from '../bridge/bindings/DiffRowView';
import type { FieldView } from '../bridge/bindings/FieldView';
import type { MoneyView } from '../bridge/bindings/MoneyView';
import type { ValueView } from '../bridge/bindings/ValueView';
import { words } from '../messages';
import { count, dateTime, money, percent, signedPercent, spokenMoney } from './format';
import { namesOf } from './quoted';

/** The row that matters most. Rust gives at least one. */
export function lead(diff: readonly DiffRowView[]): DiffRowView {
  const [first] = diff;
  if (!first) throw new Error('a change without a row');
  return first;
}

/** A value as it is read. */
export function sayValue(value: ValueView): string {
  return written(value, money);
}

/** A value as it is heard. */
export function spokenValue(value: ValueView): string {
  return written(value, spokenMoney);
}

function written(value: ValueView, amount: (money: MoneyView) => string): string {
  switch (value.type) {
    case 'money': return amount(value);
    case 'percent': return percent(value.ratio);
    case 'count': return count(value.count);
    case 'text': return value.text;
    case 'status': return words.diff.states[value.status];
    case 'moment': return dateTime(value.at_ms);
    case 'open': return words.diff.open;
    case 'image': return value.digest.slice(0, 12);
    case 'set': return namesOf([...value.added.map((name) => `+${name}`), ...value.removed.map((name) => `\u2212${name}`)]);
  }
}

/** `USD 100.00`, or nothing where there is nothing yet. */
export function sayBefore(row: DiffRowView): string {
  return row.before ? sayValue(row.before) : '';
}

/** `USD 100.00 → USD 125.00`. */
export function sayDiff(diff: readonly DiffRowView[]): string {
  const row = lead(diff);
  return row.before ? `${sayValue(row.before)} → ${sayValue(row.after)}` : sayValue(row.after);
}

/** `+25%` of an amount; empty where there is no ratio. */
export function sayRatio(diff: readonly DiffRowView[]): string {
  const { ratio } = lead(diff);
  return ratio === null ? '' : signedPercent(ratio);
}

/** `100 US dollars to 125 US dollars a day, +25%`: inside of a sentence. */
export function heardDiff(diff: readonly DiffRowView[]): string {
  const row = lead(diff);
  const ratio = sayRatio(diff);
  const told = words.diff.fields[row.field].heard(row.before ? spokenValue(row.before) : '', spokenValue(row.after));
  return ratio === '' ? told : `${told}, ${ratio}`;
}

/** The whole change in sentences for the ear, one for each row. */
export const sentenceOf = (diff: readonly DiffRowView[]): string => diff.map(sentenceOfRow).join(' ');

function sentenceOfRow(row: DiffRowView): string {
  const by = row.ratio === null ? '' : words.diff.sentencePercent(percent(Math.abs(row.ratio)), row.ratio >= 0);
  return words.diff.fields[row.field].sentence(row.before ? spokenValue(row.before) : '', spokenValue(row.after), by);
}

/** `USD 125.00 a day`: a value with what its field adds to it. */
export function sayHolding(field: FieldView, value: ValueView): string {
  return words.diff.fields[field].holding(sayValue(value));
}

/** The amount in a value, if it is one. */
export const moneyIn = (value: ValueView | null): MoneyView | null =>
  value?.type === 'money' ? { amount_micros: value.amount_micros, currency: value.currency } : null;

/** Whether two changes ask for the same. */
export const isSame = (one: ChangeView, other: ChangeView): boolean => JSON.stringify(one.diff) === JSON.stringify(other.diff);

/** The currency of a change; empty where it has nothing to do with money. */
export const currencyOf = (change: ChangeView): string => change.spend?.after.currency ?? '';
