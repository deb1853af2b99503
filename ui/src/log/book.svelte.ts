// The log as the screen reads it: pages newest first, narrowed to a kind or a case, one entry
// open. An answer that comes too late for its question is dropped.
import { asProblem } from '../bridge/types';
import type { Bridge, CheckpointView, EntryKind, LogEntryView, LogRowView, ProblemView } from '../bridge/types';

const PAGE = 100;

/** A case that the list is narrowed to. */
export interface About {
  proposal: string;
  name: string;
}

export class LogBook {
  rows = $state.raw<LogRowView[]>([]);
  next = $state<number | null>(null);
  head = $state.raw<CheckpointView | null>(null);
  actions = $state.raw<EntryKind[]>([]);
  action = $state<EntryKind | null>(null);
  about = $state.raw<About | null>(null);
  read = $state(false);
  seq = $state<number | null>(null);
  entry = $state.raw<LogEntryView | null>(null);
  problem = $state.raw<ProblemView | null>(null);
  readonly #bridge: Bridge;
  #request = 0;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  async narrow(action: EntryKind | null, about: About | null): Promise<void> {
    this.action = action;
    this.about = about;
    await this.first();
  }

  /** The newest page; what is read already stays until it is here. */
  async first(): Promise<void> {
    await this.#page(null, []);
  }

  async older(): Promise<void> {
    if (this.next !== null) await this.#page(this.next, this.rows);
  }

  /** Opens an entry with its proof. */
  async open(seq: number): Promise<void> {
    this.seq = seq;
    try {
      const entry = await this.#bridge.logEntry(seq);
      if (this.seq === seq) this.entry = entry;
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
  }

  close(): void {
    this.seq = null;
    this.entry = null;
  }

  /** Opens the entry below or above in the list. */
  move(by: number): void {
    const at = this.rows.findIndex((row) => row.seq === this.seq);
    const row = this.rows[Math.max(0, Math.min(this.rows.length - 1, at + by))];
    if (row) void this.open(row.seq);
  }

  async #page(before: number | null, kept: LogRowView[]): Promise<void> {
    const request = ++this.#request;
    try {
      const page = await this.#bridge.listLog({ before, action: this.action, proposal: this.about?.proposal ?? null, limit: PAGE });
      if (request !== this.#request) return;
      this.rows = [...kept, ...page.rows];
      this.next = page.next;
      this.head = page.head;
      this.actions = page.actions;
      this.read = true;
    } catch (thrown) {
      if (request === this.#request) this.problem = asProblem(thrown);
    }
  }
}
