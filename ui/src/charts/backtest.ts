// The backtest as counts, as a judgement and as geometry.
import { scaleLinear } from 'd3-scale';
import type { BacktestView } from '../bridge/bindings/BacktestView';
import type { Size } from './geometry';
import { everyFew } from './geometry';

/** What the points say, counted here from what is drawn. */
export interface Tally {
  /** Days with a figure. */
  days: number;
  inside: number;
  missed: number;
  /** Days that the platform has no figure for. */
  unknown: number;
  /** How the coverage compares with the claim, given how few days there are. */
  judgement: 'as_claimed' | 'too_narrow' | 'too_wide' | 'unknown';
}

/** Counts, and compares with the claim: two standard deviations of a fair count are allowed. */
export function tally(backtest: BacktestView): Tally {
  const known = backtest.points.filter((point) => point.actual !== null);
  const missed = known.filter((point) => point.missed).length;
  const inside = known.length - missed;
  const expected = known.length * backtest.level;
  const slack = 2 * Math.sqrt(known.length * backtest.level * (1 - backtest.level));
  const judgement =
    known.length === 0 ? 'unknown'
    : inside < expected - slack ? 'too_narrow'
    : inside > expected + slack ? 'too_wide'
    : 'as_claimed';
  return { days: known.length, inside, missed, unknown: backtest.points.length - known.length, judgement };
}

/** A day, in pixels. */
export interface BacktestMark {
  x: number;
  low: number;
  high: number;
  predicted: number;
  actual: number | null;
  missed: boolean;
  date: string;
}

/** What is drawn. */
export interface BacktestPicture {
  left: number;
  right: number;
  bottom: number;
  marks: BacktestMark[];
  /** Half the width of an interval's ends. */
  cap: number;
  ticks: { y: number; value: number }[];
  dates: { x: number; date: string; anchor: 'start' | 'middle' | 'end' }[];
}

/** Lays the chart out; null without points. */
export function layOut(backtest: BacktestView, left: number, right: number, size: Size): BacktestPicture | null {
  const points = backtest.points;
  if (points.length === 0) return null;
  const bottom = size.height - 26;
  const edge = size.width - right;
  const most = Math.max(1, ...points.flatMap((point) => [point.predicted.high, point.actual ?? 0]));
  const y = scaleLinear([0, most], [bottom, 26]).nice(4);
  const step = (edge - left) / points.length;
  const x = (index: number): number => left + (index + 0.5) * step;
  return {
    left,
    right: edge,
    bottom,
    marks: points.map((point, index) => ({
      x: x(index),
      low: y(point.predicted.low),
      high: y(point.predicted.high),
      predicted: y(point.predicted.value),
      actual: point.actual === null ? null : y(point.actual),
      missed: point.missed,
      date: point.date,
    })),
    cap: Math.max(1, Math.min(5, step * 0.3)),
    ticks: y.ticks(4).map((tick) => ({ y: y(tick), value: tick })),
    dates: everyFew(points.length, size.width < 480 ? 3 : 5).map((index, position, few) => ({
      x: x(index),
      date: points[index]?.date ?? '',
      anchor: position === 0 ? 'start' : position === few.length - 1 ? 'end' : 'middle',
    })),
  };
}
