// The pacing chart's geometry: scales and paths as plain data, no DOM.
import { scaleLinear } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';
import type { MoneyView, PacingView } from '../bridge/types';

/** What the chart draws, in pixels. */
export interface PacingChart {
  area: string;
  line: string;
  /** Where the last day that was read ends. */
  edge: number;
  right: number;
  bottom: number;
  left: number;
  budgetY: number;
  proposedY: number;
  yTicks: { y: number; micros: string }[];
  xTicks: { x: number; date: string }[];
}

const MARGIN = { top: 12, right: 148, bottom: 24, left: 64 };

/** For drawing only: a picture may round, a number shown may not. */
const height = (micros: string): number => Number(micros);

/** Lays the chart out; null when there is nothing to draw. */
export function layOut(pacing: PacingView, proposed: MoneyView, size: { width: number; height: number }): PacingChart | null {
  const days = pacing.days;
  if (days.length === 0) return null;
  const bottom = size.height - MARGIN.bottom;
  const right = size.width - MARGIN.right;
  // The strip after the edge shows the two budgets going on, not a forecast.
  const edge = MARGIN.left + (right - MARGIN.left) * 0.86;
  const budget = height(pacing.daily_budget.amount_micros);
  const top = Math.max(budget, height(proposed.amount_micros), ...days.map((day) => height(day.spend_micros)));
  const y = scaleLinear([0, top], [bottom, MARGIN.top]).nice(4);
  const x = scaleLinear([0, Math.max(1, days.length - 1)], [MARGIN.left, edge]);
  const points = days.map((day, index): [number, number] => [x(index), y(height(day.spend_micros))]);
  return {
    area: area<[number, number]>().x((p) => p[0]).y1((p) => p[1]).y0(bottom).curve(curveMonotoneX)(points) ?? '',
    line: line<[number, number]>().x((p) => p[0]).y((p) => p[1]).curve(curveMonotoneX)(points) ?? '',
    edge,
    right,
    bottom,
    left: MARGIN.left,
    budgetY: y(budget),
    proposedY: y(height(proposed.amount_micros)),
    yTicks: y.ticks(4).map((tick) => ({ y: y(tick), micros: Math.round(tick).toString() })),
    xTicks: everyFew(days.length).map((index) => ({ x: x(index), date: days[index]?.date ?? '' })),
  };
}

/** About four positions, the first and the last among them. */
function everyFew(total: number): number[] {
  const wanted = Math.min(4, total);
  if (wanted < 2) return [0];
  return Array.from({ length: wanted }, (_, index) => Math.round((index * (total - 1)) / (wanted - 1)));
}

/** Moves two labels apart until both can be read; order kept. */
export function apart(first: number, second: number, gap: number): [number, number] {
  const distance = Math.abs(first - second);
  if (distance >= gap) return [first, second];
  const push = (gap - distance) / 2;
  return first > second ? [first + push, second - push] : [first - push, second + push];
}
