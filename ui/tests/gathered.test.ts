import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Gathered } from '../src/lib/gathered';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('the first is told at once, many after it together, and a late one at once again', () => {
  const told: string[][] = [];
  const gathered = new Gathered((news) => told.push(news));
  gathered.add('a');
  expect(told).toEqual([['a']]);
  for (const one of ['b', 'c', 'b']) gathered.add(one);
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(100);
  expect(told).toEqual([['a'], ['b', 'c']]);
  vi.advanceTimersByTime(100);
  gathered.add('d');
  expect(told.at(-1)).toEqual(['d']);
});
