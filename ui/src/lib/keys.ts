// Single-key actions. They never fire while a person types, with a modifier held, or
// behind an open sheet.

/** What each key does; keys as `KeyboardEvent.key`. */
export type KeyMap = Record<string, () => void>;

const TYPING = 'input, textarea, select, [contenteditable]:not([contenteditable="false"])';
const REPEATABLE = new Set(['j', 'k']);

/** Whether a key press belongs to the page and not to a field, a sheet or the system. */
export function isForThePage(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing) return false;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.repeat && !REPEATABLE.has(event.key)) return false;
  const target = event.target;
  if (target instanceof Element && target.closest(TYPING)) return false;
  return document.querySelector('dialog[open]') === null;
}

/** Listens on the window until the returned function is called. */
export function listenForKeys(keys: () => KeyMap): () => void {
  const handle = (event: KeyboardEvent): void => {
    if (!isForThePage(event)) return;
    const action = keys()[event.key];
    if (!action) return;
    // Enter on a button or link is that control's own.
    if (event.key === 'Enter' && event.target instanceof Element && event.target.closest('button, a, summary')) return;
    event.preventDefault();
    action();
  };
  window.addEventListener('keydown', handle);
  return () => window.removeEventListener('keydown', handle);
}
