// The desk's own rules: who may be chosen together, until when a case is put away, in which
// group it falls, what the search offers, and how a long list is read.
import { describe, expect, it } from 'vitest';
import { byDeadline, groupOf } from '../src/lib/agenda';
import { Scopes } from '../src/lib/keys';
import { CaseList } from '../src/lib/list.svelte';
import { complete, suggestions, without } from '../src/lib/search';
import { Selection } from '../src/lib/selection.svelte';
import { snoozeChoices } from '../src/lib/snooze';
import { FakeBridge } from '../src/bridge/fake';
import type { KindName } from '../src/bridge/bindings/KindName';
import type { InboxRow } from '../src/bridge/types';

const bridge = new FakeBridge({ bulk: 1_000 });
const page = await bridge.listCases({ view: 'needs_me', search: '', after: null, limit: 1 });
const like = (part: Partial<InboxRow>): InboxRow => ({ ...(page.rows[0] as InboxRow), needs_me: true, risk_tier: 'low', batch_class: 'small', ...part });

describe('selection', () => {
  it('takes cases of one class, kind and risk, and no others', () => {
    const chosen = new Selection();
    expect(chosen.toggle(like({ proposal: 'a' }))).toBeNull();
    expect(chosen.toggle(like({ proposal: 'b' }))).toBeNull();
    expect(chosen.toggle(like({ proposal: 'c', batch_class: 'other' }))).toBe('different');
    expect(chosen.toggle(like({ proposal: 'c', kind: 'other' as KindName }))).toBe('different');
    expect(chosen.toggle(like({ proposal: 'c', risk_tier: 'medium' }))).toBe('different');
    expect(chosen.rows.map((row) => row.proposal)).toEqual(['a', 'b']);
    expect(chosen.toggle(like({ proposal: 'a' }))).toBeNull();
    expect(chosen.rows.map((row) => row.proposal)).toEqual(['b']);
  });

  it('never takes what is decided alone', () => {
    const chosen = new Selection();
    expect(chosen.toggle(like({ batch_class: null }))).toBe('alone');
    expect(chosen.toggle(like({ risk_tier: 'high' }))).toBe('alone');
    expect(chosen.toggle(like({ needs_me: false }))).toBe('alone');
    expect(chosen.rows).toEqual([]);
  });

  it('lets go of what is no longer mine', () => {
    const chosen = new Selection();
    chosen.toggle(like({ proposal: 'a' }));
    chosen.toggle(like({ proposal: 'b' }));
    chosen.keep([like({ proposal: 'a', needs_me: false })]);
    expect(chosen.rows.map((row) => row.proposal)).toEqual(['b']);
  });
});

describe('snooze', () => {
  const morning = new Date(2026, 10, 21, 9, 0).getTime();
  const hour = 3_600_000;

  it('offers only moments before the deadline', () => {
    expect(snoozeChoices(morning, morning + 72 * hour).map(({ name }) => name)).toEqual(['hour', 'afternoon', 'tomorrow', 'beforeDue']);
    expect(snoozeChoices(morning, morning + 6 * hour).map(({ name }) => name)).toEqual(['hour', 'afternoon', 'beforeDue']);
    expect(snoozeChoices(morning, morning + hour / 2)).toEqual([]);
    for (const { untilMs } of snoozeChoices(morning, morning + 30 * hour)) expect(untilMs).toBeLessThan(morning + 30 * hour);
  });
});

describe('agenda', () => {
  const now = new Date(2026, 10, 21, 9, 0).getTime();
  const hour = 3_600_000;

  it('groups by deadline, most urgent first, and leaves empty groups out', () => {
    expect([-1, 0.5, 1, 2, 14.9, 15, 38.9, 39].map((hours) => groupOf(now + hours * hour, now))).toEqual([
      'overdue', 'hour', 'hour', 'today', 'today', 'tomorrow', 'tomorrow', 'later',
    ]);
    const groups = byDeadline([like({ decide_by_ms: now + 50 * hour }), like({ decide_by_ms: now - hour })], now);
    expect(groups.map(({ name, rows }) => [name, rows.map(({ index }) => index)])).toEqual([['overdue', [1]], ['later', [0]]]);
  });
});

describe('search', () => {
  it('offers fields for the word being typed', () => {
    expect(suggestions('brand a')).toEqual(['amount', 'approver', 'agent']);
    expect(suggestions('amount:')).toEqual([]);
    expect(suggestions('brand ')).toEqual([]);
    expect(complete('brand am', 'amount')).toBe('brand amount:');
  });

  it('takes a chip out again, quoted or not', () => {
    expect(without('brand amount:500..1000 tier:high', { field: 'amount', value: '500..1000', problem: null })).toBe('brand tier:high');
    expect(without('approver:"olivia ops" sale', { field: 'approver', value: 'olivia ops', problem: null })).toBe('sale');
    expect(without('sale (now)', { field: 'text', value: '(now)', problem: null })).toBe('sale');
  });
});

describe('a long list', () => {
  it('reads ahead of the eye and knows the whole count', async () => {
    const list = new CaseList(bridge, (thrown) => { throw thrown; }, 'all');
    await list.read();
    const first = list.rows.length;
    expect(first).toBeLessThan(100);
    expect(list.matches.count).toBeGreaterThan(1_000);
    list.seen(first - 1);
    await settled(() => list.rows.length > first);
    expect(new Set(list.rows.map((row) => row.proposal)).size).toBe(list.rows.length);
  });

  it('asks one question at a time, and the last one wins', async () => {
    let open = 0;
    let most = 0;
    const asked: string[] = [];
    const slow = new FakeBridge();
    const answer = slow.listCases.bind(slow);
    slow.listCases = async (query) => {
      asked.push(query.search);
      most = Math.max(most, ++open);
      await new Promise((done) => setTimeout(done, 10));
      open -= 1;
      return answer(query);
    };
    const list = new CaseList(slow, (thrown) => { throw thrown; });
    for (const text of ['s', 'sa', 'sat', 'satu', 'saturated']) {
      list.search = text;
      void list.read();
    }
    await settled(() => open === 0 && list.rows.length === 1);
    expect(most).toBe(1);
    expect(asked).toEqual(['s', 'saturated']);
  });
});

describe('scopes', () => {
  const press = (key: string, timeStamp: number): KeyboardEvent => {
    const event = new KeyboardEvent('keydown', { key });
    Object.defineProperty(event, 'timeStamp', { value: timeStamp });
    return event;
  };

  it('let the topmost have a key, and give it back', () => {
    const scopes = new Scopes();
    const heard: string[] = [];
    scopes.push(() => ({ t: () => heard.push('page') }));
    const pop = scopes.push(() => ({ t: () => heard.push('case') }));
    scopes.press(press('t', 0));
    pop();
    scopes.press(press('t', 1));
    expect(heard).toEqual(['case', 'page']);
  });

  it('hear a chord only when its second key follows soon', () => {
    const scopes = new Scopes();
    const heard: string[] = [];
    scopes.push(() => ({ 'g i': () => heard.push('inbox'), i: () => heard.push('i') }));
    scopes.press(press('g', 0));
    scopes.press(press('i', 300));
    scopes.press(press('g', 5_000));
    scopes.press(press('i', 9_000));
    expect(heard).toEqual(['inbox', 'i']);
  });
});

async function settled(done: () => boolean): Promise<void> {
  for (let times = 0; times < 200 && !done(); times += 1) await new Promise((next) => setTimeout(next, 5));
  expect(done()).toBe(true);
}
