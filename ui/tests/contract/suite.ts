// The contract of every bridge: one list of laws, run against the fake by Vitest and against
// the real bridge in the real window. Laws that sign are marked; they leave traces.
import type { Bridge } from '../../src/bridge/types';
import { BATCH } from './batch';
import { DECIDING } from './deciding';
import { INBOX } from './inbox';
import { LOG } from './log';
import { REST } from './rest';

/** A law. */
export interface Law {
  name: string;
  /** It signs something, or changes what is kept. */
  changes?: boolean;
  run(bridge: Bridge): Promise<void>;
}

/** What came of a law. */
export interface Outcome {
  name: string;
  /** Words on the breach; null when the law holds. */
  breach: string | null;
}

/** All laws, those that only read first. */
export const LAWS: Law[] = [...INBOX, ...LOG, ...REST, ...DECIDING, ...BATCH].sort((a, b) => Number(a.changes ?? false) - Number(b.changes ?? false));

/** Runs the laws one after the other; a breach does not hide the next. */
export async function runContract(bridge: Bridge, { changes }: { changes: boolean }): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const law of LAWS) {
    if (law.changes && !changes) continue;
    try {
      await law.run(bridge);
      outcomes.push({ name: law.name, breach: null });
    } catch (thrown) {
      const problem = thrown as { message?: string; code?: string };
      outcomes.push({ name: law.name, breach: `${problem.code ? `${problem.code}: ` : ''}${problem.message ?? String(thrown)}` });
    }
  }
  return outcomes;
}
