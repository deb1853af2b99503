// Decisions of this device: prepared, signed, held, recalled, released, delivered, and what
// follows when the quorum is complete. Signs nothing.
import type { BatchConfirmView } from '../bindings/BatchConfirmView';
import type { BatchInput } from '../bindings/BatchInput';
import type { BatchResultView } from '../bindings/BatchResultView';
import type { CaseView } from '../bindings/CaseView';
import type { ConfirmView } from '../bindings/ConfirmView';
import type { DecisionInput } from '../bindings/DecisionInput';
import type { DecisionView } from '../bindings/DecisionView';
import type { Delivery } from '../bindings/Delivery';
import type { MoneyView } from '../bindings/MoneyView';
import type { ProblemView } from '../bindings/ProblemView';
import type { ValueView } from '../bindings/ValueView';
import type { SignedView } from '../bindings/SignedView';
import { money } from '../../lib/format';
import { currencyOf, lead } from '../../lib/diff';
import { membersOf } from '../../lib/members';
import { amountsIn, valueAt } from './change';
import { batchItems, batchTotals } from './batch';
import { decisionLines, decisionTitle } from './confirm';
import { micros } from './money';
import { ME } from './people';
import { problem, refusal } from './problem';
import { digestOf, sixWords } from './random';
import { reasonsOf, reasonWords } from './reasons';
import { partFault, withPart } from './sets';
import type { World } from './world';

const GOOD_FOR_MS = 5 * 60_000;

interface Prepared {
  inputs: DecisionInput[];
  goodUntilMs: number;
}

export class Desk {
  readonly #world: World;
  readonly #prepared = new Map<string, Prepared>();
  #number = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Prepared sheets that were neither signed nor discarded. */
  get openTickets(): number {
    return this.#prepared.size;
  }

  prepare(input: DecisionInput): ConfirmView {
    const view = this.#world.find(input.proposal);
    checkInput(view, input);
    const ticket = this.#ticket([input]);
    const language = this.#world.language();
    const after = afterOf(view, input);
    return {
      ticket,
      title: decisionTitle(view, input.kind, language),
      lines: decisionLines(view, input, after, language, this.#world.now()),
      warnings: this.#warnings(view, after),
      armed_only: view.verdict.risk_tier === 'high' || input.kind === 'override',
      digest: digestOf(ticket),
      fingerprint: sixWords(ticket),
      good_until_ms: this.#world.now() + GOOD_FOR_MS,
    };
  }

  prepareBatch(input: BatchInput): BatchConfirmView {
    const views = input.proposals.map((proposal) => this.#world.find(proposal));
    const batchClass = views[0]?.batch_class;
    if (!batchClass) throw refusal('batch_no_class');
    const inputs = views.map((view): DecisionInput => ({
      proposal: view.proposal, kind: 'approve', role: input.role, reason_code: input.reason_code, reason_text: input.reason_text,
      override_micros: null, override_entries: null, requested: null, totp_code: null,
    }));
    const items = batchItems(views, inputs, batchClass, this.#world);
    const going = views.filter((_, index) => items[index]?.dropped === null);
    if (going.length === 0) throw refusal('batch_no_class');
    const ticket = this.#ticket(inputs.filter((_, index) => items[index]?.dropped === null));
    return {
      ticket, batch_class: batchClass, risk_tier: going[0]?.verdict.risk_tier ?? null,
      totals: batchTotals(going), items, warnings: this.#clockWarning(), good_until_ms: this.#world.now() + GOOD_FOR_MS,
    };
  }

  sign(ticket: string): SignedView {
    const [input] = this.#take(ticket);
    return this.#signOne(input as DecisionInput);
  }

  signBatch(ticket: string): BatchResultView {
    const items = this.#take(ticket).map((input) => {
      const view = this.#world.find(input.proposal);
      const named = { proposal: input.proposal, campaign: view.change.campaign };
      try {
        return { ...named, signed: this.#signOne(input), refused: null };
      } catch (thrown) {
        return { ...named, signed: null, refused: thrown as ProblemView };
      }
    });
    return { items };
  }

  discard(ticket: string): void {
    this.#prepared.delete(ticket);
  }

  recall(id: string): void {
    const [view, made] = this.#find(id);
    if (made.delivery.stage !== 'held') throw refusal('recall_too_late');
    view.signers = view.signers.map((signer) => ({ ...signer, signed_by: signer.signed_by.filter((name) => name !== ME) }));
    view.my_options = { ...view.my_options, blocked_because: null, recallable: null };
    this.#move(view, made, { stage: 'recalled' });
  }

  /** Moves a decision on, as time, the relay and the gate would. */
  deliver(id: string, delivery: Delivery): void {
    const [view, made] = this.#find(id);
    if (made.delivery.stage === 'recalled') return;
    if (delivery.stage !== 'held') view.my_options = { ...view.my_options, recallable: null };
    this.#move(view, made, delivery);
    if (delivery.stage === 'accepted_by_gate') this.#world.accepted(view, made);
  }

  /** Sends what is held and past its time, if the relay is reachable. */
  release(): void {
    const now = this.#world.now();
    for (const view of this.#world.book.views) {
      for (const made of view.decisions) {
        const due = made.delivery.stage === 'held' && (made.delivery.until_ms === null || made.delivery.until_ms <= now);
        if (made.mine && due && this.#world.online()) this.#send(made.id);
      }
    }
  }

  #signOne(input: DecisionInput): SignedView {
    const view = this.#world.find(input.proposal);
    checkInput(view, input);
    this.#number += 1;
    const id = `0193a1b2-dec1-7000-8000-${String(this.#number).padStart(12, '0')}`;
    const made: DecisionView = {
      id, kind: input.kind, person: ME, mine: true, on_this_device: true, role: input.role,
      reason_code: input.reason_code, reason: reasonWords(input.kind, input.reason_code), text: input.reason_text,
      after: valueOf(view, input), requested: input.requested, factor: input.totp_code ? 'totp' : null,
      signed_at_ms: this.#world.now(), fingerprint: sixWords(id), digest: digestOf(id), signature_checked: true,
      delivery: this.#heldNow(),
    };
    view.decisions.push(made);
    const signs = input.kind === 'approve' || input.kind === 'override';
    view.signers = view.signers.map((signer) => (signs && signer.role === input.role ? { ...signer, signed_by: [...signer.signed_by, ME] } : signer));
    view.my_options = { ...view.my_options, blocked_because: refusal('already_decided'), recallable: id };
    if (view.practice) return { decision: id, delivery: made.delivery };
    this.#world.changed(view.proposal);
    this.#world.linkChanged();
    if (made.delivery.stage === 'held' && made.delivery.until_ms !== null) {
      this.#world.later(made.delivery.until_ms - this.#world.now(), () => this.release());
    }
    return { decision: id, delivery: structuredClone(made.delivery) };
  }

  #heldNow(): Delivery {
    return { stage: 'held', until_ms: this.#world.online() ? this.#world.now() + this.#world.current.undo_seconds * 1_000 : null };
  }

  /** Released: signed for good, then to the relay, then to the gate. */
  #send(id: string): void {
    this.deliver(id, { stage: 'signed_on_this_device' });
    this.#world.later(this.#world.stepMs, () => this.deliver(id, { stage: 'delivered_to_relay' }));
    this.#world.later(this.#world.stepMs * 2, () => this.deliver(id, { stage: 'accepted_by_gate' }));
  }

  #move(view: CaseView, made: DecisionView, delivery: Delivery): void {
    made.delivery = delivery;
    if (view.practice) return;
    this.#world.changed(view.proposal);
    this.#world.linkChanged();
  }

  #find(id: string): [CaseView, DecisionView] {
    for (const view of this.#world.views()) {
      const made = view.decisions.find((one) => one.id === id);
      if (made) return [view, made];
    }
    throw refusal('recall_too_late');
  }

  #ticket(inputs: DecisionInput[]): string {
    this.#number += 1;
    const ticket = `ticket-${this.#number}`;
    this.#prepared.set(ticket, { inputs, goodUntilMs: this.#world.now() + GOOD_FOR_MS });
    return ticket;
  }

  #take(ticket: string): DecisionInput[] {
    const prepared = this.#prepared.get(ticket);
    if (!prepared) throw refusal('ticket_unknown');
    this.#prepared.delete(ticket);
    if (prepared.goodUntilMs < this.#world.now()) throw refusal('ticket_expired');
    return prepared.inputs;
  }

  #warnings(view: CaseView, after: MoneyView | null): ProblemView[] {
    if (after === null || micros(after) <= micros(amountsIn(view.change).before)) return this.#clockWarning();
    return [
      ...this.#clockWarning(),
      problem('warn_way_back', 'Once it is sent, the way back is a rollback proposal. Money that was spent and a platform’s learning phase do not come back.'),
    ];
  }

  #clockWarning(): ProblemView[] {
    const skew = this.#world.link.clock_skew_ms;
    if (skew === null) return [];
    return [problem('warn_clock', 'This device’s clock differs from the workspace’s.', ['Set the clock, then decide.'], { minutes: String(Math.round(Math.abs(skew) / 60_000)) })];
  }
}

function valueOf(view: CaseView, input: DecisionInput): ValueView | null {
  const amount = afterOf(view, input);
  const { change } = view;
  if (amount === null || membersOf(change).length === 0) return amount && valueAt(change.kind, amount);
  return lead((input.override_entries ? withPart(change, input.override_entries) : change).diff).after;
}

/** What a decision would set; null when it sets nothing. */
export function afterOf(view: CaseView, input: DecisionInput): MoneyView | null {
  if (input.kind === 'approve') return amountsIn(view.change).after;
  if (input.kind === 'override' && input.override_entries !== null) return amountsIn(view.change).after;
  if (input.kind !== 'override' || input.override_micros === null) return null;
  return { amount_micros: input.override_micros, currency: currencyOf(view.change) };
}

function checkInput(view: CaseView, input: DecisionInput): void {
  const options = view.my_options;
  if (view.state !== 'deciding') throw refusal(`case_${view.state}`);
  if (options.blocked_because) throw options.blocked_because;
  if (!options.roles.includes(input.role)) throw refusal('no_role');
  const signs = input.kind === 'approve' || input.kind === 'override';
  if (signs && options.approval_blocked_because) throw options.approval_blocked_because;
  const reason = reasonsOf(input.kind).find((one) => one.code === input.reason_code);
  if (!reason || (reason.needs_text && input.reason_text.trim() === '')) throw refusal('reason');
  if (input.kind === 'override') checkOverride(view, input);
  const factor = input.kind === 'override' ? options.factor_to_override : options.factor_to_decide;
  if (factor && !input.totp_code) throw refusal('factor_missing');
  if (input.totp_code === '000000') throw refusal('factor_wrong');
}

/** An override lies between the present amount, excluded, and the proposed one. */
function checkOverride({ change }: CaseView, { override_micros, override_entries }: DecisionInput): void {
  if (change.has_own_part) {
    const fault = partFault(change, override_entries ?? []);
    if (fault) throw refusal(fault);
    return;
  }
  const taken = change.own_amounts;
  if (!taken) throw refusal('override_none');
  if (override_micros === null) throw refusal('override_same');
  const wanted = BigInt(override_micros);
  const [from, to] = [micros(amountsIn(change).before), micros(amountsIn(change).after)];
  if (wanted === from) throw refusal('override_same');
  if (wanted < (from < to ? from : to) || wanted > (from < to ? to : from)) throw refusal('wider_than_proposed');
  if (wanted < micros(taken.min) || wanted % micros(taken.step) !== 0n) throw refusal('amount_limits', { min: money(taken.min), step: money(taken.step) });
}
