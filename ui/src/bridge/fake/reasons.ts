// The controlled reasons per kind of decision, as the window gets them.
import type { ReasonCodeName } from '../bindings/ReasonCodeName';
import type { ReasonView } from '../bindings/ReasonView';

const reason = (code: ReasonCodeName, words: string, needs_text = false): ReasonView => ({ code, words, needs_text });
const OTHER = reason('other', 'Another reason', true);

/** By kind of decision. */
export const REASONS: Record<'approve' | 'override' | 'reject' | 'request_changes', ReasonView[]> = {
  approve: [
    reason('evidence_convincing', 'The evidence is convincing'),
    reason('within_plan', 'Within the agreed plan'),
    reason('seasonal_opportunity', 'A seasonal opportunity worth taking'),
    OTHER,
  ],
  override: [
    reason('budget_headroom', 'Not enough budget headroom for the full change', true),
    reason('confidence_too_low', 'The prediction is not certain enough for the full change', true),
    reason('pacing_risk', 'The full change would upset pacing', true),
    OTHER,
  ],
  reject: [
    reason('not_convincing', 'The evidence is not convincing'),
    reason('over_budget', 'There is no budget for it'),
    reason('brand_or_legal', 'A brand or legal concern', true),
    reason('wrong_time', 'The wrong time'),
    OTHER,
  ],
  request_changes: [
    reason('smaller_change', 'Propose a smaller change', true),
    reason('more_evidence', 'More evidence is needed', true),
    OTHER,
  ],
};

/** The reasons of a kind; none for a kind that there is not. */
export function reasonsOf(kind: string): ReasonView[] {
  return kind in REASONS ? REASONS[kind as keyof typeof REASONS] : [];
}

/** A reason in English words. */
export function reasonWords(kind: string, code: string): string {
  return reasonsOf(kind).find((one) => one.code === code)?.words ?? code;
}
