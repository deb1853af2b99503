// The list: views with counts that match, search, rows that say what and until when.
import { describe, expect, it } from 'vitest';
import { all, click, fill, one, openWindow, text, until } from './screen';

describe('inbox', () => {
  it('shows each view with the count that its tab says', async () => {
    await openWindow();
    for (const view of ['needs_me', 'waiting_on_others', 'settled']) {
      await click(`view-${view}`);
      await until(() => {
        expect(one(`view-${view}`).getAttribute('aria-pressed')).toBe('true');
        expect(all('inbox-row')).toHaveLength(Number(one(`view-${view}`).dataset['count']));
      });
    }
  });

  it('says before, after, percent, time left and whose signature is open', async () => {
    await openWindow();
    const second = all('inbox-row')[1];
    const row = (second?.textContent ?? '').replace(/\s+/g, ' ');
    const heard = second?.querySelector('.heard')?.getAttribute('aria-label');
    expect(row).toContain('flash_sale_burst');
    expect(row).toMatch(/USD.460\.00 → USD.575\.00/u);
    expect(heard).toMatch(/460\.00 US dollars to 575\.00 US dollars a day, \+25%, Yours to decide, High risk, 2[34] min left/);
    expect(heard).toContain('needs finance');
  });

  it('keeps what waits for the platform, and says since when', async () => {
    await openWindow();
    await click('view-waiting_on_others');
    await until(() => expect(text('row-held-up')).toMatch(/^waiting for the platform since \d/));
    const row = one('row-held-up').closest('[data-testid="inbox-row"]');
    expect(row?.querySelector('.heard')?.getAttribute('aria-label')).toContain('waiting for the platform since');
  });

  it('finds by words and says when nothing matches', async () => {
    await openWindow();
    await fill('search', 'saturated');
    await until(() => expect(all('inbox-row').map((row) => row.textContent)).toEqual([expect.stringContaining('niche_interest')]));
    await fill('search', 'no such thing');
    await until(() => expect(text('inbox-empty')).toContain('No case matches “no such thing”.'));
  });

  it('keeps the newest answer when an older search comes late', async () => {
    const bridge = await openWindow();
    const answer = bridge.listCases.bind(bridge);
    bridge.listCases = async (query) => {
      if (query.search === 'slow') await new Promise((done) => setTimeout(done, 250));
      return answer({ ...query, search: query.search === 'slow' ? '' : query.search });
    };
    await fill('search', 'slow');
    await new Promise((done) => setTimeout(done, 120));
    await fill('search', 'saturated');
    await until(() => expect(all('inbox-row')).toHaveLength(1));
    await new Promise((done) => setTimeout(done, 300));
    expect(all('inbox-row')).toHaveLength(1);
  });

  it('has every state, each with a word', async () => {
    await openWindow();
    await click('view-settled');
    await until(() => {
      const states = all('state-badge').map((badge) => badge.dataset['state']);
      expect(states).toEqual(['executed', 'not_applied', 'rejected', 'sent_back', 'expired', 'superseded', 'blocked']);
    });
    for (const badge of all('state-badge')) expect(badge.textContent).toMatch(/[A-Z][a-z]+/);
  });
});
