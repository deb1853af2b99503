// Days to look at, by name: `?scenario=offline`.
import type { ConnectionView } from '../bindings/ConnectionView';
import type { HaltView } from '../bindings/HaltView';
import { BAD_PLANS } from './bad';
import { RUNNING, stoppedByOps } from './halt';
import type { Damage } from './log';
import { AD_PLANS, BID_PLANS, FLIGHT_PLANS, LATE, PLANS, ROLLBACK_PLANS, SET_PLANS, STATUS_PLANS, TRANSFER_PLANS, type Plan } from './plans';
import { problem } from './problem';

/** How the workspace starts. */
export type Start = 'ready' | 'not_enrolled' | 'request_made' | 'keychain_problem' | 'store_problem';

/** What a scenario sets; everything else is the default day. */
export interface Scenario {
  start: Start;
  plans: Plan[];
  online: boolean;
  /** Sign these before the window opens; they stay held. */
  signed: string[];
  connection: Partial<ConnectionView>;
  halt: HaltView;
  damage: Damage;
  /** Generated cases besides the plans. */
  bulk: number;
  practised: boolean;
}

/** The names. */
export const SCENARIOS = [
  'day', 'offline', 'empty', 'keychain', 'store', 'not_enrolled', 'request_made', 'unpractised', 'stopped', 'late', 'bad',
  'history', 'huge', 'status', 'flights', 'transfers', 'bids', 'ads', 'rollbacks', 'sets', 'fork', 'skew', 'altered', 'missing',
] as const;

/** A name. */
export type ScenarioName = (typeof SCENARIOS)[number];

/** A scenario by its name. */
export function scenario(name: ScenarioName, nowMs: number): Scenario {
  const day: Scenario = { start: 'ready', plans: PLANS, online: true, signed: [], connection: {}, halt: RUNNING, damage: null, bulk: 0, practised: true };
  switch (name) {
    case 'day': return day;
    case 'offline': return { ...day, online: false, signed: [PLANS[2]?.id ?? '', PLANS[3]?.id ?? ''], connection: { evidence_missing: 1 } };
    case 'empty': return { ...day, plans: [] };
    case 'keychain': return { ...day, start: 'keychain_problem' };
    case 'store': return { ...day, start: 'store_problem' };
    case 'not_enrolled': return { ...day, start: 'not_enrolled', practised: false };
    case 'request_made': return { ...day, start: 'request_made', practised: false };
    case 'unpractised': return { ...day, practised: false };
    case 'stopped': return { ...day, halt: stoppedByOps(nowMs) };
    case 'late': return { ...day, plans: [LATE, ...PLANS] };
    case 'flights': return { ...day, plans: FLIGHT_PLANS };
    case 'transfers': return { ...day, plans: TRANSFER_PLANS };
    case 'ads': return { ...day, plans: AD_PLANS };
    case 'bids': return { ...day, plans: BID_PLANS };
    case 'rollbacks': return { ...day, plans: ROLLBACK_PLANS };
    case 'sets': return { ...day, plans: SET_PLANS };
    case 'status': return { ...day, plans: STATUS_PLANS };
    case 'bad': return { ...day, plans: BAD_PLANS };
    case 'history': return { ...day, bulk: 160 };
    case 'huge': return { ...day, bulk: 100_000 };
    case 'fork': return { ...day, connection: { fault: problem('log_fault', 'The signed root over 318 entries is not the root of the entries that came.', ['What was verified before is still valid and can be decided on.', "Show this to an administrator; compare the checkpoint with a colleague's."]) } };
    case 'skew': return { ...day, connection: { clock_skew_ms: 412_000 } };
    case 'altered': return { ...day, damage: 'altered' };
    case 'missing': return { ...day, damage: 'missing' };
  }
}
