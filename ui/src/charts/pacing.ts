// Pacing as rows and as geometry: what was spent, the plan, and both forecasts. Amounts are
// added as whole micros; only the picture rounds.
import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { BudgetPeriodView } from '../bridge/bindings/BudgetPeriodView';
import type { ForecastView } from '../bridge/bindings/ForecastView';
import type { MoneyRangeView } from '../bridge/bindings/MoneyRangeView';
import type { PacingView } from '../bridge/bindings/PacingView';
import { daysBetween, drawn, everyFew, type Size } from './geometry';

/** A calendar day of the account. */
export interface PacingRow {
  date: string;
  /** Spend of the day; null for a day to come. */
  spend: string | null;
  impressions: number | null;
  clicks: number | null;
  /** A daily budget added up since the first row; a total budget as it is. */
  planTotal: string;
  /** Spend added up since the first row. */
  spendTotal: string | null;
  before: MoneyRangeView | null;
  after: MoneyRangeView | null;
  /** Spend so far and the forecast added up; ranges added end to end, the widest case. */
  beforeTotal: MoneyRangeView | null;
  afterTotal: MoneyRangeView | null;
}

/** History beside a forecast: twice its length, at least four weeks. */
export function historyDays(pacing: PacingView, forecast: ForecastView | null, all: boolean): number {
  if (all || !forecast || forecast.days.length === 0) return pacing.days.length;
  return Math.min(pacing.days.length, Math.max(28, forecast.days.length * 2));
}

/** The last `history` days that were read, then the days to come that were not. */
export function pacingRows(pacing: PacingView, forecast: ForecastView | null, history: number): PacingRow[] {
  const past = history <= 0 ? [] : pacing.days.slice(-history);
  const last = pacing.days.at(-1)?.date ?? '';
  const coming = (forecast?.days ?? []).filter((day) => day.date > last);
  const first = past[0]?.date ?? coming[0]?.date ?? '';
  const budget = BigInt(pacing.budget.amount_micros);
  const plan = (date: string): string => (pacing.per === 'daily' ? budget * BigInt(daysBetween(first, date) + 1) : budget).toString();
  let spent = 0n;
  const rows: PacingRow[] = past.map((day) => {
    spent += BigInt(day.spend_micros);
    return {
      date: day.date, spend: day.spend_micros, impressions: day.impressions, clicks: day.clicks,
      planTotal: plan(day.date), spendTotal: spent.toString(),
      before: null, after: null, beforeTotal: null, afterTotal: null,
    };
  });
  let [before, after] = [flat(spent), flat(spent)];
  for (const day of coming) {
    before = plus(before, day.before);
    after = plus(after, day.after);
    rows.push({
      date: day.date, spend: null, impressions: null, clicks: null,
      planTotal: plan(day.date), spendTotal: null,
      before: day.before, after: day.after, beforeTotal: before, afterTotal: after,
    });
  }
  return rows;
}

const flat = (amount: bigint): MoneyRangeView => {
  const micros = amount.toString();
  return { value_micros: micros, low_micros: micros, high_micros: micros };
};

const plus = (sum: MoneyRangeView, more: MoneyRangeView): MoneyRangeView => ({
  value_micros: (BigInt(sum.value_micros) + BigInt(more.value_micros)).toString(),
  low_micros: (BigInt(sum.low_micros) + BigInt(more.low_micros)).toString(),
  high_micros: (BigInt(sum.high_micros) + BigInt(more.high_micros)).toString(),
});

/** One of the two pictures: a day's spend above, the sum below. */
export interface Panel {
  top: number;
  bottom: number;
  ticks: { y: number; micros: string }[];
  y: (micros: string) => number;
}

/** What is drawn, in pixels. */
export interface PacingPicture {
  left: number;
  right: number;
  x: number[];
  today: number | null;
  flightEnd: number | null;
  dates: { x: number; date: string; anchor: 'start' | 'middle' | 'end' }[];
  bars: { x: number; y: number; width: number; height: number; date: string; over: boolean }[];
  daily: Panel;
  total: Panel;
  spendLine: string;
  planLine: string;
  daily_before: Band;
  daily_after: Band;
  total_before: Band;
  total_after: Band;
}

/** A forecast: its expected line within its range. */
export interface Band {
  area: string;
  line: string;
}

/** Lays the chart out; null when there is no day at all. */
export function layOut(
  rows: PacingRow[],
  { budget, proposed, per, flightEnd, left, right }: { budget: string; proposed: string; per: BudgetPeriodView; flightEnd: string | null; left: number; right: number },
  size: Size,
): PacingPicture | null {
  const first = rows[0]?.date;
  const lastRow = rows.at(-1)?.date;
  if (first === undefined || lastRow === undefined) return null;
  const end = flightEnd !== null && flightEnd > lastRow && daysBetween(lastRow, flightEnd) <= 7 ? flightEnd : lastRow;
  const span = daysBetween(first, end) + 1;
  const edge = size.width - right;
  const step = (edge - left) / span;
  const at = (date: string): number => left + (daysBetween(first, date) + 0.5) * step;
  const x = rows.map((row) => at(row.date));

  const split = Math.round(size.height * 0.54);
  const dailyTop = Math.max(1, ...(per === 'daily' ? [drawn(budget), drawn(proposed)] : []), ...rows.flatMap((row) => [drawn(row.spend ?? '0'), drawn(row.after?.high_micros ?? '0'), drawn(row.before?.high_micros ?? '0')]));
  const totalTop = Math.max(1, ...(per === 'total' ? [drawn(proposed)] : []), ...rows.flatMap((row) => [drawn(row.planTotal), drawn(row.spendTotal ?? '0'), drawn(row.afterTotal?.high_micros ?? '0'), drawn(row.beforeTotal?.high_micros ?? '0')]));
  const daily = panel(dailyTop, 26, split - 26, 4);
  const total = panel(totalTop, split + 24, size.height - 26, 3);

  const coming = rows.map((row, index) => ({ row, x: x[index] ?? 0 })).filter(({ row }) => row.before !== null);
  const lastPast = rows.map((row, index) => ({ row, x: x[index] ?? 0 })).filter(({ row }) => row.spendTotal !== null).at(-1);
  const bandOf = (which: 'before' | 'after', panelOf: Panel): Band =>
    makeBand(coming.flatMap(({ row, x: position }) => (row[which] ? [{ x: position, range: row[which] }] : [])), panelOf);
  const totalBandOf = (which: 'beforeTotal' | 'afterTotal'): Band => {
    const start = lastPast && coming.length > 0 ? [{ x: lastPast.x, range: flat(BigInt(lastPast.row.spendTotal ?? '0')) }] : [];
    return makeBand([...start, ...coming.flatMap(({ row, x: position }) => (row[which] ? [{ x: position, range: row[which] }] : []))], total);
  };
  const path = line<{ x: number; y: number }>((point) => point.x, (point) => point.y);
  const wide = Math.max(1, Math.min(14, step * 0.72));
  return {
    left,
    right: edge,
    x,
    today: coming[0] ? coming[0].x - step / 2 : null,
    flightEnd: flightEnd !== null && flightEnd <= end && flightEnd >= first ? at(flightEnd) + step / 2 : null,
    dates: everyFew(rows.length, size.width < 480 ? 3 : 5).map((index, position, few) => ({
      x: x[index] ?? 0,
      date: rows[index]?.date ?? '',
      anchor: position === 0 ? 'start' : position === few.length - 1 ? 'end' : 'middle',
    })),
    bars: rows.flatMap((row, index) => {
      if (row.spend === null) return [];
      const y = daily.y(row.spend);
      return [{ x: (x[index] ?? 0) - wide / 2, y, width: wide, height: Math.max(0, daily.bottom - y), date: row.date, over: per === 'daily' && BigInt(row.spend) > BigInt(budget) }];
    }),
    daily,
    total,
    spendLine: path(rows.flatMap((row, index) => (row.spendTotal === null ? [] : [{ x: x[index] ?? 0, y: total.y(row.spendTotal) }]))) ?? '',
    planLine: path(rows.map((row, index) => ({ x: x[index] ?? 0, y: total.y(row.planTotal) }))) ?? '',
    daily_before: bandOf('before', daily),
    daily_after: bandOf('after', daily),
    total_before: totalBandOf('beforeTotal'),
    total_after: totalBandOf('afterTotal'),
  };
}

function panel(most: number, top: number, bottom: number, ticks: number): Panel {
  const scale: ScaleLinear<number, number> = scaleLinear([0, most], [bottom, top]).nice(ticks);
  return {
    top,
    bottom,
    ticks: scale.ticks(ticks).map((tick) => ({ y: scale(tick), micros: BigInt(Math.round(tick)).toString() })),
    y: (micros) => scale(drawn(micros)),
  };
}

function makeBand(points: { x: number; range: MoneyRangeView }[], { y }: Panel): Band {
  const shape = area<{ x: number; range: MoneyRangeView }>((point) => point.x, (point) => y(point.range.low_micros), (point) => y(point.range.high_micros));
  const middle = line<{ x: number; range: MoneyRangeView }>((point) => point.x, (point) => y(point.range.value_micros));
  return points.length === 0 ? { area: '', line: '' } : { area: shape(points) ?? '', line: middle(points) ?? '' };
}
