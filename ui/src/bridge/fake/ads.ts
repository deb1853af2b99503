// Ads as the bridge gives them: one in another's place, with the rows in which they differ.
import type { AdTextView } from '../bindings/AdTextView';
import type { AdView } from '../bindings/AdView';
import type { DiffRowView } from '../bindings/DiffRowView';
import type { FieldView } from '../bindings/FieldView';
import type { FlagView } from '../bindings/FlagView';
import type { AdStandingView } from '../bindings/AdStandingView';
import type { SwapView } from '../bindings/SwapView';
import type { ValueView } from '../bindings/ValueView';

/** A text; one that is pinned says where. */
export type TextPlan = string | [text: string, pin: number];

/** An ad in a plan; the page without its scheme. */
export interface AdPlan {
  id?: string;
  headlines: TextPlan[];
  descriptions: TextPlan[];
  page: string;
  path?: string;
  standing?: AdStandingView;
  topics?: string[];
}

/** Two ads in a plan. */
export interface SwapPlan {
  group: string;
  from: AdPlan;
  to: AdPlan;
  /** What the policy's lists find, and the agent's own flags. */
  found?: string;
}

/** Built, because the window names no address by itself. */
const SCHEME = ['https:', '', ''].join('/');

const textOf = (plan: TextPlan): [text: string, pin: number | null] => (typeof plan === 'string' ? [plan, null] : plan);

/** As the platform counts: what takes the room of two counts twice. */
const unitsOf = (text: string): number => [...text].reduce((sum, letter) => sum + (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/u.test(letter) ? 2 : 1), 0);

function texts(own: TextPlan[], others: TextPlan[], max: number): AdTextView[] {
  const known = others.map((one) => textOf(one).join('\n'));
  return own.map((one) => {
    const [text, pin] = textOf(one);
    return { text, units: unitsOf(text), max_units: max, pin, changed: !known.includes([text, pin].join('\n')) };
  });
}

const displayOf = ({ page, path }: AdPlan): string => [page.split('/')[0], ...(path ? [path] : [])].join('/');

function adOf(ad: AdPlan, other: AdPlan): AdView {
  return {
    id: ad.id ?? null,
    headlines: texts(ad.headlines, other.headlines, 30),
    descriptions: texts(ad.descriptions, other.descriptions, 90),
    display_url: displayOf(ad),
    display_url_changed: displayOf(ad) !== displayOf(other),
    final_url: SCHEME + ad.page,
    final_url_changed: ad.page !== other.page,
    standing: ad.standing ?? null,
    topics: ad.topics ?? [],
  };
}

/** The two ads. */
export const swapOf = ({ from, to }: SwapPlan): SwapView => ({ from: adOf(from, to), to: adOf(to, from) });

const UNSET: ValueView = { type: 'unset' };
const words = (text: string | undefined): ValueView => (text ? { type: 'text', text } : UNSET);

/** The rows in which they differ. */
export function adRows({ from, to }: SwapPlan): DiffRowView[] {
  const row = (field: FieldView, before: ValueView, after: ValueView, subject: string | null = null): DiffRowView => ({ subject, field, before, after, ratio: null });
  const pairs = (field: FieldView, own: TextPlan[], others: TextPlan[]): DiffRowView[] => {
    const [these, those] = [own, others].map((list) => list.map((one) => textOf(one)[0])) as [string[], string[]];
    const gone = these.filter((text) => !those.includes(text));
    const come = those.filter((text) => !these.includes(text));
    return Array.from({ length: Math.max(gone.length, come.length) }, (_, at) => row(field, words(gone[at]), words(come[at])));
  };
  const pins = [...to.headlines, ...to.descriptions].flatMap((one): DiffRowView[] => {
    const [text, pin] = textOf(one);
    const before = [...from.headlines, ...from.descriptions].map(textOf).find(([known]) => known === text)?.[1] ?? null;
    const place = (at: number | null): ValueView => (at === null ? UNSET : { type: 'count', count: at });
    return before === pin ? [] : [row('pin', place(before), place(pin), text)];
  });
  return [
    ...pairs('headline', from.headlines, to.headlines),
    ...pairs('description', from.descriptions, to.descriptions),
    ...(from.path === to.path ? [] : [row('display_path', words(from.path), words(to.path))]),
    ...(from.page === to.page ? [] : [row('final_url', words(SCHEME + from.page), words(SCHEME + to.page))]),
    ...pins,
  ];
}

/** As `policies/` says it of an ad. */
export function adFlags({ from, to, found }: SwapPlan): FlagView[] {
  const flags: FlagView[] = [];
  const rule = (name: string, said: string): FlagView => ({ rule: name, layer: 'corporate', outcome: 'escalate', words: said });
  if (found) flags.push(rule('restricted_terms', `The new texts hold ${found}: legal must sign.`));
  else flags.push(rule('creative_needs_editor', `${adRows({ group: '', from, to }).filter(({ field }) => field === 'headline' || field === 'description').length} texts change, with an impact score of 0.22: an editor must sign.`));
  if (from.standing === 'limited') flags.push(rule('platform_objects_to_old_ad', 'The platform\u2019s review of the ad that runs now says: limited. An editor must sign.'));
  return flags;
}
