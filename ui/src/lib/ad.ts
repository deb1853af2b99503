// How a search ad may appear: the platform shows up to three of its headlines and two of its descriptions together.
import type { AdTextView } from '../bridge/bindings/AdTextView';
import type { AdView } from '../bridge/bindings/AdView';

const HEADLINES = 3;
const DESCRIPTIONS = 2;

/** One way in which an ad may appear: at each place what is pinned there, else the next text that is pinned nowhere. */
export function appearing({ headlines, descriptions }: Pick<AdView, 'headlines' | 'descriptions'>): { headlines: string[]; descriptions: string[] } {
  return { headlines: placed(headlines, HEADLINES), descriptions: placed(descriptions, DESCRIPTIONS) };
}

function placed(texts: AdTextView[], places: number): string[] {
  const free = texts.filter(({ pin }) => pin === null);
  return Array.from({ length: places }, (_, at) => texts.find(({ pin }) => pin === at + 1) ?? free.shift()).flatMap((one) => (one ? [one.text] : []));
}
