// The stop: one person stops, two resume; the log says when it takes effect.
import type { ConfirmView } from '../bindings/ConfirmView';
import type { HaltInput } from '../bindings/HaltInput';
import type { HaltView } from '../bindings/HaltView';
import { haltLines, titleOf } from './confirm';
import { ME, OPS } from './people';
import { problem, refusal } from './problem';
import { digestOf, sixWords } from './random';
import type { World } from './world';

const GOOD_FOR_MS = 5 * 60_000;

/** Work goes on. */
export const RUNNING: HaltView = {
  stopped: false, since_ms: null, by: null, reason: null, resume_asked_by: [], resume_needs: 2, pending: null, resume_blocked_because: null,
};

/** Stopped by a colleague; a second one has asked to resume. */
export function stoppedByOps(nowMs: number): HaltView {
  return { ...RUNNING, stopped: true, since_ms: nowMs - 18 * 60_000, by: OPS, reason: 'The landing page of the sale answers with errors.', resume_asked_by: ['Samuel Okafor'] };
}

export class Switch {
  view: HaltView;
  readonly #world: World;
  readonly #prepared = new Map<string, HaltInput>();
  readonly #tell: (halt: HaltView) => void;
  #number = 0;

  constructor(world: World, view: HaltView, tell: (halt: HaltView) => void) {
    this.#world = world;
    this.view = view;
    this.#tell = tell;
  }

  prepare(input: HaltInput): ConfirmView {
    if (input.kind === 'resume') this.#checkResume(input);
    this.#number += 1;
    const ticket = `halt-${this.#number}`;
    this.#prepared.set(ticket, input);
    const language = this.#world.language();
    return {
      ticket, title: titleOf(input.kind, language), lines: haltLines(input, language, this.#world.now()),
      warnings: [], armed_only: false, digest: digestOf(ticket), fingerprint: sixWords(ticket),
      good_until_ms: this.#world.now() + GOOD_FOR_MS,
    };
  }

  sign(ticket: string): HaltView {
    const input = this.#prepared.get(ticket);
    if (!input) throw refusal('ticket_unknown');
    this.#prepared.delete(ticket);
    this.#become({ pending: input.kind });
    this.#world.later(this.#world.stepMs, () => this.logged(input));
    return this.view;
  }

  discard(ticket: string): void {
    this.#prepared.delete(ticket);
  }

  /** The gate has logged it. */
  logged(input: HaltInput): void {
    if (input.kind === 'stop') {
      this.#become({ ...RUNNING, stopped: true, since_ms: this.#world.now(), by: ME, reason: input.text || null });
      return;
    }
    const asked = [...this.view.resume_asked_by, ME];
    if (asked.length >= this.view.resume_needs) this.#become(RUNNING);
    else this.#become({ pending: null, resume_asked_by: asked, resume_blocked_because: refusal('resume_asked') });
  }

  #checkResume(input: HaltInput): void {
    if (!this.view.stopped) throw refusal('not_stopped');
    if (this.view.resume_blocked_because) throw this.view.resume_blocked_because;
    if (input.text.trim() === '') throw problem('halt_text', 'Say why work may go on.');
  }

  #become(change: Partial<HaltView>): void {
    this.view = { ...this.view, ...change };
    this.#tell(this.view);
  }
}
