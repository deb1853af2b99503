// Every text colour reads on every ground that it is used on, in every theme (WCAG 2.2 AA).
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync('src/styles/tokens.css', 'utf8');
const [usual = '', high = ''] = css.split("[data-contrast='high']");

type Theme = 'light' | 'dark' | 'light, high contrast' | 'dark, high contrast';

function colour(token: string, theme: Theme): string {
  const match = new RegExp(`--${token}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(theme.includes('high') ? high : usual);
  const found = match?.[theme.startsWith('light') ? 1 : 2];
  if (!found) throw new Error(`no colour ${token} in ${theme}`);
  return found;
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ['ground', 'surface', 'sunken', 'selected'];
const PAIRS = [
  ...['ink', 'ink-soft', 'ink-faint', 'accent', 'good', 'warn', 'bad'].flatMap((ink) => GROUNDS.map((ground) => [ink, ground] as const)),
  ...['ink', 'ink-soft', 'good'].map((ink) => [ink, 'good-ground'] as const),
  ...['ink', 'ink-soft', 'bad'].map((ink) => [ink, 'bad-ground'] as const),
  ...['ink', 'ink-soft', 'warn'].map((ink) => [ink, 'warn-ground'] as const),
  ...['ink', 'ink-soft', 'ink-faint', 'accent', 'good', 'warn', 'bad'].map((ink) => [ink, 'accent-ground'] as const),
  ['on-accent', 'accent'] as const,
  ['ground', 'ink'] as const,
  ['ground', 'bad'] as const,
];

/** High contrast asks for more (WCAG's AAA). */
const least = (theme: Theme): number => (theme.includes('high') ? 7 : 4.5);

describe.each<Theme>(['light', 'dark', 'light, high contrast', 'dark, high contrast'])('%s', (theme) => {
  it.each(PAIRS)('%s on %s', (ink, ground) => {
    expect(contrast(colour(ink, theme), colour(ground, theme))).toBeGreaterThanOrEqual(least(theme));
  });

  it.each(GROUNDS)('field borders on %s', (ground) => {
    expect(contrast(colour('line-strong', theme), colour(ground, theme))).toBeGreaterThanOrEqual(3);
  });
});

describe('breakpoints', () => {
  const defined = [...readFileSync('src/styles/breakpoints.css', 'utf8').matchAll(/@custom-media (--[a-z-]+) /g)].map((match) => match[1]);
  const queries = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(svelte|css)$/.test(file))
    .flatMap((file) => [...readFileSync(`src/${file}`, 'utf8').matchAll(/@media ([^{]+?) \{/g)].map((match) => ({ file, query: match[1] ?? '' })))
    // What a person asks of the system is no breakpoint.
    .filter(({ query }) => !/^\((prefers-[a-z-]+|forced-colors): [a-z-]+\)$/.test(query));

  it('have names that are defined', () => {
    expect(queries.length).toBeGreaterThan(20);
    expect(queries.filter(({ query }) => !defined.some((name) => query === `(${name})`))).toEqual([]);
  });

  it('are all used', () => {
    expect(defined.filter((name) => !queries.some(({ query }) => query === `(${name})`))).toEqual([]);
  });
});
