// From choice to signature: nothing is prepared that is incomplete, nothing signed by accident.
import { fireEvent } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import type { DecisionInput } from '../src/bridge/types';
import { all, click, fill, one, openCase, openWindow, press, text, until } from './screen';

async function override(amount: string): Promise<void> {
  await click('override-button');
  await fill('override-amount', amount);
  await fill('reason-select', 'budget_headroom');
  await fill('reason-text', 'Only 15 % is left.');
  await fill('totp-code', '123456');
}

describe('decision', () => {
  it('sends exactly what was chosen, the amount in micros', async () => {
    const bridge = await openWindow();
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await openCase(0);
    await override('529');
    expect(text('override-preview')).toMatch(/USD.529\.00 a day will be applied: \+15%, \+USD.69\.00 a day against now\./u);
    await click('to-confirm');
    await until(() => expect(prepare).toHaveBeenCalledOnce());
    expect(prepare.mock.calls[0]?.[0]).toEqual({
      proposal: bridge.cases[0]?.proposal ?? '',
      kind: 'override',
      role: 'finance',
      reason_code: 'budget_headroom',
      reason_text: 'Only 15 % is left.',
      override_micros: '529000000',
      totp_code: '123456',
    } satisfies DecisionInput);
  });

  it('warns of a value beyond the proposal', async () => {
    await openWindow();
    await openCase(0);
    await override('600');
    expect(text('override-preview')).toContain('goes beyond what was proposed');
  });

  it.each([
    ['override-amount', '1,234', 'Write the amount with digits'],
    ['reason-text', ' ', 'needs a few words of your own'],
    ['totp-code', '12a456', 'six digits'],
  ])('prepares nothing while %s is wrong', async (field, value, said) => {
    const bridge = await openWindow();
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await openCase(0);
    await override('529');
    await fill(field, value);
    await click('to-confirm');
    expect(one('decision-sheet').textContent).toContain(said);
    expect(prepare).not.toHaveBeenCalled();
  });

  it('draws the confirm sheet from what came back, and from nothing else', async () => {
    const bridge = await openWindow();
    const prepare = bridge.prepareDecision.bind(bridge);
    bridge.prepareDecision = async (input) => ({
      ...(await prepare(input)),
      title: 'From the bytes',
      lines: [{ label: 'Daily budget after', value: '999.00 USD' }],
    });
    await openCase(0);
    await override('529');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(all('confirm-line').map((line) => [line.dataset['label'], line.querySelector('dd')?.textContent])).toEqual([['Daily budget after', '999.00 USD']]);
    expect(one('confirm-sheet').textContent).toContain('From the bytes');
    expect(one('confirm-sheet').textContent).not.toContain('529');
    expect(text('confirm-fingerprint').split(' ')).toHaveLength(6);
    expect(text('confirm-digest')).toMatch(/^[0-9a-f]{64}$/);
    expect(one('confirm-fingerprint').closest('.end')).toBe(one('sign-button').closest('.end'));
  });

  it('does not sign by the key or the second click that opened the sheet', async () => {
    const bridge = await openWindow();
    const sign = vi.spyOn(bridge, 'signDecision');
    await openCase(0);
    await override('529');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(document.activeElement?.id).toBe('confirm-title');
    await press('Enter', document.activeElement ?? document.body);
    await press('Enter', one('confirm-sheet'), { ctrlKey: true, repeat: true });
    await fireEvent.click(one('sign-button'), { detail: 2 });
    expect(sign).not.toHaveBeenCalled();
  });

  it('signs with Ctrl+Enter and says how far it has got, word by word', async () => {
    const bridge = await openWindow({ online: false });
    await openCase(0);
    await override('529');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    await press('Enter', one('confirm-sheet'), { ctrlKey: true });
    await until(() => expect(text('signed-note')).toBe('Signed on this device, not yet delivered.'));
    expect(one('connection-chip').dataset['unsent']).toBe('1');
    expect(one('connection-chip').textContent).toContain('1 signature unsent');
    const id = bridge.cases[0]?.decisions.at(-1)?.id ?? '';
    for (const [stage, said] of [
      [{ stage: 'delivered_to_relay' }, 'Delivered to the relay.'],
      [{ stage: 'accepted_by_gate' }, 'Accepted by the gate.'],
    ] as const) {
      bridge.deliver(id, stage);
      await until(() => expect(text('signed-note')).toBe(said));
    }
    expect(one('connection-chip').dataset['unsent']).toBe('0');
    bridge.deliver(id, { stage: 'refused', why: { code: 'stale', message: 'the budget moved first.', hints: [] } });
    await until(() => expect(text('signed-note')).toBe('Refused: the budget moved first.'));
  });

  it('leaves the end to the outcome, and how far the signature got to its decision', async () => {
    const bridge = await openWindow();
    await openCase(0);
    await override('529');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    await click('sign-button');
    await until(() => expect(all('signed-note')).toHaveLength(1));
    const mine = bridge.cases[0];
    if (!mine) throw new Error('the fake has no case');
    mine.state = 'executed';
    bridge.deliver(mine.decisions.at(-1)?.id ?? '', { stage: 'executed' });
    await until(() => expect(one('outcome').dataset['state']).toBe('executed'));
    expect(all('signed-note')).toHaveLength(0);
    expect(all('decision-row').at(-1)?.querySelector('[data-testid="delivery"]')?.textContent).toBe('Executed.');
  });

  it('says what is wrong with a second factor and keeps what was typed', async () => {
    await openWindow();
    await openCase(0);
    await override('529');
    await fill('totp-code', '000000');
    await click('to-confirm');
    await until(() => expect(one('problem').dataset['code']).toBe('factor_wrong'));
    expect((one('override-amount') as HTMLInputElement).value).toBe('529');
    expect(all('confirm-sheet')).toHaveLength(0);
  });

  it('gives prepared bytes up when the person goes back, and keeps the choices', async () => {
    const bridge = await openWindow();
    await openCase(0);
    await override('529');
    await click('to-confirm');
    await until(() => expect(bridge.openTickets).toBe(1));
    await until(() => expect(all('back-button')).toHaveLength(1));
    await click('back-button');
    await until(() => expect(bridge.openTickets).toBe(0));
    expect((one('override-amount') as HTMLInputElement).value).toBe('529');
  });

  it('gives prepared bytes up when Esc closes the sheet', async () => {
    const bridge = await openWindow();
    await openCase(0);
    await override('529');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    await fireEvent(document.querySelector('dialog') as Element, new Event('cancel', { cancelable: true }));
    await until(() => expect(bridge.openTickets).toBe(0));
    expect(document.querySelector('dialog')).toBeNull();
  });

  it('does not sign a sheet that is too old', async () => {
    const bridge = await openWindow();
    const sign = vi.spyOn(bridge, 'signDecision');
    const prepare = bridge.prepareDecision.bind(bridge);
    bridge.prepareDecision = async (input) => ({ ...(await prepare(input)), good_until_ms: Date.now() - 60_000 });
    await openCase(0);
    await override('529');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect((one('sign-button') as HTMLButtonElement).disabled).toBe(true);
    await press('Enter', one('confirm-sheet'), { ctrlKey: true });
    expect(sign).not.toHaveBeenCalled();
  });

  it('asks no code where none is needed', async () => {
    const bridge = await openWindow();
    const prepare = vi.spyOn(bridge, 'prepareDecision');
    await openCase(0);
    await press('a');
    expect(all('totp-code')).toHaveLength(0);
    expect(all('override-amount')).toHaveLength(0);
    await fill('reason-select', 'within_plan');
    await click('to-confirm');
    await until(() => expect(prepare).toHaveBeenCalledOnce());
    expect(prepare.mock.calls[0]?.[0]).toMatchObject({ kind: 'approve', override_micros: null, totp_code: null });
  });
});
