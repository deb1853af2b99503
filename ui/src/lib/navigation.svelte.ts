// Where the window is: one screen, and above it at most one sheet that is not about one decision.
import type { CaseView, InboxRow, QuitView } from '../bridge/types';
import type { Snoozable } from './snooze';

/** The screens. */
export type Place = 'inbox' | 'agenda' | 'log' | 'policies' | 'people' | 'settings' | 'gallery';

/** The screens of the rail, in order. */
export const PLACES: readonly Place[] = ['inbox', 'agenda', 'log', 'policies', 'people', 'settings'];

/** A sheet that is not about one decision. */
export type Overlay =
  | { kind: 'palette' }
  | { kind: 'help' }
  | { kind: 'halt' }
  | { kind: 'rollback'; view: CaseView }
  | { kind: 'save_filter' }
  | ({ kind: 'snooze' } & Snoozable)
  | { kind: 'batch'; rows: InboxRow[] }
  | { kind: 'quit'; quit: QuitView };

export class Navigation {
  place = $state<Place>('inbox');
  overlay = $state.raw<Overlay | null>(null);

  /** A screen with a list of cases that the keys move in. */
  get listing(): boolean {
    return this.place === 'inbox' || this.place === 'agenda';
  }

  /** Goes to a screen; an open sheet closes. */
  go(place: Place): void {
    this.overlay = null;
    this.place = place;
  }

  show(overlay: Overlay): void {
    this.overlay = overlay;
  }

  closeOverlay(): void {
    this.overlay = null;
  }
}
