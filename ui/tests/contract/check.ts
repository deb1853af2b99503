// The little that the contract needs to say what went wrong; it runs in the real window too,
// where no test library is.
import { PROBLEM_CODES, REFUSALS } from '../../src/bridge/bindings/codes';
import type { ProblemView } from '../../src/bridge/types';

/** What the bridge did was not what it must do. */
export class Breach extends Error {}

/** Fails with words unless `holds`. */
export function must(holds: boolean, words: string): asserts holds {
  if (!holds) throw new Breach(words);
}

/** Fails unless both are the same as JSON. */
export function same(found: unknown, wanted: unknown, words: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  must(a === b, `${words}: found ${a.slice(0, 300)}, wanted ${b.slice(0, 300)}`);
}

/** The problem that a call is refused with; fails when it is not refused, or with something else. */
export async function refused(call: Promise<unknown>, words: string): Promise<ProblemView> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (thrown) {
    const problem = thrown as Partial<ProblemView> | null;
    must(typeof problem?.code === 'string' && /^[a-z_]+$/.test(problem.code), `${words}: refused with ${JSON.stringify(thrown)} in place of a problem with a code`);
    must(([...PROBLEM_CODES, ...REFUSALS] as readonly string[]).includes(problem.code), `${words}: the code ${problem.code} is in no list`);
    must(typeof problem.message === 'string' && problem.message !== '', `${words}: a problem without words`);
    must(Array.isArray(problem.hints), `${words}: a problem without a list of hints`);
    must(typeof problem.values === 'object' && problem.values !== null, `${words}: a problem without values`);
    return problem as ProblemView;
  }
  throw new Breach(`${words}: not refused, but answered ${JSON.stringify(answer)?.slice(0, 200)}`);
}
