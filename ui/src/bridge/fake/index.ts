// An in-memory stand-in for the Rust side: for component tests and for looking at screens
// in a browser. It signs nothing; it is not part of the app's build.
import type {
  Bridge, CaseView, ConfirmView, ConnectionView, DecisionInput, DecisionView, Delivery,
  EnrolmentRequestView, InboxPage, InboxQuery, InboxRow, MoneyView, ProblemView, SignedView,
  Unlisten, WorkspaceState, WorkspaceView,
} from '../types';
import { makeCases, ME } from './cases';

/** How the fake starts. */
export interface FakeOptions {
  start?: 'ready' | 'not_enrolled' | 'keychain_problem' | 'store_problem';
  online?: boolean;
  /** Milliseconds between delivery steps; zero to step by hand. */
  stepMs?: number;
  nowMs?: number;
  fault?: boolean;
}

const PAGE = 50;
const FINGERPRINT = ['orbit', 'velvet', 'canoe', 'fossil', 'ribbon', 'maple'];

const WORKSPACE: WorkspaceView = {
  workspace: '0193a1b2-0000-7000-8000-000000000001',
  name: 'Northwind Outdoor',
  person: '0193a1b2-0000-7000-8000-000000000102',
  person_name: ME,
  roles: ['finance'],
  device: '0193a1b2-0000-7000-8000-000000000201',
  fingerprint: ['lunar', 'basket', 'tilt', 'warm', 'exhibit', 'cabin'],
};

const REQUEST: EnrolmentRequestView = {
  json: JSON.stringify(
    {
      format: 'countersign-enrolment-request/v1',
      device: WORKSPACE.device,
      signing_key: '5a8f0c5e1d7b4d1b9d8a3f9f0e6d2c4b7a1e8f3d5c9b0a7e4d2f6c8b1a3e5d79',
      wrapping_key: 'c41b7e90d25f8a3366e17b0c9d4f2a58e07b31c6d9f4a82e5b0c7d1f93e6a824',
    },
    null,
    2,
  ),
  fingerprint: WORKSPACE.fingerprint,
};

const PROBLEMS: Record<'keychain_problem' | 'store_problem', ProblemView> = {
  keychain_problem: {
    code: 'keychain_locked',
    message: 'The keychain is locked, so the signing key of this device cannot be read.',
    hints: ['Unlock the keychain of your session (on GNOME: open “Passwords and Keys” and unlock “Login”), then try again.'],
  },
  store_problem: {
    code: 'store_foreign',
    message: 'The file store.db does not open with the key of this profile: it is damaged or belongs to another profile.',
    hints: [
      'Put the file back from your last back-up and try again.',
      'If there is none, move the file away and enrol this device anew; ask first whether signatures were unsent.',
    ],
  },
};

export class FakeBridge implements Bridge {
  readonly cases: CaseView[];
  workspace: WorkspaceState;
  link: ConnectionView;
  #prepared = new Map<string, { input: DecisionInput; view: ConfirmView }>();
  #caseListeners = new Set<(proposal: string) => void>();
  #linkListeners = new Set<(connection: ConnectionView) => void>();
  #workspaceListeners = new Set<() => void>();
  #ticket = 0;
  readonly #stepMs: number;
  readonly #nowMs: () => number;

  constructor({ start = 'ready', online = true, stepMs = 0, nowMs, fault = false }: FakeOptions = {}) {
    this.#nowMs = () => nowMs ?? Date.now();
    this.#stepMs = stepMs;
    this.cases = makeCases(this.#nowMs());
    this.workspace =
      start === 'ready' ? { state: 'ready', workspace: WORKSPACE }
      : start === 'not_enrolled' ? { state: 'not_enrolled' }
      : { state: start, problem: PROBLEMS[start] };
    this.link = {
      online,
      last_contact_ms: this.#nowMs() - (online ? 2_000 : 47 * 60_000),
      checkpoint: {
        size: 1_284,
        root: '9b1f5c0de2a74b86b3f1c9d07e5a2684f0c3d7b19e8a45622d7c0b3f6e91a8d4',
        verified_at_ms: this.#nowMs() - (online ? 4_000 : 47 * 60_000),
      },
      unsent: 0,
      fault: fault
        ? {
            code: 'log_fork',
            message: 'The relay shows a log that contradicts the checkpoint this device verified earlier.',
            hints: ['Do not sign. Tell your administrator; nothing on this device was overwritten.'],
          }
        : null,
    };
  }

  async workspaceState(): Promise<WorkspaceState> {
    return this.workspace;
  }

  async makeEnrolmentRequest(): Promise<EnrolmentRequestView> {
    this.workspace = { state: 'request_made', request: REQUEST };
    return REQUEST;
  }

  async joinWorkspace(enrolment: string): Promise<WorkspaceState> {
    if (!enrolment.startsWith('{')) {
      throw problem('enrolment_unreadable', 'This is not an enrolment: it must be the JSON text that your administrator sent back.', 'Paste the whole text, from the first { to the last }.');
    }
    this.workspace = { state: 'ready', workspace: WORKSPACE };
    return this.workspace;
  }

  async listCases({ view, search, after }: InboxQuery): Promise<InboxPage> {
    const found = this.cases.filter((one) => matches(one, search));
    const rows = found.filter((one) => view === 'all' || viewOf(one) === view).map(toRow);
    const start = Number(after ?? '0');
    const size = (which: ReturnType<typeof viewOf>): number => this.cases.filter((one) => viewOf(one) === which).length;
    return {
      rows: rows.slice(start, start + PAGE),
      counts: { needs_me: size('needs_me'), waiting_on_others: size('waiting_on_others'), settled: size('settled') },
      next: start + PAGE < rows.length ? String(start + PAGE) : null,
    };
  }

  async openCase(proposal: string): Promise<CaseView> {
    return structuredClone(this.#find(proposal));
  }

  async prepareDecision(input: DecisionInput): Promise<ConfirmView> {
    const one = this.#find(input.proposal);
    if (input.totp_code === '000000') {
      throw problem('factor_wrong', 'The code does not match.', 'Wait for the next code of your authenticator and enter it.');
    }
    const after = afterOf(one, input);
    this.#ticket += 1;
    const view: ConfirmView = {
      ticket: `ticket-${this.#ticket}`,
      title: `${{ approve: 'Approve', override: 'Override', reject: 'Reject' }[input.kind] ?? 'Send back'} a budget change`,
      lines: [
        { label: 'Case', value: one.proposal },
        { label: 'Campaign', value: one.change.campaign },
        { label: 'Entity', value: one.change.entity },
        { label: 'Budget', value: 'customers/4155550142/campaignBudgets/3000000001' },
        ...(after
          ? [
              { label: 'Daily budget now', value: plain(one.change.before) },
              { label: 'Daily budget after', value: plain(after) },
              { label: 'From', value: moment(one.change.starts_at_ms) },
              { label: 'Until', value: moment(one.change.ends_at_ms) },
            ]
          : [{ label: 'Effect', value: 'nothing is changed on the ad platform' }]),
        { label: 'Reason', value: input.reason_code.replaceAll('_', ' ') },
        ...(input.reason_text ? [{ label: 'In your words', value: input.reason_text }] : []),
        { label: 'You sign as', value: input.role },
        { label: 'Person', value: 'person_0193a1b2-70bb-7000-8000-5a2759ef77e0' },
        { label: 'Second factor', value: input.totp_code ? 'code from your authenticator (TOTP)' : 'none' },
        { label: 'Signed at', value: moment(this.#nowMs()) },
        { label: 'Valid until', value: moment(one.expires_at_ms) },
      ],
      digest: '3f0a9c41d7e25b8860f1c2d94ab37e5518c6f02e9b7d4a13c85e60f7b2d91a4c',
      fingerprint: FINGERPRINT,
      good_until_ms: this.#nowMs() + 5 * 60_000,
    };
    this.#prepared.set(view.ticket, { input, view });
    return view;
  }

  async signDecision(ticket: string): Promise<SignedView> {
    const prepared = this.#prepared.get(ticket);
    if (!prepared) throw problem('ticket_unknown', 'What was to be signed is no longer at hand.', 'Go back and make the decision anew.');
    this.#prepared.delete(ticket);
    const { input } = prepared;
    const one = this.#find(input.proposal);
    const decision: DecisionView = {
      id: `decision-${ticket}`,
      kind: input.kind,
      person: ME,
      mine: true,
      role: input.role,
      reason: input.reason_code.replaceAll('_', ' '),
      text: input.reason_text,
      after: afterOf(one, input),
      factor: input.totp_code ? 'totp' : null,
      signed_at_ms: this.#nowMs(),
      fingerprint: FINGERPRINT,
      signature_checked: true,
      delivery: { stage: 'signed_on_this_device' },
    };
    one.decisions.push(decision);
    one.my_options.blocked_because = 'You have decided this case.';
    one.signers = one.signers.map((signer) =>
      signer.role === input.role ? { ...signer, signed_by: [...signer.signed_by, ME] } : signer,
    );
    this.setConnection({ unsent: this.link.unsent + 1 });
    if (this.link.online && this.#stepMs > 0) {
      setTimeout(() => this.deliver(decision.id, { stage: 'delivered_to_relay' }), this.#stepMs);
      setTimeout(() => this.deliver(decision.id, { stage: 'accepted_by_gate' }), this.#stepMs * 2);
    }
    return { decision: decision.id, delivery: decision.delivery };
  }

  async discardDecision(ticket: string): Promise<null> {
    this.#prepared.delete(ticket);
    return null;
  }

  async connection(): Promise<ConnectionView> {
    return this.link;
  }

  async onCaseChanged(handle: (proposal: string) => void): Promise<Unlisten> {
    return subscribe(this.#caseListeners, handle);
  }

  async onConnectionChanged(handle: (connection: ConnectionView) => void): Promise<Unlisten> {
    return subscribe(this.#linkListeners, handle);
  }

  async onWorkspaceChanged(handle: () => void): Promise<Unlisten> {
    return subscribe(this.#workspaceListeners, handle);
  }

  /** Moves a decision on, as the relay and the gate would. */
  deliver(decision: string, delivery: Delivery): void {
    for (const one of this.cases) {
      const made = one.decisions.find((row) => row.id === decision);
      if (!made) continue;
      if (made.delivery.stage === 'signed_on_this_device') this.setConnection({ unsent: Math.max(0, this.link.unsent - 1) });
      made.delivery = delivery;
      for (const handle of this.#caseListeners) handle(one.proposal);
    }
  }

  /** Changes the connection and says so. */
  setConnection(change: Partial<ConnectionView>): void {
    this.link = { ...this.link, ...change };
    for (const handle of this.#linkListeners) handle(this.link);
  }

  /** Prepared decisions that were neither signed nor discarded. */
  get openTickets(): number {
    return this.#prepared.size;
  }

  #find(proposal: string): CaseView {
    const one = this.cases.find((row) => row.proposal === proposal);
    if (!one) throw problem('case_unknown', 'This case is not on this device.', 'Wait for the next sync.');
    return one;
  }
}

function problem(code: string, message: string, hint: string): ProblemView {
  return { code, message, hints: [hint] };
}

function subscribe<T>(listeners: Set<T>, handle: T): Unlisten {
  listeners.add(handle);
  return () => listeners.delete(handle);
}

function afterOf(one: CaseView, input: DecisionInput): MoneyView | null {
  if (input.kind === 'approve') return one.change.after;
  if (input.kind !== 'override' || input.override_micros === null) return null;
  return { amount_micros: input.override_micros, currency: one.change.before.currency };
}

function plain({ amount_micros, currency }: MoneyView): string {
  return `${amount_micros.slice(0, -6)}.${amount_micros.slice(-6, -4)} ${currency}`;
}

function moment(atMs: number | null): string {
  return atMs === null ? 'until further notice' : new Date(atMs).toISOString();
}

function matches(one: CaseView, search: string): boolean {
  const text = `${one.change.campaign} ${one.rationale} ${one.trigger}`.toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function viewOf(one: CaseView): 'needs_me' | 'waiting_on_others' | 'settled' {
  if (one.state !== 'deciding' && one.state !== 'authorized') return 'settled';
  return one.state === 'deciding' && one.my_options.blocked_because === null ? 'needs_me' : 'waiting_on_others';
}

function toRow(one: CaseView): InboxRow {
  return {
    proposal: one.proposal,
    campaign: one.change.campaign,
    kind: 'budget_change',
    before: one.change.before,
    after: (one.effective ?? one.change).after,
    change: (one.effective ?? one.change).ratio,
    why: one.trigger,
    state: one.state,
    risk_tier: one.verdict.risk_tier,
    waiting_for: one.signers.filter((signer) => signer.signed_by.length < signer.minimum).map((signer) => signer.role),
    decide_by_ms: one.decide_by_ms,
    created_at_ms: one.created_at_ms,
    my_delivery: one.decisions.find((made) => made.mine)?.delivery ?? null,
  };
}
