// Every sort of value has one form for the eye and one for the ear, and a kind of change needs
// no screen of its own.
import { describe, expect, it } from 'vitest';
import type { DiffRowView } from '../src/bridge/bindings/DiffRowView';
import type { ValueView } from '../src/bridge/bindings/ValueView';
import { heardDiff, sayDiff, sayHolding, sayRatio, sayValue, sentenceOf, spokenValue } from '../src/lib/diff';

const usd = (amount: string): ValueView => ({ type: 'money', amount_micros: amount, currency: 'USD' });
const budget: DiffRowView[] = [{ field: 'daily_budget', before: usd('100000000'), after: usd('125000000'), ratio: 0.25 }];
const pause: DiffRowView[] = [{ field: 'status', before: { type: 'status', status: 'enabled' }, after: { type: 'status', status: 'paused' }, ratio: null }];

describe('a change in words', () => {
  it('is an amount with its ratio', () => {
    expect([sayDiff(budget), sayRatio(budget)]).toEqual(['USD\u00a0100.00 → USD\u00a0125.00', '+25%']);
    expect(heardDiff(budget)).toBe('100.00 US dollars to 125.00 US dollars a day, +25%');
    expect(sentenceOf(budget)).toBe('Daily budget from 100.00 US dollars to 125.00 US dollars a day, plus 25%.');
  });

  it('is a state without one', () => {
    expect([sayDiff(pause), sayRatio(pause)]).toEqual(['running → paused', '']);
    expect(heardDiff(pause)).toBe('from running to paused');
    expect(sentenceOf(pause)).toBe('The campaign goes from running to paused.');
    expect(sayHolding('status', { type: 'status', status: 'paused' })).toBe('campaign paused');
  });

  it('has a form for every sort of value', () => {
    const values: ValueView[] = [
      { type: 'percent', ratio: 0.125 }, { type: 'count', count: 1_234 }, { type: 'text', text: 'Free delivery' },
      { type: 'image', digest: 'abcdef0123456789' }, { type: 'set', added: ['shoes', 'boots'], removed: ['hats'] },
    ];
    expect(values.map(sayValue)).toEqual(['12.5%', '1,234', 'Free delivery', 'abcdef012345', expect.stringContaining('+shoes')]);
    expect(values.map(spokenValue)).toEqual(values.map(sayValue));
    expect(sayValue({ type: 'moment', at_ms: 0 })).toContain('1970');
  });
});
