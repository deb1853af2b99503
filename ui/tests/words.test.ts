// Both languages say the same things, and no screen holds a word of its own.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROBLEM_CODES, REFUSALS, type ProblemCode } from '../src/bridge/bindings/codes';
import { ACTIONS } from '../src/lib/actions';
import { locale } from '../src/lib/locale.svelte';
import { fill, sayProblem } from '../src/lib/say';
import { words } from '../src/messages';
import { de } from '../src/messages/de';
import { en } from '../src/messages/en';
import { pluralOf } from '../src/messages/plural';

/** Every place that holds words, as `a.b.c: kind`. */
function places(value: unknown, path: string): string[] {
  if (typeof value === 'function') return [`${path}: function of ${value.length}`];
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([name, inner]) => places(inner, path === '' ? name : `${path}.${name}`));
}

const own = (all: string[]): string[] => all.filter((place) => !place.startsWith('problems.')).sort();

describe('words', () => {
  it('are the same in both languages', () => {
    expect(own(places(de, ''))).toEqual(own(places(en, '')));
  });

  it('are empty only where both are, and German is not English', () => {
    const texts = (value: unknown): string[] => (typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []);
    const english = texts(en);
    const german = texts(de);
    expect(german.filter((text) => text.trim() === '').length).toBe(english.filter((text) => text.trim() === '').length);
    const same = german.filter((text) => text.includes(' ') && text !== 'In UTC' && english.includes(text));
    expect(same).toEqual([]);
  });

  it('name every action of the table', () => {
    for (const { id } of ACTIONS) expect([words.act[id], de.act[id]], id).not.toContain(undefined);
  });

  it('follow the language without a restart', () => {
    expect(words.nav.inbox).toBe('Inbox');
    locale.speak('de');
    expect(words.nav.inbox).toBe('Eingang');
    locale.speak('en');
    expect(words.nav.inbox).toBe('Inbox');
  });

  it('count by the rules of the language', () => {
    expect(pluralOf('de')(1, { one: 'eine', other: 'viele' })).toBe('eine');
    expect(pluralOf('en')(0, { one: 'one', other: 'many' })).toBe('many');
    expect(de.connection.unsent(1)).toBe('1 Unterschrift ungesendet');
    expect(de.connection.unsent(2)).toBe('2 Unterschriften ungesendet');
  });

  it('fill values in, and leave Rust’s English where there is no word', () => {
    expect(fill('höchstens {max} Zeichen, {open}', { max: '400' })).toBe('höchstens 400 Zeichen, {open}');
    const unknown = { code: 'no_such_code' as string as ProblemCode, message: 'In English.', hints: ['Do it.'], values: {} };
    expect(sayProblem(unknown)).toEqual({ message: 'In English.', hints: ['Do it.'] });
  });

  it('have German for every problem that Rust makes, and for no other', () => {
    const made = new Set([...PROBLEM_CODES, ...REFUSALS, 'unexpected']);
    expect(Object.keys(de.problems).toSorted()).toEqual([...made].toSorted());
  });

  it('stand in message files only', () => {
    const bare = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.svelte'))
      .flatMap((file) => bareText(readFileSync(join('src', file), 'utf8')).map((text) => `${file}: ${text}`));
    expect(bare).toEqual([]);
  });
});

/** Text between tags, and in attributes that are read out, which holds two letters in a row. */
function bareText(source: string): string[] {
  const markup = source
    .replaceAll(/<script[\s\S]*?<\/script>/g, '')
    .replaceAll(/<style[\s\S]*?<\/style>/g, '')
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .replaceAll(/&\w+;/g, ' ');
  const flat = withoutBraces(markup);
  const between = [...flat.matchAll(/>([^<>]*)</g)].map((match) => match[1] ?? '');
  const spoken = [...flat.matchAll(/\b(?:aria-label|title|placeholder|alt)="([^"]*)"/g)].map((match) => match[1] ?? '');
  // Keys and names of tokens are no words: they are the same in every language.
  return [...between, ...spoken].map((text) => text.trim()).filter((text) => /\p{L}{2}/u.test(text) && !TECHNICAL.has(text));
}

const TECHNICAL = new Set(['Tab', 'space-', 'radius-s', 'radius-m', 'quick', 'calm', 'SHA-256', 'SVG', 'PNG', 'Ctrl', 'Enter', 'Esc']);

function withoutBraces(text: string): string {
  let depth = 0;
  let flat = '';
  for (const letter of text) {
    if (letter === '{') depth += 1;
    if (depth === 0) flat += letter;
    if (letter === '}') depth -= 1;
  }
  return flat;
}
