// One piece of work at a time, with what went wrong kept to be shown.
import { asProblem } from '../bridge/types';
import type { ProblemView } from '../bridge/bindings/ProblemView';

export class Attempt {
  busy = $state(false);
  problem = $state.raw<ProblemView | null>(null);

  /** Runs it unless something runs already. */
  async run(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = null;
    try {
      await work();
    } catch (thrown) {
      this.problem = asProblem(thrown);
    } finally {
      this.busy = false;
    }
  }
}

/** Whether a key press is the gesture that signs. */
export const isSigning = (event: KeyboardEvent): boolean =>
  event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.repeat;

/** Presses the sheet's button as a click would, if it can be pressed. */
export function pressSign(within: EventTarget | null): void {
  if (within instanceof Element) within.querySelector<HTMLButtonElement>('[data-testid="sign-button"]')?.click();
}
