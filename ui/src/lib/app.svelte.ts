// What the window shows: one object, filled from the bridge, read by the screens.
import { ReadAhead } from './ahead';
import { now } from './now.svelte';
import { keysNow } from './actions';
import { Scopes } from './keys';
import { CaseList } from './list.svelte';
import { same } from './same';
import { Selection } from './selection.svelte';
import { Settings } from './settings.svelte';
import { snoozeChoices } from './snooze';
import { words } from '../messages';
import { asProblem } from '../bridge/types';
import type {
  Bridge, CaseView, ConnectionView, DecisionKind, HaltView, InboxCounts, InboxRow, InboxView, ProblemView,
  QuitView, SavedFilter, SettingsView, SignedView, WorkspaceState,
} from '../bridge/types';

/** The screens. */
export type Place = 'inbox' | 'agenda' | 'log' | 'policies' | 'people' | 'settings' | 'gallery';

/** The screens of the rail, in order. */
export const PLACES: readonly Place[] = ['inbox', 'agenda', 'log', 'policies', 'people', 'settings'];

/** The views that have a tab, in order. */
export const TABS = ['needs_me', 'waiting_on_others', 'due_soon', 'overrides', 'snoozed', 'settled'] as const;

/** A sheet that is not about one decision. */
export type Overlay =
  | { kind: 'palette' }
  | { kind: 'help' }
  | { kind: 'halt' }
  | { kind: 'save_filter' }
  | { kind: 'snooze'; proposal: string; decideByMs: number; snoozed: boolean }
  | { kind: 'batch'; rows: InboxRow[] }
  | { kind: 'quit'; quit: QuitView };

/** A decision signed in this session. */
export interface Signed extends SignedView {
  proposal: string;
}

export class AppState {
  readonly bridge: Bridge;
  readonly settings: Settings;
  readonly list: CaseList;
  readonly agenda: CaseList;
  readonly ahead: ReadAhead;
  readonly selection = new Selection();
  readonly scopes = new Scopes();

  workspace = $state.raw<WorkspaceState | null>(null);
  connection = $state.raw<ConnectionView | null>(null);
  halt = $state.raw<HaltView | null>(null);
  filters = $state.raw<SavedFilter[]>([]);
  /** A saved search that is shown, by its id. */
  filter = $state<string | null>(null);
  problem = $state.raw<ProblemView | null>(null);
  /** A short word about what was just done. */
  note = $state('');

  place = $state<Place>('inbox');
  overlay = $state.raw<Overlay | null>(null);
  openId = $state<string | null>(null);
  open = $state.raw<CaseView | null>(null);
  deciding = $state<DecisionKind | null>(null);
  signed = $state.raw<Signed | null>(null);
  recalling = $state(false);
  /** The practice case was decided; it is gone with that. */
  practiceDone = $state(false);

  #stops: (() => void)[] = [];
  #opening = 0;
  #noteTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
    this.settings = new Settings(bridge);
    const fail = (thrown: unknown): void => this.#fail(thrown);
    this.ahead = new ReadAhead(bridge);
    this.list = new CaseList(bridge, fail, 'needs_me', TABS);
    this.agenda = new CaseList(bridge, fail, 'agenda');
    this.scopes.push(() => keysNow(this));
  }

  /** Asks for the first page, and shows it whole. */
  async start(): Promise<void> {
    await this.#guard(async () => {
      const { state, desk, settings, link } = await this.bridge.opening();
      this.settings.take(settings);
      if (desk) {
        this.list.begin(desk.page);
        this.filters = desk.filters;
        this.halt = desk.halt;
        this.#connected(desk.connection);
        if (link) await this.follow(link.proposal);
      }
      this.workspace = state;
    });
  }

  /** Subscribes, then reads again: what changed before it listened is seen. */
  async listen(): Promise<void> {
    this.stop();
    await this.#guard(async () => {
      this.#stops.push(
        ...(await Promise.all([
          this.bridge.onCasesChanged((proposals) => void this.caseChanged(...proposals)),
          this.bridge.onConnectionChanged((connection) => this.#connected(connection)),
          this.bridge.onWorkspaceChanged(() => void this.readWorkspace()),
          this.bridge.onCountsChanged((counts) => void this.#counted(counts)),
          this.bridge.onHaltChanged((halt) => (this.halt = halt)),
          this.bridge.onSettingsChanged((settings) => this.settings.take(settings)),
          this.bridge.onLinkOpened(({ proposal }) => void this.follow(proposal)),
          this.bridge.onQuitAsked((quit) => this.#askQuit(quit)),
        ])),
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

  /** Shows a workspace state; a ready one with its inbox and everything around it, drawn once. */
  async enter(state: WorkspaceState): Promise<void> {
    if (state.state === 'ready') await this.#readDesk();
    this.workspace = state;
  }

  async #readDesk(): Promise<void> {
    await Promise.all([
      this.list.read(),
      this.#guard(async () => (this.filters = await this.bridge.savedFilters())),
      this.readConnection(),
      this.#guard(async () => (this.halt = await this.bridge.halt())),
      this.#guard(() => this.settings.read()),
      this.#guard(async () => {
        const link = await this.bridge.takeLink();
        if (link) await this.follow(link.proposal);
      }),
    ]);
  }

  go(place: Place): void {
    this.deciding = null;
    this.overlay = null;
    this.place = place;
    if (place === 'agenda') void this.agenda.read();
    if (place === 'inbox') void this.list.read();
  }

  /** The list that the keys move in. */
  get listed(): CaseList {
    return this.place === 'agenda' ? this.agenda : this.list;
  }

  // The inbox.

  async chooseTab(tab: InboxView): Promise<void> {
    this.place = 'inbox';
    this.filter = null;
    await this.list.show(tab);
  }

  async chooseFilter(filter: SavedFilter): Promise<void> {
    this.place = 'inbox';
    this.filter = filter.id;
    await this.list.show(filter.view, filter.search);
  }

  searchFor(text: string): void {
    this.filter = null;
    this.list.type(text);
  }

  async saveFilter(name: string): Promise<void> {
    await this.#guard(async () => {
      const { view, search } = this.list;
      this.filters = await this.bridge.saveFilter({ name, view, search });
      this.filter = this.filters.find((one) => one.name === name)?.id ?? null;
      this.overlay = null;
    });
  }

  async deleteFilter(id: string): Promise<void> {
    await this.#guard(async () => {
      this.filters = await this.bridge.deleteFilter(id);
      if (this.filter === id) this.filter = null;
    });
  }

  /** Moves the cursor. With a case open the case moves along: keys act on what is seen. */
  moveCursor(by: number): void {
    const list = this.listed;
    // A case that has left the list: the row that took its place is the next one.
    const gone = this.openId !== null && list.rows.every((row) => row.proposal !== this.openId);
    if (!gone || by < 0) list.move(by);
    const at = list.at;
    if (this.openId !== null && at && at.proposal !== this.openId) void this.openCase(at.proposal);
  }

  async openAtCursor(): Promise<void> {
    const at = this.listed.at;
    if (at) await this.openCase(at.proposal);
  }

  toggleSelected(row = this.list.at): void {
    if (!row) return;
    const refused = this.selection.toggle(row);
    if (refused) this.say(refused === 'alone' ? words.inbox.noBatch : words.inbox.notTogether);
  }

  // A case.

  async openCase(proposal: string): Promise<void> {
    this.listed.point(proposal);
    if (this.openId !== proposal) {
      this.openId = proposal;
      this.deciding = null;
      // What was read ahead is seen at once; what is true now follows.
      const known = this.ahead.get(proposal);
      if (known) this.open = known;
    }
    await this.#readOpen(proposal);
  }

  /** Reads ahead what the next key would open. */
  readAround(): void {
    const { rows, cursor } = this.listed;
    const around = [rows[cursor], rows[cursor + 1], rows[cursor - 1]];
    this.ahead.around(around.flatMap((row) => (row ? [row.proposal] : [])));
  }

  /** A link opens its case and decides nothing. */
  async follow(proposal: string): Promise<void> {
    this.place = 'inbox';
    this.overlay = null;
    this.deciding = null;
    await this.openCase(proposal);
  }

  /** Opens the practice case: nothing of it is stored or sent. */
  async practise(): Promise<void> {
    this.practiceDone = false;
    await this.#guard(async () => {
      const view = await this.bridge.openPractice();
      this.place = 'inbox';
      this.overlay = null;
      this.openId = view.proposal;
      this.open = view;
    });
  }

  closeCase(): void {
    this.openId = null;
    this.open = null;
    this.deciding = null;
  }

  /** Reads again everything that these cases are part of. */
  async caseChanged(...proposals: string[]): Promise<void> {
    this.ahead.clear();
    const open = this.openId;
    const signed = this.signed?.proposal;
    await Promise.all([
      this.list.changed().then(() => this.selection.keep(this.list.rows)),
      this.place === 'agenda' ? this.agenda.changed() : null,
      open !== null && proposals.includes(open) ? this.#readOpen(open) : null,
      signed !== undefined && signed !== open && proposals.includes(signed) ? this.#followSigned(signed) : null,
    ]);
    this.readAround();
  }

  /** Whether a decision key may open a sheet now. */
  get mayDecide(): boolean {
    const view = this.open;
    if (!view || view.state !== 'deciding' || view.proposal !== this.openId) return false;
    return view.my_options.blocked_because === null && view.my_options.roles.length > 0;
  }

  /** Opens the sheet of a decision, if this person may decide now; it signs nothing. */
  decide(kind: DecisionKind): void {
    if (!this.mayDecide) return;
    const approving = kind === 'approve' || kind === 'override';
    if (approving && this.open?.my_options.approval_blocked_because) return;
    if (kind === 'override' && this.open?.change.own_amounts === null) return;
    this.overlay = null;
    this.deciding = kind;
  }

  async wasSigned(proposal: string, signed: SignedView): Promise<void> {
    if (this.open?.practice && this.open.proposal === proposal) {
      this.practiceDone = true;
      this.closeCase();
      this.say(words.joining.practice.signed);
      this.set({ practised: true });
      return;
    }
    this.deciding = null;
    this.signed = { ...signed, proposal };
    await Promise.all([this.caseChanged(proposal), this.readConnection()]);
  }

  async readConnection(): Promise<void> {
    await this.#guard(async () => this.#connected(await this.bridge.connection()));
  }

  // Undo.

  /** What `u` would recall: what was just signed, or my held decision in the open case. */
  get recallable(): { decision: string; proposal: string } | null {
    if (this.recalling) return null;
    const mine = this.open?.my_options.recallable;
    if (mine && this.open) return { decision: mine, proposal: this.open.proposal };
    const signed = this.signed;
    return signed?.delivery.stage === 'held' ? { decision: signed.decision, proposal: signed.proposal } : null;
  }

  async recall(): Promise<void> {
    const what = this.recallable;
    if (!what) return;
    this.recalling = true;
    await this.#guard(async () => {
      await this.bridge.recallDecision(what.decision);
      this.signed = null;
      this.say(words.undo.recalled);
    });
    this.recalling = false;
    await Promise.all([this.caseChanged(what.proposal), this.readConnection()]);
  }

  // Snooze.

  /** The case that `h` puts away. */
  get snoozable(): { proposal: string; decideByMs: number; snoozed: boolean } | null {
    if (this.place !== 'inbox' && this.place !== 'agenda') return null;
    const open = this.open;
    if (open) {
      if (open.state !== 'deciding' || open.practice) return null;
      return { proposal: open.proposal, decideByMs: open.decide_by_ms, snoozed: open.snoozed_until_ms !== null };
    }
    const at = this.listed.at;
    if (at?.state !== 'deciding') return null;
    return { proposal: at.proposal, decideByMs: at.decide_by_ms, snoozed: at.snoozed_until_ms !== null };
  }

  askSnooze(): void {
    const what = this.snoozable;
    if (what && (what.snoozed || snoozeChoices(Date.now(), what.decideByMs).length > 0)) this.overlay = { kind: 'snooze', ...what };
  }

  async snooze(proposal: string, untilMs: number | null, said: string): Promise<void> {
    this.overlay = null;
    await this.#guard(async () => {
      await this.bridge.snoozeCase(proposal, untilMs);
      if (this.openId === proposal && untilMs !== null) this.closeCase();
      this.say(said);
    });
    await this.caseChanged(proposal);
  }

  // Sheets and settings.

  openPalette(): void {
    if (this.workspace?.state === 'ready') this.overlay = { kind: 'palette' };
  }

  openHelp(): void {
    this.overlay = { kind: 'help' };
  }

  openHalt(): void {
    this.deciding = null;
    this.overlay = { kind: 'halt' };
  }

  openBatch(): void {
    if (this.selection.rows.length > 0) this.overlay = { kind: 'batch', rows: this.selection.rows };
  }

  /** The result lines were read: what was signed is no longer chosen. */
  batchClosed(): void {
    this.overlay = null;
    this.selection.clear();
    void this.list.changed();
    void this.readConnection();
  }

  haltSigned(halt: HaltView): void {
    this.halt = halt;
    this.overlay = null;
    void this.readConnection();
  }

  /** The window in which a signature could be recalled has passed. */
  holdOver(): void {
    const signed = this.signed;
    if (signed?.delivery.stage === 'held') this.signed = { ...signed, delivery: { stage: 'signed_on_this_device' } };
  }

  askSaveFilter(): void {
    this.overlay = { kind: 'save_filter' };
  }

  closeOverlay(): void {
    this.overlay = null;
  }

  focusSearch(): void {
    if (this.place !== 'inbox') this.go('inbox');
    // In one column the list is behind the open case.
    const field = document.getElementById('search');
    if (field instanceof HTMLInputElement && field.checkVisibility?.() !== false) return focusOn(field);
    this.closeCase();
    requestAnimationFrame(() => focusOn(document.getElementById('search')));
  }

  set(part: Partial<SettingsView>): void {
    void this.#guard(() => this.settings.change(part));
  }

  /** Says something once, quietly, and lets it go. */
  say(text: string): void {
    this.note = text;
    clearTimeout(this.#noteTimer);
    this.#noteTimer = setTimeout(() => (this.note = ''), 5_000);
  }

  #askQuit(quit: QuitView): void {
    this.deciding = null;
    this.overlay = { kind: 'quit', quit };
  }

  /** Time alone moves cases too: a snooze that ends, a deadline that comes near. */
  async #counted(counts: InboxCounts): Promise<void> {
    // A change of cases that is being read brings the counts along.
    await this.list.rested();
    if (!same(counts, this.list.counts)) await this.list.changed();
  }

  #connected(connection: ConnectionView): void {
    now.refresh();
    this.connection = connection;
  }

  /** Another case is open, but what was just signed goes on. */
  async #followSigned(proposal: string): Promise<void> {
    await this.#guard(async () => this.#signedNow(await this.bridge.readCase(proposal)));
  }

  #signedNow(view: CaseView): void {
    const signed = this.signed;
    const delivery = view.decisions.find((made) => made.id === signed?.decision)?.delivery;
    if (signed && delivery && signed.proposal === view.proposal) this.signed = { ...signed, delivery };
  }

  async #readOpen(proposal: string): Promise<void> {
    const opening = ++this.#opening;
    await this.#guard(async () => {
      const view = await this.bridge.openCase(proposal);
      if (this.openId !== proposal || opening !== this.#opening) return;
      this.ahead.put(view);
      if (!same(this.open, view)) this.open = view;
      this.#signedNow(view);
    });
  }

  async #guard(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): void {
    this.problem = asProblem(thrown);
  }
}

function focusOn(field: HTMLElement | null): void {
  if (!(field instanceof HTMLInputElement)) return;
  field.focus();
  field.select();
}
