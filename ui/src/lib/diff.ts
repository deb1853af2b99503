// How a change is told: every sort of value is written here, for the eye and for the ear, and
// nowhere else. Screens ask for the first row, which is what matters most.
import type { ChangeView } from '../bridge/bindings/ChangeView';
import type { DiffRowView } from '../bridge/bindings/DiffRowView';
import type { FieldView } from '../bridge/bindings/FieldView';
import type { MoneyView } from '../bridge/bindings/MoneyView';
import type { ValueView } from '../bridge/bindings/ValueView';
import { words } from '../messages';
import { balanceOf, type Balance } from './balance';
import { count, dateTime, money, percent, signedPercent, spokenMoney } from './format';
import { moneyIn } from './money';
import { namesOf, quoted } from './quoted';

/** Whether a value has to be named, because alone it would be read as what is spent on a day, or as nobody knows what. */
export const isNamed = ({ field, after }: DiffRowView): boolean => field !== 'daily_budget' && ['money', 'return', 'text', 'count'].includes(after.type);

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
    case 'text': return quoted(value.text);
    case 'status': return words.diff.states[value.status];
    case 'moment': return dateTime(value.at_ms);
    case 'open': return words.diff.open;
    case 'return': return percent(value.ratio);
    case 'strategy': return words.diff.strategies[value.strategy];
    case 'unset': return words.diff.unset;
    case 'image': return value.digest.slice(0, 12);
    case 'set': return amount === spokenMoney ? heardSet(value) : writtenSet(value);
  }
}

/** Names of a set that stand beside others; how many more there are is said. */
const FEW = 3;

/** Some names, and how many are not said. */
function few(names: string[]): string {
  const rest = names.length > FEW + 1 ? names.length - FEW : 0;
  return [namesOf(rest > 0 ? names.slice(0, FEW) : names), rest > 0 ? words.diff.set.more(rest) : ''].filter(Boolean).join(', ');
}

type SetValue = Extract<ValueView, { type: 'set' }>;

/** `+news.example, −else.example`. */
function writtenSet({ added, removed }: SetValue): string {
  return few([...added.map((name) => `+${name}`), ...removed.map((name) => `\u2212${name}`)]) || words.diff.set.counted(0, 0);
}

/** `adds news.example; removes else.example`. */
const heardSet = ({ added, removed }: SetValue): string => words.diff.set.heard(few(added), few(removed));

/** A value where all that it holds stands below: of a set only how many. */
export const sayCounted = (value: ValueView): string => (value.type === 'set' ? words.diff.set.counted(value.added.length, value.removed.length) : sayValue(value));

/** `USD 100.00`, or nothing where there is nothing yet. */
export function sayBefore(row: DiffRowView): string {
  return row.before ? sayValue(row.before) : '';
}

/** `USD 100.00 → USD 125.00`. */
export function sayDiff(diff: readonly DiffRowView[]): string {
  const row = lead(diff);
  return row.before ? `${sayValue(row.before)} → ${sayValue(row.after)}` : sayValue(row.after);
}

/** A change where nothing beside it names its field: one of an amount from nothing says what becomes of it. */
export function sayChange(diff: readonly DiffRowView[]): string {
  const row = lead(diff);
  return row.before ? sayDiff(diff) : words.diff.fields[row.field].holding(sayValue(row.after), betweenIn(diff, false));
}

/** What holds once the change is made, with all that it takes from and gives to. */
export function sayWhole(diff: readonly DiffRowView[]): string {
  const row = lead(diff);
  return words.diff.fields[row.field].holding(sayValue(row.after), betweenIn(diff, true));
}

/** From what to what a change moves something; nothing for a change of one thing. `whole` names the only one
    that receives as well, which a list has named already. */
function betweenIn(diff: readonly DiffRowView[], whole: boolean): string {
  const balance = balanceOf(diff);
  return balance ? words.diff.between(namesIn(balance.from), whole || balance.to.parts.length > 1 ? namesIn(balance.to) : '') : '';
}

/** The names on one side; of many only how many they are. */
function namesIn({ parts }: Balance['from']): string {
  return parts.length > 2 ? words.diff.campaigns(parts.length) : words.dossier.list(parts.map(({ subject }) => quoted(subject)));
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
  const told = words.diff.fields[row.field].heard(row.before ? spokenValue(row.before) : '', spokenValue(row.after), betweenIn(diff, false));
  return ratio === '' ? told : `${told}, ${ratio}`;
}

/** The whole change in sentences for the ear, one for each row. */
export const sentenceOf = (diff: readonly DiffRowView[]): string => [sentenceOfLead(diff), ...diff.slice(1).map((row) => sentenceOfRow(row, ''))].join(' ');

/** Its first sentence, where what follows is told in another way. */
export const sentenceOfLead = (diff: readonly DiffRowView[]): string => sentenceOfRow(lead(diff), betweenIn(diff, true));

function sentenceOfRow(row: DiffRowView, between: string): string {
  const by = row.ratio === null ? '' : words.diff.sentencePercent(percent(Math.abs(row.ratio)), row.ratio >= 0);
  const told = words.diff.fields[row.field].sentence(row.before ? spokenValue(row.before) : '', spokenValue(row.after), by, between);
  return row.subject === null ? told : words.diff.about(quoted(row.subject), told);
}

/** `USD 125.00 a day`: a value with what its field adds to it. */
export function sayHolding(field: FieldView, value: ValueView): string {
  return words.diff.fields[field].holding(sayValue(value), '');
}

/** The amounts that a change is about in the first place; null where it is about something else. */
export function amountsOf(change: ChangeView): { before: MoneyView; after: MoneyView } | null {
  const { before, after } = lead(change.diff);
  const to = moneyIn(after);
  // What was not set begins from nothing.
  return to && { before: moneyIn(before) ?? { ...to, amount_micros: '0' }, after: to };
}

/** Whether a person may sign for less than what was proposed. */
export const mayNarrow = ({ own_amounts, has_own_part }: ChangeView): boolean => own_amounts !== null || has_own_part;

/** Whether two changes ask for the same. */
export const isSame = (one: ChangeView, other: ChangeView): boolean => JSON.stringify(one.diff) === JSON.stringify(other.diff);

/** The currency of a change; empty where it has nothing to do with money. */
export const currencyOf = (change: ChangeView): string => change.spend?.after.currency ?? moneyIn(lead(change.diff).after)?.currency ?? '';
