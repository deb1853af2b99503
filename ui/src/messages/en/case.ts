// English: the open case and its sheets.
import { quoted } from '../../lib/quoted';
import type { AmountFault } from '../../lib/money';
import { sayRole } from './common';

export const caseWords = {
  diff: {
    kinds: {
      budget_change: 'Budget change',
      status_change: 'Pause or run',
    },
    fields: {
      daily_budget: {
        label: 'Daily budget',
        holding: (amount: string) => `${amount} a day`,
        heard: (from: string, to: string) => `${from} to ${to} a day`,
        sentence: (from: string, to: string, percent: string) => `Daily budget from ${from} to ${to} a day${percent}.`,
      },
      status: {
        label: 'Campaign',
        holding: (state: string) => `the campaign ${state}`,
        heard: (from: string, to: string) => `from ${from} to ${to}`,
        sentence: (from: string, to: string) => `The campaign from ${from} to ${to}.`,
      },
    },
    states: { enabled: 'running', paused: 'paused', ended: 'ended', removed: 'removed', unknown: 'in an unknown state' },
    maySpend: 'May spend',
    perDay: 'a day',
    sentencePercent: (ratio: string, up: boolean) => `, ${up ? 'plus' : 'minus'} ${ratio}`,
    atMost: 'At most in all',
    window: (from: string, to: string) => `${from} to ${to}`,
    noWindow: 'until further notice',
    worstCaseWindow: 'over the window',
    worstCaseMonth: 'in a month',
    status: {
      enabled: 'The campaign runs.',
      paused: 'The campaign was paused when this was proposed.',
      ended: 'The campaign had ended when this was proposed.',
      removed: 'The campaign was removed when this was proposed.',
      unknown: 'Whether the campaign runs is not known.',
    },
    shared: (campaigns: number) => `${campaigns} campaigns spend from this budget`,
    period: 'Period',
    effective: 'Under the signatures so far',
    effectiveDone: 'What was authorised',
    proposed: 'Proposed by the agent',
    openToo: (ids: number) =>
      ids === 1 ? 'Another case on this campaign is open.' : `${ids} other cases on this campaign are open.`,
  },
  figures: {
    lift: 'Predicted lift',
    interval: (low: string, high: string) => `between ${low} and ${high}`,
    confidence: 'Confidence',
    timeLeft: 'Time left',
  },
  signers: {
    title: 'Signatures',
    signedBy: (names: string) => `Signed by ${names}`,
    open: (minimum: number) => (minimum === 1 ? 'One signature needed' : `${minimum} signatures needed`),
    stillOpen: (missing: number) => (missing === 1 ? 'one more needed' : `${missing} more needed`),
    could: (names: string) => `Can sign: ${names}`,
  },
  flags: {
    none: 'No rule fired.',
    layer: (layer: string) => LAYERS[layer] ?? layer,
    outcome: (outcome: string) => OUTCOMES[outcome] ?? outcome,
    version: (version: string) => `Policy ${version}`,
    check: {
      pending: 'Not evaluated again on this device yet; the log has to arrive.',
      holds: 'Evaluated again on this device: the same verdict.',
      differs: 'This device comes to another result than the gate.',
    },
  },
  why: {
    trigger: 'Trigger',
    outcome: 'Likely outcome',
    intent: 'The campaign is for',
    modelVersion: (id: string, version: string) => `${id}, version ${version}`,
    initiator: 'Drafted by',
    initiatorWords: (agent: string, owner: string) => `${quoted(agent)}, answered for by ${quoted(owner)}`,
  },
  decisions: {
    none: 'Nobody has decided yet.',
    kind: {
      approve: 'Approved',
      override: 'Overridden',
      reject: 'Rejected',
      request_changes: 'Sent back',
    } as Record<string, string>,
    to: (value: string) => `to ${value}`,
    as: (role: string) => `as ${sayRole(role)}`,
    you: 'you',
    factor: (kind: string) => `second factor: ${FACTORS[kind] ?? kind}`,
    fingerprint: 'Fingerprint',
    checked: 'Signature checked on this device',
    unchecked: 'Signature could not be checked on this device',
  },
  heldUp: {
    by: {
      sign_in: 'The platform’s sign-in does not answer; nothing was changed.',
      quota: 'The platform asks for quiet; nothing was changed.',
      work_stopped: 'Work is stopped; nothing was changed.',
      platform: 'The platform cannot take it now; nothing was changed.',
    },
    since: (moment: string) => `Waiting since ${moment}.`,
    notBefore: (moment: string) => `Not tried before ${moment}.`,
    until: (moment: string) => `Tried again until ${moment}, when the signatures run out.`,
  },
  executed: {
    readBack: (value: string) => `The platform now holds ${value}, read back after the change.`,
    notApplied: (value: string) => `The platform holds ${value}, read back afterwards.`,
    requestId: 'Platform request',
  },
  timeline: {
    none: 'The gate has logged nothing about this case yet.',
    included: (size: string) => `included in checkpoint of ${size} entries, checked on this device`,
    notIncluded: 'not yet under a checkpoint that this device checked',
    entry: (seq: string) => `entry ${seq}`,
  },
  actions: {
    label: 'Decide',
    approve: 'Approve',
    override: 'Override',
    reject: 'Reject',
    request_changes: 'Send back',
  },
  sheet: {
    title: {
      approve: 'Approve this change',
      override: 'Override with your own value',
      reject: 'Reject this change',
      request_changes: 'Send back to the agent',
    },
    role: 'Sign as',
    reason: 'Reason',
    choose: 'Choose a reason',
    text: 'In your words',
    textOptional: 'In your words (if you like)',
    amount: (currency: string) => `New daily budget, ${currency}`,
    preview: (amount: string, percent: string, delta: string) =>
      `${amount} a day will be applied: ${percent}, ${delta} a day against now.`,
    previewNoPercent: (amount: string, delta: string) => `${amount} a day will be applied: ${delta} a day against now.`,
    outside: 'This goes beyond what was proposed. Signatures given for the proposal will not cover it.',
    code: 'Code from your authenticator',
    codeHint: 'Six digits',
    cancel: 'Cancel',
    next: 'Read what you will sign',
    nextKeys: 'Ctrl + Enter goes on',
    preparing: 'Preparing',
    needReason: 'Choose a reason from the list.',
    needText: 'This reason needs a few words of your own.',
    needCode: 'Enter the six digits that your authenticator shows now.',
    limits: (least: string, step: string) => `The ad platform takes amounts from ${least} a day, in steps of ${step}.`,
    amountFault: {
      empty: 'Enter the new daily budget.',
      form: 'Write the amount with digits and at most one point, for example 552.50.',
      too_fine: 'This currency has fewer decimals.',
      zero: 'The daily budget must be more than zero.',
      too_large: 'This amount is too large.',
    } satisfies Record<AmountFault, string>,
  },
  confirm: {
    digest: 'SHA-256',
    fingerprint: 'Fingerprint',
    sign: 'Sign',
    signKeys: 'Ctrl + Enter signs',
    signing: 'Signing',
    back: 'Do not sign',
    goodUntil: (moment: string) => `Good until ${moment}.`,
    stale: 'This sheet is out of date. Go back and open it again.',
  },
};

const LAYERS: Record<string, string> = {
  protocol: 'Protocol rule',
  corporate: 'Company rule',
  brand: 'Brand rule',
  campaign: 'Campaign rule',
};

const OUTCOMES: Record<string, string> = {
  allow: 'Allows',
  escalate: 'Asks for people',
  hold: 'Holds',
  block: 'Blocks',
};

const FACTORS: Record<string, string> = { totp: 'authenticator code' };
