// The log before the cases of today: half a year of rosters, proposals and decisions whose
// cases are no longer on this device.
import type { LogRowView } from '../bindings/LogRowView';
import type { EntryKind } from '../bindings/codes';
import { bulkPlan } from './bulk';
import { money } from './money';
import { ME, OPS } from './people';
import { facts, proposalId } from './plans';
import { actorKind } from './timeline';

const HOUR = 3_600_000;
const CASES = 60;

/** Rows that end an hour before `untilMs`, oldest first. */
export function pastRows(untilMs: number): LogRowView[] {
  const rows: LogRowView[] = [];
  const add = (hours: number, action: EntryKind, actor: string, named: Record<string, string>, about: string | null, amount: number | null): void => {
    rows.push({
      seq: 0, at_ms: untilMs - hours * HOUR, action, actor_kind: actorKind(actor), actor, proposal: about, campaign: null,
      facts: facts(named), value: amount === null ? null : { type: 'money', ...money(amount) },
    });
  };
  add(CASES * 60 + 1, 'roster_accepted', 'Gate', {}, null, null);
  for (let index = 0; index < CASES; index += 1) {
    const plan = bulkPlan(500 + index);
    const hours = (CASES - index) * 60;
    const about = proposalId(20_000 + index);
    add(hours, 'proposal_received', 'budget-agent', { model: 'pacing-response' }, about, plan.after);
    add(hours - 0.1, 'verdict_issued', 'Gate', { flags: '1', policy: '2026-10-02.3' }, about, null);
    add(hours - 1, 'decision_accepted', index % 3 === 0 ? ME : OPS, { decision: index % 7 === 0 ? 'reject' : 'approve', role: index % 3 === 0 ? 'finance' : 'ops', reason: 'within_plan' }, about, null);
    if (index % 7 === 0) {
      add(hours - 1.1, 'case_rejected', OPS, { role: 'ops', reason: 'over_budget' }, about, null);
      continue;
    }
    add(hours - 1.1, 'change_authorized', 'Gate', { signatures: '1' }, about, plan.after);
    add(hours - 1.2, 'execution_intended', 'Gate', {}, about, plan.after);
    add(hours - 1.3, 'execution_finished', 'Gate', { status: 'applied' }, about, plan.after);
  }
  add(31, 'work_stopped', OPS, { role: 'ops' }, null, null);
  add(30, 'resume_asked', OPS, { role: 'ops' }, null, null);
  add(29.5, 'work_resumed', 'Samuel Okafor', { role: 'legal' }, null, null);
  add(28, 'prompt_read', 'Samuel Okafor', { role: 'legal' }, proposalId(20_050), null);
  return rows;
}
