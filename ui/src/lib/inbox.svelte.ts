// The inbox: its list of cases, the searches that were kept, and what is chosen to be signed together.
import { words } from '../messages';
import { CaseList } from './list.svelte';
import type { Notices } from './notices.svelte';
import { Selection } from './selection.svelte';
import type { Bridge, InboxView, SavedFilter } from '../bridge/types';

/** The views that have a tab, in order. */
export const TABS = ['needs_me', 'waiting_on_others', 'due_soon', 'to_check', 'overrides', 'snoozed', 'settled'] as const;

/** Whether a tab is shown: the one of what a person must look at, while there is any or it is open. */
export const hasTab = (tab: (typeof TABS)[number], { counts, view }: CaseList): boolean => tab !== 'to_check' || counts.to_check > 0 || view === 'to_check';

export class Inbox {
  readonly list: CaseList;
  readonly selection = new Selection();

  filters = $state.raw<SavedFilter[]>([]);
  /** A saved search that is shown, by its id. */
  filter = $state<string | null>(null);

  constructor(
    readonly bridge: Bridge,
    readonly notices: Notices,
    /** Hears of every key of a search. */
    readonly typed: () => void,
  ) {
    this.list = new CaseList(bridge, notices.fail, 'needs_me', TABS);
  }

  async readFilters(): Promise<void> {
    await this.notices.guard(async () => (this.filters = await this.bridge.savedFilters()));
  }

  async chooseTab(tab: InboxView): Promise<void> {
    this.filter = null;
    await this.list.show(tab);
  }

  async chooseFilter(filter: SavedFilter): Promise<void> {
    this.filter = filter.id;
    await this.list.show(filter.view, filter.search);
  }

  searchFor(text: string): void {
    this.filter = null;
    this.typed();
    this.list.type(text);
  }

  /** Keeps the search under a name. */
  async saveFilter(name: string): Promise<void> {
    const { view, search } = this.list;
    this.filters = await this.bridge.saveFilter({ name, view, search });
    this.filter = this.filters.find((one) => one.name === name)?.id ?? null;
  }

  async deleteFilter(id: string): Promise<void> {
    await this.notices.guard(async () => {
      this.filters = await this.bridge.deleteFilter(id);
      if (this.filter === id) this.filter = null;
    });
  }

  /** Chooses a case to be signed together with others, or deselects it; says why it cannot be chosen. */
  toggleSelected(row = this.list.at): void {
    if (!row) return;
    const refused = this.selection.toggle(row);
    if (refused) this.notices.say(refused === 'alone' ? words.inbox.noBatch : words.inbox.notTogether);
  }

  /** Reads the list again after a change; what is no longer mine to sign is deselected. */
  async changed(): Promise<void> {
    await this.list.changed();
    this.selection.keep(this.list.rows);
  }
}
