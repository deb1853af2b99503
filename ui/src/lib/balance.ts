// A change over several things: what it takes, what it gives, and whether the two come to the same.
import type { DiffRowView } from '../bridge/bindings/DiffRowView';
import type { FieldView } from '../bridge/bindings/FieldView';
import type { MoneyView } from '../bridge/bindings/MoneyView';
import { money } from './format';
import { changeBasisPoints, difference, moneyIn } from './money';
import { quoted } from './quoted';

/** An amount that changes. */
export interface Amounts {
  before: MoneyView;
  after: MoneyView;
  delta: MoneyView;
  /** Relative to what it was; null from nothing. */
  ratio: number | null;
}

/** One of the things, by its name. */
export interface BalancePart extends Amounts {
  subject: string;
}

/** What gives, or what receives. */
export interface BalanceSide {
  parts: BalancePart[];
  /** Null where they are not of one currency. */
  sum: Amounts | null;
}

/** Both sides of a change. */
export interface Balance {
  field: FieldView;
  from: BalanceSide;
  to: BalanceSide;
  /** Both together; null where they are not of one currency, for amounts of two are never netted. */
  whole: Amounts | null;
}

/** The balance of a change over several things; null of a change of one, and of what are no amounts. */
export function balanceOf(diff: readonly DiffRowView[]): Balance | null {
  const rows = diff.filter((row) => row.subject !== null);
  const parts = rows.flatMap(partOf);
  const [first] = rows;
  if (!first || parts.length !== rows.length) return null;
  const falls = (part: BalancePart): boolean => part.delta.amount_micros.startsWith('-');
  const [from, to] = [parts.filter(falls), parts.filter((part) => !falls(part))];
  if (from.length === 0 || to.length === 0) return null;
  return { field: first.field, from: { parts: from, sum: sumOf(from) }, to: { parts: to, sum: sumOf(to) }, whole: sumOf(parts) };
}

/** What each of two things holds once that much is moved from one to the other. */
export function heldBy({ from, to }: Balance, moved: MoneyView): string[] {
  const down = { ...moved, amount_micros: (-BigInt(moved.amount_micros)).toString() };
  const held = (of: BalanceSide, by: MoneyView): string[] => of.parts.map(({ subject, before }) => `${quoted(subject)} ${money(plus(before, by))}`);
  return [...held(from, down), ...held(to, moved)];
}

/** `a + b` for amounts of one currency. */
const plus = (a: MoneyView, b: MoneyView): MoneyView => ({ ...a, amount_micros: (BigInt(a.amount_micros) + BigInt(b.amount_micros)).toString() });

function partOf({ subject, before, after, ratio }: DiffRowView): BalancePart[] {
  const [from, to] = [moneyIn(before), moneyIn(after)];
  if (subject === null || !from || !to || from.currency !== to.currency) return [];
  return [{ subject, before: from, after: to, delta: difference(to, from), ratio }];
}

function sumOf(parts: readonly BalancePart[]): Amounts | null {
  const currency = parts[0]?.before.currency;
  if (currency === undefined || parts.some((part) => part.before.currency !== currency)) return null;
  const sum = (of: 'before' | 'after'): MoneyView => ({
    amount_micros: parts.reduce((total, part) => total + BigInt(part[of].amount_micros), 0n).toString(), currency,
  });
  const [before, after] = [sum('before'), sum('after')];
  const points = changeBasisPoints(before.amount_micros, after.amount_micros);
  return { before, after, delta: difference(after, before), ratio: points === null ? null : points / 10_000 };
}
