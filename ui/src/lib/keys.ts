// Single keys, chords (`g i`) and Ctrl/Cmd K. They never fire while a person types, with a
// modifier held, or behind an open sheet. Scopes stack: the topmost that knows a key has it.
import { keyMeant, watchAltGr } from './pressed';

/** What each key does; keys as `keyMeant` names them, chords with a space between. */
export type KeyMap = Record<string, () => void>;

const TYPING = 'input, textarea, select, [contenteditable]:not([contenteditable="false"])';
const LISTS = '[role="menu"], [role="listbox"][data-own-keys]';
const REPEATABLE = new Set(['j', 'k', 'ArrowDown', 'ArrowUp']);
const CHORD_MS = 1_200;

/** Whether a key press belongs to the page and not to a field, a sheet or the system. */
export function isForThePage(event: KeyboardEvent): boolean {
  const key = keyMeant(event);
  if (event.defaultPrevented || key === null || isModified(event)) return false;
  if (event.repeat && !REPEATABLE.has(key)) return false;
  const target = event.target;
  if (target instanceof Element && target.closest(`${TYPING}, ${LISTS}`)) return false;
  return document.querySelector('dialog[open]') === null;
}

/** Whether a modifier is held that makes another key of it. */
export const isModified = (event: KeyboardEvent): boolean => event.ctrlKey || event.metaKey || event.altKey;

/** Whether it is Ctrl/Cmd + Enter: on from a form, to sign on the sheet after it, to send words. */
export const isCtrlEnter = (event: KeyboardEvent): boolean =>
  keyMeant(event) === 'Enter' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.repeat;

/** Whether it is Ctrl/Cmd with this letter and nothing else, outside of sheets. */
export function isCommand(event: KeyboardEvent, letter: string): boolean {
  if (event.altKey || event.shiftKey || event.repeat) return false;
  if (!(event.ctrlKey || event.metaKey) || keyMeant(event) !== letter) return false;
  return document.querySelector('dialog[open]') === null;
}

/** The scopes, bottom first. */
export class Scopes {
  readonly #stack: (() => KeyMap)[] = [];
  #first: { key: string; at: number } | null = null;

  /** Adds a scope above the others until the returned function is called. */
  push(scope: () => KeyMap): () => void {
    this.#stack.push(scope);
    return () => {
      const at = this.#stack.lastIndexOf(scope);
      if (at >= 0) this.#stack.splice(at, 1);
    };
  }

  /** Runs what a key press stands for; whether there was anything. */
  press(event: KeyboardEvent): boolean {
    const key = keyMeant(event);
    if (key === null) return false;
    const first = this.#first;
    this.#first = null;
    if (first && event.timeStamp - first.at < CHORD_MS) {
      const chord = this.#find(`${first.key} ${key}`);
      if (chord) {
        chord();
        return true;
      }
    }
    const action = this.#find(key);
    if (action) {
      action();
      return true;
    }
    if (this.#begins(key)) this.#first = { key, at: event.timeStamp };
    return false;
  }

  #find(key: string): (() => void) | undefined {
    for (const scope of [...this.#stack].reverse()) {
      const action = scope()[key];
      if (action) return action;
    }
    return undefined;
  }

  #begins(key: string): boolean {
    return this.#stack.some((scope) => Object.keys(scope()).some((known) => known.startsWith(`${key} `)));
  }
}

/** Listens on the window until the returned function is called. */
export function listenForKeys(scopes: Scopes, palette: () => void): () => void {
  const handle = (event: KeyboardEvent): void => {
    if (isCommand(event, 'k')) {
      event.preventDefault();
      palette();
      return;
    }
    if (!isForThePage(event)) return;
    // Enter on a button or link is that control's own.
    if (keyMeant(event) === 'Enter' && event.target instanceof Element && event.target.closest('button, a, summary')) return;
    if (scopes.press(event)) event.preventDefault();
  };
  const stopWatching = watchAltGr();
  window.addEventListener('keydown', handle);
  return () => {
    stopWatching();
    window.removeEventListener('keydown', handle);
  };
}
