// One piece of work at a time, with what went wrong kept to be shown; on top of it the way from
// a form to a signature.
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

/** From a form to a signature: what was prepared is signed once, or given up. */
export class Signing<T extends { ticket: string }> extends Attempt {
  /** What is to be signed, as Rust made it; null while the form is open. */
  confirm = $state.raw<T | null>(null);
  /** It was signed: nothing is left to sign again or to give up. */
  spent = false;
  readonly #discard: (ticket: string) => Promise<unknown>;
  readonly #close: () => void;
  #gone = false;

  constructor(discard: (ticket: string) => Promise<unknown>, close: () => void) {
    super();
    this.#discard = discard;
    this.#close = close;
  }

  /** Opens the sheet of what was prepared; whoever left meanwhile has given it up. */
  async prepare(work: () => Promise<T>): Promise<void> {
    await this.run(async () => {
      const prepared = await work();
      if (this.#gone) await this.#discard(prepared.ticket);
      else this.confirm = prepared;
    });
  }

  async sign(work: (ticket: string) => Promise<void>): Promise<void> {
    const ticket = this.confirm?.ticket;
    if (ticket === undefined || this.spent) return;
    await this.run(async () => {
      await work(ticket);
      this.spent = true;
    });
  }

  /** Gives the prepared bytes up; the choices stay in the form. */
  back(): void {
    if (this.busy) return;
    this.#giveUp();
    this.confirm = null;
    this.problem = null;
  }

  /** Closes the sheet, except while it is being signed. */
  leave(): void {
    if (this.busy && this.confirm) return;
    this.#gone = true;
    this.#giveUp();
    this.#close();
  }

  #giveUp(): void {
    if (this.confirm && !this.spent) void this.#discard(this.confirm.ticket).catch(() => null);
  }
}
