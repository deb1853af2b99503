// The log entries of a case, as its timeline shows them. The log explorer numbers the same
// entries again, over all cases.
import type { ActorKindName } from '../bindings/ActorKindName';
import type { TimelineView } from '../bindings/TimelineView';
import { valueAt } from './change';
import { money } from './money';
import { facts, type Plan } from './plans';
import { digestOf, seedOf } from './random';

const MINUTE = 60_000;

/** Person, agent or gate, by the name. */
export function actorKind(actor: string): ActorKindName {
  if (actor === 'Gate') return 'gate';
  return actor.endsWith('-agent') ? 'agent' : 'person';
}

/** The entries of a plan; the newest of a case that is being applied has no checkpoint yet. */
export function timeline(plan: Plan, created: number): TimelineView[] {
  const first = 400 + (seedOf(plan.id) % 800);
  return plan.log.map(([action, actor, named, amount], position) => ({
    seq: first + position * 3,
    at_ms: created + position * MINUTE + (position === 0 ? 0 : 4_000),
    action,
    actor_kind: actorKind(actor),
    actor,
    facts: facts(named),
    value: amount === undefined ? null : valueAt(plan.kind ?? 'budget_change', money(amount, plan.currency)),
    request_ids: action === 'execution_finished' ? ['emu-7f3a91c2e5d04b18'] : [],
    included_in: plan.state === 'authorized' && action === 'execution_intended' ? null : 1_284,
    leaf: digestOf(`${plan.id} ${position}`),
  }));
}
