// A list of cases by pages: reads ahead of the eye, asks one question at a time, and drops
// an answer that a newer question overtook. Typing never waits for it. First pages that
// have not changed since they were read are kept, so that another view is there at once.
import { same } from './same';
import type { Bridge, FilterChip, InboxCounts, InboxPage, InboxRow, InboxView, MatchCount } from '../bridge/types';

/** Rows of the first page, and of each further one. */
const FIRST = 40;
const FURTHER = 240;
/** Further rows are asked for when so few are left below the last one in sight. */
const NEAR = 20;
/** How long nothing must have been asked before other views are read ahead. */
const REST_MS = 150;

const NO_COUNTS: InboxCounts = { needs_me: 0, waiting_on_others: 0, due_soon: 0, overrides: 0, snoozed: 0, settled: 0, to_check: 0, open: 0 };

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

  #kept: Partial<Record<InboxView, InboxPage>> = {};
  #next: string | null = null;
  #question = 0;
  #asking = false;
  #reading = Promise.resolve();
  #again = false;
  #lastSeen = 0;
  #resting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly bridge: Bridge,
    readonly fail: (thrown: unknown) => void,
    view: InboxView = 'needs_me',
    /** Views whose first page is read ahead. */
    readonly ahead: readonly InboxView[] = [],
  ) {
    this.view = view;
  }

  /** The row at the cursor. */
  get at(): InboxRow | undefined {
    return this.rows[this.cursor];
  }

  /** Shows the first page that was read together with everything else. */
  begin(page: InboxPage): void {
    this.#kept[this.view] = page;
    this.#take(page, { view: this.view, search: this.search });
  }

  /** Shows another view or search, from its top. What is kept is shown while it is read again. */
  async show(view: InboxView, search = this.search): Promise<void> {
    this.view = view;
    this.search = search;
    this.#begin();
    const kept = search === '' ? this.#kept[view] : undefined;
    if (kept) this.#take({ ...kept, counts: this.counts }, { view, search });
    await this.read();
  }

  /** Takes what is typed. */
  type(text: string): void {
    this.search = text;
    this.#begin();
    void this.read();
  }

  /** Something has changed: nothing that was kept is true any longer. */
  async changed(): Promise<void> {
    this.#kept = {};
    await this.read();
  }

  /** Reads the list again, as far as it is in sight; many wishes become one question. */
  read(): Promise<void> {
    this.#question += 1;
    if (this.#asking) this.#again = true;
    else this.#reading = this.#read();
    return this.#reading;
  }

  /** Ends when no answer is awaited. */
  rested(): Promise<void> {
    return this.#reading;
  }

  async #read(): Promise<void> {
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
    this.#readFurther();
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => void this.#readAhead(), REST_MS);
  }

  /** Reads the first pages of other views; a question asked meanwhile comes first. */
  async #readAhead(): Promise<void> {
    const question = this.#question;
    for (const view of this.ahead.filter((one) => !this.#kept[one])) {
      // Nobody asked for it: if it fails, asking for it will say so.
      const page = await this.bridge.listCases({ view, search: '', after: null, limit: FIRST }).catch(() => null);
      if (page === null || question !== this.#question) return;
      this.#kept[view] = page;
    }
  }

  async #readOnce(question: number): Promise<void> {
    const asked = { view: this.view, search: this.search };
    const limit = (read: number): number => Math.min(500, Math.max(FIRST, this.#lastSeen + 1 - read));
    let page = await this.bridge.listCases({ ...asked, after: null, limit: limit(0) });
    if (question !== this.#question) return;
    if (asked.search === '') this.#kept[asked.view] = page;
    while (page.next !== null && page.rows.length <= this.#lastSeen) {
      const answer: InboxPage = await this.bridge.listCases({ ...asked, after: page.next, limit: limit(page.rows.length) });
      if (question !== this.#question) return;
      page = { ...answer, rows: [...page.rows, ...answer.rows] };
    }
    this.#take(page, asked);
  }

  #begin(): void {
    this.cursor = 0;
    this.#lastSeen = 0;
  }

  #take(page: InboxPage, asked: { view: InboxView; search: string }): void {
    // What says the same is not drawn again.
    if (!same(this.counts, page.counts)) this.counts = page.counts;
    if (!same(this.matches, page.matches)) this.matches = page.matches;
    if (!same(this.filters, page.filters)) this.filters = page.filters;
    // The cursor stays on its case, unless it is another list.
    const again = same(this.answered, asked);
    const at = again ? this.at?.proposal : undefined;
    if (!again) this.answered = asked;
    this.#next = page.next;
    this.fresh = false;
    if (!same(this.rows, page.rows)) this.rows = page.rows;
    const kept = this.rows.findIndex((row) => row.proposal === at);
    this.cursor = kept >= 0 ? kept : Math.max(0, Math.min(this.cursor, this.rows.length - 1));
  }

  /** Says how far the eye has got, so that the next page is there before it. */
  seen(last: number): void {
    this.#lastSeen = Math.min(last, Math.max(0, this.rows.length - 1));
    this.#readFurther();
  }

  #readFurther(): void {
    if (this.#lastSeen + NEAR >= this.rows.length) void this.#further();
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
