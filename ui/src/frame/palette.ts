// What the palette offers for what was typed. It offers actions that open sheets; none signs.
import type { InboxRow } from '../bridge/types';
import { ACTIONS } from '../lib/actions';
import type { AppState } from '../lib/app.svelte';
import { sayChange } from '../lib/diff';
import { count } from '../lib/format';
import { hasTab, TABS } from '../lib/inbox.svelte';
import { words } from '../messages';

/** A line of the palette. */
export interface Offer {
  id: string;
  group: 'actions' | 'views' | 'cases';
  name: string;
  /** Keys that do the same. */
  keys?: string;
  /** What is shown at the end of the line. */
  more?: string;
  run: () => void;
}

/** The offers, actions first. */
export function offersFor(app: AppState, text: string, cases: readonly InboxRow[]): Offer[] {
  const parts = text.toLowerCase().split(/\s+/);
  const named = (offer: Offer): boolean => parts.every((part) => offer.name.toLowerCase().includes(part));
  const actions = ACTIONS.filter((action) => !action.keyOnly && action.can(app)).map((action): Offer => ({
    id: `act-${action.id}`,
    group: 'actions',
    name: words.act[action.id] ?? action.id,
    ...(action.keys[0] === undefined ? {} : { keys: action.keys[0] }),
    run: () => action.run(app),
  }));
  const views = TABS.filter((view) => hasTab(view, app.inbox.list)).map((view): Offer => ({
    id: `view-${view}`,
    group: 'views',
    name: words.inbox.views[view] ?? view,
    more: count(app.inbox.list.counts[view]),
    run: () => void app.chooseTab(view),
  }));
  const filters = app.inbox.filters.map((filter): Offer => ({
    id: `filter-${filter.id}`,
    group: 'views',
    name: filter.name,
    more: filter.search,
    run: () => void app.chooseFilter(filter),
  }));
  // The engine found these; what it matched need not be in the name.
  const found = cases.map((row): Offer => ({
    id: `case-${row.proposal}`,
    group: 'cases',
    name: row.campaign,
    more: `${sayChange(row.diff)} · ${words.state[row.state]}`,
    run: () => void app.follow(row.proposal),
  }));
  return [...[...actions, ...views, ...filters].filter(named), ...found];
}
