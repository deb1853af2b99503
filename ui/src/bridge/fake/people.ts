// Who is in the workspace: the roster as the fake's window shows it.
import type { PeopleView } from '../bindings/PeopleView';
import type { PersonRef } from '../bindings/PersonRef';
import type { PersonView } from '../bindings/PersonView';
import type { WorkspaceView } from '../bindings/WorkspaceView';
import { sixWords } from './random';

const DAY = 86_400_000;

/** The person at this device. */
export const ME = 'Ines Ferreira';
/** Who signs for operations. */
export const OPS = 'Jonas Weber';
/** Who answers for the agents. */
export const OWNER = 'Mara Lind';

/** Ids of everybody, by name. */
export const PERSON_ID: Record<string, string> = {
  [ME]: '0193a1b2-0000-7000-8000-000000000102',
  [OPS]: '0193a1b2-0000-7000-8000-000000000103',
  'Aiko Tanaka': '0193a1b2-0000-7000-8000-000000000104',
  [OWNER]: '0193a1b2-0000-7000-8000-000000000105',
  'Samuel Okafor': '0193a1b2-0000-7000-8000-000000000106',
  'Ruth Kaplan': '0193a1b2-0000-7000-8000-000000000107',
};

/** Who holds a role. */
export const HOLDERS: Record<string, string[]> = {
  ops: [OPS, 'Aiko Tanaka'],
  finance: [ME, 'Ruth Kaplan'],
  legal: ['Samuel Okafor'],
  cfo: ['Ruth Kaplan'],
};

/** Person ids with names. */
export function personRefs(): PersonRef[] {
  return Object.entries(PERSON_ID).map(([name, id]) => ({ id, name }));
}

/** The name of a person id. */
export function nameOf(id: string): string {
  return personRefs().find((person) => person.id === id)?.name ?? 'someone not on the roster';
}

/** The workspace of this device. */
export const WORKSPACE: WorkspaceView = {
  workspace: '0193a1b2-0000-7000-8000-000000000001',
  name: 'Northwind Outdoor',
  person: PERSON_ID[ME] as string,
  person_name: ME,
  roles: ['finance'],
  device: '0193a1b2-0000-7000-8000-000000000201',
  fingerprint: ['lunar', 'basket', 'tilt', 'warm', 'exhibit', 'cabin'],
  root_words: ['harbor', 'violin', 'eager', 'stone', 'pulse', 'meadow'],
};

/** The roster in force. */
export function people(nowMs: number): PeopleView {
  return {
    version: 7,
    issued_at_ms: nowMs - 12 * DAY,
    expires_at_ms: nowMs + 78 * DAY,
    root_keys: 3,
    root_threshold: 2,
    gate_fingerprint: sixWords('gate'),
    root_words: WORKSPACE.root_words,
    people: Object.keys(PERSON_ID).map((name, index) => person(name, index, nowMs)),
    agents: [
      { id: '0193a1b2-0000-7000-8000-000000000301', name: 'budget-agent', owner: OWNER },
      { id: '0193a1b2-0000-7000-8000-000000000302', name: 'pacing-agent', owner: OWNER },
    ],
  };
}

function person(name: string, index: number, nowMs: number): PersonView {
  const roles = Object.entries(HOLDERS).filter(([, holders]) => holders.includes(name)).map(([role]) => role);
  const own = name === ME;
  const device = (number: number, revokedAgo: number | null): PersonView['devices'][number] => ({
    id: `0193a1b2-0000-7000-8000-0000000002${String(index * 10 + number).padStart(2, '0')}`,
    fingerprint: own && number === 1 ? WORKSPACE.fingerprint : sixWords(`${name} ${number}`),
    this_device: own && number === 1,
    enrolled_at_ms: nowMs - (240 - index * 19 - number * 30) * DAY,
    revoked_at_ms: revokedAgo === null ? null : nowMs - revokedAgo * DAY,
  });
  return {
    id: PERSON_ID[name] as string,
    name,
    me: own,
    roles,
    factors: roles.length > 0 ? ['totp'] : [],
    devices: own ? [{ ...device(1, null), id: WORKSPACE.device }, device(0, 61)] : name === OWNER ? [] : [device(1, null)],
  };
}
