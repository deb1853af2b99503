// axe finds nothing on a case, at any depth, nor on its sheets (contrast is judged in a browser).
import axe from 'axe-core';
import { render } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import { FakeBridge } from '../src/bridge/fake';
import BatchFlow from '../src/decide/BatchFlow.svelte';
import { all, click, fill, one, press, until } from './screen';
import { openDossier } from './dossier';

async function faults(): Promise<string[]> {
  const found = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
  return found.violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html).join(' ')}`);
}

describe('access', () => {
  it.each(['approver', 'manager', 'auditor'])('a case for its %s', async (reader) => {
    await openDossier('video_product_launch');
    await click(`depth-${reader}`);
    expect(await faults()).toEqual([]);
  });

  it('charts as tables', async () => {
    await openDossier('flash_sale_burst');
    await press('t');
    expect(await faults()).toEqual([]);
  });

  it.each(['missing_blob', 'sixty_flags', 'forty_signatures', 'zero_history'])('bad data: %s', async (campaign) => {
    await openDossier(campaign, { scenario: 'bad' });
    expect(await faults()).toEqual([]);
  });

  it('a question with its picker open', async () => {
    await openDossier('flash_sale_burst');
    await click('ask');
    const field = one('comment-text') as HTMLTextAreaElement;
    field.value = '@';
    field.setSelectionRange(1, 1);
    await fill('comment-text', '@');
    await until(() => expect(all('mention-list')).toHaveLength(1));
    expect(await faults()).toEqual([]);
  });

  it.each(['a', 'o', 'r', 'c'])('the form behind %s', async (key) => {
    await openDossier('flash_sale_burst');
    await press(key);
    await click('to-confirm');
    expect(await faults()).toEqual([]);
  });

  it('the confirm sheet', async () => {
    await openDossier('flash_sale_burst');
    await press('a');
    await fill('reason-select', 'within_plan');
    if (all('totp-code').length > 0) await fill('totp-code', '123456');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(await faults()).toEqual([]);
  });

  it('a batch', async () => {
    const bridge = new FakeBridge();
    const proposals = bridge.cases.filter((view) => view.batch_class !== null && view.state === 'deciding').map((view) => view.proposal);
    render(BatchFlow, { props: { bridge, proposals, close: vi.fn(), signed: vi.fn() } });
    await until(() => expect((one('batch-to-confirm') as HTMLButtonElement).disabled).toBe(false));
    await fill('reason-select', 'within_plan');
    await click('batch-to-confirm');
    await until(() => expect(all('batch-confirm')).toHaveLength(1));
    expect(await faults()).toEqual([]);
  });
});
