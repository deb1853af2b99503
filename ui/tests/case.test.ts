// The case: what changes, who signs, why, the evidence, the log.
import { fireEvent } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { all, click, one, press, text, until } from './screen';
import { openDossier, said } from './dossier';

describe('case', () => {
  it('shows the change first, with currency, percent, delta and worst case', async () => {
    await openDossier('flash_sale_burst');
    expect(text('diff-before')).toMatch(/^USD.460\.00$/u);
    expect(text('diff-after')).toMatch(/^USD.575\.00$/u);
    expect(text('diff-percent')).toBe('+25%');
    expect(text('diff-delta')).toMatch(/^\+USD.115\.00 a day$/u);
    expect(text('diff-worst-case')).toMatch(/^USD.1,725\.00 over the window$/u);
    expect(text('diff-sentence')).toBe('Daily budget from 460.00 US dollars to 575.00 US dollars a day, plus 25%.');
    const inOrder = one('diff-sentence').compareDocumentPosition(one('part-why'));
    expect(inOrder & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
  });

  it('says minus for a decrease', async () => {
    await openDossier('niche_interest');
    expect(text('diff-sentence')).toBe('Daily budget from 55.00 US dollars to 44.00 US dollars a day, minus 20%.');
    expect(text('diff-percent')).toBe('−20%');
  });

  it('says what the confidence means', async () => {
    await openDossier('flash_sale_burst');
    expect(text('figure-lift')).toBe('Predicted lift +12% between +5% and +19%');
    expect(text('figure-confidence')).toContain('The model gives 79% that the lift falls between +5% and +19%.');
    expect(text('lift-meaning')).toContain('wrong about that in 21% of such cases');
  });

  it('says what the model is unsure of, beside the reasons', async () => {
    const { view } = await openDossier('flash_sale_burst');
    expect(text('uncertainty')).toBe(said(view).uncertainty);
    expect(text('counterfactual')).toBe(said(view).counterfactual);
    expect(all('recommended-action')).toHaveLength(0);
    expect(text('next-steps')).toContain('Compare conversions of the first day with the prediction.');
    expect(text('escalation-rule')).toBe(said(view).escalation_rule);
    expect(text('figure-escalation')).toBe(`The agent’s escalation rule: ${said(view).escalation_rule}`);
  });

  it('tells five risks as a list with words, whatever the bars look like', async () => {
    const risk_factors = { financial_exposure: 0.339999, brand_safety: 0.34, regulatory_sensitivity: 0.669999, audience_reach: 0.67, deviation_from_intent: 1 };
    await openDossier('flash_sale_burst', {}, 'deciding', (view) => void (said(view).risk_factors = risk_factors));
    expect(one('risks').tagName).toBe('UL');
    expect(document.getElementById(one('risks').getAttribute('aria-labelledby') ?? '')?.textContent).toBe('Risks, as the agent sees them');
    const rows = all('risk-factor');
    expect(rows.map((row) => row.tagName)).toEqual(Array.from({ length: 5 }, () => 'LI'));
    expect(rows.map((row) => row.textContent.trim().replaceAll(/\s+/gu, ' '))).toEqual([
      'Money low', 'Brand safety medium', 'Regulation medium', 'Reach of a mistake high', 'Departure from purpose high',
    ]);
    expect(rows.map((row) => row.querySelector('svg')?.getAttribute('aria-hidden'))).toEqual(Array.from({ length: 5 }, () => 'true'));
    expect(rows.map((row) => row.querySelector('.part')?.getAttribute('width'))).toEqual(['33.9999', '34', '66.9999', '67', '100']);
    await press('v');
    await press('v');
    expect(one('case').dataset['depth']).toBe('auditor');
    expect(all('risk-factor')[1]?.textContent.trim()).toMatch(/medium, 34%$/u);
  });

  it('keeps inputs and sources one step away, as text that leads nowhere', async () => {
    const { view } = await openDossier('flash_sale_burst');
    const inputs = one('inputs') as HTMLDetailsElement;
    expect(inputs.open).toBe(false);
    expect(inputs.querySelector('summary')?.textContent).toBe('What the agent looked at: 3 inputs, 2 sources');
    expect(all('input').map((row) => row.textContent.trim())[1]).toBe('Real-time signals: Search demand, hour by hour, since Monday');
    expect(all('source')[0]?.textContent).toContain(said(view).source_references[0]?.location);
    expect(all('source')[0]?.textContent).toContain(said(view).source_references[0]?.digest);
    expect(inputs.querySelectorAll('a, img, iframe')).toHaveLength(0);
  });

  it('says so when the agent names no source', async () => {
    await openDossier('flash_sale_burst', {}, 'deciding', (view) => void (said(view).source_references = []));
    expect(one('inputs').querySelector('summary')?.textContent).toBe('What the agent looked at: 3 inputs, no source');
    expect(one('inputs').textContent).toContain('The agent named no source.');
  });

  it('says who must sign and who is told next', async () => {
    await openDossier('flash_sale_burst');
    expect(all('signer-row').map((row) => [row.dataset['role'], row.dataset['signed']])).toEqual([['ops', 'true'], ['finance', 'false']]);
    expect(text('next-rung')).toMatch(/^Next: chief financial officer is notified in 1\d min\.$/);
  });

  it('is one digit away from each of its parts', async () => {
    await openDossier('flash_sale_burst');
    for (const [digit, part] of [['1', 'why'], ['2', 'evidence'], ['3', 'compare'], ['4', 'policy'], ['5', 'thread'], ['6', 'record']]) {
      await press(digit as string);
      expect(document.activeElement?.id).toBe(`part-${part ?? ''}`);
    }
  });

  it('takes no digit that is typed into the thread', async () => {
    await openDossier('flash_sale_burst');
    const field = one('comment-text');
    field.focus();
    await press('2', field);
    expect(document.activeElement).toBe(field);
  });

  it('shows the evidence of similar cases and what small steps add up to', async () => {
    const { app, view } = await openDossier('flash_sale_burst');
    expect(all('similar-row').length).toBe(view.similar.length);
    expect(view.similar.length).toBeGreaterThan(0);
    expect(text('trailing')).toMatch(/In the last 7 days its daily budget was raised .* With this change: USD.151\.80 a day\./u);
    const first = all('similar-row')[0] as HTMLElement;
    await fireEvent.click(first.querySelector('button') as HTMLElement);
    await until(() => expect(app.opened.id).toBe(first.dataset['proposal']));
  });

  it('logs the reading of a prompt: nothing is read before the button', async () => {
    const { view } = await openDossier('flash_sale_burst');
    expect(all('prompt')).toHaveLength(0);
    expect(one('part-policy').textContent).toContain('Reading is logged');
    expect(said(view).model.prompt_read_at_ms).toBeNull();
    await click('read-prompt');
    await until(() => expect(one('prompt').dataset['checked']).toBe('true'));
    expect(said(view).model.prompt_read_at_ms).not.toBeNull();
  });

  it('says that all evidence is here, or which piece is not', async () => {
    await openDossier('flash_sale_burst');
    expect(one('evidence').dataset['complete']).toBe('true');
    expect(text('evidence')).toContain('All evidence is on this device.');
  });

  it('shows the executed value, both decisions with signatures, and checked inclusion', async () => {
    await openDossier('lookalike_conversions', {}, 'executed');
    expect(one('read-back').dataset['micros']).toBe('135700000');
    expect(text('request-id')).not.toBe('');
    expect(text('diff-effective-percent')).toBe('+15%');
    expect(all('decision-row').map((row) => [row.dataset['kind'], row.dataset['role'], row.dataset['checked']])).toEqual([
      ['approve', 'ops', 'true'],
      ['override', 'finance', 'true'],
    ]);
    expect(all('timeline-row').at(-1)?.textContent).toMatch(/included in a checkpoint of .* entries, checked on this device/);
  });

  it('does not claim inclusion that was not checked', async () => {
    const { view } = await openDossier('flash_sale_burst', {}, 'deciding', (view) => (view.audit.input_commitment = null));
    await until(() => expect(all('timeline-row').length).toBeGreaterThan(0));
    const claimed = view.timeline.map((entry) => entry.included_in !== null);
    expect(all('timeline-row').map((row) => row.dataset['included'] === 'true')).toEqual(claimed);
  });

  it('says that the policy was evaluated again here', async () => {
    await openDossier('flash_sale_burst');
    expect(one('policy-check').dataset['check']).toBe('holds');
  });

  it('says why I cannot decide', async () => {
    await openDossier('spring_promo');
    expect(one('blocked-because').dataset['code']).toBe('no_role');
    expect(all('approve-button')).toHaveLength(0);
  });

  it('says beside the buttons why approval is blocked, and leaves the way out open', async () => {
    await openDossier('video_product_launch');
    expect(one('approval-blocked').dataset['code']).toBe('open_question');
    expect((one('approve-button') as HTMLButtonElement).disabled).toBe(true);
    expect((one('override-button') as HTMLButtonElement).disabled).toBe(true);
    expect((one('reject-button') as HTMLButtonElement).disabled).toBe(false);
    await press('a');
    expect(document.querySelector('dialog')).toBeNull();
  });

  it('shows what was asked of the agent', async () => {
    await openDossier('niche_interest', {}, 'sent_back');
    const row = all('decision-row').find((one) => one.dataset['kind'] === 'request_changes');
    expect(row?.textContent?.replace(/\s+/g, ' ')).toMatch(/at most USD.66\.00 a day, at most 14 days,? and a backtest/u);
  });

  it('says that a decision was too late, and what happened instead', async () => {
    const { view } = await openDossier((one) => one.decisions.some((made) => made.mine && made.delivery.stage === 'refused'), { scenario: 'late' });
    expect(view.state).not.toBe('deciding');
    expect(text('late')).toBe('It came too late. What happened instead:');
  });
});

describe('an authorised change that cannot be made', () => {
  it('says what it waits for, since when, until when, and that nothing was changed', async () => {
    const { view } = await openDossier((one) => one.held_up !== null);
    expect(view.state).toBe('authorized');
    expect(text('held-up')).toMatch(/^The platform’s sign-in is not answering; nothing was changed\. Waiting since /);
    expect(text('outcome')).toMatch(/Tried until .*, when the signatures expire\./);
    expect(text('held-up-code')).toBe('oauth.HTTP_503');
  });

  it('warns of a campaign that did not run, and of a series shorter than asked', async () => {
    await openDossier('spring_promo');
    expect(text('campaign-status')).toContain('The campaign was paused when this was proposed.');
    expect(text('pacing-lacking')).toMatch(/Figures were asked for from .+; the platform has them from .+ on\.$/);
  });
});

describe('depth', () => {
  it('is three designs, and remembered', async () => {
    await openDossier('flash_sale_burst');
    expect(all('brief')).toHaveLength(1);
    await click('depth-manager');
    expect([all('brief').length, all('board').length, all('ledger').length]).toEqual([0, 1, 0]);
    expect(all('ladder')).toHaveLength(1);
    await press('v');
    expect([all('board').length, all('ledger').length]).toEqual([0, 1]);
    expect(localStorage.getItem('countersign.depth')).toBe('auditor');
  });

  it('shows an auditor digests, exact values and what this device checked', async () => {
    const { view } = await openDossier('flash_sale_burst');
    expect(one('case').textContent).not.toContain(view.audit.proposal_digest);
    await click('depth-auditor');
    const shown = one('case').textContent ?? '';
    for (const value of [view.audit.proposal_digest, view.audit.verdict_digest, view.audit.prompt_commitment, view.verdict.policy_digest, said(view).model.training_snapshot]) expect(shown).toContain(value);
    expect(text('diff-micros')).toBe('460000000 → 575000000 USD');
    expect(one('check-signatures').dataset['good']).toBe('true');
    expect(all('evidence-pieces')).toHaveLength(1);
  });
});

describe('charts on a case', () => {
  it('say in a sentence what they show, for the ear too', async () => {
    await openDossier('flash_sale_burst');
    for (const id of ['pacing', 'backtest', 'lift', 'attributions']) {
      const said = text(`${id}-summary`);
      expect(said.length).toBeGreaterThan(20);
      expect(one(`${id}-chart`).getAttribute('aria-label')?.replace(/\s+/g, ' ')).toContain(said);
    }
    expect(text('backtest-summary')).toMatch(/^\d+ of 30 days inside; the model claims \d+%\./);
    expect(text('pacing-figure')).toContain('America/New_York');
  });

  it('read point by point with the arrow keys, without moving the list', async () => {
    const { app } = await openDossier('flash_sale_burst');
    const reader = one('pacing-reader');
    reader.focus();
    const last = reader.getAttribute('aria-valuetext');
    await press('ArrowLeft', reader);
    expect(one('pacing-reader').getAttribute('aria-valuetext')).not.toBe(last);
    expect(text('pacing-readout')).toBe(one('pacing-reader').getAttribute('aria-valuetext')?.replace(/\s+/g, ' '));
    await press('ArrowDown', reader);
    expect(app.opened.id).not.toBeNull();
    await press('Home', reader);
    expect(one('pacing-reader').getAttribute('aria-valuenow')).toBe('1');
  });

  it('mark a miss by its shape, and name it in the table', async () => {
    await openDossier('video_product_launch');
    const missed = Number(one('backtest-chart').dataset['missed']);
    expect(missed).toBeGreaterThan(0);
    expect(one('backtest-chart').querySelectorAll('path.missed')).toHaveLength(missed);
    await click('backtest-toggle');
    expect(one('backtest-table').querySelectorAll('[data-missed="true"]')).toHaveLength(missed);
  });

  it('all turn into tables by one key', async () => {
    await openDossier('flash_sale_burst');
    await press('t');
    for (const id of ['pacing', 'backtest', 'lift', 'attributions']) expect(all(`${id}-table`)).toHaveLength(1);
    expect(all('pacing-chart')).toHaveLength(0);
    await press('t');
    expect(all('pacing-chart')).toHaveLength(1);
  });

  it('show the last weeks beside the forecast, and all days on request', async () => {
    const { view } = await openDossier('flash_sale_burst');
    expect(Number(one('pacing-chart').dataset['days'])).toBeLessThan(view.pacing?.days.length ?? 0);
    expect(Number(one('pacing-chart').dataset['coming'])).toBeGreaterThan(0);
    await click('pacing-all');
    expect(one('pacing-chart').dataset['days']).toBe(String(view.pacing?.days.length));
  });

  it('show three attributions, then all', async () => {
    const { view } = await openDossier('flash_sale_burst');
    expect(all('attribution-row')).toHaveLength(3);
    await click('attributions-all');
    expect(all('attribution-row')).toHaveLength(said(view).attributions.length);
  });
});
