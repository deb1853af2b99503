// Charts' data from the published, simulated series: pacing, forecast, backtest. The last
// thirty days are never used to predict themselves.
import type { BacktestView } from '../bindings/BacktestView';
import type { ForecastView } from '../bindings/ForecastView';
import type { MoneyRangeView } from '../bindings/MoneyRangeView';
import type { PacingView } from '../bindings/PacingView';
import { money } from './money';
import { seedOf } from './random';
import type { Plan } from './plans';
import { SERIES, type Day } from './series';

const DAY = 86_400_000;
const FITTED = 60;
const ZONE = 'America/New_York';

/** The series of a campaign; one of the seven for a campaign that is none of them. */
export function seriesOf(campaign: string): readonly Day[] {
  const names = Object.keys(SERIES);
  const days = SERIES[campaign] ?? SERIES[names[seedOf(campaign) % names.length] as string] ?? [];
  const last = days.findLastIndex(([cents]) => cents > 0);
  // What did not run lately is shown as if its last active day had been yesterday.
  return [...days.slice(last + 1), ...days.slice(0, last + 1)];
}

/** The day `index` of a series that ends yesterday. */
function dateOf(index: number, length: number, nowMs: number): string {
  return new Date(nowMs - (length - index) * DAY).toISOString().slice(0, 10);
}

/** Spend by day. */
export function pacing(plan: Plan, readAtMs: number): PacingView {
  const days = plan.noHistory ? [] : seriesOf(plan.campaign);
  return {
    source: 'Simulated: the published PyMC-Marketing credibility series, with a known ground truth. No real account.',
    time_zone: ZONE,
    read_at_ms: readAtMs,
    asked_first: dateOf(0, Math.max(1, days.length) + (plan.askedBefore ?? 0), readAtMs),
    asked_last: dateOf(0, 1, readAtMs),
    per: plan.kind === 'total_budget_change' ? 'total' : 'daily',
    budget: money(plan.kind === 'status_change' ? Math.max(plan.before, plan.after) : plan.before, plan.currency),
    days: days.map(([cents, impressions, clicks], index) => ({
      date: dateOf(index, days.length, readAtMs),
      spend_micros: String(cents * 10_000),
      impressions,
      clicks,
    })),
  };
}

/** Share of the budget that each weekday used, and its spread. */
function utilisation(plan: Plan): { mean: number; spread: number } {
  const budget = plan.kind === 'status_change' ? Math.max(plan.before, plan.after) : plan.before;
  const used = seriesOf(plan.campaign).slice(-28).map(([cents]) => Math.min(1, cents / 100 / Math.max(budget, 1)));
  const mean = used.reduce((sum, one) => sum + one, 0) / Math.max(used.length, 1);
  const spread = Math.sqrt(used.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(used.length, 1));
  return { mean: Math.max(0.4, mean), spread: Math.max(0.04, spread) };
}

/** Spend to be expected under both budgets. */
export function forecast(plan: Plan, nowMs: number): ForecastView {
  const { mean, spread } = utilisation(plan);
  const length = plan.window ? 4 : 14;
  const range = (budget: number, share: number): MoneyRangeView => ({
    value_micros: money(budget * share).amount_micros,
    low_micros: money(budget * Math.max(0, share - 1.28 * spread)).amount_micros,
    high_micros: money(budget * Math.min(1, share + 1.28 * spread)).amount_micros,
  });
  return {
    method: 'weekday_utilisation',
    fitted_days: 28,
    level: 0.8,
    flight_end: plan.window ? dateOf(length - 1, 0, nowMs) : null,
    currency: plan.currency ?? 'USD',
    days: Array.from({ length }, (_, index) => {
      const share = Math.min(1, mean * (1 + 0.08 * Math.sin((index / 7) * 2 * Math.PI)));
      return { date: dateOf(index, 0, nowMs), before: range(plan.before, share), after: range(plan.after, share * 0.97) };
    }),
  };
}

/** Clicks predicted from spend by the ratio of the first sixty days, judged on the last thirty. */
export function backtest(plan: Plan, nowMs: number): BacktestView {
  const days = seriesOf(plan.campaign);
  const fit = days.slice(0, FITTED).filter(([cents]) => cents > 0);
  const judged = days.slice(FITTED);
  const basis = fit.length > 10 ? fit : judged;
  const perCent = basis.reduce((sum, [, , clicks]) => sum + clicks, 0) / Math.max(1, basis.reduce((sum, [cents]) => sum + cents, 0));
  const residual = Math.sqrt(basis.reduce((sum, [cents, , clicks]) => sum + (clicks - cents * perCent) ** 2, 0) / Math.max(1, basis.length));
  const points = judged.map(([cents, , clicks], index) => {
    const value = Math.round(cents * perCent);
    const predicted = { value, low: Math.max(0, Math.round(value - 1.28 * residual)), high: Math.round(value + 1.28 * residual) };
    return { date: dateOf(FITTED + index, days.length, nowMs), predicted, actual: clicks, missed: clicks < predicted.low || clicks > predicted.high };
  });
  const sum = (of: (point: (typeof points)[number]) => number): number => points.reduce((total, point) => total + of(point), 0);
  return {
    method: 'Clicks from spend by the ratio of the first sixty days; the last thirty days were not seen.',
    fitted_from: dateOf(0, days.length, nowMs),
    fitted_until: dateOf(FITTED - 1, days.length, nowMs),
    metric: 'clicks',
    level: 0.8,
    coverage: points.length > 0 ? sum((point) => (point.missed ? 0 : 1)) / points.length : null,
    bias: points.length > 0 ? sum((point) => point.actual) / Math.max(1, sum((point) => point.predicted.value)) - 1 : null,
    error: points.length > 0 ? sum((point) => Math.abs(point.actual - point.predicted.value)) / Math.max(1, sum((point) => point.actual)) : null,
    points,
  };
}
