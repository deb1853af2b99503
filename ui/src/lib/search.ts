// The search field's help: which field is being typed, and how a chip is taken out again.
// What a search means is said by the engine alone.
import type { FilterChip } from '../bridge/types';

/** The fields that can be offered, in order. */
export const FIELDS = ['entity', 'amount', 'approver', 'reason', 'rule', 'model', 'agent', 'tier', 'kind', 'since', 'until'] as const;

/** The word at the end of what is typed: the one a suggestion would complete. */
export function lastWord(text: string): string {
  return /\S*$/.exec(text)?.[0] ?? '';
}

/** Fields that begin with the word being typed; none once it has its colon. */
export function suggestions(text: string): string[] {
  const word = lastWord(text).toLowerCase();
  if (word === '' || word.includes(':')) return [];
  return FIELDS.filter((field) => field.startsWith(word));
}

/** Completes the word being typed with a field's name. */
export function complete(text: string, field: string): string {
  return `${text.slice(0, text.length - lastWord(text).length)}${field}:`;
}

/** The search without one chip: its text as typed, quotes or not. */
export function without(text: string, chip: FilterChip): string {
  const value = escape(chip.value);
  const token = chip.field === 'text' ? `"?${value}"?` : `${escape(chip.field)}:"?${value}"?`;
  return text.replace(new RegExp(`(^|\\s)${token}(?=\\s|$)`, 'i'), '$1').replaceAll(/\s+/g, ' ').trim();
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
