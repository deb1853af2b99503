// Cases that are read before they are opened: the one at the cursor and its neighbours.
import type { Bridge, CaseView } from '../bridge/types';

/** How long the cursor must rest before anything is read. */
const REST_MS = 30;
/** The same while a search is typed: the next key comes sooner than anybody opens a case. */
const TYPING_REST_MS = 150;

export class ReadAhead {
  #views = new Map<string, CaseView>();
  #resting: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;
  #rest = REST_MS;
  #wanted: readonly string[] = [];

  constructor(readonly bridge: Bridge) {}

  /** What is known of a case; nothing of it has changed since. */
  get(proposal: string): CaseView | undefined {
    return this.#views.get(proposal);
  }

  /** Keeps what was just read. */
  put(view: CaseView): void {
    if (!view.practice) this.#views.set(view.proposal, view);
  }

  /** Something has changed. A case tells of others, so all of them are forgotten. */
  clear(): void {
    this.#turn += 1;
    this.#views.clear();
  }

  /** Reads these, the first first, and forgets all others. */
  around(proposals: readonly string[]): void {
    this.#wanted = proposals;
    this.#wait();
  }

  /** A key of a search was pressed: its answer comes before what nobody has asked for. */
  typed(): void {
    this.#rest = TYPING_REST_MS;
    this.#wait();
  }

  #wait(): void {
    this.#turn += 1;
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      this.#rest = REST_MS;
      void this.#read(this.#wanted);
    }, this.#rest);
  }

  async #read(proposals: readonly string[]): Promise<void> {
    const turn = this.#turn;
    for (const known of this.#views.keys()) if (!proposals.includes(known)) this.#views.delete(known);
    for (const proposal of proposals.filter((one) => !this.#views.has(one))) {
      // Nobody asked for it: if it fails, opening it will say so.
      const view = await this.bridge.readCase(proposal).catch(() => null);
      if (view === null || turn !== this.#turn) return;
      this.put(view);
    }
  }
}
