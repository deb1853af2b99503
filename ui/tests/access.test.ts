// axe finds nothing on any screen (contrast is judged in a real browser, not here).
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { all, click, fill, one, openCase, openWindow, press, until } from './screen';

async function faults(): Promise<string[]> {
  const found = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`);
}

describe('access', () => {
  it('inbox and case', async () => {
    await openWindow();
    expect(await faults()).toEqual([]);
    await openCase(0);
    expect(await faults()).toEqual([]);
  });

  it.each([['a', 'agenda'], [',', 'settings']])('g %s: %s', async (key, screen) => {
    await openWindow();
    await press('g');
    await press(key);
    await until(() => expect(all(`screen-${screen}`)).toHaveLength(1));
    expect(await faults()).toEqual([]);
  });

  it('palette, keys and the snooze menu', async () => {
    await openWindow();
    await press('k', document.body, { ctrlKey: true });
    expect(all('palette')).toHaveLength(1);
    expect(await faults()).toEqual([]);
    await press('Escape', one('palette-input'));
    one('palette').closest('dialog')?.dispatchEvent(new Event('cancel', { cancelable: true }));
    await until(() => expect(all('palette')).toHaveLength(0));
    await press('?');
    expect(await faults()).toEqual([]);
    await click('close-help');
    await until(() => expect(all('help')).toHaveLength(0));
    await openCase(2);
    await press('h');
    expect(all('snooze-menu')).toHaveLength(1);
    expect(await faults()).toEqual([]);
  });

  it('decision and confirm sheets', async () => {
    await openWindow();
    await openCase(1);
    await press('o');
    await click('to-confirm');
    expect(await faults()).toEqual([]);
    await fill('override-amount', '529');
    await fill('reason-select', 'budget_headroom');
    await fill('reason-text', 'words');
    await fill('totp-code', '123456');
    await click('to-confirm');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(await faults()).toEqual([]);
  });

  it('first run and problems', async () => {
    await openWindow({ start: 'not_enrolled' });
    await click('make-request');
    await until(() => expect(all('enrol-input')).toHaveLength(1));
    expect(await faults()).toEqual([]);
  });

  it('a problem that stops the start', async () => {
    await openWindow({ start: 'keychain_problem' });
    expect(await faults()).toEqual([]);
  });
});
