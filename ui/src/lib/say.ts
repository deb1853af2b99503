// What Rust sends as codes, in the words of the chosen language; its own English is shown
// where the window has no word.
import type { ExecutionEnd } from '../bridge/bindings/ExecutionEnd';
import type { CaseState, Delivery, EntryKind, ProblemView } from '../bridge/types';
import { words } from '../messages';

/** A problem in words. */
export interface Said {
  message: string;
  hints: string[];
}

/** Puts values into `{name}` places; a place without a value keeps its name. */
export function fill(text: string, values: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Says a problem. */
export function sayProblem({ code, message, hints, values }: ProblemView): Said {
  const known = words.problems[code];
  if (!known) return { message, hints };
  return {
    message: fill(known.message, values),
    hints: (known.hints ?? hints).map((hint) => fill(hint, values)),
  };
}

/** Says how far a decision has got. */
export function sayDelivery(delivery: Delivery): string {
  if (delivery.stage === 'refused') return words.delivery.refused(sayProblem(delivery.why).message);
  if (delivery.stage === 'held') return delivery.until_ms === null ? words.delivery.heldOffline : words.delivery.held;
  return words.delivery[delivery.stage];
}

/** Says a reason that was signed; one of no list has only `fallback`, Rust's English. */
export function sayReason(code: string, fallback: string): string {
  return (words.deciding.reasons as Partial<Record<string, string>>)[code] ?? fallback;
}

/** Says an entry's kind. */
export function sayAction(action: EntryKind): string {
  return words.logActions[action];
}

/** Where a case stands; an execution that did not hold as authorised says how it ended. */
export const sayState = (state: CaseState, ending: ExecutionEnd | null): string =>
  state === 'not_applied' && ending ? words.ending.title[ending] : words.state[state];
