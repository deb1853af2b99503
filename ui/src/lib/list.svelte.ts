// A list of cases by pages: reads ahead of the eye, asks one question at a time, and drops
// an answer that a newer question overtook. Typing never waits for it.
import type { Bridge, FilterChip, InboxCounts, InboxRow, InboxView, MatchCount } from '../bridge/types';

/** Rows of the first page, and of each further one. */
const FIRST = 60;
const FURTHER = 240;
/** Further pages are asked for when so few rows are left below the last one in sight. */
const AHEAD = 120;

const NO_COUNTS: InboxCounts = { needs_me: 0, waiting_on_others: 0, due_soon: 0, overrides: 0, snoozed: 0, settled: 0, open: 0 };

export class CaseList {
  view = $state<InboxView>('needs_me');
  search = $state('');
  rows = $state.raw<InboxRow[]>([]);
  counts = $state.raw<InboxCounts>(NO_COUNTS);
  matches = $state.raw<MatchCount>({ count: 0, more: false });
  filters = $state.raw<FilterChip[]>([]);
  /** The view and the search that the rows answer. */
  answered = $state.raw<{ view: InboxView; search: string } | null>(null);
  /** The view or the search was never answered yet. */
  fresh = $state(true);
  cursor = $state(0);

  #next: string | null = null;
  #question = 0;
  #asking = false;
  #again = false;
  #lastSeen = 0;

  constructor(
    readonly bridge: Bridge,
    readonly fail: (thrown: unknown) => void,
    view: InboxView = 'needs_me',
  ) {
    this.view = view;
  }

  /** The row at the cursor. */
  get at(): InboxRow | undefined {
    return this.rows[this.cursor];
  }

  /** Shows another view or search, from its top. */
  async show(view: InboxView, search = this.search): Promise<void> {
    this.view = view;
    this.search = search;
    this.cursor = 0;
    this.#lastSeen = 0;
    await this.read();
  }

  /** Takes what is typed; the question is asked with the next frame. */
  type(text: string): void {
    this.search = text;
    this.cursor = 0;
    this.#lastSeen = 0;
    requestAnimationFrame(() => void this.read());
  }

  /** Reads the list anew, as far as it is in sight; many wishes become one question. */
  async read(): Promise<void> {
    this.#question += 1;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    try {
      do {
        this.#again = false;
        await this.#readOnce(this.#question);
      } while (this.#again);
    } catch (thrown) {
      this.fail(thrown);
    } finally {
      this.#asking = false;
    }
  }

  async #readOnce(question: number): Promise<void> {
    const rows: InboxRow[] = [];
    const asked = { view: this.view, search: this.search };
    let after: string | null = null;
    do {
      const limit: number = Math.min(500, Math.max(FIRST, this.#lastSeen + 1 - rows.length));
      const answer = await this.bridge.listCases({ ...asked, after, limit });
      if (question !== this.#question) return;
      rows.push(...answer.rows);
      this.counts = answer.counts;
      this.matches = answer.matches;
      this.filters = answer.filters;
      after = answer.next;
    } while (after !== null && rows.length <= this.#lastSeen);
    const at = this.fresh ? undefined : this.at?.proposal;
    this.rows = rows;
    this.answered = asked;
    this.#next = after;
    this.fresh = false;
    const kept = rows.findIndex((row) => row.proposal === at);
    this.cursor = kept >= 0 ? kept : Math.max(0, Math.min(this.cursor, rows.length - 1));
  }

  /** Says how far the eye has got, so that the next page is there before it. */
  seen(last: number): void {
    this.#lastSeen = Math.min(last, Math.max(0, this.rows.length - 1));
    if (last + AHEAD >= this.rows.length) void this.#further();
  }

  async #further(): Promise<void> {
    const after = this.#next;
    if (after === null || this.#asking) return;
    const question = this.#question;
    this.#asking = true;
    try {
      const answer = await this.bridge.listCases({ view: this.view, search: this.search, after, limit: FURTHER });
      if (question === this.#question) {
        this.rows = [...this.rows, ...answer.rows];
        this.#next = answer.next;
      }
    } catch (thrown) {
      this.fail(thrown);
    } finally {
      this.#asking = false;
      if (question !== this.#question) void this.read();
    }
  }

  /** More rows than are read. */
  get more(): boolean {
    return this.matches.more || this.matches.count > this.rows.length;
  }

  move(by: number): void {
    this.cursor = Math.max(0, Math.min(this.rows.length - 1, this.cursor + by));
  }

  /** Puts the cursor on a case, if it is among the rows. */
  point(proposal: string): void {
    const at = this.rows.findIndex((row) => row.proposal === proposal);
    if (at >= 0) this.cursor = at;
  }
}
