// The predicted lift as geometry: one point, its interval, and where zero is.
import { scaleLinear } from 'd3-scale';
import type { IntervalView } from '../bridge/bindings/IntervalView';

/** What is drawn, in pixels. */
export interface LiftPicture {
  zero: number;
  low: number;
  high: number;
  value: number;
  ticks: { x: number; value: number }[];
}

/** Where the interval lies relative to zero. */
export type LiftReading = 'above_zero' | 'includes_zero' | 'below_zero';

export function reading(lift: IntervalView): LiftReading {
  if (lift.low > 0) return 'above_zero';
  return lift.high < 0 ? 'below_zero' : 'includes_zero';
}

/** Zero is always in the picture: without it an interval says nothing. */
export function layOut(lift: IntervalView, left: number, right: number): LiftPicture {
  const ends = [0, lift.low, lift.high, lift.value].filter(Number.isFinite);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  // Below a millionth there is nothing to tell apart.
  const room = most - least < 1e-6 ? 0.01 : (most - least) * 0.08;
  const x = scaleLinear([least - room, most + room], [left, right]);
  const ticks = x.ticks(4);
  return {
    zero: x(0),
    low: x(lift.low),
    high: x(lift.high),
    value: x(lift.value),
    ticks: (ticks.includes(0) ? ticks : [...ticks, 0]).map((tick) => ({ x: x(tick), value: tick })),
  };
}
