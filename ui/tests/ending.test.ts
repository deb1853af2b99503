// An execution that did not hold as authorised: what became of each part, and a list until a person has looked.
import { afterEach, describe, expect, it } from 'vitest';
import { locale } from '../src/lib/locale.svelte';
import { openDossier } from './dossier';
import { all, click, fill, one, openWindow, seen, text, until } from './screen';

const TRANSFERS = { scenario: 'transfers' } as const;

afterEach(() => locale.speak('en'));

/** What is seen, without the signs that keep names and numbers together. */
const plain = (text: string): string => text.replaceAll(/[\u2068\u2069]/gu, '').replaceAll('\u00a0', ' ').replaceAll(/\s+/g, ' ').trim();

/** The cells of each leg, as they are seen. */
const legs = (): string[][] => all('leg').map((row) => [...row.children].map((cell) => plain(seen(cell as HTMLElement))));

describe('a transfer that was made in part', () => {
  it.each([
    ['en', 'Applied in part', ['Changed, could not be taken back', 'Changed, then taken back', 'Not changed'], 'not read'],
    ['de', 'Zum Teil angewendet', ['Geändert, war nicht zurückzunehmen', 'Geändert, dann zurückgenommen', 'Nicht geändert'], 'nicht gelesen'],
  ] as const)('says what became of each campaign, with the platform’s own code, in %s', async (language, title, ends, notRead) => {
    const { view } = await openDossier('flash_sale_burst', { ...TRANSFERS, settings: { language } }, 'not_applied');
    expect(plain(text('outcome'))).toContain(title);
    expect(plain(text('ending-code'))).toBe('internalError.INTERNAL_ERROR');
    expect(legs().map((cells) => cells[0])).toEqual(view.ending?.legs.map((leg) => leg.diff[0]?.subject));
    expect(all('leg').map((row) => plain(seen(row.querySelector<HTMLElement>('td:nth-child(3) > span') ?? undefined)))).toEqual(ends);
    expect(all('leg-code').map((code) => plain(code.textContent))).toEqual(['internalError.INTERNAL_ERROR', 'campaignBudgetError.MONEY_AMOUNT_TOO_LARGE']);
    // What stands, what holds again, and what was never written.
    expect(legs()[2]?.[3]).toBe(notRead);
    const money = (micros: number): string => new Intl.NumberFormat(language === 'en' ? 'en-GB' : 'de-DE', { minimumFractionDigits: 2 }).format(micros / 1e6);
    expect(legs()[0]?.[3]).toContain(money(288_000_000));
    expect(legs()[1]?.[3]).toContain(money(155_000_000));
  });

  it('is a table with names for its rows and columns', async () => {
    await openDossier('flash_sale_burst', TRANSFERS, 'not_applied');
    const table = one('legs');
    expect(table.querySelector('caption')?.textContent).toBe('What became of each campaign');
    expect([...table.querySelectorAll('thead th')].map((cell) => cell.getAttribute('scope'))).toEqual(['col', 'col', 'col', 'col']);
    expect(table.querySelectorAll('tbody th[scope="row"]')).toHaveLength(3);
    expect(plain(table.querySelectorAll('tbody td')[0]?.textContent ?? '')).toContain('to');
  });

  it('stands on a list of its own until a person has said what was done', async () => {
    const { app, bridge, view } = await openDossier('flash_sale_burst', TRANSFERS, 'not_applied');
    expect(all('to-check')).toHaveLength(1);
    const listed = async (list: 'to_check' | 'settled'): Promise<string[]> =>
      (await bridge.listCases({ view: list, search: '', after: null, limit: 50 })).rows.map((row) => row.proposal);
    expect(await listed('to_check')).toEqual([view.proposal]);
    expect(await listed('settled')).not.toContain(view.proposal);
    await fill('comment-text', 'Set brand_always_on back to 308 by hand.');
    await click('send-comment');
    await until(() => expect(all('to-check')).toEqual([]));
    expect(await listed('to_check')).toEqual([]);
    expect(await listed('settled')).toContain(view.proposal);
    app.stop();
  });

  it('has a tab while there is any, and none otherwise', async () => {
    await openWindow(TRANSFERS);
    await until(() => expect(one('view-to_check').dataset['count']).toBe('1'));
    await click('view-to_check');
    await until(() => expect(all('row-to-check')).toHaveLength(1));
    expect(plain(seen(all('inbox-row')[0]))).toContain('Applied in part');
    expect(all('inbox-row')[0]?.querySelector('[aria-label]')?.getAttribute('aria-label')).toContain('A person must look.');
  });

  it('leaves the window of a quiet day as it was', async () => {
    await openWindow();
    await until(() => expect(all('view-settled')).toHaveLength(1));
    expect(all('view-to_check')).toEqual([]);
  });
});
