// The window's state as a whole: the parts of it, each about one thing, and what concerns several
// of them. Components below the frame take the parts they need and never this.
import { keysNow } from './actions';
import { Inbox } from './inbox.svelte';
import { Scopes } from './keys';
import { CaseList } from './list.svelte';
import { Navigation, type Place } from './navigation.svelte';
import { Notices } from './notices.svelte';
import { OpenCase } from './opened.svelte';
import { same } from './same';
import { Settings } from './settings.svelte';
import { Snoozing } from './snoozing';
import { Status } from './status.svelte';
import { Undo } from './undo.svelte';
import { words } from '../messages';
import type { Bridge, DecisionKind, HaltView, InboxCounts, InboxView, PracticeTopic, QuitView, SavedFilter, SettingsView, SignedView, WorkspaceState } from '../bridge/types';

export class AppState {
  readonly bridge: Bridge;
  readonly notices = new Notices();
  readonly navigation = new Navigation();
  readonly scopes = new Scopes();
  readonly settings: Settings;
  readonly status: Status;
  readonly inbox: Inbox;
  readonly agenda: CaseList;
  readonly opened: OpenCase;
  readonly undo: Undo;
  readonly snoozing: Snoozing;

  workspace = $state.raw<WorkspaceState | null>(null);

  #stops: (() => void)[] = [];

  constructor(bridge: Bridge) {
    this.bridge = bridge;
    this.settings = new Settings(bridge);
    this.status = new Status(bridge, this.notices);
    this.inbox = new Inbox(bridge, this.notices, () => this.opened.ahead.typed());
    this.agenda = new CaseList(bridge, this.notices.fail, 'agenda');
    this.undo = new Undo(bridge, this.notices, () => this.opened.view, (proposal) => this.#decided(proposal));
    this.opened = new OpenCase(bridge, this.notices, (view) => this.undo.follow(view));
    this.snoozing = new Snoozing(
      bridge, this.notices, this.navigation, this.opened, () => this.listed.at, (proposal) => this.caseChanged(proposal),
    );
    this.scopes.push(() => keysNow(this));
  }

  // From the start to the end of the window.

  /** Asks for the first page, and shows it whole. */
  async start(): Promise<void> {
    await this.notices.guard(async () => {
      const { state, desk, settings, link } = await this.bridge.opening();
      this.settings.take(settings);
      if (desk) {
        this.inbox.list.begin(desk.page);
        this.inbox.filters = desk.filters;
        this.status.halt = desk.halt;
        this.status.connected(desk.connection);
        if (link) await this.follow(link.proposal);
      }
      this.workspace = state;
    });
  }

  /** Subscribes, then reads again, so that what changed before it listened is seen. */
  async listen(): Promise<void> {
    this.stop();
    await this.notices.guard(async () => {
      this.#stops.push(
        ...(await Promise.all([
          this.bridge.onCasesChanged((proposals) => void this.caseChanged(...proposals)),
          this.bridge.onConnectionChanged((connection) => this.status.connected(connection)),
          this.bridge.onWorkspaceChanged(() => void this.readWorkspace()),
          this.bridge.onCountsChanged((counts) => void this.#counted(counts)),
          this.bridge.onHaltChanged((halt) => (this.status.halt = halt)),
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
    await this.notices.guard(async () => this.enter(await this.bridge.workspaceState()));
  }

  /** Shows a workspace state; a ready one with its inbox and everything around it, drawn once. */
  async enter(state: WorkspaceState): Promise<void> {
    if (state.state === 'ready') await this.#readDesk();
    this.workspace = state;
  }

  async #readDesk(): Promise<void> {
    await Promise.all([
      this.inbox.list.read(),
      this.inbox.readFilters(),
      this.status.read(),
      this.notices.guard(() => this.settings.read()),
      this.notices.guard(async () => {
        const link = await this.bridge.takeLink();
        if (link) await this.follow(link.proposal);
      }),
    ]);
  }

  set(part: Partial<SettingsView>): void {
    void this.notices.guard(() => this.settings.change(part));
  }

  // Screens and their lists.

  go(place: Place): void {
    this.opened.closeDecision();
    this.navigation.go(place);
    if (place === 'agenda') void this.agenda.read();
    if (place === 'inbox') void this.inbox.list.read();
  }

  async chooseTab(tab: InboxView): Promise<void> {
    this.navigation.place = 'inbox';
    await this.inbox.chooseTab(tab);
  }

  async chooseFilter(filter: SavedFilter): Promise<void> {
    this.navigation.place = 'inbox';
    await this.inbox.chooseFilter(filter);
  }

  focusSearch(): void {
    if (this.navigation.place !== 'inbox') this.go('inbox');
    // In one column the list is behind the open case.
    const field = document.getElementById('search');
    if (field instanceof HTMLInputElement && field.checkVisibility?.() !== false) return focusOn(field);
    this.opened.close();
    requestAnimationFrame(() => focusOn(document.getElementById('search')));
  }

  /** The list that the keys move in. */
  get listed(): CaseList {
    return this.navigation.place === 'agenda' ? this.agenda : this.inbox.list;
  }

  /** Moves the cursor. With a case open the case moves along: keys act on what is seen. */
  moveCursor(by: number): void {
    const list = this.listed;
    const open = this.opened.id;
    // A case that has left the list: the row that took its place is the next one.
    const gone = open !== null && list.rows.every((row) => row.proposal !== open);
    if (!gone || by < 0) list.move(by);
    const at = list.at;
    if (open !== null && at && at.proposal !== open) void this.openCase(at.proposal);
  }

  async openAtCursor(): Promise<void> {
    const at = this.listed.at;
    if (at) await this.openCase(at.proposal);
  }

  /** Reads ahead what the next key would open. */
  readAround(): void {
    const { rows, cursor } = this.listed;
    const around = [rows[cursor], rows[cursor + 1], rows[cursor - 1]];
    this.opened.ahead.around(around.flatMap((row) => (row ? [row.proposal] : [])));
  }

  // A case.

  async openCase(proposal: string): Promise<void> {
    this.listed.point(proposal);
    await this.opened.open(proposal);
  }

  /** A link opens its case and decides nothing. */
  async follow(proposal: string): Promise<void> {
    this.navigation.go('inbox');
    this.opened.closeDecision();
    await this.openCase(proposal);
  }

  /** Opens a practice case. */
  async practise(topic: PracticeTopic): Promise<void> {
    await this.notices.guard(async () => {
      await this.opened.practise(topic);
      this.navigation.go('inbox');
    });
  }

  /** Opens the sheet of a decision; an open sheet about something else gives way. */
  decide(kind: DecisionKind): void {
    if (this.opened.decide(kind)) this.navigation.closeOverlay();
  }

  async wasSigned(proposal: string, signed: SignedView): Promise<void> {
    const { view } = this.opened;
    if (view?.practice && view.proposal === proposal) {
      this.opened.practiceDone = true;
      this.opened.close();
      this.notices.say(words.joining.practice.signed);
      this.set({ practised: true });
      return;
    }
    this.opened.closeDecision();
    this.undo.signed = { ...signed, proposal };
    await this.#decided(proposal);
  }

  async #decided(proposal: string): Promise<void> {
    await Promise.all([this.caseChanged(proposal), this.status.readConnection()]);
  }

  /** Reads again everything that these cases are part of. */
  async caseChanged(...proposals: string[]): Promise<void> {
    this.opened.ahead.clear();
    const open = this.opened.id;
    const signed = this.undo.signed?.proposal;
    await Promise.all([
      this.inbox.changed(),
      this.navigation.place === 'agenda' ? this.agenda.changed() : null,
      open !== null && proposals.includes(open) ? this.opened.read(open) : null,
      signed !== undefined && signed !== open && proposals.includes(signed) ? this.undo.readSigned(signed) : null,
    ]);
    this.readAround();
  }

  /** Time alone moves cases too: a snooze that ends, a deadline that comes near. */
  async #counted(counts: InboxCounts): Promise<void> {
    const { list } = this.inbox;
    // A change of cases that is being read brings the counts along.
    await list.rested();
    if (!same(counts, list.counts)) await list.changed();
  }

  // Sheets.

  openPalette(): void {
    if (this.workspace?.state === 'ready') this.navigation.show({ kind: 'palette' });
  }

  openHalt(): void {
    this.opened.closeDecision();
    this.navigation.show({ kind: 'halt' });
  }

  haltSigned(halt: HaltView): void {
    this.status.halt = halt;
    this.navigation.closeOverlay();
    void this.status.readConnection();
  }

  /** Asks whether what was executed in the open case shall be taken back. */
  openRollback(): void {
    const { view } = this.opened;
    if (this.opened.mayRollBack && view) this.navigation.show({ kind: 'rollback', view });
  }

  rollbackSigned(): void {
    const { id } = this.opened;
    this.navigation.closeOverlay();
    this.notices.say(words.deciding.rollback.signed);
    if (id !== null) void this.#decided(id);
  }

  openBatch(): void {
    const { rows } = this.inbox.selection;
    if (rows.length > 0) this.navigation.show({ kind: 'batch', rows });
  }

  /** The result lines were read: what was signed is no longer chosen. */
  batchClosed(): void {
    this.navigation.closeOverlay();
    this.inbox.selection.clear();
    void this.inbox.list.changed();
    void this.status.readConnection();
  }

  async saveFilter(name: string): Promise<void> {
    await this.notices.guard(async () => {
      await this.inbox.saveFilter(name);
      this.navigation.closeOverlay();
    });
  }

  #askQuit(quit: QuitView): void {
    this.opened.closeDecision();
    this.navigation.show({ kind: 'quit', quit });
  }
}

function focusOn(field: HTMLElement | null): void {
  if (!(field instanceof HTMLInputElement)) return;
  field.focus();
  field.select();
}
