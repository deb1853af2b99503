// What the window tells a person beside its screens: a problem that stays until it is dismissed,
// and a short note that goes away by itself.
import { asProblem } from '../bridge/types';
import type { ProblemView } from '../bridge/types';

/** How long a note stays. */
const NOTE_MS = 5_000;

export class Notices {
  problem = $state.raw<ProblemView | null>(null);
  /** A short word about what was just done. */
  note = $state('');

  #noteTimer: ReturnType<typeof setTimeout> | undefined;

  /** Says something once, quietly, and lets it go. */
  say(text: string): void {
    this.note = text;
    clearTimeout(this.#noteTimer);
    this.#noteTimer = setTimeout(() => (this.note = ''), NOTE_MS);
  }

  /** Shows what was thrown as a problem. */
  readonly fail = (thrown: unknown): void => {
    this.problem = asProblem(thrown);
  };

  /** Does some work; what it throws becomes the problem that is shown. */
  async guard(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  dismiss(): void {
    this.problem = null;
  }
}
