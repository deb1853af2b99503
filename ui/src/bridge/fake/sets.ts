// Changes of a set as the bridge gives them: places with their scores, audiences with their sizes.
import type { AudienceView } from '../bindings/AudienceView';
import type { ChangeView } from '../bindings/ChangeView';
import type { ConsentName } from '../bindings/ConsentName';
import type { FlagView } from '../bindings/FlagView';
import type { PlaceView } from '../bindings/PlaceView';
import { membersOf, type Member } from '../../lib/members';
import { sheetNumber } from './money';
import type { Code } from './problem';

/** A set in a plan. */
export interface SetPlan {
  field: 'placements' | 'excluded_placements' | 'audiences' | 'excluded_audiences';
  group?: string;
  /** What the campaign may spend on a day. */
  budget: number;
  members: Member[];
}

const excludes = (field: SetPlan['field']): boolean => field.startsWith('excluded_');

/** A place that nobody knows, unless more is said of it. */
export function place(sort: PlaceView['sort'], id: string, more: Partial<PlaceView> = {}): Member {
  return {
    type: 'place', key: `${sort}:${id}`, sort, id, before: 'absent', after: 'targeted', score: more.known?.score ?? more.claim?.score ?? null,
    vetted: false, high_risk: false, publisher: null, known: null, part_of: null, claim: null, ...more,
  };
}

/** A list of the account's own. */
export function audience(id: string, name: string, sizes: [display: number | null, search: number | null], consent: ConsentName, regions: string[], more: Partial<AudienceView> = {}): Member {
  const [size_for_display, size_for_search] = sizes;
  return {
    type: 'audience', key: `user_list:${id}`, sort: 'user_list', id, name, before: 'absent', after: 'excluded', size_for_display, size_for_search,
    open: true, consent, regions, lacks_consent: false, sensitive: [], shoppers: false, sale: null, source: null, ...more,
  };
}

const labelOf = (member: Member): string => {
  if (member.type === 'audience') return `${member.name} · ${member.key}`;
  return member.sort === 'site' ? member.id : member.key;
};

/** What moves when a set does. */
export function setOf({ field, members }: Pick<SetPlan, 'field' | 'members'>): Pick<ChangeView, 'direction' | 'diff' | 'spend' | 'places' | 'audiences' | 'has_own_part'> {
  const after = excludes(field) ? 'excluded' : 'targeted';
  return {
    direction: excludes(field) ? 'decrease' : 'increase',
    diff: [{ subject: null, field, before: null, after: { type: 'set', added: members.map(labelOf), removed: [] }, ratio: null }],
    spend: null,
    places: members.flatMap((member) => (member.type === 'place' ? [{ ...member, after }] : [])),
    audiences: members.flatMap((member) => (member.type === 'audience' ? [{ ...member, after }] : [])),
    has_own_part: members.length > 1,
  };
}

/** A change with the entries that somebody keeps. */
export function withPart(change: ChangeView, keys: readonly string[]): ChangeView {
  const [row] = change.diff;
  const members = membersOf(change).filter((member) => keys.includes(member.key));
  return row ? { ...change, ...setOf({ field: row.field as SetPlan['field'], members }), direction: change.direction } : change;
}

/** Why the entries of an override are not taken; null where they are. */
export function partFault(change: ChangeView, keys: readonly string[]): Code | null {
  const members = membersOf(change);
  if (keys.length === 0) return 'override_nothing';
  if (keys.some((key) => members.every((member) => member.key !== key))) return 'change_does_not_fit';
  return keys.length === members.length ? 'override_same' : null;
}

const scoreIn = (score: number, language: 'en' | 'de'): string => String(score).replace('.', language === 'de' ? ',' : '.');

/** What a score of the company's is of. */
function knownIn(part: string | null, en: boolean): string {
  if (part === null) return en ? 'vetted, score' : 'geprüft, Wert';
  return en ? `not vetted itself; ${part} has score` : `selbst nicht geprüft; ${part} hat den Wert`;
}

/** The lines of each entry, as the sheet has them. */
export function memberLines(members: readonly Member[], language: 'en' | 'de'): [key: string, value: string][] {
  const en = language === 'en';
  return members.flatMap((member): [key: string, value: string][] => {
    if (member.type === 'place') {
      const sort = { site: en ? 'site' : 'Website', app: en ? 'app' : 'App', youtube_channel: en ? 'YouTube channel' : 'YouTube-Kanal', youtube_video: en ? 'YouTube video' : 'YouTube-Video' }[member.sort];
      const known = member.known
        ? `${knownIn(member.part_of, en)} ${scoreIn(member.known.score, language)} (${member.known.source})${member.publisher ? `; ${en ? 'published by' : 'Publisher'} ${member.publisher}` : ''}${member.high_risk ? (en ? '; high risk' : '; hohes Risiko') : ''}`
        : en ? 'not vetted' : 'nicht geprüft';
      const claim = member.claim;
      return [['place', `${sort} ${member.id}`], ['company_knows', known], ...(claim ? [['agent_says', `${en ? 'score' : 'Wert'} ${scoreIn(claim.score, language)} (${claim.source})`]] as [string, string][] : [])];
    }
    const size = (people: number | null): string => (people === null ? (en ? 'unknown' : 'unbekannt') : sheetNumber(people, language));
    return [
      ['audience', member.name],
      ['platform_says', `${en ? 'list' : 'Liste'} ${member.id}; ${en ? 'people: display' : 'Personen: Display'} ${size(member.size_for_display)}, ${en ? 'search' : 'Suche'} ${size(member.size_for_search)}`],
      ['company_knows', member.source ? `${en ? 'vetted' : 'geprüft'} (${member.source})` : en ? 'not vetted' : 'nicht geprüft'],
      ['agent_says', `${member.consent.replaceAll('_', ' ')}; ${member.regions.length > 0 ? `in ${member.regions.join(', ')}` : en ? 'region unknown' : 'Region unbekannt'}`],
    ];
  });
}

/** As `policies/` says it of a set. */
export function setFlags({ field, members }: SetPlan): FlagView[] {
  const flag = (rule: string, outcome: FlagView['outcome'], words: string): FlagView => ({ rule, layer: 'corporate', outcome, words });
  const flags: FlagView[] = [];
  const places = members.filter((member) => member.type === 'place');
  const audiences = members.filter((member) => member.type === 'audience');
  const unvetted = places.filter((member) => !member.vetted).length;
  const risky = places.filter((member) => member.high_risk).length;
  const sensitive = audiences.filter((member) => member.sensitive.length > 0).length;
  const shoppers = audiences.filter((member) => member.shoppers && member.sale !== null).length;
  if (field === 'placements') {
    if (unvetted > 0) flags.push(flag('place_not_vetted', 'escalate', `Not vetted: ${unvetted} of ${places.length} places. brand must review and sign.`));
    if (risky > 0) flags.push(flag('place_of_high_risk', 'escalate', `High risk: ${risky} of ${places.length} places. brand must sign off by hand, with a second factor.`));
    flags.push(flag('places_belong_to_the_brand', 'escalate', 'Where ads are shown belongs to the brand: brand must sign.'));
  } else if (field === 'excluded_placements') {
    flags.push({ ...flag('fewer_places_are_never_blocked', 'allow', 'Showing ads in fewer places reduces risk: it is never blocked.'), layer: 'protocol' }, flag('fewer_places', 'escalate', 'Ads are shown in fewer places: brand must sign.'));
  } else if (field === 'audiences') {
    flags.push(flag('people_are_reached', 'escalate', 'Further people are reached: channel_owner must sign.'));
  } else {
    flags.push(flag('people_are_left_out', 'escalate', 'People are left out: channel_owner and legal must both sign.'));
    if (shoppers > 0) flags.push(flag('shoppers_left_out_in_a_sale', 'hold', `About to buy, and left out in a sale: ${shoppers} of ${audiences.length} audiences. It is held until marketing_head, channel_owner and legal have signed.`));
  }
  if (sensitive > 0) flags.push(flag('sensitive_audience', 'hold', `Sensitive: ${sensitive} of ${audiences.length} audiences. It is held until ops, channel_owner and legal have signed with a second factor.`));
  return flags;
}
