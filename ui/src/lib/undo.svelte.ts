// What was signed in this session, and taking it back while this device still holds it.
import type { Notices } from './notices.svelte';
import { words } from '../messages';
import type { Bridge, CaseView, SignedView } from '../bridge/types';

/** A decision signed in this session. */
export interface Signed extends SignedView {
  proposal: string;
}

/** A decision that can still be recalled, and its case. */
export interface Recallable {
  decision: string;
  proposal: string;
}

export class Undo {
  signed = $state.raw<Signed | null>(null);
  recalling = $state(false);

  constructor(
    readonly bridge: Bridge,
    readonly notices: Notices,
    /** The view of the open case. */
    readonly open: () => CaseView | null,
    /** Reads again what a recall changes. */
    readonly recalled: (proposal: string) => Promise<unknown>,
  ) {}

  /** What `u` would recall: my held decision in the open case, or what was just signed. */
  get recallable(): Recallable | null {
    if (this.recalling) return null;
    const open = this.open();
    const mine = open?.my_options.recallable;
    if (mine && open) return { decision: mine, proposal: open.proposal };
    const signed = this.signed;
    return signed?.delivery.stage === 'held' ? { decision: signed.decision, proposal: signed.proposal } : null;
  }

  async recall(): Promise<void> {
    const what = this.recallable;
    if (!what) return;
    this.recalling = true;
    await this.notices.guard(async () => {
      await this.bridge.recallDecision(what.decision);
      this.signed = null;
      this.notices.say(words.undo.recalled);
    });
    this.recalling = false;
    await this.recalled(what.proposal);
  }

  /** Takes how far the delivery of what was signed has got from a view of its case. */
  follow(view: CaseView): void {
    const signed = this.signed;
    const delivery = view.decisions.find((made) => made.id === signed?.decision)?.delivery;
    if (signed && delivery && signed.proposal === view.proposal) this.signed = { ...signed, delivery };
  }

  /** The same where another case is open. */
  async readSigned(proposal: string): Promise<void> {
    await this.notices.guard(async () => this.follow(await this.bridge.readCase(proposal)));
  }

  /** The window in which a signature could be recalled has passed. */
  holdOver(): void {
    const signed = this.signed;
    if (signed?.delivery.stage === 'held') this.signed = { ...signed, delivery: { stage: 'signed_on_this_device' } };
  }
}
