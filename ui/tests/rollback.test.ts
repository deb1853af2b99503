// Taking an executed change back: from the case, by a key, and in the case that follows.
import { render } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import RollbackFlow from '../src/decide/RollbackFlow.svelte';
import type { CaseView } from '../src/bridge/types';
import { openDossier, type Dossier } from './dossier';
import { all, click, fill, one, press, rested, text, until } from './screen';

const executed = (view: CaseView): boolean => view.state === 'executed' && view.change.kind === 'budget_change';

/** The sheet over an executed case. */
async function openSheet(): Promise<Dossier & { signed: ReturnType<typeof vi.fn> }> {
  const dossier = await openDossier(executed);
  await press('z');
  expect(dossier.app.navigation.overlay?.kind).toBe('rollback');
  const signed = vi.fn();
  render(RollbackFlow, { props: { bridge: dossier.bridge, view: structuredClone(dossier.view), close: vi.fn(), signed } });
  return { ...dossier, signed };
}

describe('taking a change back', () => {
  it('is offered where something was executed, with the way it would go', async () => {
    const { app } = await openDossier(executed);
    expect(text('rollback')).toMatch(/Take this change back.*Back to how it was/);
    await click('rollback-button');
    expect(app.navigation.overlay?.kind).toBe('rollback');
  });

  it('is not offered where nothing was', async () => {
    const { app } = await openDossier('flash_sale_burst');
    expect(all('rollback')).toHaveLength(0);
    await press('z');
    expect(app.navigation.overlay).toBeNull();
  });

  it('signs a wish with a reason, and opens a case that others decide', async () => {
    const { bridge, view, app, signed } = await openSheet();
    const prepare = vi.spyOn(bridge, 'prepareRollback');
    await fill('rollback-text', ' ');
    await click('rollback-next');
    expect(prepare).not.toHaveBeenCalled();
    expect(one('rollback-sheet').textContent).toContain('Say why it should be taken back.');
    await fill('rollback-text', 'It was approved for another week.');
    await click('rollback-next');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(one('confirm-sheet').textContent).toContain('It was approved for another week.');
    expect(one('confirm-sheet').textContent).toContain('does not come back');
    await rested();
    await press('Enter', one('confirm-sheet'), { ctrlKey: true });
    await until(() => expect(signed).toHaveBeenCalledOnce());
    expect(view.rollback?.pending).toBe(true);

    bridge.rollbackLogged({ proposal: view.proposal, text: 'It was approved for another week.' });
    const by = view.rollback?.by;
    if (!by) throw new Error('no case was opened');
    await app.openCase(by);
    await until(() => expect(one('case').dataset['proposal']).toBe(by));
    await until(() => expect(all('takes-back').length).toBeGreaterThan(0));
    expect(all('takes-back')[0]?.textContent).toMatch(/You asked to take a change back.*It was approved for another week/);
    expect(all('figure-lift')).toHaveLength(0);
    expect(all('rationale')).toHaveLength(0);
    expect(text('blocked-because')).not.toBe('');
  });

  it('says where it is already being taken back, and opens that case', async () => {
    const by = '0193a1b2-77aa-7000-8000-000000000001';
    const { app } = await openDossier(executed, {}, 'executed', (view) => {
      if (view.rollback) view.rollback = { ...view.rollback, by };
    });
    expect(all('rollback-button')).toHaveLength(0);
    const open = vi.spyOn(app.opened, 'open');
    await click('rollback-by');
    expect(open).toHaveBeenCalledWith(by);
  });
});
