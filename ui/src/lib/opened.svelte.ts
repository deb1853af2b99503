// The open case: what is read of it, and which decision's sheet is open on it.
import { ReadAhead } from './ahead';
import { mayNarrow } from './diff';
import type { Notices } from './notices.svelte';
import { same } from './same';
import type { Bridge, CaseView, DecisionKind, PracticeTopic } from '../bridge/types';

export class OpenCase {
  readonly ahead: ReadAhead;

  /** The case that is open; its view follows. */
  id = $state<string | null>(null);
  view = $state.raw<CaseView | null>(null);
  deciding = $state<DecisionKind | null>(null);
  /** The practice case was decided; it is gone with that. */
  practiceDone = $state(false);

  #opening = 0;

  constructor(
    readonly bridge: Bridge,
    readonly notices: Notices,
    /** Hears of every view that was read. */
    readonly seen: (view: CaseView) => void,
  ) {
    this.ahead = new ReadAhead(bridge);
  }

  async open(proposal: string): Promise<void> {
    if (this.id !== proposal) {
      this.id = proposal;
      this.deciding = null;
      // What was read ahead is seen at once; what is true now follows.
      const known = this.ahead.get(proposal);
      if (known) this.view = known;
    }
    await this.read(proposal);
  }

  /** Opens a practice case: nothing of it is stored or sent. */
  async practise(topic: PracticeTopic): Promise<void> {
    this.practiceDone = false;
    const view = await this.bridge.openPractice(topic);
    this.id = view.proposal;
    this.view = view;
  }

  close(): void {
    this.id = null;
    this.view = null;
    this.deciding = null;
  }

  /** Reads the open case again; an answer that comes too late is dropped. */
  async read(proposal: string): Promise<void> {
    const opening = ++this.#opening;
    await this.notices.guard(async () => {
      const view = await this.bridge.openCase(proposal);
      if (this.id !== proposal || opening !== this.#opening) return;
      this.ahead.put(view);
      if (!same(this.view, view)) this.view = view;
      this.seen(view);
    });
  }

  /** Whether a decision key may open a sheet now. */
  get mayDecide(): boolean {
    const view = this.view;
    if (!view || view.state !== 'deciding' || view.proposal !== this.id) return false;
    return view.my_options.blocked_because === null && view.my_options.roles.length > 0;
  }

  /** Whether what was executed in the open case can be asked to be taken back. */
  get mayRollBack(): boolean {
    const view = this.view;
    return view !== null && view.proposal === this.id && view.rollback !== null && view.rollback.blocked_because === null;
  }

  /** Opens the sheet of a decision, if this person may make it now; it signs nothing. */
  decide(kind: DecisionKind): boolean {
    if (!this.mayDecide) return false;
    const approving = kind === 'approve' || kind === 'override';
    if (approving && this.view?.my_options.approval_blocked_because) return false;
    if (kind === 'override' && this.view && !mayNarrow(this.view.change)) return false;
    this.deciding = kind;
    return true;
  }

  closeDecision(): void {
    this.deciding = null;
  }
}
