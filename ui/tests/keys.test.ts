// Single keys act on the page only: not in fields, not with modifiers, not behind a sheet.
import { beforeEach, describe, expect, it } from 'vitest';
import { all, click, fill, one, openCase, openWindow, press, until } from './screen';

const cursorAt = (): number => all('inbox-row').findIndex((row) => row.dataset['cursor'] === 'true');

describe('keys', () => {
  beforeEach(async () => {
    await openWindow();
  });

  it('move the cursor and stop at the ends', async () => {
    expect(cursorAt()).toBe(0);
    await press('k');
    expect(cursorAt()).toBe(0);
    for (let times = 0; times < 9; times += 1) await press('j');
    expect(cursorAt()).toBe(all('inbox-row').length - 1);
    await press('k');
    expect(cursorAt()).toBe(all('inbox-row').length - 2);
  });

  it('open the case at the cursor with Enter', async () => {
    await press('j');
    await press('Enter');
    await until(() => expect(one('case-title').textContent).toBe('flash_sale_burst'));
    expect(document.activeElement).toBe(one('case-title'));
  });

  it('open the next case when the open one has left the list', async () => {
    await openCase(1);
    const next = all('inbox-row')[2]?.dataset['proposal'];
    await click('view-waiting_on_others');
    await click('view-needs_me');
    await until(() => expect(all('inbox-row').length).toBeGreaterThan(2));
    await press('j');
    await press('j');
    await until(() => expect(one('case').dataset['proposal']).toBe(next));
  });

  it('go to each screen by a chord, and back', async () => {
    for (const [key, screen] of [['a', 'agenda'], ['l', 'log'], ['p', 'policies'], ['d', 'people'], [',', 'settings']] as const) {
      await press('g');
      await press(key);
      await until(() => expect(all(`screen-${screen}`)).toHaveLength(1));
    }
    await press('g');
    await press('i');
    await until(() => expect(all('inbox-row').length).toBeGreaterThan(0));
  });

  it('open the palette, find an action there, and go', async () => {
    await press('k', document.body, { ctrlKey: true });
    await fill('palette-input', 'agenda');
    await until(() => expect(all('palette-item').length).toBeGreaterThan(0));
    await press('Enter', one('palette-input'));
    await until(() => expect(all('screen-agenda')).toHaveLength(1));
    expect(all('palette')).toHaveLength(0);
  });

  it('put a case away and bring up all keys', async () => {
    const before = all('inbox-row').length;
    await openCase(2);
    await press('h');
    await press('1', one('snooze-menu'));
    await until(() => expect(all('inbox-row')).toHaveLength(before - 1));
    await press('?');
    expect(all('help')).toHaveLength(1);
  });

  it('choose cases for a batch, and refuse what is decided alone', async () => {
    await press('x');
    await until(() => expect(one('note').textContent).not.toBe(''));
    expect(all('selection')).toHaveLength(0);
    for (const key of ['j', 'j', 'x', 'j', 'x']) await press(key);
    await until(() => expect(one('selection').dataset['count']).toBe('2'));
  });

  it('do nothing while a person types', async () => {
    await openCase(0);
    for (const key of ['j', 'a', 'o', 'r', 'c', 'Enter']) await press(key, one('search'));
    expect(cursorAt()).toBe(0);
    expect(all('decision-sheet')).toHaveLength(0);
  });

  it('do nothing with a modifier held, while composing, or on repeat', async () => {
    await openCase(0);
    await press('a', document.body, { ctrlKey: true });
    await press('a', document.body, { metaKey: true });
    await press('a', document.body, { altKey: true });
    await press('a', document.body, { isComposing: true });
    await press('a', document.body, { repeat: true });
    expect(all('decision-sheet')).toHaveLength(0);
  });

  it('do nothing behind an open sheet', async () => {
    await openCase(1);
    await press('a');
    expect(one('decision-sheet').dataset['kind']).toBe('approve');
    await press('o');
    await press('j');
    expect(one('decision-sheet').dataset['kind']).toBe('approve');
    expect(cursorAt()).toBe(1);
  });

  it.each([
    ['Caps Lock', ['J', 'KeyJ'], ['O', 'KeyO'], ['G', 'KeyG'], ['L', 'KeyL'], ['K', 'KeyK']],
    ['Russian', ['о', 'KeyJ'], ['щ', 'KeyO'], ['п', 'KeyG'], ['д', 'KeyL'], ['л', 'KeyK']],
    ['Greek', ['ξ', 'KeyJ'], ['ο', 'KeyO'], ['γ', 'KeyG'], ['λ', 'KeyL'], ['κ', 'KeyK']],
    ['Hebrew', ['ח', 'KeyJ'], ['ם', 'KeyO'], ['ע', 'KeyG'], ['ך', 'KeyL'], ['ל', 'KeyK']],
    ['Dvorak', ['j', 'KeyC'], ['o', 'KeyS'], ['g', 'KeyU'], ['l', 'KeyP'], ['k', 'KeyV']],
  ] as const)('act with %s as on a Latin keyboard', async (_, j, o, g, l, k) => {
    const type = ([key, code]: readonly [string, string], more: KeyboardEventInit = {}): Promise<void> => press(key, document.body, { code, ...more });
    await openCase(0);
    await type(j);
    expect(cursorAt()).toBe(1);
    await until(() => expect(one('case-title').textContent).toBe('flash_sale_burst'));
    await type(o);
    expect(one('decision-sheet').dataset['kind']).toBe('override');
    await click('cancel');
    await type(k, { ctrlKey: true });
    expect(all('palette')).toHaveLength(1);
    await press('Escape', one('palette-input'));
    document.querySelector('dialog')?.dispatchEvent(new Event('cancel', { cancelable: true }));
    await until(() => expect(all('palette')).toHaveLength(0));
    await type(g);
    await type(l);
    await until(() => expect(all('screen-log')).toHaveLength(1));
  });

  it('do not act by place where the letter is elsewhere', async () => {
    await openCase(1);
    await press('q', document.body, { code: 'KeyA' });
    expect(all('decision-sheet')).toHaveLength(0);
    await press('a', document.body, { code: 'KeyQ' });
    expect(one('decision-sheet').dataset['kind']).toBe('approve');
  });

  it('with Shift are other keys', async () => {
    await openCase(1);
    await press('A', document.body, { code: 'KeyA', shiftKey: true });
    await press('Ф', document.body, { code: 'KeyA', shiftKey: true });
    expect(all('decision-sheet')).toHaveLength(0);
  });

  it('follow each other also where one of them needs Shift', async () => {
    await press('п', document.body, { code: 'KeyG' });
    await press('Shift', document.body, { code: 'ShiftRight', shiftKey: true });
    await press(',', document.body, { code: 'Slash', shiftKey: true });
    await until(() => expect(all('screen-settings')).toHaveLength(1));
  });

  it('focus the search with a slash', async () => {
    await press('/');
    expect(document.activeElement).toBe(one('search'));
  });

  it('open each decision of a case that asks me, and none of one that does not', async () => {
    await openCase(1);
    for (const [key, kind] of [['a', 'approve'], ['o', 'override'], ['r', 'reject'], ['c', 'request_changes']] as const) {
      await press(key);
      expect(one('decision-sheet').dataset['kind']).toBe(kind);
      one('cancel').click();
      await until(() => expect(all('decision-sheet')).toHaveLength(0));
    }
    one('view-settled').click();
    await until(() => expect(all('inbox-row')[0]?.dataset['state']).toBe('executed'));
    await openCase(0);
    await press('a');
    expect(all('decision-sheet')).toHaveLength(0);
    expect(all('approve-button')).toHaveLength(0);
  });
});
