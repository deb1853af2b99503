// Which key a press means, whatever the keyboard and its layout: the one place that reads `key`
// and `code`. A layout that has the letter somewhere acts by letter; one of another script acts
// by place, where its keys carry the Latin letters too.

const NAMED = /^[A-Z][A-Za-z0-9]+$/;
const ASCII = /^[\x20-\x7e]$/;
const LATIN_OR_SIGN = /[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u;
const DIGIT = /^\p{Nd}$/u;
const PLACE = /^(?:Key([A-Z])|Digit([0-9]))$/;

/** They make text together with other keys, or the input method has taken them. */
const COMPOSING = new Set(['Process', 'Unidentified', 'Dead']);
/** What `keyCode` says of a key that an input method has taken; Safari says it in no other way. */
const TAKEN = 229;

/** Keys that only change what others mean: alone, and between the two of a chord, they are nothing. */
const CHANGING = new Set([
  'Alt', 'AltGraph', 'CapsLock', 'Control', 'Fn', 'FnLock', 'GroupFirst', 'GroupLast', 'GroupNext', 'GroupPrevious',
  'Hyper', 'Meta', 'ModeChange', 'NumLock', 'OS', 'ScrollLock', 'Shift', 'Super', 'Symbol', 'SymbolLock',
]);

/** Signs that other scripts write in their own way, on layouts that have no other. */
const SIGNS: Record<string, string> = { '؟': '?', '،': ',' };

// Until 2026 WebKit never said that AltGr is held, so it is watched besides.
let altGrHeld = false;

/** Watches AltGr until the returned function is called. */
export function watchAltGr(): () => void {
  const down = (event: KeyboardEvent): void => {
    if (event.key === 'AltGraph') altGrHeld = true;
  };
  const up = (event: KeyboardEvent): void => {
    if (event.key === 'AltGraph') altGrHeld = false;
  };
  const forget = (): void => {
    altGrHeld = false;
  };
  window.addEventListener('keydown', down, true);
  window.addEventListener('keyup', up, true);
  window.addEventListener('blur', forget);
  return () => {
    forget();
    window.removeEventListener('keydown', down, true);
    window.removeEventListener('keyup', up, true);
    window.removeEventListener('blur', forget);
  };
}

/**
 * The key that a press means, as tables of keys name it: `a`, with Shift `A`, `1`, `/`, `Enter`.
 * Null for what makes text: input methods, dead keys, AltGr; and for a modifier alone.
 */
export function keyMeant(event: KeyboardEvent): string | null {
  const { key, code, shiftKey } = event;
  if (event.isComposing || event.keyCode === TAKEN || COMPOSING.has(key) || CHANGING.has(key)) return null;
  if (NAMED.test(key)) return key;
  if (key === ' ' || code === 'Space') return ' ';
  if (altGrHeld || event.getModifierState('AltGraph')) return null;
  return letter(key, shiftKey) ?? sign(key) ?? place(code, key, shiftKey) ?? key;
}

/** A letter of ours: Shift makes it large, Caps Lock does not. */
function letter(key: string, shift: boolean): string | null {
  // Turkish has i and ı: a large İ is the small i.
  const small = key.toLowerCase().replace('\u0307', '');
  if (!/^[a-z]$/.test(small)) return null;
  return shift ? small.toUpperCase() : small;
}

/** A sign or digit, in the writing of any script. */
function sign(key: string): string | null {
  if (ASCII.test(key)) return key;
  if (!DIGIT.test(key)) return SIGNS[key] ?? null;
  // Digits of a script stand in order from nought.
  const at = key.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && DIGIT.test(String.fromCodePoint(at - value - 1))) value += 1;
  return String(value);
}

/** What is at this place of a Latin keyboard, for a letter of another script. */
function place(code: string, key: string, shift: boolean): string | null {
  if (LATIN_OR_SIGN.test(key)) return null;
  const [, latin, digit] = PLACE.exec(code) ?? [];
  if (latin !== undefined) return shift ? latin : latin.toLowerCase();
  return digit !== undefined && !shift ? digit : null;
}
