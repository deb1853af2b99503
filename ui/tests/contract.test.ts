// The contract against the fake, law by law; the same suite runs in the real window.
import { describe, expect, it } from 'vitest';
import { FakeBridge } from '../src/bridge/fake';
import type { Bridge } from '../src/bridge/types';
import { faults, read, SHAPES } from './contract/shapes';
import { LAWS, runContract } from './contract/suite';

describe('the fake keeps the contract', () => {
  for (const law of LAWS) {
    it(law.name, async () => {
      await law.run(new FakeBridge());
    });
  }

  it('law after law on one bridge, with history', async () => {
    const outcomes = await runContract(new FakeBridge({ scenario: 'history' }), { changes: true });
    expect(outcomes.filter((one) => one.breach !== null)).toEqual([]);
    expect(outcomes).toHaveLength(LAWS.length);
  });

  it('on the bad cases too', async () => {
    const outcomes = await runContract(new FakeBridge({ scenario: 'bad' }), { changes: true });
    expect(outcomes.filter((one) => one.breach !== null)).toEqual([]);
  });
});

describe('the contract notices', () => {
  const broken = (change: (bridge: FakeBridge) => Partial<Bridge>): Bridge => {
    const bridge = new FakeBridge();
    const changed = change(bridge);
    return new Proxy(bridge, { get: (on, name) => changed[name as keyof Bridge] ?? bind(on, Reflect.get(on, name, on)) });
  };
  const bind = (on: object, found: unknown): unknown => (typeof found === 'function' ? (found as (...given: unknown[]) => unknown).bind(on) : found);
  const breaches = async (bridge: Bridge): Promise<string[]> =>
    (await runContract(bridge, { changes: true })).flatMap((one) => (one.breach === null ? [] : one.name));

  it('a stale count', async () => {
    const bridge = broken((real) => ({ listCases: async (query) => {
      const page = await real.listCases(query);
      return { ...page, counts: { ...page.counts, needs_me: page.counts.needs_me + 1 } };
    } }));
    expect(await breaches(bridge)).toContain('counts are those of the rows');
  });

  it('a ticket that signs twice', async () => {
    const bridge = broken((real) => ({ signDecision: async (ticket) => real.signDecision(ticket).catch(() => ({ decision: 'again', delivery: { stage: 'held', until_ms: 0 } as const })) }));
    expect(await breaches(bridge)).toContain('a ticket signs once; what is signed is held, recalled, and gone');
  });

  it('a field that no binding has', async () => {
    const bridge = broken((real) => ({ openCase: async (id) => ({ ...(await real.openCase(id)), extra: 1 }) }));
    expect(await breaches(bridge)).toContain('every case has its shape, and its row says the same');
  });

  it('an error that is a bare string', async () => {
    const bridge = broken(() => ({ logEntry: async () => { throw new Error('no'); } }));
    expect(await breaches(bridge)).toContain('an entry that there is not is refused');
  });

  it('practice that is counted', async () => {
    const bridge = broken((real) => ({ signDecision: async (ticket) => {
      const signed = await real.signDecision(ticket);
      real.setConnection({ unsent: real.link.unsent + 1 });
      return signed;
    } }));
    expect(await breaches(bridge)).toContain('practice is the real thing, and nothing of it is kept');
  });

});

describe('shapes', () => {
  it('are read from every binding', () => {
    expect(Object.keys(SHAPES).length).toBeGreaterThan(90);
    expect(SHAPES['Delivery']).toMatchObject({ is: 'union' });
    expect(SHAPES['ProblemView']).toMatchObject({ is: 'object', fields: { values: { is: 'record' } } });
  });

  it('name the field that is wrong', () => {
    const shape = read('export type A = { b: Array<string>, c: number | null, d: "x" | "y", };');
    expect(faults({ b: ['1'], c: null, d: 'y' }, shape, 'a')).toEqual([]);
    expect(faults({ b: [1], c: 'z', d: 'q', e: 0 }, shape, 'a')).toHaveLength(4);
  });
});
