// One ad in another's place, in the same window as a budget change: row, case, sheet, and asking for other texts.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { appearing } from '../src/lib/ad';
import { locale } from '../src/lib/locale.svelte';
import { all, click, fill, openWindow, press, seen, text, until } from './screen';
import { openDossier } from './dossier';
import { confirm } from './sheet';

const JACKETS = 'flash_sale_burst';
const CREAM = 'video_product_launch';
const ADS = { scenario: 'ads' } as const;

afterEach(() => locale.speak('en'));

/** What of a card is marked as changed. */
const marked = (card: string): string[] => all(card).flatMap((one) => [...one.querySelectorAll('[data-testid="ad-text-changed"] bdi')].map(seen));

describe('one ad in another’s place', () => {
  it.each([
    ['en', 'Headline', 'headline'],
    ['de', 'Anzeigentitel', 'Anzeigentitel'],
  ] as const)('names its ad group and its first text in a row, in %s', async (language, label, heard) => {
    await openWindow({ ...ADS, settings: { language } });
    await until(() => expect(seen(all('inbox-row')[0])).toContain(label));
    const row = all('inbox-row')[0] as HTMLElement;
    expect(seen(row)).toContain('rain jackets, exact');
    expect(seen(row)).toContain('Light rain jackets');
    const told = row.querySelector('[aria-label]')?.getAttribute('aria-label');
    expect(told).toContain(heard);
    expect(told).toContain('Light rain jackets');
  });

  it.each(['en', 'de'] as const)('shows both ads side by side as they may appear, and marks what changes, in %s', async (language) => {
    await openDossier(JACKETS, { ...ADS, settings: { language } });
    expect(marked('ad-from')).toEqual(['Rain jackets', 'Twelve colours', 'Jackets for walks in the rain, in twelve colours and all sizes.']);
    expect(marked('ad-to')).toEqual(['Light rain jackets', 'Fits into a pocket', 'Jackets that fit into a pocket, in twelve colours and all sizes.']);
    const [from, to] = all('ad-preview').map(seen);
    expect(from).toContain('Rain jackets | For every weather | Free returns');
    expect(to).toContain('Light rain jackets | For every weather | Free returns');
    expect(to).toContain('shop.example/rain/light');
    expect(all('ad-review').map(seen)).toEqual(language === 'en' ? ['approved', 'begins once the ad is created'] : ['zugelassen', 'beginnt, sobald die Anzeige angelegt ist']);
    const told = text('diff-sentence');
    expect(told).toContain('Light rain jackets');
    expect(told).toContain('Fits into a pocket');
    expect(all('diff-worst-case')).toEqual([]);
    expect(all('override-button')).toEqual([]);
  });

  it('counts every text as the platform does and says a limited ad, its topics and another page', async () => {
    await openDossier(CREAM, ADS);
    const to = all('ad-to')[0];
    expect(seen(to)).toContain('23 / 30');
    expect(seen(to)).toContain('20 / 30');
    expect(seen(all('ad-review')[0])).toBe('approved with limits, topics: HEALTH_IN_PERSONALIZED_ADS');
    expect(seen(all('ad-landing')[1])).toContain('cream-new');
    expect(seen(all('ad-landing')[1])).toContain('new');
  });

  it.each(['en', 'de'] as const)('is signed for on a sheet in %s with every text that changes', async (language) => {
    await openDossier(JACKETS, { ...ADS, settings: { language } });
    const lines = await confirm();
    expect(lines['ad_group']).toBe('rain jackets, exact');
    expect(lines['ad_runs']).toContain(language === 'en' ? 'a new one' : 'eine neue');
    expect(lines['description_after']).toContain('fit into a pocket');
    expect(lines['final_url']).toContain('shop.example/rain');
    expect(lines['until']).toBeUndefined();
  });

  it('is sent back with a wish for other texts', async () => {
    const { bridge } = await openDossier(JACKETS, ADS);
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await press('c');
    await until(() => expect(all('requested-texts')).toHaveLength(1));
    expect(all('requested-amount')).toEqual([]);
    expect(all('requested-days')).toEqual([]);
    await fill('reason-select', 'other');
    await fill('reason-text', 'Say how heavy it is.');
    await click('requested-texts');
    await click('to-confirm');
    await until(() => expect(prepare).toHaveBeenCalledOnce());
    expect(prepare.mock.calls[0]?.[0].requested).toEqual({ max_after_micros: null, max_days: null, evidence: [], texts: true });
  });
});

describe('how an ad may appear', () => {
  const of = (texts: [string, number | null][]) => texts.map(([one, pin]) => ({ text: one, pin, units: 1, max_units: 30, changed: false }));

  it('has a pinned text at its place, and else the next one', () => {
    const seenAd = appearing({ headlines: of([['a', null], ['b', 1], ['c', null], ['d', null], ['e', 1]]), descriptions: of([['x', 2], ['y', null]]) });
    expect(seenAd).toEqual({ headlines: ['b', 'a', 'c'], descriptions: ['y', 'x'] });
    expect(appearing({ headlines: of([['a', 3]]), descriptions: [] })).toEqual({ headlines: ['a'], descriptions: [] });
  });
});
