// Which case can be put away, and until when: never past its deadline.
import type { CaseView, InboxRow } from '../bridge/types';

/** A case that can be put away. */
export interface Snoozable {
  proposal: string;
  decideByMs: number;
  /** It is put away already, and can be brought back. */
  snoozed: boolean;
}

/** The case that a key would put away: the open one, otherwise the one at the cursor. */
export function snoozable(open: CaseView | null, at: InboxRow | undefined): Snoozable | null {
  if (open?.practice) return null;
  const one = open ?? at;
  if (one?.state !== 'deciding') return null;
  return { proposal: one.proposal, decideByMs: one.decide_by_ms, snoozed: one.snoozed_until_ms !== null };
}

/** Names of the choices, in order. */
export type SnoozeName = 'hour' | 'afternoon' | 'tomorrow' | 'beforeDue';

const HOUR_MS = 3_600_000;
const AFTERNOON = 14;
const MORNING = 8;

/** The choices that make sense now. */
export function snoozeChoices(nowMs: number, decideByMs: number): { name: SnoozeName; untilMs: number }[] {
  const all: { name: SnoozeName; untilMs: number }[] = [
    { name: 'hour', untilMs: nowMs + HOUR_MS },
    { name: 'afternoon', untilMs: at(nowMs, 0, AFTERNOON) },
    { name: 'tomorrow', untilMs: at(nowMs, 1, MORNING) },
    { name: 'beforeDue', untilMs: decideByMs - HOUR_MS },
  ];
  return all.filter(({ untilMs }) => untilMs > nowMs && untilMs < decideByMs);
}

function at(nowMs: number, days: number, hour: number): number {
  const day = new Date(nowMs);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, hour).getTime();
}
