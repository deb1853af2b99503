// What an entry's facts say, in words; a code without words stays a code.
import type { ProblemCode } from '../bridge/bindings/codes';
import type { ValueView } from '../bridge/bindings/ValueView';
import type { FactView } from '../bridge/types';
import { sayValue } from '../lib/diff';
import { sayProblem, sayReason } from '../lib/say';
import { words } from '../messages';

/** The value in question, then the useful facts first. */
export function sayFacts({ value: held, facts }: { value: ValueView | null; facts: readonly FactView[] }): string[] {
  const of = (key: string): string | undefined => facts.find((fact) => fact.key === key)?.value;
  const say: Record<string, (value: string) => string> = {
    decision: (value) => words.logbook.facts.decision[value] ?? value,
    status: (value) => words.logbook.facts.status[value] ?? value.replaceAll('_', ' '),
    role: (value) => words.logbook.facts.as(words.role(value)),
    factor: (value) => words.logbook.facts.factor[value] ?? value,
    reason: (value) => sayReason(value, value.replaceAll('_', ' ')),
    refusal: (value) => words.logbook.facts.refusal(sayProblem({ code: value as ProblemCode, message: value.replaceAll('_', ' '), hints: [], values: {} }).message),
    signatures: (value) => words.logbook.facts.signatures(Number(value)),
    flags: (value) => words.logbook.facts.flags(Number(value)),
    policy: (value) => words.logbook.facts.policy(value),
    told: (value) => words.logbook.facts.told(words.role(value)),
    model: (value) => words.logbook.facts.model(value),
    of: (value) => words.logbook.facts.of(value),
    account: (value) => words.logbook.facts.account(value),
    credential: (value) => words.logbook.facts.credential(value),
    code: (value) => value,
  };
  const said = Object.entries(say).flatMap(([key, inWords]) => {
    const value = of(key);
    return value === undefined ? [] : [inWords(value)];
  });
  return held ? [sayValue(held), ...said] : said;
}
