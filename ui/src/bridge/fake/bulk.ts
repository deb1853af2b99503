// As many generated cases as asked for: the n-th plan depends on n alone, and its view is
// made only when it is opened.
import type { CaseState } from '../bindings/CaseState';
import { between, pick, seeded } from './random';
import { opening, proposalId, type Plan } from './plans';
import { OPS } from './people';

const FAMILIES = ['brand_always_on', 'spring_promo', 'lookalike_conversions', 'niche_interest', 'video_product_launch', 'flash_sale_burst', 'broad_prospecting'];
const MARKETS = ['de', 'fr', 'it', 'nl', 'pl', 'us', 'ca', 'jp'];
const TRIGGERS = [
  'Conversion rate above its band for seven days.',
  'Frequency passed five; reach is saturated.',
  'Search demand rose a quarter on the week.',
  'Pacing is behind plan by a tenth.',
  'Cost per conversion fell under its target.',
];
/** Most of a long history is settled. */
const SETTLED: CaseState[] = ['executed', 'executed', 'executed', 'executed', 'rejected', 'sent_back', 'expired', 'superseded', 'not_applied'];
const FIRST_BULK = 10_000;

/** The plan of generated case `index`, from 0. */
export function bulkPlan(index: number): Plan {
  const random = seeded(index + 1);
  const open = index % 40 === 0;
  const campaign = `${pick(random, FAMILIES)}_${pick(random, MARKETS)}`;
  const before = between(random, 20, 900);
  const after = Math.round(before * (0.8 + random() * 0.55) * 100) / 100;
  const state = open ? 'deciding' : pick(random, SETTLED);
  const mine = open && random() < 0.3;
  const tier = after < before ? 'low' : after > before * 1.15 ? 'high' : 'medium';
  const roles = mine ? ['finance'] : ['ops'];
  const done = state === 'executed' || state === 'not_applied';
  return {
    id: proposalId(FIRST_BULK + index), campaign, before, after, state, tier, roles,
    trigger: pick(random, TRIGGERS),
    decideBy: open ? between(random, 30, 2_880) : -between(random, 60, 130_000),
    ...(mine || !open ? {} : { blocked: 'no_role' }),
    ...(done ? { effective: after, readBack: state === 'executed' ? after : before, decisions: [{ person: OPS, role: 'ops', reason_code: 'within_plan' }] } : {}),
    log: opening(after, 1),
  };
}
