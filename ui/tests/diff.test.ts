// Every sort of value has one form for the eye and one for the ear, and a kind of change needs
// no screen of its own.
import { describe, expect, it } from 'vitest';
import type { ChangeView } from '../src/bridge/bindings/ChangeView';
import type { DiffRowView } from '../src/bridge/bindings/DiffRowView';
import type { ValueView } from '../src/bridge/bindings/ValueView';
import { worstCase } from '../src/decide/worst';
import { balanceOf, heldBy } from '../src/lib/balance';
import { amountsOf, heardDiff, sayChange, sayDiff, sayHolding, sayRatio, sayValue, sayWhole, sentenceOf, spokenValue } from '../src/lib/diff';

const usd = (amount: string): ValueView => ({ type: 'money', amount_micros: amount, currency: 'USD' });
const budget: DiffRowView[] = [{ subject: null, field: 'daily_budget', before: usd('100000000'), after: usd('125000000'), ratio: 0.25 }];
const pause: DiffRowView[] = [{ subject: null, field: 'status', before: { type: 'status', status: 'enabled' }, after: { type: 'status', status: 'paused' }, ratio: null }];

const moved = (amount: string): DiffRowView => ({ subject: null, field: 'moved', before: null, after: usd(amount), ratio: null });
const part = (subject: string, before: string, after: string, ratio: number, currency = 'USD'): DiffRowView => ({
  subject, field: 'daily_budget', before: { type: 'money', amount_micros: before, currency }, after: { type: 'money', amount_micros: after, currency }, ratio,
});
const transfer = [moved('30000000'), part('brand_search', '120000000', '90000000', -0.25), part('spring_sale', '200000000', '230000000', 0.15)];

/** Names are kept apart from the sentence by signs that nobody sees. */
const plain = (text: string): string => text.replaceAll(/[\u2068\u2069]/gu, '').replaceAll('\u00a0', ' ');

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

  it('is what is moved, from what to what', () => {
    expect([plain(sayDiff(transfer)), sayRatio(transfer)]).toEqual(['USD 30.00', '']);
    // A list has named the only one that receives.
    expect(plain(sayChange(transfer))).toBe('USD 30.00 a day moved from brand_search');
    expect(plain(heardDiff(transfer))).toBe('30.00 US dollars a day moved from brand_search');
    expect(plain(sayWhole(transfer))).toBe('USD 30.00 a day moved from brand_search to spring_sale');
    expect(plain(sayChange(budget))).toBe('USD 100.00 → USD 125.00');
    expect(plain(sayWhole(budget))).toBe('USD 125.00 a day');
    expect(plain(sentenceOf(transfer))).toBe(
      'Moves 30.00 US dollars a day from brand_search to spring_sale. '
      + 'brand_search: Daily budget from 120.00 US dollars to 90.00 US dollars a day, minus 25%. '
      + 'spring_sale: Daily budget from 200.00 US dollars to 230.00 US dollars a day, plus 15%.',
    );
  });

  it('counts many and names few', () => {
    const many = [moved('30000000'), ...['a', 'b', 'c'].map((name) => part(name, '20000000', '10000000', -0.5)), part('d', '10000000', '25000000', 1.5), part('e', '10000000', '25000000', 1.5)];
    expect(plain(sayChange(many))).toBe('USD 30.00 a day moved from 3 campaigns to d and e');
  });

  it('has the amounts between which an own value lies', () => {
    const change = { spend: null, diff: transfer } as unknown as ChangeView;
    expect(amountsOf(change)).toEqual({ before: { amount_micros: '0', currency: 'USD' }, after: { amount_micros: '30000000', currency: 'USD' } });
    expect(amountsOf({ spend: null, diff: pause } as unknown as ChangeView)).toBeNull();
  });

  it('has a form for every sort of value', () => {
    const values: ValueView[] = [
      { type: 'percent', ratio: 0.125 }, { type: 'count', count: 1_234 }, { type: 'text', text: 'Free delivery' },
      { type: 'image', digest: 'abcdef0123456789' }, { type: 'set', added: ['shoes', 'boots'], removed: ['hats'] },
    ];
    expect(values.map(sayValue)).toEqual(['12.5%', '1,234', '\u2068Free delivery\u2069', 'abcdef012345', expect.stringContaining('+shoes')]);
    expect(values.slice(0, -1).map(spokenValue)).toEqual(values.slice(0, -1).map(sayValue));
    expect(values.slice(-1).map(spokenValue)).toEqual(['adds \u2068shoes\u2069, \u2068boots\u2069; removes \u2068hats\u2069']);
    expect([sayValue({ type: 'set', added: [], removed: [] }), spokenValue({ type: 'set', added: [], removed: [] })]).toEqual(['nothing', 'nothing changes']);
    expect(sayValue({ type: 'moment', at_ms: 0 })).toContain('1970');
  });
});

describe('a balance', () => {
  it('has two sides that come to the same', () => {
    const balance = balanceOf(transfer);
    expect(balance?.from.parts.map(({ subject, delta }) => [subject, delta.amount_micros])).toEqual([['brand_search', '-30000000']]);
    expect(balance?.to.sum).toEqual({ before: { amount_micros: '200000000', currency: 'USD' }, after: { amount_micros: '230000000', currency: 'USD' }, delta: { amount_micros: '30000000', currency: 'USD' }, ratio: 0.15 });
    expect(balance?.whole).toMatchObject({ before: { amount_micros: '320000000' }, delta: { amount_micros: '0' }, ratio: 0 });
    expect(balance && heldBy(balance, { amount_micros: '20000000', currency: 'USD' }).map(plain)).toEqual(['brand_search USD 100.00', 'spring_sale USD 220.00']);
  });

  it('nets no two currencies', () => {
    const balance = balanceOf([moved('30000000'), part('a', '120000000', '90000000', -0.25, 'EUR'), part('b', '200000000', '230000000', 0.15)]);
    expect([balance?.whole, balance?.from.sum?.delta, balance?.to.sum?.delta.currency]).toEqual([null, { amount_micros: '-30000000', currency: 'EUR' }, 'USD']);
  });

  it('is none of a change of one thing', () => {
    expect([budget, pause].map(balanceOf)).toEqual([null, null]);
  });

  it('makes the worst case of what receives', () => {
    const change = { spend: null, diff: transfer, worst_case: { amount_micros: '690000000', currency: 'USD' } } as unknown as ChangeView;
    expect(worstCase(change, { amount_micros: '20000000', currency: 'USD' })).toEqual({ amount_micros: '660000000', currency: 'USD' });
  });
});
