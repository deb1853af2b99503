// One clock for every countdown on the screen; it ticks slowly, countdowns are calm.

const TICK_MS = 5_000;

class Now {
  /** UTC milliseconds. */
  ms = $state(Date.now());

  constructor() {
    setInterval(() => this.refresh(), TICK_MS);
  }

  refresh(): void {
    this.ms = Date.now();
  }
}

/** The shared clock. */
export const now = new Now();
