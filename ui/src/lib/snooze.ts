// Until when a case can be put away: never past its deadline.

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
