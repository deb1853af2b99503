// The one table of what can be done: keys, help sheet and palette are made from it.
import type { AppState } from './app.svelte';

/** Where an action is listed in the help sheet. */
export type Group = 'move' | 'decide' | 'go' | 'find';

/** Something that can be done; its words are `words.act[id]`. */
export interface Action {
  id: string;
  group: Group;
  /** Keys that do it; a chord has a space. The first is shown. */
  keys: string[];
  /** Whether it can be done now. */
  can: (app: AppState) => boolean;
  run: (app: AppState) => void;
  /** Left out of the palette: it only makes sense by key. */
  keyOnly?: boolean;
  /** The open case has this key in its own scope; it is listed here for the help sheet. */
  inCase?: boolean;
}

const never = (): boolean => false;
const nothing = (): void => undefined;
const ready = (app: AppState): boolean => app.workspace?.state === 'ready';
const listing = (app: AppState): boolean => app.navigation.listing;
const deciding = (app: AppState): boolean => listing(app) && app.opened.mayDecide;

/** In the order of the help sheet. */
export const ACTIONS: readonly Action[] = [
  { id: 'next', group: 'move', keys: ['j', 'ArrowDown'], can: listing, run: (app) => app.moveCursor(1), keyOnly: true },
  { id: 'previous', group: 'move', keys: ['k', 'ArrowUp'], can: listing, run: (app) => app.moveCursor(-1), keyOnly: true },
  { id: 'open', group: 'move', keys: ['Enter'], can: listing, run: (app) => void app.openAtCursor(), keyOnly: true },
  { id: 'close_case', group: 'move', keys: ['Escape'], can: (app) => listing(app) && app.opened.id !== null, run: (app) => app.opened.close() },
  { id: 'section', group: 'move', keys: ['1', '6'], inCase: true, keyOnly: true, can: never, run: nothing },
  { id: 'depth', group: 'move', keys: ['v'], inCase: true, keyOnly: true, can: never, run: nothing },
  { id: 'tables', group: 'move', keys: ['t'], inCase: true, keyOnly: true, can: never, run: nothing },

  { id: 'approve', group: 'decide', keys: ['a'], can: deciding, run: (app) => app.decide('approve') },
  { id: 'override', group: 'decide', keys: ['o'], can: deciding, run: (app) => app.decide('override') },
  { id: 'reject', group: 'decide', keys: ['r'], can: deciding, run: (app) => app.decide('reject') },
  { id: 'request_changes', group: 'decide', keys: ['c'], can: deciding, run: (app) => app.decide('request_changes') },
  { id: 'snooze', group: 'decide', keys: ['h'], can: (app) => app.snoozing.possible !== null, run: (app) => app.snoozing.ask() },
  { id: 'undo', group: 'decide', keys: ['u'], can: (app) => app.undo.recallable !== null, run: (app) => void app.undo.recall() },
  { id: 'rollback', group: 'decide', keys: ['z'], can: (app) => listing(app) && app.opened.mayRollBack, run: (app) => app.openRollback() },
  { id: 'select', group: 'decide', keys: ['x'], can: (app) => app.navigation.place === 'inbox', run: (app) => app.inbox.toggleSelected(), keyOnly: true },
  { id: 'batch', group: 'decide', keys: ['b'], can: (app) => app.inbox.selection.rows.length > 1, run: (app) => app.openBatch() },
  { id: 'halt', group: 'decide', keys: ['g s'], can: (app) => ready(app) && app.status.halt?.stopped === false, run: (app) => app.openHalt() },
  { id: 'resume', group: 'decide', keys: ['g s'], can: (app) => app.status.halt?.stopped === true, run: (app) => app.openHalt() },

  { id: 'go_inbox', group: 'go', keys: ['g i'], can: ready, run: (app) => app.go('inbox') },
  { id: 'go_agenda', group: 'go', keys: ['g a'], can: ready, run: (app) => app.go('agenda') },
  { id: 'go_log', group: 'go', keys: ['g l'], can: ready, run: (app) => app.go('log') },
  { id: 'go_policies', group: 'go', keys: ['g p'], can: ready, run: (app) => app.go('policies') },
  { id: 'go_people', group: 'go', keys: ['g d'], can: ready, run: (app) => app.go('people') },
  { id: 'go_settings', group: 'go', keys: ['g ,'], can: ready, run: (app) => app.go('settings') },

  { id: 'search', group: 'find', keys: ['/'], can: ready, run: (app) => app.focusSearch() },
  { id: 'palette', group: 'find', keys: ['Ctrl+K'], can: ready, run: (app) => app.openPalette(), keyOnly: true },
  { id: 'help', group: 'find', keys: ['?'], can: ready, run: (app) => app.navigation.show({ kind: 'help' }) },
  { id: 'save_filter', group: 'find', keys: [], can: (app) => app.navigation.place === 'inbox' && app.inbox.list.search.trim() !== '', run: (app) => app.navigation.show({ kind: 'save_filter' }) },
  { id: 'practise', group: 'find', keys: [], can: ready, run: (app) => void app.practise('raise') },
  { id: 'practise_pause', group: 'find', keys: [], can: ready, run: (app) => void app.practise('pause') },
  { id: 'gallery', group: 'find', keys: [], can: ready, run: (app) => app.go('gallery') },
  { id: 'theme_light', group: 'find', keys: [], can: ready, run: (app) => app.set({ theme: 'light' }) },
  { id: 'theme_dark', group: 'find', keys: [], can: ready, run: (app) => app.set({ theme: 'dark' }) },
  { id: 'theme_system', group: 'find', keys: [], can: ready, run: (app) => app.set({ theme: 'system' }) },
  {
    id: 'density', group: 'find', keys: [], can: ready,
    run: (app) => app.set({ density: app.settings.now.density === 'compact' ? 'comfortable' : 'compact' }),
  },
];

/** The keys that do something now. */
export function keysNow(app: AppState): Record<string, () => void> {
  const map: Record<string, () => void> = {};
  for (const action of ACTIONS) {
    if (!action.can(app)) continue;
    for (const key of action.keys) map[key] ??= () => action.run(app);
  }
  return map;
}
