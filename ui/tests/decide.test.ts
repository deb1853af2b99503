// From choice to signature: nothing is prepared that is incomplete, nothing signed by accident.
import { fireEvent } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import type { DecisionInput } from '../src/bridge/types';
import { all, click, fill, one, openCase, openWindow, press, rested, text, until } from './screen';
import { openDossier } from './dossier';

async function override(amount: string): Promise<void> {
  await click('override-button');
  await fill('override-amount', amount);
  await fill('reason-select', 'budget_headroom');
  await fill('reason-text', 'Only 15 % is left.');
  await fill('totp-code', '123456');
}

async function toConfirm(amount = '529'): Promise<void> {
  await override(amount);
  await click('to-confirm');
  await until(() => expect(all('confirm-sheet')).toHaveLength(1));
}

describe('decision', () => {
  it('sends exactly what was chosen, the amount in micros', async () => {
    const { bridge, view } = await openDossier('flash_sale_burst');
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await override('529');
    expect(text('override-preview')).toMatch(/USD.529\.00 a day will be applied: \+15%, \+USD.69\.00 a day compared with now\./u);
    expect(text('override-preview')).toMatch(/At most USD.1,587\.00 over the window/u);
    await click('to-confirm');
    await until(() => expect(prepare).toHaveBeenCalledOnce());
    expect(prepare.mock.calls[0]?.[0]).toEqual({
      proposal: view.proposal,
      kind: 'override',
      role: 'finance',
      reason_code: 'budget_headroom',
      reason_text: 'Only 15 % is left.',
      override_micros: '529000000', override_entries: null,
      requested: null,
      totp_code: '123456',
    } satisfies DecisionInput);
  });

  it('warns of a value beyond the proposal', async () => {
    await openDossier('flash_sale_burst');
    await override('600');
    expect(text('override-preview')).toContain('goes beyond what was proposed');
  });

  it.each([
    ['override-amount', '1,234', 'Use digits and at most one decimal point'],
    ['reason-text', ' ', 'needs a few words of your own'],
    ['totp-code', '12a456', 'six digits'],
  ])('prepares nothing while %s is wrong', async (field, value, said) => {
    const { bridge } = await openDossier('flash_sale_burst');
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await override('529');
    await fill(field, value);
    await click('to-confirm');
    expect(one('decision-sheet').textContent).toContain(said);
    expect(prepare).not.toHaveBeenCalled();
  });

  it('sends a case back with fields that an agent can read', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await press('c');
    await fill('reason-select', 'smaller_change');
    await fill('reason-text', 'A fifth would do.');
    await click('to-confirm');
    expect(text('requested-fault')).toBe('Fill in at least one field.');
    expect(prepare).not.toHaveBeenCalled();
    await fill('requested-amount', '552.50');
    await fill('requested-days', '400');
    await click('to-confirm');
    expect(text('requested-fault')).toContain('1 to 366');
    await fill('requested-days', '14');
    await click('requested-rationale');
    await click('requested-backtest');
    await click('to-confirm');
    await until(() => expect(prepare).toHaveBeenCalledOnce());
    expect(prepare.mock.calls[0]?.[0].requested).toEqual({ max_after_micros: '552500000', max_days: 14, evidence: ['backtest', 'rationale'], texts: false });
  });

  it.each([['o', 'override-amount'], ['c', 'requested-amount'], ['a', 'reason-select'], ['r', 'reason-select']])('%s goes to the first field that must be filled', async (key, field) => {
    await openDossier('flash_sale_burst');
    await press(key);
    await until(() => expect(document.activeElement).toBe(one(field)));
    expect(document.querySelector('dialog')?.getAttribute('aria-labelledby')).toBe('form-title');
  });

  it('goes on with Ctrl + Enter as with its button, and only when nothing is missing', async () => {
    const { bridge } = await openDossier('niche_interest');
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await press('r');
    await press('Enter', one('reason-text'), { ctrlKey: true });
    expect(one('decision-sheet').textContent).toContain('Choose a reason from the list.');
    expect(prepare).not.toHaveBeenCalled();
    await fill('reason-select', 'over_budget');
    await press('Enter', one('reason-text'), { ctrlKey: true, repeat: true });
    expect(prepare).not.toHaveBeenCalled();
    await press('Enter', one('reason-text'), { metaKey: true });
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(prepare).toHaveBeenCalledOnce();
  });

  it('of high risk does not go on with the gesture that signs it', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await press('r');
    await fill('reason-select', 'over_budget');
    await press('Enter', one('reason-text'), { ctrlKey: true });
    expect(prepare).not.toHaveBeenCalled();
    expect(one('to-confirm').getAttribute('aria-keyshortcuts')).toBeNull();
    expect(one('decision-sheet').textContent).not.toContain('Ctrl');
  });

  it('says what an approval applies before the sheet is made', async () => {
    await openDossier('niche_interest');
    await press('a');
    expect(text('approve-effect')).toMatch(/This is what will be applied: USD.44\.00 a day −20%/u);
    expect(all('totp-code')).toHaveLength(0);
  });
});

describe('confirm sheet', () => {
  it('is drawn from what came back, and from nothing else', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    const prepare = bridge.prepareDecision.bind(bridge);
    bridge.prepareDecision = async (input) => ({
      ...(await prepare(input)),
      title: 'From the bytes',
      lines: [{ key: 'budget_after', label: 'Daily budget after', value: '999.00 USD' }],
    });
    await toConfirm();
    expect(all('confirm-line').map((line) => [line.dataset['key'], line.querySelector('dd')?.textContent])).toEqual([['budget_after', '999.00 USD']]);
    expect(one('confirm-sheet').textContent).toContain('From the bytes');
    expect(one('confirm-sheet').textContent).not.toContain('529');
    expect(text('confirm-fingerprint').split(' ')).toHaveLength(6);
    expect(text('confirm-digest')).toMatch(/^[0-9a-f]{64}$/);
    expect(one('confirm-fingerprint').closest('.end')).toBe(one('sign-button').closest('.end'));
  });

  it('says what cannot be undone before everything else', async () => {
    await openDossier('flash_sale_burst');
    await toConfirm();
    expect(one('warning').dataset['code']).toBe('warn_way_back');
    expect(one('warnings').compareDocumentPosition(all('confirm-line')[0] as Node) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
  });

  it('says a skewed clock before signing', async () => {
    await openDossier('flash_sale_burst', { scenario: 'skew' });
    await toConfirm();
    expect(all('warning').map((one) => one.dataset['code'])).toEqual(['warn_clock', 'warn_way_back']);
  });

  it('does not sign by the key or the second click that opened it', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    const sign = vi.spyOn(bridge, 'signDecision');
    await toConfirm();
    expect(document.activeElement?.id).toBe('confirm-title');
    await press('Enter', document.activeElement ?? document.body);
    await press('Enter', one('confirm-sheet'), { ctrlKey: true, repeat: true });
    await fireEvent.click(one('sign-button'), { detail: 2 });
    expect(sign).not.toHaveBeenCalled();
  });

  it('takes no key at first, so that the one that came here signs nothing when pressed twice', async () => {
    const { bridge } = await openDossier('niche_interest');
    const sign = vi.spyOn(bridge, 'signDecision');
    await press('a');
    await fill('reason-select', 'within_plan');
    await press('Enter', one('reason-text'), { ctrlKey: true });
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(one('sign-button').dataset['ready']).toBe('false');
    await press('Enter', one('confirm-sheet'), { ctrlKey: true });
    const event = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true });
    one('sign-button').dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(sign).not.toHaveBeenCalled();
    await rested();
    await press('Enter', one('confirm-sheet'), { ctrlKey: true });
    await until(() => expect(sign).toHaveBeenCalledOnce());
  });

  it('is only armed by keys where a second gesture is asked for', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    const sign = vi.spyOn(bridge, 'signDecision');
    await toConfirm();
    expect(one('confirm-sheet').dataset['armed']).toBe('true');
    expect(text('armed')).toContain('a second, different gesture');
    await rested();
    // What the browser makes of Enter and Space on a button is stopped.
    for (const key of ['Enter', ' ']) {
      const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
      one('sign-button').dispatchEvent(event);
      expect(event.defaultPrevented).toBe(true);
    }
    expect(sign).not.toHaveBeenCalled();
    await press('Enter', one('sign-button'), { metaKey: true });
    await until(() => expect(sign).toHaveBeenCalledOnce());
  });

  it('leaves Enter on the button alone where none is asked for', async () => {
    await openDossier('niche_interest');
    await press('a');
    await fill('reason-select', 'within_plan');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(one('confirm-sheet').dataset['armed']).toBe('false');
    await rested();
    const event = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true });
    one('sign-button').dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
  });

  it('says what is wrong with a second factor and keeps what was typed', async () => {
    await openDossier('flash_sale_burst');
    await override('529');
    await fill('totp-code', '000000');
    await click('to-confirm');
    await until(() => expect(one('problem').dataset['code']).toBe('factor_wrong'));
    expect((one('override-amount') as HTMLInputElement).value).toBe('529');
    expect(all('confirm-sheet')).toHaveLength(0);
  });

  it('gives prepared bytes up when the person goes back, and keeps the choices', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    await toConfirm();
    expect(bridge.openTickets).toBe(1);
    await click('back-button');
    await until(() => expect(bridge.openTickets).toBe(0));
    expect((one('override-amount') as HTMLInputElement).value).toBe('529');
  });

  it('gives prepared bytes up when Esc closes the sheet', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    await toConfirm();
    await fireEvent(document.querySelector('dialog') as Element, new Event('cancel', { cancelable: true }));
    await until(() => expect(bridge.openTickets).toBe(0));
    expect(document.querySelector('dialog')).toBeNull();
  });

  it('does not sign a sheet that is too old', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    const sign = vi.spyOn(bridge, 'signDecision');
    const prepare = bridge.prepareDecision.bind(bridge);
    bridge.prepareDecision = async (input) => ({ ...(await prepare(input)), good_until_ms: Date.now() - 60_000 });
    await toConfirm();
    expect((one('sign-button') as HTMLButtonElement).disabled).toBe(true);
    await rested();
    await press('Enter', one('confirm-sheet'), { ctrlKey: true });
    expect(sign).not.toHaveBeenCalled();
  });
});

describe('after signing', () => {
  async function sign(online = true): Promise<Awaited<ReturnType<typeof openDossier>> & { id: string }> {
    const dossier = await openDossier('flash_sale_burst', { online });
    await toConfirm();
    await rested();
    await press('Enter', one('confirm-sheet'), { ctrlKey: true });
    await until(() => expect(all('signed-note')).toHaveLength(1));
    return { ...dossier, id: dossier.view.decisions.at(-1)?.id ?? '' };
  }

  it('is held, says for how long, and can be recalled', async () => {
    const { view } = await sign();
    expect(one('signed-note').dataset['stage']).toBe('held');
    expect(text('signed-note')).toMatch(/held on this device for \d+ sec; you can still recall it/);
    await press('u');
    await until(() => expect(view.decisions.at(-1)?.delivery.stage).toBe('recalled'));
    await until(() => expect(text('recalled')).toContain('It was not sent and does not count.'));
    expect(all('signed-note')).toHaveLength(0);
    expect(one('approve-button')).toBeTruthy();
  });

  it('is held offline until there is a connection', async () => {
    await sign(false);
    expect(text('signed-note')).toContain('until it is online');
    expect(all('undo')).toHaveLength(1);
  });

  it('says how far it has got, word by word, and offers no undo that would not work', async () => {
    const { bridge, id } = await sign();
    for (const [stage, said] of [
      ['signed_on_this_device', 'Signed on this device and being sent.'],
      ['delivered_to_relay', 'Delivered to the relay.'],
    ] as const) {
      bridge.deliver(id, { stage });
      await until(() => expect(text('signed-note')).toBe(said));
      expect(all('undo')).toHaveLength(0);
    }
    bridge.deliver(id, { stage: 'refused', why: { code: 'entity_moved', message: 'the budget moved first.', hints: [], values: {} } });
    await until(() => expect(text('signed-note')).toContain('Refused: the budget moved first.'));
  });

  it('leaves the end to the outcome, and how far the signature got to its decision', async () => {
    const { bridge, view, id } = await sign();
    view.state = 'executed';
    bridge.deliver(id, { stage: 'executed' });
    await until(() => expect(one('outcome').dataset['state']).toBe('executed'));
    expect(all('signed-note')).toHaveLength(0);
    expect(all('decision-row').at(-1)?.querySelector('[data-testid="delivery"]')?.textContent).toContain('Executed.');
  });

  it('offers the way back in one place: in the case, and beside another', async () => {
    await openWindow();
    await openCase(1);
    await press('a');
    await fill('reason-select', 'within_plan');
    await click('to-confirm');
    await until(() => expect(all('sign-button')).toHaveLength(1));
    await click('sign-button');
    await until(() => expect(one('undo').closest('[data-testid]:not([data-testid="undo"])')).toBe(one('signed-note')));
    expect(all('undo-toast')).toHaveLength(0);
    await openCase(0);
    await until(() => expect(one('undo').closest('[data-testid="undo-toast"]')).toBe(one('undo-toast')));
    await click('undo');
    await until(() => expect(all('undo-toast')).toHaveLength(0));
  });
});
