// Daily budget that goes from campaigns to others, in the same window as a budget change: row, case, sheets, search.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { locale } from '../src/lib/locale.svelte';
import { all, click, fill, one, openWindow, press, seen, text, until } from './screen';
import { openDossier } from './dossier';

const PAIR = 'flash_sale_burst';
const MANY = 'video_product_launch';
const TRANSFERS = { scenario: 'transfers' } as const;

afterEach(() => locale.speak('en'));

/** What is seen, without the signs that keep names and numbers together. */
const plain = (text: string): string => text.replaceAll(/[\u2068\u2069]/gu, '').replaceAll('\u00a0', ' ').replaceAll(/\s+/g, ' ').trim();

/** The cells of each row of one part of the balance. */
const rowsOf = (part: string): string[][] =>
  [...one(part).querySelectorAll('tr')].map((row) => [...row.children].map((cell) => plain(cell.textContent)));

/** From the form to the sheet; gives the sheet's lines in their order. */
async function confirm(reason: string): Promise<[key: string, value: string][]> {
  await fill('reason-select', reason);
  await click('to-confirm');
  await until(() => expect(all('confirm-sheet')).toHaveLength(1));
  return [...one('confirm-sheet').querySelectorAll<HTMLElement>('[data-key]')].map((line) => [line.dataset['key'] ?? '', plain(seen(line.querySelector('dd') ?? line))]);
}

describe('a transfer', () => {
  it.each([
    ['en', 'USD 60.00 a day moved from brand_always_on', '60.00 US dollars a day moved from brand_always_on'],
    ['de', '60,00 USD je Tag von brand_always_on umgeschichtet', '60,00 US-Dollar je Tag von brand_always_on umgeschichtet'],
  ] as const)('has a row that says what is moved, without an arrow, in %s', async (language, shown, heard) => {
    await openWindow({ ...TRANSFERS, settings: { language } });
    await until(() => expect(plain(seen(all('inbox-row')[0]))).toContain(shown));
    const row = all('inbox-row')[0] as HTMLElement;
    expect(plain(row.querySelector('[aria-label]')?.getAttribute('aria-label') ?? '')).toContain(heard);
    expect(seen(row)).not.toContain('→');
  });

  it('is one picture that balances', async () => {
    await openDossier(PAIR, TRANSFERS);
    expect([plain(text('diff-after')), all('diff-before')]).toEqual(['USD 60.00', []]);
    expect(plain(text('diff-sentence'))).toBe('Moves 60.00 US dollars a day from brand_always_on to flash_sale_burst.');
    expect(rowsOf('balance-from')).toEqual([['Give'], ['brand_always_on', 'USD 308.00 →', 'USD 248.00', '−USD 60.00', '−19.48%']]);
    expect(rowsOf('balance-to')).toEqual([['Receive'], ['flash_sale_burst', 'USD 460.00 →', 'USD 520.00', '+USD 60.00', '+13.04%']]);
    expect([...one('balance-whole').children].map((cell) => plain(cell.textContent))).toEqual(['In all', 'USD 768.00 →', 'USD 768.00', 'USD 0.00', '0%']);
    // What stands in the balance stands nowhere else.
    expect(all('diff-daily_budget')).toEqual([]);
  });

  it('sums the sides of several campaigns', async () => {
    await openDossier(MANY, { ...TRANSFERS, settings: { language: 'de' } });
    expect(rowsOf('balance-from')[0]).toEqual(['Geben ab', '1.517,10 USD →', '1.247,10 USD', '−270,00 USD', '−17,8 %']);
    expect(rowsOf('balance-to')[0]).toEqual(['Erhalten', '1.798,00 USD →', '2.068,00 USD', '+270,00 USD', '+15,02 %']);
    expect(all('balance-part')).toHaveLength(5);
    expect(plain(text('diff-sentence'))).toBe('Schichtet 270,00 US-Dollar je Tag von 3 Kampagnen zu video_product_launch und lookalike_conversions um.');
    // A person's own amount could not say between which of them it is moved.
    expect(all('override-button')).toEqual([]);
  });

  it('is signed for on a sheet that tells each campaign in full', async () => {
    await openDossier(PAIR, TRANSFERS);
    await press('a');
    expect(plain(text('approve-effect'))).toContain('USD 60.00 a day moved from brand_always_on to flash_sale_burst');
    const lines = await confirm('within_plan');
    const leg = ['campaign', 'entity', 'budget', 'budget_before', 'budget_after', 'change'];
    expect(lines.map(([key]) => key).slice(0, 17)).toEqual(['case', 'moved', ...leg, ...leg, 'worst_case', 'from', 'until']);
    expect(lines.filter(([key]) => ['moved', 'campaign', 'budget_after', 'worst_case'].includes(key)).map(([, value]) => value)).toEqual([
      'USD 60.00', 'brand_always_on', 'USD 248.00', 'flash_sale_burst', 'USD 520.00', 'USD 1,560.00',
    ]);
  });

  it('can be made smaller, and says what each campaign then has', async () => {
    const { bridge } = await openDossier(PAIR, TRANSFERS);
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await press('o');
    await fill('override-amount', '20');
    expect(plain(text('override-preview'))).toContain('USD 20.00 a day will be moved. Each day from then on: brand_always_on USD 288.00 and flash_sale_burst USD 480.00.');
    expect(plain(text('override-preview'))).toContain('At most USD 1,440.00 over the window');
    await fill('reason-text', 'A third is enough.');
    await fill('totp-code', '123456');
    const lines = await confirm('budget_headroom');
    expect(prepare.mock.calls[0]?.[0].override_micros).toBe('20000000');
    expect(lines.filter(([key]) => key === 'moved' || key === 'budget_after').map(([, value]) => value)).toEqual(['USD 20.00', 'USD 288.00', 'USD 480.00']);
  });

  it('is no wider than proposed', async () => {
    const { bridge, view } = await openDossier(PAIR, TRANSFERS);
    const input = { proposal: view.proposal, kind: 'override', role: 'finance', reason_code: 'budget_headroom', reason_text: 'More.', override_micros: '61000000', override_entries: null, requested: null, totp_code: '123456' } as const;
    await expect(bridge.prepareDecision(input)).rejects.toMatchObject({ code: 'wider_than_proposed' });
  });
});
