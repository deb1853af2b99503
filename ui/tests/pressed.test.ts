// What a key means on the keyboards that people have; `key` and `code` as systems give them.
import { describe, expect, it } from 'vitest';
import { keyMeant, watchAltGr } from '../src/lib/pressed';

const event = (key: string, code: string, more: KeyboardEventInit & { keyCode?: number } = {}): KeyboardEvent =>
  new KeyboardEvent('keydown', { key, code, ...more });
const shift = { shiftKey: true };

describe('a layout of another script acts by place', () => {
  it.each([
    ['Russian', 'ф', 'KeyA', 'a'],
    ['Russian', 'о', 'KeyJ', 'j'],
    ['Russian', 'л', 'KeyK', 'k'],
    ['Russian', 'п', 'KeyG', 'g'],
    ['Ukrainian', 'і', 'KeyS', 's'],
    ['Bulgarian BDS', 'ь', 'KeyA', 'a'],
    ['Greek', 'α', 'KeyA', 'a'],
    ['Greek', 'ξ', 'KeyJ', 'j'],
    ['Greek', 'ς', 'KeyW', 'w'],
    ['Hebrew', 'ש', 'KeyA', 'a'],
    ['Hebrew', 'ח', 'KeyJ', 'j'],
    ['Arabic', 'ش', 'KeyA', 'a'],
    ['Arabic, two letters by one key', 'لا', 'KeyB', 'b'],
    ['Georgian', 'ა', 'KeyA', 'a'],
    ['Devanagari, a vowel sign', 'ो', 'KeyA', 'a'],
    ['Thai, a letter where digits are', 'ภ', 'Digit4', '4'],
    ['Korean', 'ㅁ', 'KeyA', 'a'],
    ['Japanese kana', 'ち', 'KeyA', 'a'],
  ])('%s: %s on %s is %s', (_, key, code, meant) => expect(keyMeant(event(key, code))).toBe(meant));

  it('tells Shift from Caps Lock there too', () => {
    expect(keyMeant(event('Ф', 'KeyA'))).toBe('a');
    expect(keyMeant(event('Ф', 'KeyA', shift))).toBe('A');
    expect(keyMeant(event('ф', 'KeyA', shift))).toBe('A');
  });

  it('but by sign and digit where it has them elsewhere', () => {
    expect(keyMeant(event(',', 'Slash', shift)), 'Russian').toBe(',');
    expect(keyMeant(event('/', 'Backslash', shift)), 'Russian').toBe('/');
    expect(keyMeant(event('?', 'Digit7', shift)), 'Russian').toBe('?');
    expect(keyMeant(event('.', 'Slash')), 'Russian').toBe('.');
    expect(keyMeant(event('б', 'Comma')), 'Russian').toBe('б');
    expect(keyMeant(event('/', 'KeyQ')), 'Hebrew').toBe('/');
    expect(keyMeant(event(',', 'Quote')), 'Hebrew').toBe(',');
    expect(keyMeant(event('ת', 'Comma')), 'Hebrew').toBe('ת');
    expect(keyMeant(event('؟', 'Slash', shift)), 'Arabic').toBe('?');
    expect(keyMeant(event('،', 'KeyK', shift)), 'Arabic').toBe(',');
    expect(keyMeant(event('ู', 'Digit6', shift)), 'Thai').toBe('ู');
  });

  it.each([
    ['Arabic', '٣', 'Digit3', '3'],
    ['Persian', '۶', 'Digit6', '6'],
    ['Devanagari', '१', 'Digit1', '1'],
    ['Thai, beside its place', '๑', 'Digit2', '1'],
    ['Bengali', '০', 'Digit0', '0'],
  ])('%s: the digit %s on %s is %s', (_, key, code, meant) => expect(keyMeant(event(key, code))).toBe(meant));
});

describe('a layout that has the letter elsewhere acts by letter', () => {
  it.each([
    ['AZERTY', 'a', 'KeyQ', 'a'],
    ['AZERTY', 'q', 'KeyA', 'q'],
    ['AZERTY', ',', 'KeyM', ','],
    ['AZERTY', '&', 'Digit1', '&'],
    ['AZERTY', 'é', 'Digit2', 'é'],
    ['AZERTY, Shift', 'µ', 'Backslash', 'µ'],
    ['QWERTZ', 'z', 'KeyY', 'z'],
    ['QWERTZ', 'ö', 'Semicolon', 'ö'],
    ['Dvorak', 'o', 'KeyS', 'o'],
    ['Dvorak', 's', 'Semicolon', 's'],
    ['Dvorak', '\'', 'KeyQ', '\''],
    ['Dvorak', 'j', 'KeyC', 'j'],
    ['Colemak', 't', 'KeyF', 't'],
    ['Bépo', 'é', 'KeyW', 'é'],
    ['Turkish, no i', 'ı', 'KeyI', 'ı'],
    ['Turkish', 'i', 'Quote', 'i'],
    ['Spanish, no o', 'º', 'Backquote', 'º'],
    ['Czech', 'ě', 'Digit2', 'ě'],
    ['number pad', '1', 'Numpad1', '1'],
  ])('%s: %s on %s is %s', (_, key, code, meant) => expect(keyMeant(event(key, code))).toBe(meant));

  it('a digit that needs Shift on AZERTY is that digit', () => {
    expect(keyMeant(event('1', 'Digit1', shift))).toBe('1');
  });
});

describe('Caps Lock', () => {
  it('changes no key', () => {
    expect(keyMeant(event('A', 'KeyA'))).toBe('a');
    expect(keyMeant(event('A', 'KeyQ')), 'AZERTY').toBe('a');
    expect(keyMeant(event('K', 'KeyK', { ctrlKey: true }))).toBe('k');
    expect(keyMeant(event('İ', 'Quote')), 'Turkish').toBe('i');
  });

  it('is not Shift, and with Shift it stays Shift', () => {
    expect(keyMeant(event('A', 'KeyA', shift))).toBe('A');
    expect(keyMeant(event('a', 'KeyA', shift))).toBe('A');
  });
});

describe('left alone', () => {
  it.each([
    ['an input method', event('a', 'KeyA', { isComposing: true })],
    ['Enter that ends its work', event('Enter', 'Enter', { isComposing: true })],
    ['the same in Safari', event('Enter', 'Enter', { keyCode: 229 })],
    ['Process', event('Process', 'KeyA')],
    ['Unidentified', event('Unidentified', 'KeyA')],
    ['a dead key', event('Dead', 'BracketLeft')],
    ['Shift alone', event('Shift', 'ShiftLeft', shift)],
    ['a change of layout', event('GroupNext', 'AltLeft')],
  ])('%s', (_, pressed) => expect(keyMeant(pressed)).toBeNull());

  it('what AltGr makes, where it is said', () => {
    const made = event('ײ', 'KeyH');
    made.getModifierState = (name) => name === 'AltGraph';
    expect(keyMeant(made)).toBeNull();
    const latin = event('ł', 'KeyL');
    latin.getModifierState = (name) => name === 'AltGraph';
    expect(keyMeant(latin)).toBeNull();
  });

  it('what AltGr makes, where it is only seen to go down and up', () => {
    const stop = watchAltGr();
    window.dispatchEvent(event('AltGraph', 'AltRight'));
    expect(keyMeant(event('ײ', 'KeyH'))).toBeNull();
    expect(keyMeant(event('Enter', 'Enter')), 'no text comes of it').toBe('Enter');
    window.dispatchEvent(new KeyboardEvent('keyup', { key: 'AltGraph', code: 'AltRight' }));
    expect(keyMeant(event('י', 'KeyH'))).toBe('h');
    window.dispatchEvent(event('AltGraph', 'AltRight'));
    window.dispatchEvent(new Event('blur'));
    expect(keyMeant(event('י', 'KeyH')), 'it went up in another window').toBe('h');
    stop();
  });
});

it('keys with a name are what they are called', () => {
  for (const key of ['Enter', 'Escape', 'Tab', 'ArrowDown', 'PageUp', 'Home', 'F1']) expect(keyMeant(event(key, key))).toBe(key);
  expect(keyMeant(event(' ', 'Space'))).toBe(' ');
  expect(keyMeant(event('\u00a0', 'Space')), 'the space bar presses buttons, whatever it writes').toBe(' ');
  expect(keyMeant(event('Enter', 'NumpadEnter'))).toBe('Enter');
});
