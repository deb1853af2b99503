// The case: what changes, who signs, why, the evidence, the log.
import { describe, expect, it } from 'vitest';
import { all, click, one, openCase, openWindow, text, until } from './screen';

describe('case', () => {
  it('shows the change first, with currency, percent, delta and worst case', async () => {
    await openWindow();
    await openCase(0);
    expect(text('diff-before')).toMatch(/^USD.460\.00$/u);
    expect(text('diff-after')).toMatch(/^USD.575\.00$/u);
    expect(text('diff-percent')).toBe('+25%');
    expect(text('diff-delta')).toMatch(/^\+USD.115\.00 a day$/u);
    expect(text('diff-worst-case')).toMatch(/^USD.3,450\.00 over the window$/u);
    expect(text('diff-sentence')).toBe('Daily budget from 460.00 US dollars to 575.00 US dollars a day, plus 25%.');
  });

  it('says minus for a decrease', async () => {
    await openWindow();
    await openCase(2);
    expect(text('diff-sentence')).toBe('Daily budget from 55.00 US dollars to 44.00 US dollars a day, minus 20%.');
    expect(text('diff-percent')).toBe('-20%');
  });

  it('shows the figures with interval and meaning', async () => {
    await openWindow();
    await openCase(0);
    expect(text('figure-lift')).toBe('Predicted lift +12% between +5% and +19%');
    expect(text('figure-confidence')).toContain('79%');
    expect(text('figure-confidence')).toContain('In 79 of 100 such cases');
    expect(text('figure-time')).toMatch(/2[34] min/);
  });

  it('shows who has signed and who has to, and the rules with their layers', async () => {
    await openWindow();
    await openCase(0);
    expect(all('signer-row').map((row) => [row.dataset['role'], row.dataset['signed']])).toEqual([['ops', 'true'], ['finance', 'false']]);
    expect(all('flag-row')[0]?.textContent).toContain('needs operations and finance');
    expect(all('flag-row')[0]?.textContent).toContain('Company rule');
  });

  it('shows three attributions, then all', async () => {
    await openWindow();
    await openCase(0);
    expect(all('attribution-row')).toHaveLength(3);
    await click('attributions-all');
    expect(all('attribution-row')).toHaveLength(5);
    expect(all('attribution-row')[2]?.textContent).toContain('-0.18');
  });

  it('draws the pacing chart with a table behind it and says that it is simulated', async () => {
    await openWindow();
    await openCase(0);
    expect(one('pacing-chart').getAttribute('aria-label')).toMatch(/90 days.*USD.460\.00.*USD.575\.00/u);
    expect(text('pacing-source')).toMatch(/^Simulated/);
    await click('pacing-toggle');
    expect(one('pacing-table').querySelectorAll('tbody tr')).toHaveLength(90);
  });

  it('says when evidence is missing instead of drawing nothing', async () => {
    await openWindow();
    await click('view-settled');
    await until(() => expect(all('inbox-row')).toHaveLength(7));
    await openCase(4);
    expect(text('pacing-missing')).toContain('not on this device');
    expect(one('evidence').dataset['complete']).toBe('false');
  });

  it('shows the executed value, both decisions with signatures, and checked inclusion', async () => {
    await openWindow();
    await click('view-settled');
    await until(() => expect(all('inbox-row')).toHaveLength(7));
    await openCase(0);
    expect(one('read-back').dataset['micros']).toBe('135700000');
    expect(text('read-back')).toMatch(/USD.135\.70/u);
    expect(text('request-id')).toBe('emu-7f3a91c2e5d04b18');
    expect(text('diff-effective-percent')).toBe('+15%');
    const decisions = all('decision-row');
    expect(decisions.map((row) => [row.dataset['kind'], row.dataset['role'], row.dataset['checked']])).toEqual([
      ['approve', 'ops', 'true'],
      ['override', 'finance', 'true'],
    ]);
    expect(decisions[1]?.textContent).toContain('Executed.');
    expect(all('timeline-row').every((row) => row.dataset['included'] === 'true')).toBe(true);
    expect(all('timeline-row').at(-1)?.textContent).toContain('included in checkpoint of 1,284 entries, checked on this device');
  });

  it('does not claim inclusion that was not checked', async () => {
    await openWindow();
    await click('view-waiting_on_others');
    await until(() => expect(all('inbox-row')).toHaveLength(2));
    await openCase(1);
    const last = all('timeline-row').at(-1);
    expect(last?.dataset['included']).toBe('false');
    expect(last?.textContent).toContain('not yet under a checkpoint');
  });

  it('says why I cannot decide', async () => {
    await openWindow();
    await click('view-waiting_on_others');
    await until(() => expect(all('inbox-row')).toHaveLength(2));
    await openCase(0);
    expect(text('blocked-because')).toBe('Only operations has to sign this case.');
    expect(all('approve-button')).toHaveLength(0);
  });
});
