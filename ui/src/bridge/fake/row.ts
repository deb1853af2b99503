// A case as one row of the inbox, and the words by which it is found.
import type { CaseView } from '../bindings/CaseView';
import type { InboxRow } from '../bindings/InboxRow';
import { createdAt, endingOf, entityOf, rolesOf } from './case';
import { budgetOf } from './change';
import { money } from './money';
import type { Plan } from './plans';
import { HOLDERS } from './people';

/** The row of an opened case. */
export function rowOf(view: CaseView): InboxRow {
  const change = view.effective ?? view.change;
  return {
    proposal: view.proposal,
    campaign: view.change.campaign,
    part: view.change.part,
    entity: view.change.entity,
    kind: change.kind,
    diff: change.diff,
    why: view.takes_back?.text ?? view.draft?.trigger ?? '',
    takes_back: view.takes_back?.proposal ?? null,
    state: view.state,
    risk_tier: view.verdict.risk_tier,
    waiting_for: view.state === 'deciding' ? view.signers.filter((signer) => signer.signed_by.length < signer.minimum).map((signer) => signer.role) : [],
    held_up_since_ms: view.held_up?.since_ms ?? null,
    needs_me: view.state === 'deciding' && view.my_options.blocked_because === null && view.my_options.roles.length > 0,
    decide_by_ms: view.decide_by_ms,
    created_at_ms: view.created_at_ms,
    changed_at_ms: Math.max(view.created_at_ms, ...view.timeline.map((entry) => entry.at_ms), ...view.decisions.map((made) => made.signed_at_ms)),
    snoozed_until_ms: view.snoozed_until_ms,
    overridden: view.decisions.some((made) => made.kind === 'override'),
    batch_class: view.batch_class,
    evidence_complete: view.evidence.complete,
    open_question: view.thread.open_questions > 0,
    ending: view.ending?.status ?? null,
    to_check: view.to_check,
    my_delivery: view.decisions.findLast((made) => made.mine)?.delivery ?? null,
  };
}

/** How a generated plan's execution ended; those are of one thing. */
function endingOfRow(plan: Plan): Pick<InboxRow, 'ending' | 'to_check'> {
  const { ending, to_check } = endingOf(plan, { diff: [] });
  return { ending: ending?.status ?? null, to_check };
}

/** The row of a generated plan, without making its case: equal to the row of its case. */
export function rowOfBulk(plan: Plan, nowMs: number): InboxRow {
  const created = createdAt(plan, nowMs);
  const { diff } = budgetOf(money(plan.before, plan.currency), money(plan.effective ?? plan.after, plan.currency));
  const decided = plan.decisions ?? [];
  return {
    proposal: plan.id,
    campaign: plan.campaign,
    part: null,
    entity: entityOf(plan),
    kind: 'budget_change',
    diff,
    why: plan.trigger,
    takes_back: null,
    state: plan.state,
    risk_tier: plan.tier ?? 'medium',
    waiting_for: plan.state === 'deciding' ? rolesOf(plan) : [],
    held_up_since_ms: plan.heldUp === undefined ? null : created + plan.heldUp.after * 60_000,
    needs_me: plan.state === 'deciding' && plan.blocked === undefined && rolesOf(plan).includes('finance'),
    decide_by_ms: nowMs + plan.decideBy * 60_000,
    created_at_ms: created,
    changed_at_ms: Math.max(created + (plan.log.length - 1) * 60_000 + (plan.log.length > 1 ? 4_000 : 0), ...decided.map((_, index) => Math.min(created + (index + 2) * 60_000, created + 300_000 + index))),
    snoozed_until_ms: null,
    overridden: false,
    batch_class: plan.batchClass ?? null,
    evidence_complete: (plan.missing ?? []).length === 0,
    open_question: plan.question ?? false,
    ...endingOfRow(plan),
    my_delivery: null,
  };
}

/** What a search by field sees. */
export type Texts = Record<'entity' | 'approver' | 'reason' | 'rule' | 'model' | 'agent' | 'text', string>;

/** The texts of an opened case. */
export function textsOf(view: CaseView): Texts {
  return lower({
    entity: `${view.change.campaign} ${view.change.entity}`,
    approver: [...view.signers.flatMap((signer) => signer.eligible), ...view.decisions.map((made) => made.person), view.draft?.initiator.owner ?? view.takes_back?.person].join(' '),
    reason: view.decisions.map((made) => `${made.reason_code} ${made.reason} ${made.text}`).join(' '),
    rule: view.verdict.flags.map((flag) => `${flag.rule} ${flag.words}`).join(' '),
    model: view.draft ? `${view.draft.model.id} ${view.draft.model.version}` : '',
    agent: view.draft?.initiator.agent ?? '',
    text: `${view.draft ? `${view.draft.rationale} ${view.draft.trigger}` : `rollback ${view.takes_back?.text ?? ''}`} ${view.proposal}`,
  });
}

/** The texts of a generated plan; enough to find it by. */
export function textsOfBulk(plan: Plan): Texts {
  return lower({
    entity: `${plan.campaign} ${entityOf(plan)}`,
    approver: rolesOf(plan).flatMap((role) => HOLDERS[role] ?? []).join(' '),
    reason: (plan.decisions ?? []).map((made) => made.reason_code).join(' '),
    rule: '',
    model: 'pacing-response 2026.11.2',
    agent: 'budget-agent',
    text: `${plan.trigger} ${plan.id}`,
  });
}

function lower(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text.toLowerCase()])) as Texts;
}
