// Places and audiences in the same window as a budget change: row, case, sheet and a part of the set.
import { afterEach, describe, expect, it } from 'vitest';
import { locale } from '../src/lib/locale.svelte';
import { all, click, fill, one, openWindow, press, seen, text, until } from './screen';
import { openDossier } from './dossier';
import { confirm } from './sheet';

const PLACES = 'video_product_launch';
const AUDIENCES = 'flash_sale_burst';
const ONE = 'niche_interest';
const SETS = { scenario: 'sets' } as const;

const plain = (element: Element | undefined): string => (element ? seen(element as HTMLElement) : '').replaceAll(/[\u2068\u2069]/gu, '');

afterEach(() => locale.speak('en'));

describe('a change of a set', () => {
  it.each([
    ['en', '2 more', 'Placements: adds news.example, politics.example, blogs.news.example, 2 more.'],
    ['de', '2 weitere', 'Placements: dazu news.example, politics.example, blogs.news.example, 2 weitere.'],
  ] as const)('names a few of its entries and how many more, in %s', async (language, more, sentence) => {
    await openWindow({ ...SETS, settings: { language } });
    await until(() => expect(all('inbox-row').length).toBeGreaterThan(0));
    expect(all('inbox-row').map(plain).find((row) => row.includes(PLACES))).toContain(more);
    await openDossier(PLACES, { ...SETS, settings: { language } });
    expect(plain(one('diff-sentence'))).toBe(sentence);
  });

  it('shows each place with its score, whether it is vetted, and who says so', async () => {
    await openDossier(PLACES, SETS);
    expect(text('diff-after')).toBe('5 added');
    const rows = all('member').map(plain);
    expect(rows).toHaveLength(5);
    expect(rows[0]).toMatch(/news\.example.*0\.82.*vetted.*Brand safety review, 2026-10.*published by News House.*0\.9 · suitability-model-3/u);
    expect(rows[1]).toMatch(/politics\.example.*0\.55.*high risk/u);
    expect(rows[2]).toContain('not vetted itself; part of news.example');
    expect(rows[4]).toMatch(/no score.*not vetted.*nothing/u);
    expect(all('diff-bounded')).toHaveLength(1);
  });

  it.each([
    ['en', '48,000 on display', 'they agreed', 'sensitive: health', 'consent is needed there', 'about to buy, in Holiday sale 2026'],
    ['de', '48.000 im Displaynetz', 'sie haben eingewilligt', 'sensibel: Gesundheit', 'dort braucht es die Einwilligung', 'kurz vor dem Kauf, während Holiday sale 2026'],
  ] as const)('shows in %s the size, consent and region of each audience, and what is sensitive', async (language, size, consent, sensitive, needed, sale) => {
    await openDossier(AUDIENCES, { ...SETS, settings: { language } });
    const [carts, readers] = all('member').map(plain);
    expect(carts).toContain(size);
    expect(carts).toContain(consent);
    expect(carts).toContain('AT, DE');
    expect(carts).toContain(sale);
    expect(readers).toContain(sensitive);
    expect(readers).toContain(needed);
  });

  it('is signed for on a sheet with every entry', async () => {
    await openDossier(PLACES, SETS);
    const lines = await confirm();
    expect(lines['placements']).toContain('+news.example');
    expect(lines['ad_group']).toBe('product videos');
    expect(one('confirm-sheet').querySelectorAll('[data-key="place"]')).toHaveLength(5);
    expect(one('confirm-sheet').querySelectorAll('[data-key="company_knows"]')).toHaveLength(5);
    expect(lines['bound']).toContain('the budget');
  });

  it('lets a person sign a part of it, and neither nothing nor the whole', async () => {
    await openDossier(PLACES, SETS);
    await press('o');
    const boxes = (): HTMLInputElement[] => all('override-entry') as HTMLInputElement[];
    expect(boxes().map((box) => box.checked)).toEqual([true, true, true, true, true]);
    boxes()[1]?.click();
    await until(() => expect(text('override-preview')).toContain('4 of 5 stay'));
    for (const at of [0, 2, 3, 4]) boxes()[at]?.click();
    await until(() => expect(text('override-preview')).toContain('Keep at least one entry'));
    boxes()[0]?.click();
    await until(() => expect(text('override-preview')).toContain('1 of 5 stay'));
    await fill('reason-select', 'budget_headroom');
    if (all('reason-text').length > 0) await fill('reason-text', 'Only the vetted one.');
    await fill('totp-code', '123456');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(one('confirm-sheet').querySelectorAll('[data-key="place"]')).toHaveLength(1);
  });

  it('of one entry is signed whole or not at all', async () => {
    await openDossier(ONE, SETS);
    expect(all('member')).toHaveLength(1);
    expect(all('override-button')).toEqual([]);
  });
});
