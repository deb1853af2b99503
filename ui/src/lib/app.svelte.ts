// What the window shows: one object, filled from the bridge, read by the screens.
import { now } from './now.svelte';
import { asProblem } from '../bridge/types';
import type {
  Bridge, CaseView, ConnectionView, DecisionKind, InboxCounts, InboxRow, ProblemView,
  SignedView, WorkspaceState,
} from '../bridge/types';

/** The views that have a tab. */
export type Tab = 'needs_me' | 'waiting_on_others' | 'settled';

/** The tabs in order. */
export const TABS: readonly Tab[] = ['needs_me', 'waiting_on_others', 'settled'];

/** A decision signed in this session, until another case is opened. */
export interface Signed extends SignedView {
  proposal: string;
}

const NO_COUNTS: InboxCounts = { needs_me: 0, waiting_on_others: 0, settled: 0 };

export class AppState {
  workspace = $state.raw<WorkspaceState | null>(null);
  connection = $state.raw<ConnectionView | null>(null);
  problem = $state.raw<ProblemView | null>(null);

  tab = $state<Tab>('needs_me');
  search = $state('');
  rows = $state.raw<InboxRow[]>([]);
  counts = $state.raw<InboxCounts>(NO_COUNTS);
  next = $state<string | null>(null);
  listed = $state(false);
  cursor = $state(0);

  openId = $state<string | null>(null);
  open = $state.raw<CaseView | null>(null);
  deciding = $state<DecisionKind | null>(null);
  signed = $state.raw<Signed | null>(null);

  readonly bridge: Bridge;
  #listRequest = 0;
  #pages = 1;
  #stops: (() => void)[] = [];

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** Subscribes, then reads: a change in between is seen. */
  async start(): Promise<void> {
    await this.#guard(async () => {
      this.#stops.push(
        await this.bridge.onCaseChanged((proposal) => void this.caseChanged(proposal)),
        await this.bridge.onConnectionChanged((connection) => this.#connected(connection)),
        await this.bridge.onWorkspaceChanged(() => void this.readWorkspace()),
      );
      await this.readWorkspace();
    });
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  async readWorkspace(): Promise<void> {
    await this.#guard(async () => this.enter(await this.bridge.workspaceState()));
  }

  /** Shows a workspace state; when ready, its inbox and connection. */
  async enter(state: WorkspaceState): Promise<void> {
    this.workspace = state;
    if (state.state !== 'ready') return;
    await this.#guard(async () => {
      const [connection] = await Promise.all([this.bridge.connection(), this.readList()]);
      this.#connected(connection);
    });
  }

  async chooseTab(tab: Tab): Promise<void> {
    this.tab = tab;
    this.cursor = 0;
    this.#pages = 1;
    await this.readList();
  }

  async searchFor(text: string): Promise<void> {
    this.search = text;
    this.cursor = 0;
    this.#pages = 1;
    await this.readList();
  }

  async showMore(): Promise<void> {
    this.#pages += 1;
    await this.readList();
  }

  /** Reads as many pages as are shown; an answer that a newer question overtook is dropped. */
  async readList(): Promise<void> {
    const request = ++this.#listRequest;
    await this.#guard(async () => {
      const rows: InboxRow[] = [];
      let after: string | null = null;
      for (let page = 0; page < this.#pages; page += 1) {
        const answer = await this.bridge.listCases({ view: this.tab, search: this.search, after });
        if (request !== this.#listRequest) return;
        rows.push(...answer.rows);
        this.counts = answer.counts;
        after = answer.next;
        if (after === null) break;
      }
      const at = this.rows[this.cursor]?.proposal;
      this.rows = rows;
      this.next = after;
      this.listed = true;
      const kept = rows.findIndex((row) => row.proposal === at);
      this.cursor = kept >= 0 ? kept : Math.max(0, Math.min(this.cursor, rows.length - 1));
    });
  }

  moveCursor(by: number): void {
    this.cursor = Math.max(0, Math.min(this.rows.length - 1, this.cursor + by));
  }

  async openAtCursor(): Promise<void> {
    const row = this.rows[this.cursor];
    if (row) await this.openCase(row.proposal);
  }

  async openCase(proposal: string): Promise<void> {
    const at = this.rows.findIndex((row) => row.proposal === proposal);
    if (at >= 0) this.cursor = at;
    if (this.openId !== proposal) {
      this.openId = proposal;
      this.deciding = null;
      this.signed = null;
    }
    await this.#readOpen(proposal);
  }

  async caseChanged(proposal: string): Promise<void> {
    await Promise.all([this.readList(), this.openId === proposal ? this.#readOpen(proposal) : null]);
  }

  /** Opens the sheet of a decision, if this person may decide now. */
  decide(kind: DecisionKind): void {
    const view = this.open;
    if (!view || view.state !== 'deciding' || view.my_options.blocked_because !== null) return;
    if (view.my_options.roles.length === 0) return;
    this.deciding = kind;
  }

  async wasSigned(proposal: string, signed: SignedView): Promise<void> {
    this.deciding = null;
    this.signed = { ...signed, proposal };
    await Promise.all([
      this.caseChanged(proposal),
      this.#guard(async () => {
        this.#connected(await this.bridge.connection());
      }),
    ]);
  }

  #connected(connection: ConnectionView): void {
    now.refresh();
    this.connection = connection;
  }

  async #readOpen(proposal: string): Promise<void> {
    await this.#guard(async () => {
      const view = await this.bridge.openCase(proposal);
      if (this.openId === proposal) this.open = view;
    });
  }

  async #guard(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
  }
}
