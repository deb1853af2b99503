// The fake by itself: generated cases, timing of held decisions, proofs, damaged logs.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeBridge } from '../src/bridge/fake';
import { bulkPlan } from '../src/bridge/fake/bulk';
import { makeCase } from '../src/bridge/fake/case';
import { hex, leafHash, proves, Tree } from '../src/bridge/fake/merkle';
import { rowOf, rowOfBulk } from '../src/bridge/fake/row';
import { SCENARIOS } from '../src/bridge/fake/scenarios';
import { readSearch } from '../src/bridge/fake/search';
import type { DecisionInput } from '../src/bridge/types';

const NOW = Date.parse('2026-11-21T08:30:00Z');

afterEach(() => vi.useRealTimers());

const approval = (proposal: string): DecisionInput => ({
  proposal, kind: 'approve', role: 'finance', reason_code: 'within_plan', reason_text: '', override_micros: null, override_entries: null, requested: null, totp_code: null,
});

describe('generated cases', () => {
  it('have the row that their case has', () => {
    for (let index = 0; index < 200; index += 1) {
      const plan = bulkPlan(index);
      expect(rowOfBulk(plan, NOW)).toEqual(rowOf(makeCase(plan, NOW)));
    }
  });

  it('are the same every time', () => {
    expect(bulkPlan(77)).toEqual(bulkPlan(77));
    expect(bulkPlan(77)).not.toEqual(bulkPlan(78));
  });

  it('a hundred thousand are listed by page and counted', async () => {
    const bridge = new FakeBridge({ scenario: 'huge', nowMs: NOW });
    const page = await bridge.listCases({ view: 'settled', search: '', after: null, limit: 100 });
    expect(page.rows).toHaveLength(100);
    expect(page.matches.count).toBe(page.counts.settled);
    expect(page.counts.settled + page.counts.open).toBe(100_014);
    const found = await bridge.listCases({ view: 'all', search: 'campaign', after: null, limit: 10 });
    expect(found.matches).toEqual({ count: 1_000, more: true });
  });
});

describe('a signed decision', () => {
  it('is held for the undo window, then goes its way to the platform', async () => {
    vi.useFakeTimers({ now: NOW, toFake: ['setTimeout', 'Date'] });
    const bridge = new FakeBridge({ stepMs: 1_000 });
    const proposal = bridge.cases[0]?.proposal ?? '';
    const { ticket } = await bridge.prepareDecision(approval(proposal));
    const { delivery } = await bridge.signDecision(ticket);
    expect(delivery).toEqual({ stage: 'held', until_ms: NOW + 10_000 });
    const stage = (): string | undefined => bridge.book.find(proposal).decisions.at(-1)?.delivery.stage;
    vi.advanceTimersByTime(9_999);
    expect([stage(), bridge.link.held]).toEqual(['held', 1]);
    vi.advanceTimersByTime(1);
    expect([stage(), bridge.link.held, bridge.link.unsent]).toEqual(['signed_on_this_device', 0, 1]);
    vi.advanceTimersByTime(1_000);
    expect([stage(), bridge.link.unsent]).toEqual(['delivered_to_relay', 0]);
    vi.advanceTimersByTime(1_000);
    expect(bridge.book.find(proposal).state).toBe('authorized');
    vi.advanceTimersByTime(1_000);
    expect([bridge.book.find(proposal).state, stage()]).toEqual(['executed', 'executed']);
  });

  it('waits for a network when there is none', async () => {
    vi.useFakeTimers({ now: NOW, toFake: ['setTimeout', 'Date'] });
    const bridge = new FakeBridge({ scenario: 'offline', stepMs: 1_000 });
    expect([bridge.link.held, bridge.link.unsent]).toEqual([2, 2]);
    vi.advanceTimersByTime(3_600_000);
    expect(bridge.link.held).toBe(2);
    bridge.setConnection({ online: true });
    expect([bridge.link.held, bridge.link.unsent]).toEqual([0, 2]);
    vi.advanceTimersByTime(1_000);
    expect(bridge.link.unsent).toBe(0);
  });

  it('is recalled while it is held, and not after', async () => {
    const bridge = new FakeBridge({ nowMs: NOW });
    const proposal = bridge.cases[0]?.proposal ?? '';
    const sign = async (): Promise<string> => (await bridge.signDecision((await bridge.prepareDecision(approval(proposal))).ticket)).decision;
    await bridge.recallDecision(await sign());
    expect(bridge.link.unsent).toBe(0);
    const again = await sign();
    bridge.deliver(again, { stage: 'delivered_to_relay' });
    await expect(bridge.recallDecision(again)).rejects.toMatchObject({ code: 'recall_too_late' });
  });

  it('does nothing while work is stopped', async () => {
    const bridge = new FakeBridge({ scenario: 'stopped', nowMs: NOW });
    const proposal = bridge.cases[0]?.proposal ?? '';
    const { decision } = await bridge.signDecision((await bridge.prepareDecision(approval(proposal))).ticket);
    bridge.deliver(decision, { stage: 'accepted_by_gate' });
    expect(bridge.book.find(proposal).state).toBe('deciding');
  });
});

describe('the stop', () => {
  it('is stopped by one and resumed by two', async () => {
    const bridge = new FakeBridge({ nowMs: NOW, stepMs: 1 });
    vi.useFakeTimers();
    await bridge.signHalt((await bridge.prepareHalt({ kind: 'stop', text: '' })).ticket);
    expect(await bridge.halt()).toMatchObject({ stopped: false, pending: 'stop' });
    vi.advanceTimersByTime(1);
    expect(await bridge.halt()).toMatchObject({ stopped: true, pending: null });
    await bridge.signHalt((await bridge.prepareHalt({ kind: 'resume', text: 'Mended.' })).ticket);
    vi.advanceTimersByTime(1);
    expect(await bridge.halt()).toMatchObject({ stopped: true, resume_asked_by: ['Ines Ferreira'], resume_blocked_because: { code: 'resume_asked' } });
  });
});

describe('the log', () => {
  it('has roots and proofs as RFC 6962 has them', async () => {
    const leaves = await Promise.all(['', '\0', '\x10', ' !', '01', '@ABC', 'PQRSTUVW', '`abcdefghijklmno'].map(leafHash));
    expect(hex(leaves[0] as Uint8Array)).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    for (let size = 1; size <= leaves.length; size += 1) {
      const tree = new Tree(leaves.slice(0, size));
      for (let at = 0; at < size; at += 1) {
        const proof = await tree.proof(at);
        expect(await proves(leaves[at] as Uint8Array, at, size, proof, await tree.root())).toBe(true);
        if (size > 1) expect(await proves(leaves[(at + 1) % size] as Uint8Array, at, size, proof, await tree.root())).toBe(false);
      }
    }
  });

  it('tells what was altered from what is missing', async () => {
    const altered = await new FakeBridge({ scenario: 'altered', nowMs: NOW }).verifyLog();
    expect([altered.integrity.holds, altered.completeness.holds]).toEqual([false, true]);
    const missing = await new FakeBridge({ scenario: 'missing', nowMs: NOW }).verifyLog();
    expect([missing.integrity.holds, missing.completeness.holds]).toEqual([true, false]);
  });

  it('gives a case’s timeline the leaves of the log', async () => {
    const bridge = new FakeBridge({ nowMs: NOW });
    const view = await bridge.openCase(bridge.cases[0]?.proposal ?? '');
    const entry = view.timeline[0];
    expect((await bridge.logEntry(entry?.seq ?? -1)).leaf).toBe(entry?.leaf);
  });
});

describe('every scenario', () => {
  for (const scenario of SCENARIOS.filter((one) => one !== 'huge')) {
    it(`${scenario} starts`, async () => {
      const bridge = new FakeBridge({ scenario, nowMs: NOW });
      const page = await bridge.listCases({ view: 'all', search: '', after: null, limit: 500 });
      for (const row of page.rows) expect((await bridge.openCase(row.proposal)).proposal).toBe(row.proposal);
    });
  }
});

describe('the search', () => {
  it('is read in parts, quotes and all', () => {
    expect(readSearch('entity:"flash sale" amount:1.. rain tier:HIGH').chips.map((chip) => [chip.field, chip.value, chip.problem])).toEqual([
      ['entity', '"flash sale"', null], ['amount', '1..', null], ['text', 'rain', null], ['tier', 'HIGH', null],
    ]);
    expect(readSearch('amount:9..1 since:yesterday tier:x amount:5').chips.map((chip) => chip.problem)).toEqual(['range_backwards', 'not_a_date', 'not_a_tier', 'twice']);
    expect(readSearch('  ').empty).toBe(true);
  });

  it('finds parts of words as the desk does', () => {
    const finds = (text: string, search: string) => {
      const texts = { entity: text.toLowerCase(), approver: '', reason: '', rule: '', model: '', agent: '', text: '' };
      return readSearch(search).matches({ row: {} as never, texts });
    };
    for (const search of ['秋の新商品キャンペーン', '新商品', 'キャンペーン', '秋', '品', '2026', '20', 'verkauf', 'SO', 'fr']) {
      expect(finds('秋の新商品キャンペーン2026 Sonderverkauf FR', search), search).toBe(true);
    }
    for (const search of ['予算', '商新', 'on', 'verkaufen', '02']) {
      expect(finds('秋の新商品キャンペーン2026 Sonderverkauf FR', search), search).toBe(false);
    }
  });
});
