import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeBridge } from '../src/bridge/fake';
import type { Bridge } from '../src/bridge/types';
import { ReadAhead } from '../src/lib/ahead';
import { CaseList } from '../src/lib/list.svelte';
import { same } from '../src/lib/same';
import { RowWindow } from '../src/lib/window.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function counted(): { bridge: Bridge; asked: string[] } {
  const fake = new FakeBridge();
  const asked: string[] = [];
  const { listCases } = fake;
  const bridge = Object.assign(fake, {
    listCases: (query: Parameters<Bridge['listCases']>[0]) => (asked.push(query.view), listCases.call(fake, query)),
    readCase: async (proposal: string) => (asked.push(proposal), structuredClone(fake.find(proposal))),
  });
  return { bridge, asked };
}

const fail = (thrown: unknown): never => {
  throw thrown;
};

test('a view that was read ahead is there before it is asked for', async () => {
  const { bridge } = counted();
  const list = new CaseList(bridge, fail, 'needs_me', ['needs_me', 'settled']);
  await list.read();
  await vi.advanceTimersByTimeAsync(1_000);
  const shown = list.show('settled');
  expect(list.answered?.view).toBe('settled');
  const known = list.rows;
  await shown;
  expect(known.length).toBeGreaterThan(0);
  expect(list.rows, 'the same answer is not drawn again').toBe(known);
});

test('what was read ahead is forgotten with a change', async () => {
  const { bridge } = counted();
  const list = new CaseList(bridge, fail, 'needs_me', ['settled']);
  await list.read();
  await vi.advanceTimersByTimeAsync(1_000);
  await list.changed();
  const shown = list.show('settled');
  expect(list.answered?.view).toBe('needs_me');
  await shown;
  expect(list.answered?.view).toBe('settled');
});

test('another list begins at its top, the same one keeps its cursor on its case', async () => {
  const { bridge } = counted();
  const list = new CaseList(bridge, fail, 'all');
  await list.read();
  list.move(2);
  const at = list.at?.proposal;
  await list.changed();
  expect(list.at?.proposal).toBe(at);
  list.type('a');
  await vi.advanceTimersByTimeAsync(10);
  expect(list.answered?.search).toBe('a');
  expect(list.cursor).toBe(0);
});

test('the cases around the cursor are read once, after a rest, and forgotten with a change', async () => {
  const { bridge, asked } = counted();
  const { rows } = await bridge.listCases({ view: 'all', search: '', after: null, limit: 4 });
  const [a, b, c] = rows.map((row) => row.proposal) as [string, string, string];
  const ahead = new ReadAhead(bridge);
  asked.length = 0;
  ahead.around([a]);
  ahead.around([b, a]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual([b, a]);
  ahead.around([c, b]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual([b, a, c]);
  expect(ahead.get(a), 'out of sight').toBeUndefined();
  expect(ahead.get(b)?.proposal).toBe(b);
  ahead.clear();
  expect(ahead.get(b)).toBeUndefined();
});

test('while a search is typed nothing is read ahead', async () => {
  const { bridge, asked } = counted();
  const { rows } = await bridge.listCases({ view: 'all', search: '', after: null, limit: 2 });
  const [a, b] = rows.map((row) => row.proposal) as [string, string];
  const ahead = new ReadAhead(bridge);
  asked.length = 0;
  ahead.around([a]);
  for (let key = 0; key < 5; key += 1) {
    ahead.typed();
    await vi.advanceTimersByTimeAsync(10);
    ahead.around([b]);
    await vi.advanceTimersByTimeAsync(90);
  }
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual([b]);
  ahead.around([a]);
  await vi.advanceTimersByTimeAsync(50);
  expect(asked, 'the cursor moves on as quickly as ever').toEqual([b, a]);
});

test('an answer that a change overtook is not kept', async () => {
  const { bridge } = counted();
  const { rows } = await bridge.listCases({ view: 'all', search: '', after: null, limit: 1 });
  const proposal = rows[0]?.proposal ?? '';
  let answer = (): void => {};
  const { readCase } = bridge;
  bridge.readCase = (id) => new Promise((resolve) => (answer = () => resolve(readCase(id))));
  const ahead = new ReadAhead(bridge);
  ahead.around([proposal]);
  await vi.advanceTimersByTimeAsync(100);
  ahead.clear();
  answer();
  await vi.advanceTimersByTimeAsync(100);
  expect(ahead.get(proposal)).toBeUndefined();
});

test('a list that gets lower keeps its places, and one that gets higher has more', () => {
  const sight = new RowWindow();
  sight.row = 76;
  sight.height = 600;
  const { places } = sight;
  expect(places).toBeGreaterThan(600 / 76);
  sight.height = 500;
  expect(sight.places).toBe(places);
  sight.height = 900;
  expect(sight.places).toBeGreaterThan(places);
});

test('answers say the same if all of them does', () => {
  const row = (proposal: string): unknown => ({ proposal, diff: [{ ratio: 1, to: null }] });
  expect(same([row('a'), row('b')], [row('a'), row('b')])).toBe(true);
  expect(same([row('a'), row('b')], [row('a'), row('c')])).toBe(false);
  expect(same([row('a'), row('b')], [row('a')])).toBe(false);
  expect(same([], null)).toBe(false);
  expect(same({ more: false, count: 1 }, { more: false, count: 1 })).toBe(true);
});
