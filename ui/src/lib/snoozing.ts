// Putting a case away until later, and bringing it back.
import type { Navigation } from './navigation.svelte';
import type { Notices } from './notices.svelte';
import type { OpenCase } from './opened.svelte';
import { snoozable, snoozeChoices, type Snoozable } from './snooze';
import type { Bridge, InboxRow } from '../bridge/types';

export class Snoozing {
  constructor(
    readonly bridge: Bridge,
    readonly notices: Notices,
    readonly navigation: Navigation,
    readonly opened: OpenCase,
    /** The row at the cursor. */
    readonly at: () => InboxRow | undefined,
    /** Reads again what a snooze changes. */
    readonly snoozed: (proposal: string) => Promise<unknown>,
  ) {}

  /** The case that `h` puts away. */
  get possible(): Snoozable | null {
    return this.navigation.listing ? snoozable(this.opened.view, this.at()) : null;
  }

  /** Opens the menu, if there is a case and a time to choose. */
  ask(): void {
    const what = this.possible;
    if (what && (what.snoozed || snoozeChoices(Date.now(), what.decideByMs).length > 0)) this.navigation.show({ kind: 'snooze', ...what });
  }

  /** Puts a case away until a time, or brings it back with null; then says so. */
  async put(proposal: string, untilMs: number | null, said: string): Promise<void> {
    this.navigation.closeOverlay();
    await this.notices.guard(async () => {
      await this.bridge.snoozeCase(proposal, untilMs);
      if (this.opened.id === proposal && untilMs !== null) this.opened.close();
      this.notices.say(said);
    });
    await this.snoozed(proposal);
  }
}
