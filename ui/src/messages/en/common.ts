// English: words that every screen shares: states, time, risk, roles, delivery, the log.
import type { EntryKind } from '../../bridge/types';
import type { RiskTierName } from '../../bridge/bindings/RiskTierName';
import type { ProblemCode } from '../../bridge/bindings/codes';
import { pluralOf } from '../plural';

const plural = pluralOf('en');

const ROLES: Record<string, string> = {
  ops: 'operations',
  finance: 'finance',
  legal: 'legal',
  brand: 'brand',
  marketing: 'marketing',
  cfo: 'chief financial officer',
  finance_head: 'head of finance',
  marketing_head: 'head of marketing',
  channel_owner: 'channel owner',
  owner: 'owner',
};

/** A role's name; one without words keeps its own. */
export const sayRole = (role: string): string => ROLES[role] ?? role.replaceAll('_', ' ');

export const common = {
  app: {
    name: 'Countersign',
    loading: 'Opening the store on this device',
    roles: (roles: string) => `, ${roles}`,
    whatToDo: 'What you can do',
    unexpected: 'Something unexpected happened. Nothing was signed.',
    tryAgain: 'Try again',
    dismiss: 'Dismiss',
    close: 'Close',
    cancel: 'Cancel',
    back: 'Back to the list',
    skip: 'Skip to the content',
    inbox: 'Inbox',
    case: 'Case',
    stillLoading: 'Still reading',
  },
  state: {
    deciding: 'Deciding',
    authorized: 'Authorised',
    executed: 'Executed',
    not_applied: 'Not applied',
    rejected: 'Rejected',
    sent_back: 'Sent back',
    expired: 'Expired',
    superseded: 'Superseded',
    blocked: 'Blocked',
  },
  stateMeaning: {
    deciding: 'Waiting for people to decide.',
    authorized: 'All signatures are there; the gate is about to change the platform.',
    executed: 'The platform was changed and read back.',
    not_applied: 'The platform does not hold the authorised value; the record says why.',
    rejected: 'A person rejected it. Nothing was changed.',
    sent_back: 'It went back to the agent. Nothing was changed.',
    expired: 'Nobody decided in time. Nothing was changed.',
    superseded: 'Another change moved this campaign first. Nothing was changed.',
    blocked: 'Policy refused it. Nothing was changed.',
  },
  time: {
    left: (span: string) => `${span} left`,
    overdue: (span: string) => `${span} overdue`,
    ago: (span: string) => `${span} ago`,
    in: (span: string) => `in ${span}`,
    decideBy: (moment: string) => `Decide by ${moment}`,
    accountZone: (moment: string) => `${moment} for the account`,
    unknownZone: (moment: string, zone: string) => `${moment} (the time zone \u2068${zone}\u2069 is not known here)`,
  },
  risk: { low: 'Low risk', medium: 'Medium risk', high: 'High risk' } as Record<RiskTierName, string>,
  riskShort: { low: 'low', medium: 'medium', high: 'high' } as Record<RiskTierName, string>,
  role: sayRole,
  and: (roles: string[]) => new Intl.ListFormat('en').format(roles.map(sayRole)),
  delivery: {
    held: 'Signed and held on this device; it can still be recalled.',
    heldOffline: 'Signed and held on this device until it is online.',
    signed_on_this_device: 'Signed on this device and being sent.',
    delivered_to_relay: 'Delivered to the relay.',
    accepted_by_gate: 'Accepted by the gate.',
    executed: 'Executed.',
    recalled: 'Recalled before it was sent.',
    refused: (why: string) => `Refused: ${why}`,
  },
  deliveryShort: {
    held: 'held',
    signed_on_this_device: 'being sent',
    delivered_to_relay: 'at the relay',
    accepted_by_gate: 'accepted',
    executed: 'executed',
    recalled: 'recalled',
    refused: 'refused',
  } as Record<string, string>,
  connection: {
    online: 'Online',
    offline: 'Offline',
    checked: (ago: string) => `log checked ${ago} ago`,
    unchecked: 'log not checked yet',
    unsent: (signatures: number) =>
      plural(signatures, { one: '1 signature unsent', other: `${signatures} signatures unsent` }),
    held: (signatures: number) => `${signatures} held`,
    unsentShort: (signatures: number) => `${signatures} unsent`,
    allSent: 'nothing unsent',
    contact: (moment: string) => `Last contact ${moment}.`,
    noContact: 'No contact yet.',
    head: (size: string, root: string) => `Checkpoint of ${size} entries, root ${root}.`,
    fault: 'Sync has stopped because something is wrong',
    skew: (span: string, ahead: boolean) =>
      `This device’s clock is ${span} ${ahead ? 'ahead' : 'behind'}. Set it before you sign.`,
    evidenceMissing: (cases: number) =>
      plural(cases, {
        one: 'Evidence for 1 case that needs you is not on this device.',
        other: `Evidence for ${cases} cases that need you is not on this device.`,
      }),
  },
  problem: {
    keychain: 'The keychain cannot be used',
    store: 'The store on this device cannot be opened',
    nothingLost: 'Nothing was deleted or replaced.',
  },
  logActions: {
    roster_accepted: 'Roster accepted',
    proposal_received: 'Proposal received',
    draft_refused: 'Draft refused',
    verdict_issued: 'Policy evaluated',
    decision_accepted: 'Decision accepted',
    decision_refused: 'Decision refused',
    change_authorized: 'Change authorised',
    execution_intended: 'Execution intended',
    execution_waiting: 'Execution waiting',
    execution_finished: 'Execution finished',
    case_rejected: 'Case rejected',
    changes_requested: 'Sent back to the agent',
    case_expired: 'Case expired',
    deadline_passed: 'Deadline passed',
    case_superseded: 'Case superseded',
    rung_climbed: 'Next role notified',
    work_stopped: 'Work stopped',
    resume_asked: 'Resume requested',
    work_resumed: 'Work resumed',
    prompt_read: 'Prompt read',
    control_refused: 'Stop or resume refused',
    policy_published: 'Policy published',
    content_refused: 'Unsigned content refused',
    clock_corrected: 'Clock corrected',
  } satisfies Record<EntryKind, string>,
  /** Problems by code; where one is missing, Rust's English is shown. */
  problems: {} as Partial<Record<ProblemCode, { message: string; hints?: string[] }>>,
};
