// What several parts of a case say alike.
import type { CaseView } from '../bridge/bindings/CaseView';
import type { FlagView } from '../bridge/bindings/FlagView';
import type { MoneyView } from '../bridge/bindings/MoneyView';
import type { RequestedView } from '../bridge/bindings/RequestedView';
import type { RungView } from '../bridge/bindings/RungView';
import { money } from '../lib/format';
import { namesOf } from '../lib/quoted';
import { words } from '../messages';

const STRICT = ['block', 'hold', 'escalate', 'allow'];

/** Rules, the strictest first, otherwise as they came. */
export function strictestFirst(flags: FlagView[]): FlagView[] {
  const rank = (flag: FlagView): number => {
    const found = STRICT.indexOf(flag.outcome);
    return found < 0 ? STRICT.length : found;
  };
  return flags.map((flag, index) => ({ flag, index })).sort((a, b) => rank(a.flag) - rank(b.flag) || a.index - b.index).map(({ flag }) => flag);
}

/** The first rung that nobody has climbed yet. */
export function nextRung(ladder: RungView[]): RungView | null {
  return ladder.find((rung) => !rung.climbed) ?? null;
}

/** A few names, then how many more. */
export function fewNames(names: string[], max = 3): string {
  const shown = namesOf(names.slice(0, max));
  return names.length > max ? `${shown} ${words.dossier.signing.moreNames(names.length - max)}` : shown;
}

/** What was asked of the agent, as words. */
export function asked(requested: RequestedView, currency: string): string[] {
  const parts: string[] = [];
  if (requested.max_after_micros !== null) parts.push(words.dossier.asked.amount(money({ amount_micros: requested.max_after_micros, currency })));
  if (requested.max_days !== null) parts.push(words.dossier.asked.days(requested.max_days));
  if (requested.texts) parts.push(words.dossier.asked.texts);
  for (const piece of requested.evidence) parts.push(words.dossier.asked.evidence[piece] ?? piece);
  return parts;
}

/** The evidence that is not on this device, as words. */
export function missingEvidence(evidence: CaseView['evidence']): string {
  const kinds = [...new Set(evidence.pieces.filter((piece) => !piece.on_device).map((piece) => words.dossier.evidence.kind[piece.kind] ?? piece.kind))];
  return words.dossier.list(kinds);
}

/** `a + b` of one currency. */
export const sum = (a: MoneyView, b: MoneyView): MoneyView => ({
  amount_micros: (BigInt(a.amount_micros) + BigInt(b.amount_micros)).toString(),
  currency: a.currency,
});

/** Words in a text, for saying how long it is. */
export const wordCount = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;
