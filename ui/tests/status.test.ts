// A campaign that is paused, or runs again, in the same window as a budget change: row, case, sheets, search.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { locale } from '../src/lib/locale.svelte';
import { all, click, fill, one, openWindow, press, seen, text, until } from './screen';
import { openDossier } from './dossier';
import { confirm } from './sheet';

const PAUSE = 'niche_interest';
const RUN = 'video_product_launch';
const STATUS = { scenario: 'status' } as const;

afterEach(() => locale.speak('en'));

describe('a status change', () => {
  it.each([
    ['en', 'paused → running', 'from paused to running'],
    ['de', 'pausiert → aktiv', 'von pausiert auf aktiv'],
  ] as const)('has a row without a percentage, in %s', async (language, shown, heard) => {
    await openWindow({ ...STATUS, settings: { language } });
    await until(() => expect(seen(all('inbox-row')[0])).toContain(shown));
    const row = all('inbox-row')[0] as HTMLElement;
    expect(row.querySelector('[aria-label]')?.getAttribute('aria-label')).toContain(heard);
    expect(seen(row)).not.toMatch(/%/);
  });

  it.each([
    ['en', RUN, 'paused', 'running', /USD.0\.00 → USD.1,680\.00 a day/u, 'The campaign goes from paused to running.'],
    ['en', PAUSE, 'running', 'paused', /USD.55\.00 → USD.0\.00 a day/u, 'The campaign goes from running to paused.'],
    ['de', RUN, 'pausiert', 'aktiv', /0,00.USD → 1\.680,00.USD je Tag/u, 'Die Kampagne von pausiert auf aktiv.'],
    ['de', PAUSE, 'aktiv', 'pausiert', /55,00.USD → 0,00.USD je Tag/u, 'Die Kampagne von aktiv auf pausiert.'],
  ] as const)('says in %s what %s may spend', async (language, campaign, before, after, spend, sentence) => {
    await openDossier(campaign, { ...STATUS, settings: { language } });
    expect([text('diff-before'), text('diff-after')]).toEqual([before, after]);
    expect(text('diff-spend')).toMatch(spend);
    expect(text('diff-sentence')).toBe(sentence);
    expect(all('diff-percent')).toEqual([]);
    // What the change is about is no warning.
    expect(all('campaign-status')).toEqual([]);
    // A pause costs nothing; who lets a campaign run reads the most that it can cost.
    expect(all('diff-worst-case')).toHaveLength(campaign === RUN ? 1 : 0);
  });

  it('has no value of one’s own', async () => {
    const { bridge, view } = await openDossier(RUN, STATUS);
    expect(all('override-button')).toEqual([]);
    await press('o');
    expect(all('decision-sheet')).toEqual([]);
    const input = { proposal: view.proposal, kind: 'override', role: 'finance', reason_code: 'budget_headroom', reason_text: 'Half.', override_micros: '840000000', override_entries: null, requested: null, totp_code: '123456' } as const;
    await expect(bridge.prepareDecision(input)).rejects.toMatchObject({ code: 'override_none' });
  });

  it('goes back to the agent for evidence alone', async () => {
    const { bridge } = await openDossier(RUN, STATUS);
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await press('c');
    expect([...all('requested-amount'), ...all('requested-days')]).toEqual([]);
    await fill('reason-select', 'more_evidence');
    await fill('reason-text', 'Is stock really there?');
    await click('requested-backtest');
    await click('to-confirm');
    await until(() => expect(prepare).toHaveBeenCalledOnce());
    expect(prepare.mock.calls[0]?.[0].requested).toEqual({ max_after_micros: null, max_days: null, evidence: ['backtest'], texts: false });
  });

  it.each([
    ['en', RUN, 'Approve running the campaign again', { daily_budget: 'USD 1,680.00', status_before: 'paused', status_after: 'running', worst_case: 'USD 51,072.00', until: 'further notice' }],
    ['en', PAUSE, 'Approve pausing the campaign', { daily_budget: 'USD 55.00', status_before: 'running', status_after: 'paused', until: 'further notice' }],
    ['de', RUN, 'Start einer Kampagne gegenzeichnen', { daily_budget: '1.680,00 USD', status_before: 'pausiert', status_after: 'aktiv', worst_case: '51.072,00 USD', until: 'auf Weiteres' }],
    ['de', PAUSE, 'Pausieren einer Kampagne gegenzeichnen', { daily_budget: '55,00 USD', status_before: 'aktiv', status_after: 'pausiert', until: 'auf Weiteres' }],
  ] as const)('is signed for on a sheet in %s: %s', async (language, campaign, title, wanted) => {
    await openDossier(campaign, { ...STATUS, settings: { language } });
    const lines = await confirm();
    expect(seen(one('confirm-sheet').querySelector('h2') ?? undefined)).toBe(title);
    expect(lines).toMatchObject(wanted);
    expect(Object.keys(lines).filter((key) => ['budget_before', 'budget_after', 'change', 'from'].includes(key))).toEqual([]);
    expect('worst_case' in lines).toBe(campaign === RUN);
  });

  it('is found by its kind', async () => {
    const bridge = await openWindow({ ...STATUS, bulk: 3 });
    const found = async (search: string): Promise<string[]> =>
      (await bridge.listCases({ view: 'all', search, after: null, limit: 40 })).rows.map((row) => row.kind);
    expect(new Set(await found('kind:status_change'))).toEqual(new Set(['status_change']));
    expect(await found('kind:status_change rule:pause')).toHaveLength(3);
    expect(new Set(await found('kind:budget_change'))).toEqual(new Set(['budget_change']));
    await fill('search', 'kind:status_change');
    await until(() => expect(one('inbox').dataset['search']).toBe('kind:status_change'));
    expect(all('inbox-row').length).toBeGreaterThan(0);
    expect(all('filter-chip').map((chip) => chip.dataset['problem'] ?? '')).not.toContain('not_a_kind');
  });

  it('is signed together with other pauses, and never with another kind', async () => {
    await openWindow(STATUS);
    await until(() => expect(all('row-select')).toHaveLength(2));
    for (const box of all('row-select')) box.click();
    await until(() => expect(one('selection').dataset['count']).toBe('2'));
  });

  it('is read back as a state', async () => {
    const { bridge } = await openDossier((view) => view.change.kind === 'status_change' && view.state === 'executed', STATUS);
    expect(bridge.cases.find((view) => view.state === 'executed')?.read_back).toEqual({ type: 'status', status: 'paused' });
    expect(seen(document.querySelector('[data-testid="case"]') ?? undefined)).toContain('paused');
  });
});
