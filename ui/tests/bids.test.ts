// A bid, a target and a strategy in the same window as a budget change: row, case, sheet and own value.
import { afterEach, describe, expect, it } from 'vitest';
import { locale } from '../src/lib/locale.svelte';
import { all, fill, openWindow, press, seen, text, until } from './screen';
import { openDossier } from './dossier';
import { confirm } from './sheet';

const CPC = 'flash_sale_burst';
const SWITCH = 'video_product_launch';
const ROAS = 'spring_promo';
const BIDS = { scenario: 'bids' } as const;

afterEach(() => locale.speak('en'));

describe('a bid change', () => {
  it.each([
    ['en', 'CPC bid', 'CPC bid from'],
    ['de', 'CPC-Gebot', 'CPC-Gebot von'],
  ] as const)('names its ad group and its amount in a row, in %s', async (language, label, heard) => {
    await openWindow({ ...BIDS, settings: { language } });
    await until(() => expect(seen(all('inbox-row')[0])).toContain(label));
    const row = all('inbox-row')[0] as HTMLElement;
    expect(seen(row)).toContain('rain jackets, exact');
    expect(row.querySelector('[aria-label]')?.getAttribute('aria-label')).toContain(`${CPC}, rain jackets, exact`);
    expect(row.querySelector('[aria-label]')?.getAttribute('aria-label')).toContain(heard);
  });

  it.each([
    ['en', CPC, 'USD 0.50', 'USD 0.65', '+30%'],
    ['de', CPC, '0,50 USD', '0,65 USD', '+30 %'],
    ['en', ROAS, '400%', '350%', '−12.5%'],
  ] as const)('says in %s what is bid now and after: %s', async (language, campaign, before, after, percent) => {
    await openDossier(campaign, { ...BIDS, settings: { language } });
    const plain = (id: string): string => text(id).replaceAll('\u00a0', ' ');
    expect([plain('diff-before'), plain('diff-after'), plain('diff-percent')]).toEqual([before, after, percent]);
    expect(all('diff-bounded')).toHaveLength(1);
    expect(all('case-part')).toHaveLength(campaign === CPC ? 1 : 0);
  });

  it('tells a strategy with its target, and takes no own value for it', async () => {
    await openDossier(SWITCH, BIDS);
    expect([text('diff-before'), text('diff-after')]).toEqual(['Manual CPC', 'Maximize conversions']);
    expect(text('diff-target_cpa')).toMatch(/none → USD.12\.00/u);
    expect(all('override-button')).toEqual([]);
  });

  it.each(['en', 'de'] as const)('is signed for on a sheet in %s that says what bounds it', async (language) => {
    await openDossier(CPC, { ...BIDS, settings: { language } });
    const lines = await confirm();
    expect(lines['ad_group']).toBe('rain jackets, exact');
    expect(lines['bound']).toContain(language === 'en' ? 'the budget' : 'das Budget');
    expect(lines['cpc_bid_after']).toContain(language === 'en' ? '0.65' : '0,65');
    expect(lines['worst_case']).toBeTruthy();
  });

  it('takes a smaller bid and says what will be applied', async () => {
    await openDossier(CPC, BIDS);
    await press('o');
    await fill('override-amount', '0.58');
    expect(text('override-preview')).toMatch(/CPC bid USD.0\.58 will be applied: \+16%, \+USD.0\.08 compared with now\./u);
    await fill('override-amount', '0.70');
    expect(text('override-preview')).toContain('goes beyond what was proposed');
  });
});
