// The language of the search field, as the Rust side reads it: fields and words; what cannot
// be understood is left out and says so in its chip.
import type { FilterChip } from '../bindings/FilterChip';
import type { FilterProblem } from '../bindings/FilterProblem';
import type { InboxRow } from '../bindings/InboxRow';
import type { KindName } from '../bindings/KindName';
import { lead } from '../../lib/diff';
import { moneyIn } from '../../lib/money';
import type { Texts } from './row';

/** A row with what it is found by. */
export interface Found {
  row: InboxRow;
  texts: Texts;
}

type Test = (found: Found) => boolean;

/** A search, understood. */
export interface Search {
  chips: FilterChip[];
  matches: Test;
  empty: boolean;
}

const TEXT_FIELDS = ['entity', 'approver', 'reason', 'rule', 'model', 'agent'] as const;
const ONCE = ['amount', 'tier', 'kind', 'since', 'until'];
const KINDS: readonly string[] = ['budget_change', 'status_change', 'total_budget_change', 'schedule_change', 'budget_transfer'] satisfies KindName[];
const DAY = 86_400_000;

/** Reads a search. */
export function readSearch(search: string): Search {
  const tests: Test[] = [];
  const seen = new Set<string>();
  const chips = (search.match(/(?:"[^"]*"?|[^\s"])+/g) ?? []).map((token): FilterChip => {
    const [, name = '', rest = ''] = /^([a-z]+):(.*)$/is.exec(token) ?? [];
    const field = name.toLowerCase();
    const known = ONCE.includes(field) || (TEXT_FIELDS as readonly string[]).includes(field);
    const value = (known ? rest : token).replaceAll('"', '').trim();
    const test = known ? fieldTest(field, value) : wordTest(value);
    const twice = seen.has(field) && ONCE.includes(field);
    if (known) seen.add(field);
    const problem = typeof test === 'string' ? test : twice ? 'twice' : null;
    if (typeof test !== 'string' && !twice) tests.push(test);
    return { field: known ? name : 'text', value: known ? rest : token, problem };
  });
  return { chips, matches: (found) => tests.every((test) => test(found)), empty: tests.length === 0 };
}

const wordTest = (value: string): Test | FilterProblem => {
  const words = wordsOf(value);
  if (words.length === 0) return 'empty';
  return ({ texts }) => words.every((word) => Object.values(texts).some((text) => hasWord(text, word)));
};

function fieldTest(field: string, value: string): Test | FilterProblem {
  if (value === '') return 'empty';
  if ((TEXT_FIELDS as readonly string[]).includes(field)) {
    const words = wordsOf(value);
    if (words.length === 0) return 'empty';
    return ({ texts }) => words.every((word) => hasWord(texts[field as keyof Texts], word));
  }
  if (field === 'tier') return ['low', 'medium', 'high'].includes(value.toLowerCase()) ? ({ row }) => row.risk_tier === value.toLowerCase() : 'not_a_tier';
  if (field === 'kind') return KINDS.includes(value.toLowerCase()) ? ({ row }) => row.kind === value.toLowerCase() : 'not_a_kind';
  if (field === 'amount') return amountTest(value);
  const day = Date.parse(`${value}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value) || Number.isNaN(day)) return 'not_a_date';
  return field === 'since' ? ({ row }) => row.created_at_ms >= day : ({ row }) => row.created_at_ms < day + DAY;
}

function amountTest(value: string): Test | FilterProblem {
  const [, body = '', currency = ''] = /^(.*?)([a-z]{3})?$/i.exec(value) ?? [];
  const range = /^(\d+(?:\.\d+)?)?\.\.(\d+(?:\.\d+)?)?$/.exec(body) ?? /^(\d+(?:\.\d+)?)$/.exec(body);
  if (!range || body === '..') return 'not_an_amount';
  const low = Number(range[1] ?? 0);
  const high = body.includes('..') ? Number(range[2] ?? Infinity) : low;
  if (high < low) return 'range_backwards';
  return ({ row }) => {
    const after = moneyIn(lead(row.diff).after);
    if (!after) return false;
    const amount = Number(after.amount_micros) / 1e6;
    return amount >= low && amount <= high && (currency === '' || after.currency === currency.toUpperCase());
  };
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Letters that stand for syllables or words: scripts without spaces between words, and those of India. */
const SPACELESS = /[\u{900}-\u{109F}\u{1100}-\u{11FF}\u{1780}-\u{17FF}\u{3005}-\u{3007}\u{3040}-\u{31FF}\u{3400}-\u{9FFF}\u{AC00}-\u{D7FF}\u{F900}-\u{FAFF}\u{FF66}-\u{FFDC}\u{20000}-\u{3FFFF}]/u;

/** A part of a word; of one or two letters its beginning, unless letters are syllables there. */
function hasWord(text: string, word: string): boolean {
  if ([...word].length >= 3) return text.includes(word);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = [...text.slice(0, at)].at(-1) ?? ' ';
    if (!/[\p{L}\p{N}]/u.test(before) || SPACELESS.test(before) || SPACELESS.test(word)) return true;
  }
  return false;
}
