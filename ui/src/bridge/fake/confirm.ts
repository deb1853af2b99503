// The lines of a sheet. The real one is rendered in Rust from the signed bytes; these have
// the same keys, labels and order, in both languages.
import type { CampaignStatusView } from '../bindings/CampaignStatusView';
import type { CaseView } from '../bindings/CaseView';
import type { ChangeView } from '../bindings/ChangeView';
import type { ConfirmLine } from '../bindings/ConfirmLine';
import type { DecisionInput } from '../bindings/DecisionInput';
import type { DecisionKindName } from '../bindings/DecisionKindName';
import type { FieldView } from '../bindings/FieldView';
import type { HaltInput } from '../bindings/HaltInput';
import type { RollbackInput } from '../bindings/RollbackInput';
import type { MoneyView } from '../bindings/MoneyView';
import type { AdStandingView } from '../bindings/AdStandingView';
import type { StrategyView } from '../bindings/StrategyView';
import type { SwapView } from '../bindings/SwapView';
import type { ValueView } from '../bindings/ValueView';
import { worstCase } from '../../decide/worst';
import { balanceOf } from '../../lib/balance';
import { currencyOf, lead } from '../../lib/diff';
import { membersOf } from '../../lib/members';
import { amountsIn, budgetIn, spendOf, valueAt, withAmount } from './change';
import { entityNamed } from './case';
import { micros, ratio, sheetAmount, times } from './money';
import { WORKSPACE } from './people';
import { reasonWords } from './reasons';
import { memberLines, withPart } from './sets';

/** A language that sheets are rendered in. */
export type SheetLanguage = 'en' | 'de';

const LABELS: Record<string, [en: string, de: string]> = {
  case: ['Case', 'Vorgang'], campaign: ['Campaign', 'Kampagne'], entity: ['Entity', 'Objekt'], budget: ['Budget', 'Budget'],
  budget_before: ['Daily budget now', 'Tagesbudget jetzt'], budget_after: ['Daily budget after', 'Tagesbudget danach'],
  daily_budget: ['Daily budget', 'Tagesbudget'], status_before: ['Campaign now', 'Kampagne jetzt'], status_after: ['Campaign after', 'Kampagne danach'],
  total_before: ['Total budget now', 'Gesamtbudget jetzt'], total_after: ['Total budget after', 'Gesamtbudget danach'],
  end_before: ['The flight ends now', 'Laufzeit bis, jetzt'], end_after: ['The flight ends after', 'Laufzeit bis, danach'], time_zone: ["The account's time zone", 'Zeitzone des Kontos'],
  moved: ['Moved per day', 'Umgeschichtet pro Tag'],
  ad_paused: ['The ad that is paused', 'Pausiert wird die Anzeige'], ad_runs: ['The ad that runs instead', 'Stattdessen läuft'],
  platform_review: ["The platform's review of the earlier ad", 'Prüfung der bisherigen Anzeige durch die Plattform'], policy_topics: ['Policy topics of the earlier ad', 'Richtlinienthemen der bisherigen Anzeige'],
  text_kept: ['Text that stays', 'Text, der bleibt'], final_url: ['Landing page', 'Zielseite'], subject: ['Of the text', 'Beim Text'],
  headline_before: ['Headline now', 'Anzeigentitel jetzt'], headline_after: ['Headline after', 'Anzeigentitel danach'],
  description_before: ['Description now', 'Beschreibung jetzt'], description_after: ['Description after', 'Beschreibung danach'],
  display_path_before: ['Display path now', 'Angezeigter Pfad jetzt'], display_path_after: ['Display path after', 'Angezeigter Pfad danach'],
  final_url_before: ['Landing page now', 'Zielseite jetzt'], final_url_after: ['Landing page after', 'Zielseite danach'],
  pin_before: ['Pinned place now', 'Fester Platz jetzt'], pin_after: ['Pinned place after', 'Fester Platz danach'],
  requested_texts: ['Asked of the agent: other texts', 'Vom Agenten verlangt: andere Texte'],
  ad_group: ['Ad group', 'Anzeigengruppe'], written: ['What is written', 'Geschrieben wird'], strategy: ['Bidding strategy', 'Gebotsstrategie'],
  strategy_before: ['Bidding strategy now', 'Gebotsstrategie jetzt'], strategy_after: ['Bidding strategy after', 'Gebotsstrategie danach'],
  cpc_bid_before: ['CPC bid now', 'CPC-Gebot jetzt'], cpc_bid_after: ['CPC bid after', 'CPC-Gebot danach'],
  target_cpa_before: ['Target CPA now', 'Ziel-CPA jetzt'], target_cpa_after: ['Target CPA after', 'Ziel-CPA danach'],
  target_roas_before: ['Target ROAS now', 'Ziel-ROAS jetzt'], target_roas_after: ['Target ROAS after', 'Ziel-ROAS danach'],
  bound: ['Spend is bounded by', 'Ausgaben begrenzt durch'],
  place: ['Placement', 'Placement'], audience: ['Audience', 'Zielgruppe'], platform_says: ['The platform says', 'Die Plattform sagt'],
  company_knows: ['The company knows', 'Das Unternehmen weiß'], agent_says: ['The agent says', 'Der Agent sagt'],
  placements: ['Placements', 'Placements'], excluded_placements: ['Excluded placements', 'Ausgeschlossene Placements'],
  audiences: ['Audiences', 'Zielgruppen'], excluded_audiences: ['Excluded audiences', 'Ausgeschlossene Zielgruppen'],
  change: ['Change', 'Änderung'], worst_case: ['At most in all', 'Höchstens insgesamt'], from: ['From', 'Von'], until: ['Until', 'Bis'],
  effect: ['Effect', 'Wirkung'], requested_amount: ['Asked of the agent: at most per day', 'Vom Agenten verlangt: höchstens pro Tag'],
  requested_days: ['Asked of the agent: at most so many days', 'Vom Agenten verlangt: höchstens so viele Tage'],
  requested_evidence: ['Asked of the agent: evidence', 'Vom Agenten verlangt: Belege'],
  reason: ['Reason', 'Grund'], own_words: ['In your words', 'In Ihren Worten'], role: ['You sign as', 'Sie zeichnen als'],
  person: ['Person', 'Person'], factor: ['Second factor', 'Zweiter Faktor'], signed_at: ['Signed at', 'Gezeichnet am'],
  valid_until: ['Valid until', 'Gültig bis'], workspace: ['Workspace', 'Arbeitsbereich'], shared: ['Shared', 'Geteilt'],
};

const TITLES: Record<string, [en: string, de: string]> = {
  reject: ['Reject a change', 'Änderung ablehnen'],
  request_changes: ['Send back a change', 'Änderung zurückgeben'],
  stop: ['Stop all work', 'Alles anhalten'],
  resume: ['Ask to resume work', 'Fortsetzen beantragen'],
  rollback: ['Take a change back', 'Eine Änderung zurücknehmen'],
};

const EFFECTS: Record<string, [en: string, de: string]> = {
  none: ['nothing will change on the ad platform', 'auf der Werbeplattform ändert sich nichts'],
  stop: [
    'no change that raises spend is applied until two people have asked to resume; changes that lower spend still are',
    'keine Änderung, die Ausgaben erhöht, wird angewendet, bis zwei Personen das Fortsetzen beantragen; Senkungen weiterhin',
  ],
  rollback: [
    'a case opens that restores the state from before this change; others must sign it, and it is applied only while the platform still holds what this change wrote. What was spent meanwhile does not come back',
    'ein Vorgang wird eröffnet, der den Stand vor dieser Änderung wiederherstellt; andere müssen ihn unterschreiben, und er wird nur angewendet, solange die Plattform noch den Wert dieser Änderung hat. Was inzwischen ausgegeben wurde, kommt nicht zurück',
  ],
  resume: [
    'work resumes once two different people have asked for it',
    'die Arbeit geht weiter, sobald zwei verschiedene Personen es beantragt haben',
  ],
};

const said = (words: [string, string] | undefined, language: SheetLanguage): string => words?.[language === 'en' ? 0 : 1] ?? '';

/** What a sheet calls a change of a set. */
const SETS: Partial<Record<FieldView, [en: string, de: string]>> = {
  placements: ['adding placements', 'Hinzufügen von Placements'],
  excluded_placements: ['excluding placements', 'Ausschluss von Placements'],
  audiences: ['adding audiences', 'Hinzufügen von Zielgruppen'],
  excluded_audiences: ['excluding audiences', 'Ausschluss von Zielgruppen'],
};

/** What a sheet calls a change. */
function nounOf({ kind, direction, diff }: ChangeView, language: SheetLanguage): string {
  if (kind === 'creative_swap') return said(['another ad', 'Andere Anzeige'], language);
  if (kind === 'bid_change') return said(lead(diff).field === 'strategy' ? ['another bidding strategy', 'Wechsel der Gebotsstrategie'] : ['a bid change', 'Gebotsänderung'], language);
  const set = SETS[lead(diff).field];
  if (set) return said(set, language);
  const longer = direction === 'increase';
  if (kind === 'total_budget_change') return said(['a change of the total budget', 'Änderung des Gesamtbudgets'], language);
  if (kind === 'schedule_change') return said(longer ? ['a longer flight', 'längere Laufzeit'] : ['a shorter flight', 'kürzere Laufzeit'], language);
  if (kind === 'budget_transfer') return said(['a budget transfer', 'Budgetumschichtung'], language);
  if (kind === 'budget_change') return said(['a budget change', 'Budgetänderung'], language);
  return said(direction === 'increase' ? ['running the campaign again', 'Start einer Kampagne'] : ['pausing the campaign', 'Pausieren einer Kampagne'], language);
}

/** Headline of a decision's sheet. What sets nothing names no kind of change. */
export function decisionTitle({ change }: CaseView, kind: DecisionKindName, language: SheetLanguage): string {
  const noun = nounOf(change, language);
  switch (kind) {
    case 'approve': return said([`Approve ${noun}`, `${noun} gegenzeichnen`], language);
    case 'override': return said([`Override ${noun}`, `${noun} mit eigenem Wert gegenzeichnen`], language);
    default: return titleOf(kind, language);
  }
}

/** Headline of a sheet. */
export const titleOf = (kind: string, language: SheetLanguage): string => said(TITLES[kind], language);

function lines(language: SheetLanguage, named: [key: string, value: string | null][]): ConfirmLine[] {
  return named.flatMap(([key, value]) => (value === null ? [] : [{ key, label: said(LABELS[key], language), value }]));
}

/** The lines of a decision. */
export function decisionLines(view: CaseView, input: DecisionInput, after: MoneyView | null, language: SheetLanguage, nowMs: number): ConfirmLine[] {
  const { change } = view;
  const requested = input.kind === 'request_changes' ? input.requested : null;
  const currency = currencyOf(change);
  return lines(language, [
    ['case', view.proposal],
    ...(after && balanceOf(change.diff) ? [] : change.kind === 'bid_change' || membersOf(change).length > 0 ? [['campaign', change.campaign], ['entity', change.entity], ...bidTarget(change, language)] as [string, string | null][] : change.swap ? [['campaign', change.campaign], ['entity', change.entity]] as [string, string | null][] : campaignLines(change.campaign)),
    ...(after ? setLines(input.override_entries ? withPart(change, input.override_entries) : change, after, language) : []),
    ['from', after && change.starts_at_ms !== null ? moment(change.starts_at_ms, language) : null],
    ['until', after && change.has_window ? moment(change.ends_at_ms, language) : null],
    ['effect', after ? null : said(EFFECTS['none'], language)],
    ['requested_amount', requested?.max_after_micros ? sheetAmount({ amount_micros: requested.max_after_micros, currency }, language) : null],
    ['requested_days', requested?.max_days ? String(requested.max_days) : null],
    ['requested_texts', requested?.texts ? said(['as your words say', 'wie Ihre Worte sagen'], language) : null],
    ['requested_evidence', requested && requested.evidence.length > 0 ? requested.evidence.join(', ').replaceAll('_', ' ') : null],
    ['reason', reasonWords(input.kind, input.reason_code)],
    ['own_words', input.reason_text || null],
    ['role', input.role],
    ['person', WORKSPACE.person],
    ['factor', input.totp_code ? { en: 'code from your authenticator (TOTP)', de: 'Code aus Ihrer Authentifizierungs-App (TOTP)' }[language] : { en: 'none', de: 'keiner' }[language]],
    ['signed_at', moment(nowMs, language)],
    ['valid_until', moment(view.expires_at_ms, language)],
  ]);
}

/** What is written, as the platform names it. */
function campaignLines(campaign: string): [key: string, value: string][] {
  const entity = entityNamed(campaign);
  return [['campaign', campaign], ['entity', entity], ['budget', `customers/4711082615/campaignBudgets/30${entity.slice(-6)}`]];
}

/** Each campaign of a transfer in full, one after the other. */
function transferLines(change: ChangeView, amount: MoneyView, language: SheetLanguage): [key: string, value: string | null][] {
  const own = withAmount(change, amount);
  const { from, to } = balanceOf(own.diff) ?? { from: { parts: [] }, to: { parts: [] } };
  return [
    ['moved', sheetAmount(amount, language)],
    ...[...from.parts, ...to.parts].flatMap(({ subject, before, after }): [key: string, value: string | null][] => [
      ...campaignLines(subject),
      ['budget_before', sheetAmount(before, language)], ['budget_after', sheetAmount(after, language)], ['change', percent(before, after, language)],
    ]),
    ['worst_case', change.worst_case && sheetAmount(worstCase(change, amount) ?? change.worst_case, language)],
  ];
}

/** What a bid or a set is written to. */
const bidTarget = (change: ChangeView, language: SheetLanguage): [key: string, value: string | null][] =>
  change.part ? [['ad_group', change.part.name], ['written', 'customers/4711082615/adGroups/4000000001'], ['strategy', membersOf(change).length > 0 ? null : said(STRATEGIES.manual_cpc, language)]] : [['written', 'customers/4711082615/campaigns/2000000001']];

/** Every entry of a set with what bounds what it can cost. */
function memberedLines(change: ChangeView, language: SheetLanguage): [key: string, value: string | null][] {
  const { field, after } = lead(change.diff);
  const names = after.type === 'set' ? after.added.map((name) => `+${name}`).join(', ') : '';
  const { worst_case } = change;
  const budget = worst_case && { ...worst_case, amount_micros: String((micros(worst_case) * 10n) / 304n) };
  return [
    ...memberLines(membersOf(change), language),
    ['daily_budget', budget && sheetAmount(budget, language)], ['bound', said(['the budget, which stays as it is', 'das Budget, das bleibt, wie es ist'], language)],
    [field, names], ['worst_case', change.worst_case && sheetAmount(change.worst_case, language)],
  ];
}

/** The rows of a bid with what bounds them. */
function bidLines(change: ChangeView, language: SheetLanguage): [key: string, value: string | null][] {
  const rows = change.diff.flatMap(({ field, before, after, ratio: by }): [key: string, value: string | null][] => [
    [`${field}_before`, before && valueIn(before, language)],
    [`${field}_after`, valueIn(after, language)],
    ['change', by === null ? null : signed(by * 100, language)],
  ]);
  const budget = change.worst_case && times(change.worst_case, 1 / 30.4);
  return [['daily_budget', budget && sheetAmount(budget, language)], ['bound', said(['the budget, which stays as it is', 'das Budget, das bleibt, wie es ist'], language)], ...rows, ['worst_case', change.worst_case && sheetAmount(change.worst_case, language)]];
}

/** The two ads: how they are called, what the platform says, and every text. */
function adLines(change: ChangeView, { from, to }: SwapView, language: SheetLanguage): [key: string, value: string | null][] {
  const name = (id: string | null): string | null => id && `customers/4711082615/adGroupAds/4000000001~${id}`;
  const rows = change.diff.flatMap(({ subject, field, before, after }): [key: string, value: string | null][] => [
    ['subject', subject],
    [`${field}_before`, before && valueIn(before, language)],
    [`${field}_after`, valueIn(after, language)],
  ]);
  return [
    ['ad_group', change.part?.name ?? null],
    ['ad_paused', name(from.id)],
    ['ad_runs', name(to.id) ?? said(['a new one, made of these texts', 'eine neue aus diesen Texten'], language)],
    ['platform_review', from.standing && said(STANDINGS[from.standing], language)],
    ['policy_topics', from.topics.join(', ') || null],
    ...[...from.headlines, ...from.descriptions].filter(({ text }) => [...to.headlines, ...to.descriptions].some((one) => one.text === text)).map(({ text }): [string, string] => ['text_kept', text]),
    ['final_url', from.final_url_changed ? null : to.final_url],
    ...rows,
  ];
}

const STANDINGS: Partial<Record<AdStandingView, [en: string, de: string]>> = { approved: ['approved', 'zugelassen'], limited: ['approved with limits', 'eingeschränkt zugelassen'] };

const STRATEGIES: Partial<Record<StrategyView, [en: string, de: string]>> = { manual_cpc: ['manual CPC', 'manueller CPC'], maximize_conversions: ['maximize conversions', 'Conversions maximieren'] };

function valueIn(value: ValueView, language: SheetLanguage): string {
  switch (value.type) {
    case 'money': return sheetAmount(value, language);
    case 'return': return signed(value.ratio * 100, language).replace('+', '');
    case 'strategy': return said(STRATEGIES[value.strategy], language);
    case 'text': return value.text;
    case 'count': return String(value.count);
    default: return said(['none', 'keiner'], language);
  }
}

/** What a decision sets, and the most that it can cost. */
function setLines(change: ChangeView, after: MoneyView, language: SheetLanguage): [key: string, value: string | null][] {
  if (balanceOf(change.diff)) return transferLines(change, after, language);
  if (change.swap) return adLines(change, change.swap, language);
  if (membersOf(change).length > 0) return memberedLines(change, language);
  const { before, per } = spendOf(change);
  if (change.kind === 'bid_change') return bidLines(isSet(change, after) ? change : withAmount(change, after), language);
  const row = lead(change.diff);
  if (row.field === 'flight_end') {
    const end = (value: ValueView | null): string => moment(value?.type === 'moment' ? value.at_ms : null, language);
    return [['time_zone', 'America/New_York'], ['end_before', end(row.before)], ['end_after', end(row.after)], ['worst_case', change.worst_case && sheetAmount(change.worst_case, language)]];
  }
  if (per === 'total') {
    return [['total_before', sheetAmount(before, language)], ['total_after', sheetAmount(after, language)], ['change', percent(before, after, language)], ['worst_case', sheetAmount(after, language)]];
  }
  const [from, to] = [lead(change.diff).before, valueAt(change.kind, after)];
  if (from?.type === 'status' && to.type === 'status') {
    return [['daily_budget', sheetAmount(budgetIn(change), language)], ['status_before', stateIn(from.status, language)], ['status_after', stateIn(to.status, language)], ['worst_case', change.worst_case && sheetAmount(change.worst_case, language)]];
  }
  return [['budget_before', sheetAmount(before, language)], ['budget_after', sheetAmount(after, language)], ['change', percent(before, after, language)], ['worst_case', change.ends_at_ms === null ? null : sheetAmount(times(after, 3), language)]];
}

/** Whether it sets what was proposed. */
const isSet = (change: ChangeView, after: MoneyView): boolean => micros(amountsIn(change).after) === micros(after);

const stateIn = (status: CampaignStatusView, language: SheetLanguage): string =>
  said(status === 'enabled' ? ['running', 'aktiv'] : ['paused', 'pausiert'], language);

/** The lines of the wish to take a change back. */
export function rollbackLines(input: RollbackInput, language: SheetLanguage, nowMs: number): ConfirmLine[] {
  return lines(language, [
    ['effect', said(EFFECTS['rollback'], language)],
    ['case', input.proposal],
    ['own_words', input.text],
    ['workspace', WORKSPACE.name],
    ['person', WORKSPACE.person],
    ['signed_at', moment(nowMs, language)],
  ]);
}

/** The lines of a stop or resume. */
export function haltLines(input: HaltInput, language: SheetLanguage, nowMs: number): ConfirmLine[] {
  return lines(language, [
    ['workspace', WORKSPACE.name],
    ['effect', said(EFFECTS[input.kind], language)],
    ['own_words', input.text || null],
    ['person', WORKSPACE.person],
    ['signed_at', moment(nowMs, language)],
  ]);
}

function percent(before: MoneyView, after: MoneyView, language: SheetLanguage): string | null {
  const change = ratio(before, after);
  return change === null ? null : signed(change * 100, language);
}

/** A percentage with its sign. */
function signed(change: number, language: SheetLanguage): string {
  const text = `${change > 0 ? '+' : ''}${Number(change.toFixed(2))}`.replace('-', '\u2212');
  return language === 'de' ? `${text.replace('.', ',')} %` : `${text}%`;
}

function moment(atMs: number | null, language: SheetLanguage): string {
  return atMs === null ? { en: 'further notice', de: 'auf Weiteres' }[language] : `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
