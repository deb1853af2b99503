// A batch: its effect first, one signature each, what fell out said, a line for each result.
import { render } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import { FakeBridge } from '../src/bridge/fake';
import BatchFlow from '../src/decide/BatchFlow.svelte';
import { all, click, fill, one, press, rested, text, until } from './screen';

interface Opened {
  bridge: FakeBridge;
  signed: ReturnType<typeof vi.fn>;
  close: ReturnType<typeof vi.fn>;
}

function openBatch(campaigns: string[]): Opened {
  const bridge = new FakeBridge();
  const proposals = campaigns.map((campaign) => bridge.cases.find((view) => view.change.campaign === campaign && view.state === 'deciding')?.proposal ?? '');
  const [signed, close] = [vi.fn(), vi.fn()];
  render(BatchFlow, { props: { bridge, proposals, close, signed } });
  return { bridge, signed, close };
}

async function toConfirm(): Promise<void> {
  await until(() => expect((one('batch-to-confirm') as HTMLButtonElement).disabled).toBe(false));
  await fill('reason-select', 'within_plan');
  await click('batch-to-confirm');
  await until(() => expect(all('batch-confirm')).toHaveLength(1));
}

const SMALL = ['niche_interest', 'brand_always_on', 'lookalike_conversions'];

describe('batch', () => {
  it('shows the effect of all together before any case', async () => {
    openBatch(SMALL);
    await toConfirm();
    expect(text('batch-total')).toMatch(/3 cases in 1 account.*−USD.32\.00 a day.*Largest single change.*−USD.15\.00 a day/u);
    expect(one('batch-total').compareDocumentPosition(all('batch-item')[0] as Node) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
    expect(all('batch-item')[0]?.querySelectorAll('[data-testid="batch-line"]').length).toBeGreaterThan(5);
  });

  it('says what dropped out and why, and signs only the rest', async () => {
    const { bridge, signed } = openBatch([...SMALL.slice(0, 2), 'flash_sale_burst']);
    await toConfirm();
    expect(one('batch-dropped').textContent).toContain('flash_sale_burst');
    expect(all('batch-item')).toHaveLength(2);
    expect(text('sign-button')).toBe('Sign 2');
    await rested();
    await press('Enter', one('batch-confirm'), { ctrlKey: true });
    await until(() => expect(all('batch-result-row')).toHaveLength(2));
    expect(all('batch-result-row').every((row) => row.dataset['signed'] === 'true')).toBe(true);
    expect(signed).toHaveBeenCalledOnce();
    expect(bridge.cases.filter((view) => view.decisions.some((made) => made.delivery.stage === 'held'))).toHaveLength(2);
  });

  it('has a line for a case that was refused at the last moment', async () => {
    const { bridge } = openBatch(SMALL);
    await toConfirm();
    const moved = bridge.cases.find((view) => view.change.campaign === 'brand_always_on' && view.state === 'deciding');
    if (moved) moved.state = 'superseded';
    await click('sign-button');
    await until(() => expect(all('batch-result-row')).toHaveLength(3));
    expect(all('batch-result-row').map((row) => row.dataset['signed'])).toEqual(['true', 'false', 'true']);
    expect(text('batch-result')).toContain('2 of 3 signed.');
  });

  it('prepares nothing without a reason, and signs nothing twice', async () => {
    const { bridge } = openBatch(SMALL);
    const prepare = vi.spyOn(bridge, 'prepareBatch');
    const sign = vi.spyOn(bridge, 'signBatch');
    await until(() => expect((one('batch-to-confirm') as HTMLButtonElement).disabled).toBe(false));
    await click('batch-to-confirm');
    expect(prepare).not.toHaveBeenCalled();
    await toConfirm();
    await click('sign-button');
    await until(() => expect(all('batch-result')).toHaveLength(1));
    await press('Enter', one('batch-result'), { ctrlKey: true });
    expect(sign).toHaveBeenCalledOnce();
  });

  it('gives prepared bytes up when the person goes back', async () => {
    const { bridge } = openBatch(SMALL);
    await toConfirm();
    await click('back-button');
    await until(() => expect(bridge.openTickets).toBe(0));
    expect(one('batch-sheet')).toBeTruthy();
  });
});
