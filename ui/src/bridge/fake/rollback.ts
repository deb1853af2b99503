// Taking an executed change back: a wish is signed, and the gate opens a case of it.
import type { CaseView } from '../bindings/CaseView';
import type { ConfirmView } from '../bindings/ConfirmView';
import type { RollbackInput } from '../bindings/RollbackInput';
import { rollbackLines, titleOf } from './confirm';
import { ME } from './people';
import type { Plan } from './plans';
import { refusal } from './problem';
import { digestOf, sixWords } from './random';
import type { World } from './world';

const GOOD_FOR_MS = 5 * 60_000;

export class Rollbacks {
  readonly #world: World;
  readonly #prepared = new Map<string, RollbackInput>();
  /** Opens a case of a plan. */
  readonly #open: (plan: Plan) => void;
  #number = 0;

  constructor(world: World, open: (plan: Plan) => void) {
    this.#world = world;
    this.#open = open;
  }

  prepare(input: RollbackInput): ConfirmView {
    this.#mayAsk(input);
    this.#number += 1;
    const ticket = `rollback-${this.#number}`;
    this.#prepared.set(ticket, input);
    const language = this.#world.language();
    return {
      ticket, title: titleOf('rollback', language), lines: rollbackLines(input, language, this.#world.now()),
      warnings: [], armed_only: false, digest: digestOf(ticket), fingerprint: sixWords(ticket),
      good_until_ms: this.#world.now() + GOOD_FOR_MS,
    };
  }

  sign(ticket: string): void {
    const input = this.#prepared.get(ticket);
    if (!input) throw refusal('ticket_unknown');
    this.#prepared.delete(ticket);
    const view = this.#mayAsk(input);
    const offer = view.rollback;
    if (!offer) throw refusal('not_executed');
    offer.pending = true;
    offer.blocked_because = refusal('rollback_open');
    this.#world.changed(input.proposal);
    this.#world.later(this.#world.stepMs, () => this.logged(input));
  }

  discard(ticket: string): void {
    this.#prepared.delete(ticket);
  }

  /** The gate has logged it and opened the case. */
  logged(input: RollbackInput): void {
    const view = this.#world.find(input.proposal);
    if (!view.rollback) return;
    const plan = this.#world.book.plan(input.proposal);
    const id = input.proposal.replace(/^.{8}/, '0193a1b3');
    view.rollback = { ...view.rollback, pending: false, by: id };
    this.#open({
      ...plan, id, before: plan.readBack ?? plan.after, after: plan.before, state: 'deciding', decideBy: 24 * 60,
      trigger: input.text, log: [], decisions: [], missing: [], noHistory: true, roles: ['ops'], blocked: 'initiator_may_not_decide',
      takesBack: { proposal: input.proposal, person: ME, mine: true, text: input.text },
    });
    this.#world.changed(input.proposal);
  }

  #mayAsk({ proposal, text }: RollbackInput): CaseView {
    const view = this.#world.find(proposal);
    if (text.trim() === '') throw refusal('reason_missing');
    if (!view.rollback) throw refusal('not_executed');
    if (view.rollback.blocked_because) throw view.rollback.blocked_because;
    return view;
  }
}
