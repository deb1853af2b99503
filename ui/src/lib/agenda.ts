// Open cases by when they must be decided, in the person's own days.
import type { InboxRow } from '../bridge/types';

/** The groups, most urgent first. */
export const GROUPS = ['overdue', 'hour', 'today', 'tomorrow', 'later'] as const;

/** A group of the agenda. */
export type GroupName = (typeof GROUPS)[number];

const HOUR_MS = 3_600_000;

/** The group that a deadline falls in. */
export function groupOf(decideByMs: number, nowMs: number): GroupName {
  if (decideByMs < nowMs) return 'overdue';
  if (decideByMs - nowMs <= HOUR_MS) return 'hour';
  if (decideByMs < midnight(nowMs, 1)) return 'today';
  return decideByMs < midnight(nowMs, 2) ? 'tomorrow' : 'later';
}

/** Rows by group, each with its place in the list; empty groups are left out. */
export function byDeadline(rows: readonly InboxRow[], nowMs: number): { name: GroupName; rows: { row: InboxRow; index: number }[] }[] {
  const groups = new Map<GroupName, { row: InboxRow; index: number }[]>(GROUPS.map((name) => [name, []]));
  rows.forEach((row, index) => groups.get(groupOf(row.decide_by_ms, nowMs))?.push({ row, index }));
  return [...groups].map(([name, rows]) => ({ name, rows })).filter((group) => group.rows.length > 0);
}

function midnight(nowMs: number, days: number): number {
  const day = new Date(nowMs);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime();
}
