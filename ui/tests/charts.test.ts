// The charts' data and geometry: nothing is lost, nothing leaves the picture.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BacktestView } from '../src/bridge/bindings/BacktestView';
import type { ForecastView } from '../src/bridge/bindings/ForecastView';
import type { PacingView } from '../src/bridge/bindings/PacingView';
import { layOut as layOutAttributions, strongest } from '../src/charts/attributions';
import { layOut as layOutBacktest, tally } from '../src/charts/backtest';
import { cut, everyFew, nearest, spread } from '../src/charts/geometry';
import { layOut as layOutLift, reading } from '../src/charts/lift';
import { historyDays, layOut as layOutPacing, pacingRows } from '../src/charts/pacing';

const dateOf = (index: number): string => new Date(Date.UTC(2026, 0, 1) + index * 86_400_000).toISOString().slice(0, 10);
const amount = fc.bigInt({ min: 0n, max: 9_223_372_036_854_775_807n });

const series = fc.record({ days: fc.array(amount, { maxLength: 120 }), budget: amount }).map(({ days, budget }): PacingView => ({
  source: 'test', time_zone: 'UTC', read_at_ms: 0,
  per: 'daily', budget: { amount_micros: budget.toString(), currency: 'USD' },
  asked_first: dateOf(0), asked_last: dateOf(Math.max(0, days.length - 1)),
  days: days.map((spend, index) => ({ date: dateOf(index), spend_micros: spend.toString(), impressions: 1, clicks: 1 })),
}));

const range = fc.tuple(amount, amount, amount).map((values) => {
  const [low, value, high] = values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map(String) as [string, string, string];
  return { low_micros: low, value_micros: value, high_micros: high };
});

const forecastAfter = (days: number): fc.Arbitrary<ForecastView> =>
  fc.array(fc.record({ before: range, after: range }), { maxLength: 30 }).map((coming) => ({
    method: 'weekday_utilisation', fitted_days: 28, level: 0.8, flight_end: null, currency: 'USD',
    days: coming.map((one, index) => ({ date: dateOf(days + index), ...one })),
  }));

const both = series.chain((pacing) => fc.tuple(fc.constant(pacing), fc.option(forecastAfter(pacing.days.length))));
const sum = (values: string[]): bigint => values.reduce((total, value) => total + BigInt(value), 0n);
const numbers = (path: string): number[] => (path.match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g) ?? []).map(Number);

describe('pacing rows', () => {
  it('add up exactly, to the last micro', () => {
    fc.assert(fc.property(both, fc.nat(130), ([pacing, forecast], history) => {
      const rows = pacingRows(pacing, forecast, history);
      const past = rows.filter((row) => row.spend !== null);
      const coming = rows.filter((row) => row.before !== null);
      const spent = sum(past.map((row) => row.spend ?? '0'));
      expect(past).toHaveLength(Math.min(history, pacing.days.length));
      expect(BigInt(past.at(-1)?.spendTotal ?? '0')).toBe(spent);
      expect(coming).toHaveLength(forecast?.days.length ?? 0);
      const last = coming.at(-1);
      if (last) expect(BigInt(last.afterTotal?.value_micros ?? '0')).toBe(spent + sum(coming.map((row) => row.after?.value_micros ?? '0')));
      rows.forEach((row, index) => expect(BigInt(row.planTotal)).toBe(BigInt(pacing.budget.amount_micros) * BigInt(index + 1)));
    }));
  });

  it('keep ranges around their value and never shrink them', () => {
    fc.assert(fc.property(both, ([pacing, forecast]) => {
      let before = 0n;
      for (const row of pacingRows(pacing, forecast, 999)) {
        if (!row.beforeTotal) continue;
        const [low, value, high] = [row.beforeTotal.low_micros, row.beforeTotal.value_micros, row.beforeTotal.high_micros].map(BigInt) as [bigint, bigint, bigint];
        expect(low <= value && value <= high).toBe(true);
        expect(high - low >= before).toBe(true);
        before = high - low;
      }
    }));
  });

  it('count no day twice when the forecast begins on a day that was read', () => {
    const pacing: PacingView = { source: '', time_zone: 'UTC', read_at_ms: 0, per: 'daily', budget: { amount_micros: '10', currency: 'USD' }, asked_first: '2026-01-01', asked_last: '2026-01-01', days: [{ date: '2026-01-01', spend_micros: '5', impressions: 1, clicks: 1 }] };
    const one = { low_micros: '1', value_micros: '2', high_micros: '3' };
    const forecast: ForecastView = { method: 'weekday_utilisation', fitted_days: 1, level: 0.8, flight_end: null, currency: 'USD', days: [{ date: '2026-01-01', before: one, after: one }, { date: '2026-01-02', before: one, after: one }] };
    expect(pacingRows(pacing, forecast, 9).map((row) => row.date)).toEqual(['2026-01-01', '2026-01-02']);
  });

  it('show four weeks beside a short forecast, all of them on request', () => {
    fc.assert(fc.property(both, ([pacing, forecast]) => {
      const shown = historyDays(pacing, forecast, false);
      expect(shown).toBeLessThanOrEqual(pacing.days.length);
      expect(historyDays(pacing, forecast, true)).toBe(pacing.days.length);
      if (pacing.days.length >= 28) expect(shown).toBeGreaterThanOrEqual(28);
    }));
  });
});

describe('pacing picture', () => {
  it('stays inside of its box, whatever the amounts', () => {
    fc.assert(fc.property(both, amount, fc.integer({ min: 280, max: 1600 }), ([pacing, forecast], proposed, width) => {
      const rows = pacingRows(pacing, forecast, 999);
      const picture = layOutPacing(rows, { budget: pacing.budget.amount_micros, proposed: proposed.toString(), per: 'daily', flightEnd: null, left: 60, right: 100 }, { width, height: 380 });
      if (rows.length === 0) {
        expect(picture).toBeNull();
        return;
      }
      if (!picture) throw new Error('no picture');
      for (const bar of picture.bars) {
        expect(bar.y).toBeGreaterThanOrEqual(picture.daily.top - 0.01);
        expect(bar.y + bar.height).toBeLessThanOrEqual(picture.daily.bottom + 0.01);
        expect(Number.isFinite(bar.x)).toBe(true);
      }
      for (const x of picture.x) expect(x >= 60 && x <= width - 100).toBe(true);
      for (const path of [picture.spendLine, picture.planLine, picture.total_after.area, picture.daily_before.area]) {
        expect(path).not.toMatch(/NaN|Infinity/);
        for (const value of numbers(path)) expect(value).toBeLessThanOrEqual(Math.max(width, 380));
      }
    }));
  });
});

const backtest = fc.array(fc.record({ predicted: fc.tuple(fc.nat(1e6), fc.nat(1e6), fc.nat(1e6)), actual: fc.option(fc.nat(1e6)) }), { maxLength: 60 }).map((points): BacktestView => ({
  method: 'm', fitted_from: '2026-01-01', fitted_until: '2026-02-01', metric: 'clicks', level: 0.9, coverage: null, bias: null, error: null,
  points: points.map(({ predicted, actual }, index) => {
    const [low, value, high] = predicted.sort((a, b) => a - b) as [number, number, number];
    return { date: dateOf(index), predicted: { low, value, high }, actual, missed: actual !== null && (actual < low || actual > high) };
  }),
}));

const known = (inside: number, days: number): BacktestView => ({
  method: 'm', fitted_from: '2026-01-01', fitted_until: '2026-02-01', metric: 'clicks', level: 0.9, coverage: null, bias: null, error: null,
  points: Array.from({ length: days }, (_, index) => ({ date: dateOf(index), predicted: { low: 1, value: 2, high: 3 }, actual: index < inside ? 2 : 9, missed: index >= inside })),
});

describe('backtest', () => {
  it('counts every day once', () => {
    fc.assert(fc.property(backtest, (view) => {
      const counts = tally(view);
      expect(counts.inside + counts.missed).toBe(counts.days);
      expect(counts.days + counts.unknown).toBe(view.points.length);
    }));
  });

  it.each([[27, 30, 'as_claimed'], [30, 30, 'as_claimed'], [20, 30, 'too_narrow'], [100, 100, 'too_wide'], [0, 0, 'unknown']] as const)('judges %i of %i days inside as %s', (inside, days, judgement) => {
    expect(tally(known(inside, days)).judgement).toBe(judgement);
  });

  it('shows each miss where it was, outside of its interval', () => {
    fc.assert(fc.property(backtest, (view) => {
      const picture = layOutBacktest(view, 50, 14, { width: 640, height: 250 });
      if (!picture) {
        expect(view.points).toHaveLength(0);
        return;
      }
      expect(picture.marks).toHaveLength(view.points.length);
      for (const mark of picture.marks) {
        expect(mark.high).toBeLessThanOrEqual(mark.low);
        if (mark.missed && mark.actual !== null) expect(mark.actual < mark.high || mark.actual > mark.low).toBe(true);
        expect(mark.low).toBeLessThanOrEqual(picture.bottom + 0.01);
      }
    }));
  });
});

describe('attributions', () => {
  const list = fc.array(fc.record({ signal: fc.string(), weight: fc.double({ min: -5, max: 5, noNaN: true }) }), { minLength: 1, maxLength: 20 });

  it('show the strongest first and the same length whether three or all are shown', () => {
    fc.assert(fc.property(list, (attributions) => {
      const all = strongest(attributions, true);
      const top = strongest(attributions, false);
      expect(top).toEqual(all.slice(0, 3));
      const few = layOutAttributions(top, attributions, 100, 500);
      const many = layOutAttributions(all, attributions, 100, 500);
      expect(few.bars.map((bar) => bar.width)).toEqual(many.bars.slice(0, 3).map((bar) => bar.width));
      for (const bar of many.bars) {
        expect(bar.x).toBeGreaterThanOrEqual(99.99);
        expect(bar.x + bar.width).toBeLessThanOrEqual(500.01);
        // Which side of zero tells the sign.
        if (bar.weight > 0) expect(bar.x).toBeCloseTo(many.zero);
        if (bar.weight < 0) expect(bar.x + bar.width).toBeCloseTo(many.zero);
      }
    }));
  });
});

describe('lift', () => {
  it('has zero and the whole interval in the picture', () => {
    const ends = fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.double({ min: -9, max: 9, noNaN: true }), fc.double({ min: -9, max: 9, noNaN: true }));
    fc.assert(fc.property(ends, (values) => {
      const [low, value, high] = values.sort((a, b) => a - b) as [number, number, number];
      const picture = layOutLift({ low, value, high }, 20, 600);
      for (const x of [picture.zero, picture.low, picture.value, picture.high]) expect(x >= 20 && x <= 600).toBe(true);
      expect(picture.ticks.some((tick) => tick.value === 0)).toBe(true);
    }));
  });

  it.each([[0.01, 0.2, 'above_zero'], [-0.1, 0.2, 'includes_zero'], [-0.2, -0.1, 'below_zero'], [0, 0.1, 'includes_zero']] as const)('reads %d to %d as %s', (low, high, said) => {
    expect(reading({ low, value: (low + high) / 2, high })).toBe(said);
  });
});

describe('labels', () => {
  it('stand apart, in their order', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 6 }), (wanted) => {
      const placed = spread(wanted, 20, 0, 300);
      const ordered = wanted.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at || a.index - b.index).map(({ index }) => placed[index] as number);
      ordered.slice(1).forEach((at, index) => expect(at - (ordered[index] as number)).toBeGreaterThanOrEqual(20 - 1e-9));
      for (const at of placed) expect(at >= 0 && at <= 300).toBe(true);
    }));
  });

  it('name the first and the last, without repeating one', () => {
    fc.assert(fc.property(fc.nat(200), fc.integer({ min: 1, max: 8 }), (total, wanted) => {
      const few = everyFew(total, wanted);
      expect(new Set(few).size).toBe(few.length);
      if (total > 1 && wanted > 1) expect([few[0], few.at(-1)]).toEqual([0, total - 1]);
    }));
  });

  it('are cut by letters, not in the middle of one', () => {
    expect(cut('👩🏽👩🏽👩🏽', 99)).toBe('👩🏽👩🏽👩🏽');
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(nearest([10, 20, 30], 24)).toBe(1);
  });
});
