// How far the first run has got after joining: kept for this session alone. Whoever was enrolled
// elsewhere, or comes back later, starts at the inbox.

/** The steps after joining, in order. */
export const STEPS = ['compare', 'practise', 'loss'] as const;

/** A step. */
export type Step = (typeof STEPS)[number];

class Welcome {
  step = $state<Step | null>(null);

  begin(): void {
    this.step = STEPS[0];
  }

  next(): void {
    const at = this.step === null ? -1 : STEPS.indexOf(this.step);
    this.step = STEPS[at + 1] ?? null;
  }

  end(): void {
    this.step = null;
  }
}

/** The one first run of the window. */
export const welcome = new Welcome();
