// An in-memory stand-in for the Rust side: for component tests and for looking at screens
// in a browser. It signs nothing; it is not part of the app's build.
//
// Reading order: scenarios, plans, case, book (lists), desk (decisions), log, policies.
import type {
  BatchConfirmView, BatchInput, BatchResultView, Bridge, CaseView, CommentInput, CommentView, ConfirmView, ConnectionView,
  DecisionInput, DecisionView, Delivery, EnrolmentRequestView, EnrolmentView, HaltInput, HaltView, InboxCounts, InboxPage, InboxQuery, LinkView, LogEntryView,
  LogPage, LogQuery, LogVerification, OpeningView, PeopleView, PictureInput, PoliciesView, PolicyTrial, PracticeTopic, PromptView, QuitView, RollbackInput, SavedFilter,
  SavedFilterInput, SettingsView, SignedView, TrialView, Unlisten, WorkspaceState,
} from '../types';
import type { EntryKind } from '../bindings/codes';
import { lead } from '../../lib/diff';
import { moneyIn } from '../../lib/money';
import { DEFAULTS } from '../../lib/settings.svelte';
import { withAmount } from './change';
import { Book } from './book';
import { makeCase } from './case';
import type { SheetLanguage } from './confirm';
import { Desk } from './desk';
import { Switch } from './halt';
import { ENROLMENT, firstState, REQUEST } from './join';
import { Log } from './log';
import { ME, people, WORKSPACE } from './people';
import { facts } from './plans';
import { policiesView, trial } from './policies';
import { PRACTICE } from './practice';
import { refusal } from './problem';
import { Rollbacks } from './rollback';
import { rowOf } from './row';
import { promptOf } from './prompt';
import { digestOf } from './random';
import { scenario, type ScenarioName, type Start } from './scenarios';
import { checkSettings } from './settings';
import { addComment, recount } from './thread';
import type { World } from './world';

/** How the fake starts. */
export interface FakeOptions {
  scenario?: ScenarioName;
  start?: Start;
  online?: boolean;
  /** Milliseconds between delivery steps; zero to step by hand, and then nothing moves by itself. */
  stepMs?: number;
  nowMs?: number;
  /** The log of the relay contradicts itself. */
  fault?: boolean;
  /** Generated cases besides those of the scenario. */
  bulk?: number;
  settings?: Partial<SettingsView>;
  /** The case that the app was opened with. */
  link?: string;
}

type Handlers = {
  casesChanged: string[];
  connection: ConnectionView;
  workspace: undefined;
  counts: InboxCounts;
  halt: HaltView;
  settings: SettingsView;
  link: LinkView;
  quit: QuitView;
};

export class FakeBridge implements Bridge, World {
  readonly book: Book;
  readonly log: Log;
  readonly stepMs: number;
  workspace: WorkspaceState;
  link: ConnectionView;
  /** The settings as they are; `settings()` answers a copy. */
  current: SettingsView;
  /** What was saved as a picture. */
  readonly pictures: PictureInput[] = [];
  /** `quit` was called. */
  closed = false;
  readonly #desk: Desk;
  readonly #halt: Switch;
  readonly #rollbacks: Rollbacks;
  readonly #nowMs: () => number;
  readonly #listeners: { [event in keyof Handlers]: Set<(value: Handlers[event]) => void> } = {
    casesChanged: new Set(), connection: new Set(), workspace: new Set(), counts: new Set(), halt: new Set(), settings: new Set(), link: new Set(), quit: new Set(),
  };
  #practice: CaseView | null = null;
  #filters: SavedFilter[] = [{ id: 'filter-1', name: 'Large rises', view: 'all', search: 'amount:300..' }];
  #openedWith: LinkView | null;
  #number = 0;

  constructor(options: FakeOptions = {}) {
    const { nowMs, stepMs = 0 } = options;
    this.#nowMs = () => nowMs ?? Date.now();
    this.stepMs = stepMs;
    const chosen = scenario(options.scenario ?? (options.fault ? 'fork' : 'day'), this.now());
    const online = options.online ?? chosen.online;
    const start = options.start ?? chosen.start;
    this.book = new Book(chosen.plans, options.bulk ?? chosen.bulk, this.#nowMs);
    this.log = new Log(this.book.views, this.#nowMs, chosen.damage, chosen.plans.length === 0);
    this.workspace = firstState(start);
    this.current = { ...DEFAULTS, practised: chosen.practised, ...options.settings };
    this.link = {
      online,
      last_contact_ms: this.now() - (online ? 2_000 : 47 * 60_000),
      checkpoint: this.log.rows.length === 0 ? null : { size: this.log.rows.length, root: digestOf('root'), verified_at_ms: this.now() - (online ? 4_000 : 47 * 60_000) },
      unsent: 0, held: 0, clock_skew_ms: null, evidence_missing: 0, fault: null,
      ...chosen.connection,
    };
    this.#halt = new Switch(this, chosen.halt, (halt) => this.#tell('halt', halt));
    this.#rollbacks = new Rollbacks(this, (plan) => {
      this.book.open(plan);
      this.changed(plan.id);
    });
    this.#desk = new Desk(this);
    this.#openedWith = options.link === undefined ? null : { proposal: options.link };
    for (const proposal of chosen.signed) this.#signEarlier(proposal);
  }

  // The workspace.

  async opening(): Promise<OpeningView> {
    const state = await this.workspaceState();
    const settings = await this.settings();
    if (state.state !== 'ready') return { state, desk: null, settings, link: this.#openedWith };
    const [page, filters, connection, halt] = await Promise.all([
      this.listCases({ view: 'needs_me', search: '', after: null, limit: 40 }),
      this.savedFilters(),
      this.connection(),
      this.halt(),
    ]);
    return { state, desk: { page, filters, connection, halt }, settings, link: this.#openedWith };
  }

  async workspaceState(): Promise<WorkspaceState> {
    return structuredClone(this.workspace);
  }

  async makeEnrolmentRequest(): Promise<EnrolmentRequestView> {
    this.workspace = { state: 'request_made', request: REQUEST };
    return REQUEST;
  }

  async readEnrolment(enrolment: string): Promise<EnrolmentView> {
    if (this.workspace.state === 'ready') throw refusal('already_joined');
    if (this.workspace.state !== 'request_made') throw refusal('no_request');
    if (!enrolment.trim().startsWith('{')) throw refusal('enrolment_format');
    return structuredClone(ENROLMENT);
  }

  async joinWorkspace(enrolment: string, rootWords: string[]): Promise<WorkspaceState> {
    const { root_words } = await this.readEnrolment(enrolment);
    if (rootWords.join(' ') !== root_words.join(' ')) throw refusal('root_words_differ');
    this.workspace = { state: 'ready', workspace: WORKSPACE };
    return this.workspace;
  }

  async connection(): Promise<ConnectionView> {
    const head = await this.log.head();
    if (head && this.link.checkpoint) this.link.checkpoint = { ...head, verified_at_ms: this.link.checkpoint.verified_at_ms };
    return structuredClone(this.link);
  }

  async people(): Promise<PeopleView> {
    return people(this.now());
  }

  // The inbox.

  async listCases(query: InboxQuery): Promise<InboxPage> {
    return this.book.page(query);
  }

  async snoozeCase(proposal: string, untilMs: number | null): Promise<null> {
    const view = this.find(proposal);
    if (untilMs !== null && !rowOf(view).needs_me) throw refusal('snooze_not_mine');
    view.snoozed_until_ms = untilMs;
    this.changed(proposal);
    return null;
  }

  async savedFilters(): Promise<SavedFilter[]> {
    return structuredClone(this.#filters);
  }

  async saveFilter({ name, view, search }: SavedFilterInput): Promise<SavedFilter[]> {
    if (name.trim() === '') throw refusal('filter_name');
    const others = this.#filters.filter((one) => one.name !== name.trim());
    this.#filters = [...others, { id: this.#id('filter'), name: name.trim(), view, search }];
    return this.savedFilters();
  }

  async deleteFilter(id: string): Promise<SavedFilter[]> {
    this.#filters = this.#filters.filter((one) => one.id !== id);
    return this.savedFilters();
  }

  // A case and what is signed in it.

  async openCase(proposal: string): Promise<CaseView> {
    const view = this.find(proposal);
    if (!view.practice) await this.log.fill(view);
    return structuredClone(view);
  }

  async readCase(proposal: string): Promise<CaseView> {
    return this.openCase(proposal);
  }

  async openPractice(topic: PracticeTopic): Promise<CaseView> {
    this.#practice = makeCase(PRACTICE[topic], this.now());
    return structuredClone(this.#practice);
  }

  async prepareDecision(input: DecisionInput): Promise<ConfirmView> {
    return this.#desk.prepare(input);
  }

  async signDecision(ticket: string): Promise<SignedView> {
    const signed = this.#desk.sign(ticket);
    // Practice is over with its signature.
    if (this.#practice?.decisions.some((made) => made.id === signed.decision)) this.#practice = null;
    return signed;
  }

  async discardDecision(ticket: string): Promise<null> {
    this.#desk.discard(ticket);
    this.#halt.discard(ticket);
    this.#rollbacks.discard(ticket);
    return null;
  }

  async recallDecision(decision: string): Promise<null> {
    this.#desk.recall(decision);
    return null;
  }

  async prepareBatch(input: BatchInput): Promise<BatchConfirmView> {
    return this.#desk.prepareBatch(input);
  }

  async signBatch(ticket: string): Promise<BatchResultView> {
    return this.#desk.signBatch(ticket);
  }

  async addComment(input: CommentInput): Promise<CommentView> {
    const view = this.find(input.proposal);
    const comment = addComment(view, input, this.#id('comment'), this.now());
    if (!view.practice) this.changed(input.proposal);
    const move = (stage: 'delivered_to_relay' | 'accepted_by_gate') => (): void => {
      comment.delivery = { stage };
      this.changed(input.proposal);
    };
    if (this.online()) {
      this.later(this.stepMs, move('delivered_to_relay'));
      this.later(this.stepMs * 2, move('accepted_by_gate'));
    }
    return structuredClone(comment);
  }

  async readPrompt(proposal: string): Promise<PromptView> {
    const view = this.find(proposal);
    if (!view.draft?.model.prompt_on_device) throw refusal('prompt_missing');
    view.draft.model.prompt_read_at_ms = this.now();
    if (!view.practice) this.changed(proposal);
    return { proposal, prompt: promptOf(view), commitment_checked: true };
  }

  async savePicture(input: PictureInput): Promise<string | null> {
    this.pictures.push(input);
    return `/home/ines/Pictures/${input.name}.${input.kind}`;
  }

  async prepareRollback(input: RollbackInput): Promise<ConfirmView> {
    return this.#rollbacks.prepare(input);
  }

  async signRollback(ticket: string): Promise<null> {
    this.#rollbacks.sign(ticket);
    return null;
  }

  // The stop.

  async halt(): Promise<HaltView> {
    return structuredClone(this.#halt.view);
  }

  async prepareHalt(input: HaltInput): Promise<ConfirmView> {
    return this.#halt.prepare(input);
  }

  async signHalt(ticket: string): Promise<HaltView> {
    return structuredClone(this.#halt.sign(ticket));
  }

  // The log and the policies.

  listLog = (query: LogQuery): Promise<LogPage> => this.log.page(query);
  logEntry = (seq: number): Promise<LogEntryView> => this.log.entry(seq);
  verifyLog = (): Promise<LogVerification> => this.log.verify();
  policies = async (): Promise<PoliciesView> => policiesView(this.book.views, this.now());
  tryPolicy = async (asked: PolicyTrial): Promise<TrialView> => trial(asked, this.book.views, this.now());

  // This device.

  async settings(): Promise<SettingsView> {
    return structuredClone(this.current);
  }

  async changeSettings(settings: SettingsView): Promise<SettingsView> {
    checkSettings(settings);
    this.current = structuredClone(settings);
    this.#tell('settings', this.current);
    return this.settings();
  }

  async takeLink(): Promise<LinkView | null> {
    const taken = this.#openedWith;
    this.#openedWith = null;
    return taken;
  }

  async windowReady(): Promise<null> {
    return null;
  }

  async quit(): Promise<null> {
    this.closed = true;
    return null;
  }

  // Events.

  onCasesChanged = (handle: (proposals: string[]) => void): Promise<Unlisten> => this.#listen('casesChanged', handle);
  onConnectionChanged = (handle: (connection: ConnectionView) => void): Promise<Unlisten> => this.#listen('connection', handle);
  onWorkspaceChanged = (handle: () => void): Promise<Unlisten> => this.#listen('workspace', handle);
  onCountsChanged = (handle: (counts: InboxCounts) => void): Promise<Unlisten> => this.#listen('counts', handle);
  onHaltChanged = (handle: (halt: HaltView) => void): Promise<Unlisten> => this.#listen('halt', handle);
  onSettingsChanged = (handle: (settings: SettingsView) => void): Promise<Unlisten> => this.#listen('settings', handle);
  onLinkOpened = (handle: (link: LinkView) => void): Promise<Unlisten> => this.#listen('link', handle);
  onQuitAsked = (handle: (quit: QuitView) => void): Promise<Unlisten> => this.#listen('quit', handle);

  // For tests and the demo.

  /** The cases that are made, to look at and to change by hand. */
  get cases(): CaseView[] {
    return this.book.views;
  }

  /** The gate has logged a wish of mine and opened its case. */
  rollbackLogged(input: RollbackInput): void {
    this.#rollbacks.logged(input);
  }

  /** Prepared decisions that were neither signed nor discarded. */
  get openTickets(): number {
    return this.#desk.openTickets;
  }

  /** Moves a decision on. */
  deliver(decision: string, delivery: Delivery): void {
    this.#desk.deliver(decision, delivery);
  }

  /** Sends what is held and past its time. */
  release(): void {
    this.#desk.release();
  }

  /** Changes the connection and says so; what was held for lack of a network is sent. */
  setConnection(change: Partial<ConnectionView>): void {
    this.link = { ...this.link, ...change };
    this.#tell('connection', this.link);
    if (change.online) this.release();
  }

  /** A colleague's stop, or any other change of the stop. */
  setHalt(halt: Partial<HaltView>): void {
    this.#halt.view = { ...this.#halt.view, ...halt };
    this.#tell('halt', this.#halt.view);
  }

  /** A link opens while the app runs. */
  openLink(proposal: string): void {
    this.#tell('link', { proposal });
  }

  /** The person closes the window. */
  askToQuit(): void {
    this.#tell('quit', { unsent: this.link.unsent, held: this.link.held });
  }

  // The world of the parts.

  now(): number {
    return this.#nowMs();
  }

  online(): boolean {
    return this.link.online;
  }

  language(): SheetLanguage {
    return this.current.language === 'de' ? 'de' : 'en';
  }

  find(proposal: string): CaseView {
    return proposal === this.#practice?.proposal ? this.#practice : this.book.find(proposal);
  }

  views(): CaseView[] {
    return [...this.book.views, ...(this.#practice ? [this.#practice] : [])];
  }

  changed(proposal: string): void {
    const view = this.find(proposal);
    if (view.thread.comments.length > 0) recount(view);
    this.book.changed(proposal);
    this.#tell('casesChanged', [proposal]);
  }

  linkChanged(): void {
    const mine = this.book.views.flatMap((view) => view.decisions.filter((made) => made.mine));
    const held = mine.filter((made) => made.delivery.stage === 'held').length;
    const unsent = held + mine.filter((made) => made.delivery.stage === 'signed_on_this_device').length;
    this.setConnection({ held, unsent });
  }

  accepted(view: CaseView, made: DecisionView): void {
    const named = { decision: made.kind, role: made.role, reason: made.reason_code };
    this.#log(view, 'decision_accepted', made.person, named);
    if (made.kind === 'reject') this.#settle(view, 'rejected', 'case_rejected', made.person);
    if (made.kind === 'request_changes') this.#settle(view, 'sent_back', 'changes_requested', made.person);
    const complete = view.signers.every((signer) => signer.signed_by.length >= signer.minimum);
    const signs = made.kind === 'approve' || made.kind === 'override';
    if (signs && complete && !this.#halt.view.stopped) this.#authorize(view, made);
    this.changed(view.proposal);
  }

  later(afterMs: number, work: () => void): void {
    if (this.stepMs > 0) setTimeout(work, afterMs);
  }

  #authorize(view: CaseView, made: DecisionView): void {
    const asked = lead(view.change.diff).after;
    const own = moneyIn(made.after);
    const after = own ? { type: 'money' as const, ...own } : asked;
    view.state = 'authorized';
    view.effective = own ? withAmount(view.change, own) : view.change;
    this.#log(view, 'change_authorized', 'Gate', { signatures: String(view.signers.length) });
    this.later(this.stepMs, () => {
      view.state = 'executed';
      view.read_back = after;
      for (const one of view.decisions) if (one.delivery.stage === 'accepted_by_gate') one.delivery = { stage: 'executed' };
      this.#log(view, 'execution_finished', 'Gate', { status: 'applied' });
      this.changed(view.proposal);
    });
  }

  #settle(view: CaseView, state: CaseView['state'], action: EntryKind, who: string): void {
    view.state = state;
    this.#log(view, action, who, {});
  }

  #log(view: CaseView, action: EntryKind, actor: string, named: Record<string, string>): void {
    const entry = { at_ms: this.now(), action, actor_kind: actor === 'Gate' ? 'gate' as const : 'person' as const, actor, facts: facts(named), value: null };
    const seq = this.log.append({ ...entry, proposal: view.proposal, campaign: view.change.campaign });
    view.timeline.push({ ...entry, seq, request_ids: [], included_in: this.log.rows.length, leaf: '' });
  }

  #signEarlier(proposal: string): void {
    const { ticket } = this.#desk.prepare({ proposal, kind: 'approve', role: 'finance', reason_code: 'within_plan', reason_text: '', override_micros: null, override_entries: null, requested: null, totp_code: null });
    this.#desk.sign(ticket);
  }

  #id(kind: string): string {
    this.#number += 1;
    return `${kind}-${ME.length}${this.#number}`;
  }

  async #listen<E extends keyof Handlers>(event: E, handle: (value: Handlers[E]) => void): Promise<Unlisten> {
    this.#listeners[event].add(handle);
    return () => this.#listeners[event].delete(handle);
  }

  #tell<E extends keyof Handlers>(event: E, value: Handlers[E]): void {
    for (const handle of this.#listeners[event]) handle(value);
  }
}
