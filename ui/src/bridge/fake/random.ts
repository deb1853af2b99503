// Repeatable chance: the same seed gives the same day, in every browser.

/** Numbers from 0 up to 1, excluded. */
export type Random = () => number;

/** Mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One of a list that is not empty. */
export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

/** A whole number from `low` to `high`, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** A number that depends on a text alone (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** Something that looks like a SHA-256 and depends on a text alone. */
export function digestOf(text: string): string {
  const random = seeded(seedOf(text));
  return Array.from({ length: 64 }, () => '0123456789abcdef'[Math.floor(random() * 16)]).join('');
}

const WORDS = (
  'orbit velvet canoe fossil ribbon maple lunar basket tilt warm exhibit cabin harbor slim notice kitten gravity lemon ' +
  'acid bamboo cargo dolphin ember fabric galaxy hazard ivory jacket kiwi ladder magnet nephew oyster pencil quartz rabbit ' +
  'saddle tobacco umbrella vacuum walnut yellow zebra anchor bridge copper dragon engine forest garden hammer island jungle ' +
  'kernel lizard marble nectar olive parrot quiver rocket silver timber uncle violin window yogurt atom blossom cactus desert'
).split(' ');

/** Six words that depend on a text alone. */
export function sixWords(text: string): string[] {
  const random = seeded(seedOf(text));
  return Array.from({ length: 6 }, () => pick(random, WORDS));
}
