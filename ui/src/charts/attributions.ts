// Attributions as bars around zero.
import type { AttributionView } from '../bridge/bindings/AttributionView';

/** A bar, in pixels. */
export interface Bar {
  signal: string;
  weight: number;
  x: number;
  width: number;
  y: number;
}

/** How many are shown at first. */
export const TOP = 3;
/** Height of a row. */
export const ROW = 28;

/** The strongest first, whatever order they came in. */
export function strongest(attributions: AttributionView[], all: boolean): AttributionView[] {
  const ordered = [...attributions].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return all ? ordered : ordered.slice(0, TOP);
}

/** Bars between `left` and `right`; the scale is that of all attributions, so that bars keep their length. */
export function layOut(shown: AttributionView[], all: AttributionView[], left: number, right: number): { bars: Bar[]; zero: number } {
  const most = Math.max(Number.EPSILON, ...all.map((one) => Math.abs(one.weight)));
  const up = all.some((one) => one.weight > 0);
  const down = all.some((one) => one.weight < 0);
  const zero = down ? (up ? (left + right) / 2 : right) : left;
  const half = down && up ? (right - left) / 2 : right - left;
  const bars = shown.map((one, index) => {
    const width = (Math.abs(one.weight) / most) * half;
    return { signal: one.signal, weight: one.weight, x: one.weight < 0 ? zero - width : zero, width, y: index * ROW };
  });
  return { bars, zero };
}
