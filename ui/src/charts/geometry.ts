// Geometry that all charts share: pure functions over numbers, no DOM.

/** A box in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Below this width the labels leave the picture and stand beneath it. */
export const NARROW = 520;

/** For drawing only: a picture may round, a number shown may not. */
export const drawn = (micros: string): number => Number(micros);

/** About `wanted` positions out of `total`, the first and the last among them, rising. */
export function everyFew(total: number, wanted: number): number[] {
  const few = Math.min(wanted, total);
  if (few < 2) return total === 0 ? [] : [0];
  return Array.from({ length: few }, (_, index) => Math.round((index * (total - 1)) / (few - 1)));
}

/**
 * Moves labels apart until `gap` lies between any two, in their order, and keeps them between
 * `top` and `bottom` as far as they fit.
 */
export function spread(wanted: number[], gap: number, top: number, bottom: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b);
  const placed = [...wanted];
  let least = top;
  for (const index of order) {
    placed[index] = Math.max(placed[index] ?? 0, least);
    least = (placed[index] ?? 0) + gap;
  }
  let most = Math.max(bottom, top + gap * (wanted.length - 1));
  for (const index of [...order].reverse()) {
    placed[index] = Math.min(placed[index] ?? 0, most);
    most = (placed[index] ?? 0) - gap;
  }
  return placed;
}

/** Room for the longest of some words, in pixels; figures are tabular, so their number tells. */
export function roomFor(texts: string[], perCharacter = 7): number {
  return Math.ceil(Math.max(0, ...texts.map((text) => [...text].length)) * perCharacter);
}

/** Days between two ISO dates. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** Words cut to `most` characters, with an ellipsis when something is gone. */
export function cut(text: string, most: number): string {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, Math.max(1, most - 1)).join('')}…`;
}

/** Which of `xs`, rising, is nearest to `x`. */
export function nearest(xs: number[], x: number): number {
  let best = 0;
  xs.forEach((at, index) => {
    if (Math.abs(at - x) < Math.abs((xs[best] ?? 0) - x)) best = index;
  });
  return best;
}
