// A case to practise on: the real case and sheets, and nothing is stored or sent.
import type { PracticeTopic } from '../bindings/PracticeTopic';
import { opening, proposalId, type Plan } from './plans';
import { OPS } from './people';

/** The practice plans. */
export const PRACTICE: Record<PracticeTopic, Plan> = {
  raise: {
    id: proposalId(0),
    campaign: 'practice_campaign', before: 100, after: 125, state: 'deciding', decideBy: 30, tier: 'medium', window: true, roles: ['ops', 'finance'],
    trigger: 'A made-up sale begins tomorrow.',
    decisions: [{ person: OPS, role: 'ops', reason_code: 'seasonal_opportunity', text: 'Invented for practice.' }],
    log: opening(125),
    practice: true,
  },
  pause: {
    id: proposalId(999_999),
    campaign: 'practice_campaign', kind: 'status_change', before: 100, after: 0, state: 'deciding', decideBy: 30, tier: 'low', roles: ['finance'],
    trigger: 'The made-up landing page has not answered for an hour.',
    log: opening(0, 1),
    practice: true,
  },
};
