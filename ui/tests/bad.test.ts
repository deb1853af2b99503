// Bad data, laid out well: what is missing is said, what is long is shut, what is absurd is exact.
import { describe, expect, it } from 'vitest';
import { refuseHalves } from '../src/bridge/whole';
import { fewNames } from '../src/case/case';
import { namesOf, quoted } from '../src/lib/quoted';
import { de } from '../src/messages/de';
import { en } from '../src/messages/en';
import { all, click, one, text } from './screen';
import { openDossier, said } from './dossier';

const bad = (campaign: string): ReturnType<typeof openDossier> => openDossier(campaign, { scenario: 'bad' });

describe('bad data', () => {
  it('names each missing piece and leaves its place', async () => {
    await bad('missing_blob');
    expect(one('evidence').dataset['complete']).toBe('false');
    expect(text('evidence')).toContain('Not on this device yet: spend series, forecast, and backtest.');
    expect(text('pacing-missing')).toContain('not on this device');
    expect(text('backtest-missing')).toContain('not on this device');
    expect(all('lift-chart')).toHaveLength(1);
  });

  it('says that the gate contradicts policy, and shuts what would believe it', async () => {
    await bad('understated_quorum');
    expect(one('policy-check').dataset['check']).toBe('differs');
    expect(one('approval-blocked').dataset['code']).toBe('case_contradicted');
    expect(text('approval-blocked')).toContain('quorum differs');
    const shut = (id: string): boolean => (one(id) as HTMLButtonElement).disabled;
    expect(['approve-button', 'override-button', 'reject-button', 'send-back-button'].map(shut)).toEqual([true, true, false, false]);
  });

  it('shows an absurd amount exactly, and short on the axis only', async () => {
    await bad('absurd_amount');
    expect(text('diff-after')).toMatch(/^USD.9,223,372,036,854\.77$/u);
    const ticks = [...one('pacing-chart').querySelectorAll('.tick')].map((tick) => tick.textContent ?? '');
    expect(Math.max(...ticks.map((tick) => tick.length))).toBeLessThan(14);
    expect(one('pacing-chart').innerHTML).not.toContain('NaN');
  });

  it('shuts two thousand words, says how many, and opens them', async () => {
    const { view } = await bad('two_thousand_words');
    expect(one('rationale').className).toContain('shut');
    expect(one('part-why').textContent).toMatch(/2,\d\d\d words/);
    await click('rationale-all');
    expect(one('rationale').className).not.toContain('shut');
    expect(one('rationale').textContent).toBe(said(view).rationale);
  });

  it('lets right-to-left words have their own direction', async () => {
    await openDossier((view) => /\p{Script=Arabic}/u.test(view.change.campaign), { scenario: 'bad' });
    for (const id of ['rationale', 'trigger', 'brief-trigger']) expect(one(id).getAttribute('dir')).toBe('auto');
    expect(one('case-title').querySelector('bdi')).not.toBeNull();
  });

  it('names the field in which half a character was entered', () => {
    expect(() => { refuseHalves({ input: { text: 'whole 🚀', mentions: ['p1'], answers: null } }); }).not.toThrow();
    const told = (value: unknown): unknown => {
      try { refuseHalves(value); } catch (problem) { return problem; }
      return null;
    };
    expect(told({ input: { reason_text: '🚀a\ud83d' } })).toMatchObject({
      code: 'text_hidden', values: { field: 'reason_text', code_point: 'U+D83D', position: '3' },
    });
    expect(told({ input: { mentions: ['\udc00'] } })).toMatchObject({ values: { field: 'mentions', position: '1' } });
  });

  it('keeps a name inside of a sentence from reordering it', () => {
    expect(quoted('Ω')).toBe('\u2068Ω\u2069');
    expect(namesOf(['محمد', 'Olga'])).toBe('\u2068محمد\u2069, \u2068Olga\u2069');
    for (const say of [en, de]) {
      const sentences = [
        say.why.initiatorWords('محمد', 'علي'), say.deciding.halt.by('محمد'),
        say.deciding.halt.reason('محمد'), say.inbox.emptySearch('محمد'), say.talk.answerTo('محمد'), say.talk.answering('محمد'),
        say.logbook.onlyCase('محمد'), fewNames(['محمد', 'Olga', 'Finn', 'Ada']),
      ];
      for (const sentence of sentences) expect(sentence, sentence).toContain('\u2068محمد\u2069');
    }
  });

  it('shows the strictest of sixty rules first, and all on request', async () => {
    await bad('sixty_flags');
    const rows = all('flag-row');
    expect(rows.length).toBeLessThan(12);
    expect(rows[0]?.dataset['outcome']).toBe('hold');
    await click('flags-all');
    expect(all('flag-row')).toHaveLength(60);
  });

  it('shows ten of forty signatures, and all on request', async () => {
    const { view } = await bad('forty_signatures');
    expect(view.decisions.length).toBeGreaterThanOrEqual(40);
    expect(all('decision-row').length).toBeLessThan(12);
    await click('decisions-all');
    expect(all('decision-row')).toHaveLength(view.decisions.length);
  });

  it('says that there is no history instead of drawing none', async () => {
    await bad('zero_history');
    expect(text('pacing-missing')).toContain('no days to show yet');
    expect(text('backtest-missing')).toContain('The agent gave no backtest.');
    expect(text('similar-none')).toContain('nothing to compare it with');
    expect(all('diff-percent')).toHaveLength(0);
  });
});
