// English: the open case and its sheets.
import type { FieldView } from '../../bridge/bindings/FieldView';
import type { InputKindName } from '../../bridge/bindings/InputKindName';
import type { RiskFactorsView } from '../../bridge/bindings/RiskFactorsView';
import { quoted } from '../../lib/quoted';
import type { AmountFault } from '../../lib/money';
import { sayRole } from './common';

/** What is said of a field. Values come as text, for the eye or for the ear. */
interface FieldWords {
  label: string;
  /** That it holds. `between` says from what to what, where the change is over several things. */
  holding(value: string, between: string): string;
  /** Inside of a sentence; `from` is empty where there was nothing. */
  heard(from: string, to: string, between: string): string;
  /** A sentence of its own; `by` is the relative change. */
  sentence(from: string, to: string, by: string, between: string): string;
}

export const caseWords = {
  diff: {
    kinds: {
      budget_change: 'Budget change',
      status_change: 'Campaign status',
      total_budget_change: 'Total budget',
      schedule_change: 'Flight',
      budget_transfer: 'Budget transfer',
      bid_change: 'Bid',
      creative_swap: 'Ad',
    },
    fields: {
      daily_budget: {
        label: 'Daily budget',
        holding: (amount: string) => `${amount} a day`,
        heard: (from: string, to: string) => `${from} to ${to} a day`,
        sentence: (from: string, to: string, percent: string) => `Daily budget from ${from} to ${to} a day${percent}.`,
      },
      total_budget: {
        label: 'Total budget',
        holding: (amount: string) => `${amount} over the whole flight`,
        heard: (from: string, to: string) => `${from} to ${to} over the whole flight`,
        sentence: (from: string, to: string, percent: string) => `Total budget of the flight from ${from} to ${to}${percent}.`,
      },
      flight_start: {
        label: 'The flight begins',
        holding: (moment: string) => `the flight begins ${moment}`,
        heard: (from: string, to: string) => (from ? `begins ${to} instead of ${from}` : `begins ${to}`),
        sentence: (from: string, to: string) => (from ? `The flight begins ${to} instead of ${from}.` : `The flight begins ${to}.`),
      },
      flight_end: {
        label: 'The flight ends',
        holding: (moment: string) => `the flight ends ${moment}`,
        heard: (from: string, to: string) => `ends ${to} instead of ${from}`,
        sentence: (from: string, to: string) => `The flight ends ${to} instead of ${from}.`,
      },
      cpc_bid: {
        label: 'CPC bid',
        holding: (amount: string) => `CPC bid ${amount}`,
        heard: (from: string, to: string) => `CPC bid from ${from} to ${to}`,
        sentence: (from: string, to: string, percent: string) => `CPC bid from ${from} to ${to}${percent}.`,
      },
      cpm_bid: {
        label: 'CPM bid',
        holding: (amount: string) => `CPM bid ${amount}`,
        heard: (from: string, to: string) => `CPM bid from ${from} to ${to}`,
        sentence: (from: string, to: string, percent: string) => `CPM bid from ${from} to ${to}${percent}.`,
      },
      max_cpc: {
        label: 'Maximum CPC',
        holding: (amount: string) => `maximum CPC ${amount}`,
        heard: (from: string, to: string) => `maximum CPC from ${from} to ${to}`,
        sentence: (from: string, to: string, percent: string) => `Maximum CPC from ${from} to ${to}${percent}.`,
      },
      target_cpa: {
        label: 'Target CPA',
        holding: (amount: string) => `target CPA ${amount}`,
        heard: (from: string, to: string) => `target CPA from ${from} to ${to}`,
        sentence: (from: string, to: string, percent: string) => `Target CPA from ${from} to ${to}${percent}.`,
      },
      target_roas: {
        label: 'Target ROAS',
        holding: (share: string) => `target ROAS ${share}`,
        heard: (from: string, to: string) => `target ROAS from ${from} to ${to}`,
        sentence: (from: string, to: string, percent: string) => `Target ROAS from ${from} to ${to}${percent}.`,
      },
      strategy: {
        label: 'Bidding strategy',
        holding: (strategy: string) => `bidding strategy ${strategy}`,
        heard: (from: string, to: string) => `bidding strategy from ${from} to ${to}`,
        sentence: (from: string, to: string) => `Bidding strategy from ${from} to ${to}.`,
      },
      ad_group_status: {
        label: 'Ad group',
        holding: (state: string) => `ad group ${state}`,
        heard: (from: string, to: string) => `ad group from ${from} to ${to}`,
        sentence: (from: string, to: string) => `The ad group goes from ${from} to ${to}.`,
      },
      headline: {
        label: 'Headline',
        holding: (text: string) => `headline ${text}`,
        heard: (from: string, to: string) => `headline ${to} instead of ${from}`,
        sentence: (from: string, to: string) => `Headline ${to} instead of ${from}.`,
      },
      description: {
        label: 'Description',
        holding: (text: string) => `description ${text}`,
        heard: (from: string, to: string) => `description ${to} instead of ${from}`,
        sentence: (from: string, to: string) => `Description ${to} instead of ${from}.`,
      },
      display_path: {
        label: 'Display path',
        holding: (path: string) => `display path ${path}`,
        heard: (from: string, to: string) => `display path ${to} instead of ${from}`,
        sentence: (from: string, to: string) => `Display path ${to} instead of ${from}.`,
      },
      final_url: {
        label: 'Landing page',
        holding: (page: string) => `landing page ${page}`,
        heard: (from: string, to: string) => `landing page ${to} instead of ${from}`,
        sentence: (from: string, to: string) => `Landing page ${to} instead of ${from}.`,
      },
      pin: {
        label: 'Pinned place',
        holding: (place: string) => `pinned place ${place}`,
        heard: (from: string, to: string) => `pinned place ${to} instead of ${from}`,
        sentence: (from: string, to: string) => `Pinned place ${to} instead of ${from}.`,
      },
      status: {
        label: 'Campaign',
        holding: (state: string) => `campaign ${state}`,
        heard: (from: string, to: string) => `from ${from} to ${to}`,
        sentence: (from: string, to: string) => `The campaign goes from ${from} to ${to}.`,
      },
      moved: {
        label: 'Moved per day',
        holding: (amount: string, between: string) => `${amount} a day moved${between}`,
        heard: (_: string, amount: string, between: string) => `${amount} a day moved${between}`,
        sentence: (_: string, amount: string, __: string, between: string) => `Moves ${amount} a day${between}.`,
      },
    } satisfies Record<FieldView, FieldWords> as Record<FieldView, FieldWords>,
    swap: {
      title: 'The two ads',
      from: 'Runs now, is paused',
      to: 'Runs instead',
      /** One ad in a sentence for the ear. */
      fromHeard: 'The ad that runs now and is paused.',
      toHeard: 'The ad that runs instead.',
      isNew: 'A new ad',
      id: (id: string) => `Ad ${id}`,
      preview: 'One way in which it may appear',
      ad: 'Ad',
      headlines: (count: number) => `Headlines (${count})`,
      descriptions: (count: number) => `Descriptions (${count})`,
      units: (units: number, max: number) => `${units} / ${max}`,
      unitsHeard: (units: number, max: number) => `${units} of ${max} characters`,
      gone: 'goes',
      come: 'new',
      pinned: (place: number) => `place ${place}`,
      pinnedHeard: (place: number) => `pinned to place ${place}`,
      landing: 'Landing page',
      review: 'The platform’s review',
      notReviewed: 'begins once the ad is created',
      standings: {
        in_review: 'in review',
        may_serve: 'not reviewed yet, may be shown',
        under_appeal: 'under appeal',
        approved: 'approved',
        limited: 'approved with limits',
        limited_by_area: 'approved for some places only',
        disapproved: 'disapproved',
        unknown: 'unknown',
      },
      topics: (topics: string) => `topics: ${topics}`,
    },
    /** From what to what; where it goes to may be left out. */
    between: (from: string, to: string) => ` from ${from}${to ? ` to ${to}` : ''}`,
    campaigns: (campaigns: number) => `${campaigns} campaigns`,
    /** A sentence about one of several things. */
    about: (name: string, sentence: string) => `${name}: ${sentence}`,
    balance: {
      title: 'What gives and what receives',
      of: (field: string) => `${field} of`,
      now: 'Now',
      after: 'After',
      by: 'Difference',
      share: 'Relative',
      from: 'Give',
      to: 'Receive',
      whole: 'In all',
      twoCurrencies: 'Two currencies: the sides are not netted.',
    },
    /** A value that is no point in time. */
    open: 'until further notice',
    /** A bid or a target that is not set. */
    unset: 'none',
    strategies: {
      manual_cpc: 'Manual CPC',
      manual_cpm: 'Manual CPM',
      maximize_clicks: 'Maximize clicks',
      maximize_conversions: 'Maximize conversions',
      maximize_conversion_value: 'Maximize conversion value',
      target_cpa: 'Target CPA',
      target_roas: 'Target ROAS',
      other: 'an unknown strategy',
    },
    parts: { ad_group: 'Ad group' },
    bounded: 'The budget stays as it is and bounds what this can cost.',
    states: { enabled: 'running', paused: 'paused', ended: 'ended', removed: 'removed', unknown: 'in an unknown state' },
    maySpend: 'May spend',
    per: { daily: 'a day', total: 'over the whole flight' },
    sentencePercent: (ratio: string, up: boolean) => `, ${up ? 'plus' : 'minus'} ${ratio}`,
    atMost: 'At most in all',
    window: (from: string, to: string) => `${from} to ${to}`,
    noWindow: 'until further notice',
    worstCaseWindow: 'over the window',
    worstCaseMonth: 'in a month',
    worstCaseFlight: 'over the whole flight',
    worstCaseAdded: 'in the added time',
    status: {
      enabled: 'The campaign is running.',
      paused: 'The campaign was paused when this was proposed.',
      ended: 'The campaign had ended when this was proposed.',
      removed: 'The campaign was removed when this was proposed.',
      unknown: 'It is not known whether the campaign is running.',
    },
    /** The same of one of several campaigns that are to spend more. */
    statusOfOne: {
      enabled: 'Every campaign that receives is running.',
      paused: 'A campaign that receives was paused when this was proposed.',
      ended: 'A campaign that receives had ended when this was proposed.',
      removed: 'A campaign that receives was removed when this was proposed.',
      unknown: 'It is not known whether every campaign that receives is running.',
    },
    shared: (campaigns: number) => `${campaigns} campaigns spend from this budget`,
    sharedOne: (campaigns: number) => `${campaigns} campaigns spend from one of these budgets`,
    period: 'Period',
    effective: 'With the signatures so far',
    effectiveDone: 'What was authorised',
    proposed: 'Proposed by the agent',
    openToo: (ids: number) =>
      ids === 1 ? 'Another case on this campaign is open.' : `${ids} other cases on this campaign are open.`,
  },
  figures: {
    lift: 'Predicted lift',
    interval: (low: string, high: string) => `between ${low} and ${high}`,
    confidence: 'Confidence',
    escalation: 'The agent’s escalation rule:',
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
      pending: 'Not yet evaluated again on this device: the log has not arrived.',
      holds: 'Evaluated again on this device, with the same verdict.',
      differs: 'This device came to a different result from the gate’s.',
    },
  },
  why: {
    trigger: 'Trigger',
    outcome: 'Likely outcome',
    intent: 'Purpose of the campaign',
    unsure: 'What the model is unsure of',
    recommended: 'Recommended action',
    counterfactual: 'What would change it',
    steps: 'Next steps',
    escalation: 'When it escalates',
    risks: 'Risks, as the agent sees them',
    risk: {
      financial_exposure: 'Money',
      brand_safety: 'Brand safety',
      regulatory_sensitivity: 'Regulation',
      audience_reach: 'Reach of a mistake',
      deviation_from_intent: 'Departure from purpose',
    } satisfies Record<keyof RiskFactorsView, string>,
    inputs: {
      title: (inputs: number, sources: number) =>
        `What the agent looked at: ${inputs === 1 ? 'one input' : `${inputs} inputs`}, ${sources === 0 ? 'no source' : sources === 1 ? 'one source' : `${sources} sources`}`,
      considered: 'Inputs considered',
      kind: {
        campaign_history: 'Campaign history',
        real_time_signals: 'Real-time signals',
        creative_assets: 'Creative assets',
        business_constraints: 'Business constraints',
        market_data: 'Market data',
      } satisfies Record<InputKindName, string>,
      sources: 'Sources',
      notOpened: 'Shown as the agent wrote them; nothing here is opened or fetched.',
      noSources: 'The agent named no source.',
      digest: 'SHA-256 of what it read:',
    },
    modelVersion: (id: string, version: string) => `${id}, version ${version}`,
    initiator: 'Drafted by',
    initiatorWords: (agent: string, owner: string) => `${quoted(agent)}; ${quoted(owner)} is responsible for it`,
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
      sign_in: 'The platform’s sign-in is not answering; nothing was changed.',
      quota: 'The platform’s request limit is reached; nothing was changed.',
      work_stopped: 'Work is stopped; nothing was changed.',
      platform: 'The platform cannot take it now; nothing was changed.',
    },
    since: (moment: string) => `Waiting since ${moment}.`,
    notBefore: (moment: string) => `Not tried again before ${moment}.`,
    until: (moment: string) => `Tried until ${moment}, when the signatures expire.`,
  },
  executed: {
    readBack: (value: string) => `Read back from the platform after the change: ${value}.`,
    notApplied: (value: string) => `Read back from the platform afterwards: ${value}.`,
    requestId: 'Platform request',
  },
  timeline: {
    none: 'The gate has logged nothing about this case yet.',
    included: (size: string) => `included in a checkpoint of ${size} entries, checked on this device`,
    notIncluded: 'not yet covered by a checkpoint that this device has checked',
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
    amount: (field: string, currency: string) => `${field}: your own amount in ${currency}`,
    preview: (held: string, percent: string, delta: string) => `${held} will be applied: ${percent}, ${delta} compared with now.`,
    previewNoPercent: (held: string, delta: string) => `${held} will be applied: ${delta} compared with now.`,
    amountMoved: (currency: string) => `Moved per day, ${currency}`,
    previewMoved: (amount: string, parts: string) => `${amount} a day will be moved. Each day from then on: ${parts}.`,
    outside: 'This goes beyond what was proposed. Signatures given for the proposal will not cover it.',
    code: 'Code from your authenticator',
    codeHint: 'Six digits',
    cancel: 'Cancel',
    next: 'Read what you will sign',
    nextKeys: 'Ctrl + Enter continues',
    preparing: 'Preparing',
    needReason: 'Choose a reason from the list.',
    needText: 'This reason needs a few words of your own.',
    needCode: 'Enter the six digits that your authenticator shows now.',
    limits: (min: string, step: string) => `The ad platform takes amounts from ${min}, in steps of ${step}.`,
    amountFault: {
      empty: 'Enter the new amount.',
      form: 'Use digits and at most one decimal point, for example 552.50.',
      too_fine: 'This currency has fewer decimal places.',
      zero: 'The amount must be more than zero.',
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
  escalate: 'Asks people to sign',
  hold: 'Holds',
  block: 'Blocks',
};

const FACTORS: Record<string, string> = { totp: 'authenticator code' };
