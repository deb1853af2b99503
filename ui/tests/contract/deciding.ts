// Decisions: prepared, signed once, held, recalled; refusals; practice; the sheet of a stop.
import type { Bridge, CaseView, DecisionInput, ReasonCodeName } from '../../src/bridge/types';
import { must, refused, same } from './check';
import { shaped } from './shapes';
import type { Law } from './suite';

/** A reason of the list that needs no words, or the first with words. */
export function decision(view: CaseView, kind: 'approve' | 'reject', change: Partial<DecisionInput> = {}): DecisionInput {
  const reasons = kind === 'approve' ? view.my_options.approve_reasons : view.my_options.reject_reasons;
  const reason = reasons.find((one) => !one.needs_text) ?? reasons[0];
  return {
    proposal: view.proposal, kind, role: view.my_options.roles[0] ?? '', reason_code: reason?.code ?? 'other',
    reason_text: reason?.needs_text ? 'For the contract.' : '', override_micros: null, override_entries: null, requested: null, totp_code: null, ...change,
  };
}

/** A case that I can approve now without a second factor. */
export async function mine(bridge: Bridge): Promise<CaseView | null> {
  const { rows } = await bridge.listCases({ view: 'needs_me', search: '', after: null, limit: 50 });
  for (const row of rows) {
    const view = await bridge.openCase(row.proposal);
    const { blocked_because, approval_blocked_because, factor_to_decide } = view.my_options;
    if (blocked_because === null && approval_blocked_because === null && !factor_to_decide) return view;
  }
  return null;
}

export const DECIDING: Law[] = [
  {
    name: 'a sheet has its shape, six words, and names the amounts',
    changes: true,
    async run(bridge) {
      const view = await mine(bridge);
      if (!view) return;
      const sheet = shaped(await bridge.prepareDecision(decision(view, 'approve')), 'ConfirmView');
      same(sheet.fingerprint.length, 6, 'words of the fingerprint');
      must(/^[0-9a-f]{64}$/.test(sheet.digest), 'a digest that is not 64 digits of hex');
      const keys = sheet.lines.map((line) => line.key);
      for (const key of ['case', 'campaign', 'budget_before', 'budget_after', 'reason', 'role']) must(keys.includes(key), `no line ${key}`);
      same(new Set(keys).size, keys.length, 'lines with keys of their own');
      await bridge.discardDecision(sheet.ticket);
      await refused(bridge.signDecision(sheet.ticket), 'a ticket that was given up');
    },
  },
  {
    name: 'a reason out of the list, and one without its words, are refused',
    changes: true,
    async run(bridge) {
      const view = await mine(bridge);
      if (!view) return;
      await refused(bridge.prepareDecision(decision(view, 'approve', { reason_code: 'because' as ReasonCodeName })), 'a reason that is not in the list');
      await refused(bridge.prepareDecision(decision(view, 'approve', { reason_code: 'other', reason_text: ' ' })), 'another reason without words');
    },
  },
  {
    name: 'an override beyond what was proposed is refused',
    changes: true,
    async run(bridge) {
      const view = await mine(bridge);
      if (!view) return;
      const reason = view.my_options.override_reasons[0]?.code ?? 'other';
      const beyond = String(BigInt((view.change.spend?.after.amount_micros ?? '0')) * 10n);
      await refused(bridge.prepareDecision(decision(view, 'approve', { kind: 'override', override_micros: beyond, override_entries: null, reason_code: reason, reason_text: 'More.', totp_code: '123456' })), 'an override beyond the proposal');
    },
  },
  {
    name: 'a ticket signs once; what is signed is held, recalled, and gone',
    changes: true,
    async run(bridge) {
      const view = await mine(bridge);
      if (!view) return;
      const before = await bridge.connection();
      const { ticket } = await bridge.prepareDecision(decision(view, 'approve'));
      const signed = shaped(await bridge.signDecision(ticket), 'SignedView');
      same(signed.delivery.stage, 'held', 'the stage of a decision just signed');
      await refused(bridge.signDecision(ticket), 'a ticket used twice');
      const held = await bridge.openCase(view.proposal);
      same(held.my_options.recallable, signed.decision, 'what can be recalled');
      must(held.my_options.blocked_because !== null, 'a decided case can be decided again');
      same((await bridge.connection()).held, before.held + 1, 'held on this device');
      await bridge.recallDecision(signed.decision);
      const after = await bridge.openCase(view.proposal);
      same(after.decisions.find((made) => made.id === signed.decision)?.delivery.stage, 'recalled', 'the stage of a recalled decision');
      same([after.my_options.recallable, after.my_options.blocked_because], [null, null], 'a case after the recall');
      same([(await bridge.connection()).held, (await bridge.connection()).unsent], [before.held, before.unsent], 'unsent after the recall');
      await refused(bridge.recallDecision(signed.decision), 'a decision recalled twice');
    },
  },
  {
    name: 'practice is the real thing, and nothing of it is kept',
    changes: true,
    async run(bridge) {
      const before = await bridge.listCases({ view: 'all', search: '', after: null, limit: 1 });
      const link = await bridge.connection();
      for (const topic of ['raise', 'pause'] as const) {
        const view = shaped(await bridge.openPractice(topic), 'CaseView');
        must(view.practice, 'the practice case does not say so');
        same([view.state, view.my_options.blocked_because], ['deciding', null], 'a practice case');
        same(view.change.direction, topic === 'raise' ? 'increase' : 'decrease', `the direction of ${topic}`);
        same(view.change.own_amounts === null, topic === 'pause', `an own value in ${topic}`);
        const { ticket } = shaped(await bridge.prepareDecision(decision(view, 'approve')), 'ConfirmView');
        shaped(await bridge.signDecision(ticket), 'SignedView');
        await refused(bridge.openCase(view.proposal), 'a practice case after its signature');
      }
      const after = await bridge.listCases({ view: 'all', search: '', after: null, limit: 1 });
      same([after.counts, after.matches], [before.counts, before.matches], 'counts after practice');
      same([(await bridge.connection()).unsent, (await bridge.connection()).held], [link.unsent, link.held], 'unsent after practice');
    },
  },
  {
    name: 'a stop is prepared as a sheet and can be given up',
    changes: true,
    async run(bridge) {
      const before = await bridge.halt();
      if (before.stopped) return;
      const sheet = shaped(await bridge.prepareHalt({ kind: 'stop', text: 'For the contract.' }), 'ConfirmView');
      await bridge.discardDecision(sheet.ticket);
      await refused(bridge.signHalt(sheet.ticket), 'a stop that was given up');
      await refused(bridge.prepareHalt({ kind: 'resume', text: 'For the contract.' }), 'a resume where nothing is stopped');
      same(await bridge.halt(), before, 'the stop after giving up');
    },
  },
];
