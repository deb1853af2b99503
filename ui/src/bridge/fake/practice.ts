// A case to practise on: the real case and sheets, and nothing is stored or sent.
import { opening, proposalId, type Plan } from './plans';
import { OPS } from './people';

/** The practice plan. */
export const PRACTICE: Plan = {
  id: proposalId(0),
  campaign: 'practice_campaign', before: 100, after: 125, state: 'deciding', decideBy: 30, tier: 'medium', window: true, roles: ['ops', 'finance'],
  trigger: 'A made-up sale begins tomorrow.',
  decisions: [{ person: OPS, role: 'ops', reason_code: 'seasonal_opportunity', text: 'Invented for practice.' }],
  log: opening(125),
  practice: true,
};
