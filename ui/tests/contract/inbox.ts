// Lists, counts, pages, search, snooze, saved filters.
import type { Bridge, InboxQuery, InboxRow, InboxView } from '../../src/bridge/types';
import { must, refused, same } from './check';
import { shaped } from './shapes';
import type { Law } from './suite';

const VIEWS: InboxView[] = ['needs_me', 'waiting_on_others', 'due_soon', 'overrides', 'snoozed', 'settled', 'agenda', 'all'];
/** More pages than this are not read: a law must end in a large store too. */
const MOST_PAGES = 20;

/** The rows of a list, page after page. */
export async function listAll(bridge: Bridge, query: Omit<InboxQuery, 'after' | 'limit'>, limit: number): Promise<InboxRow[]> {
  const rows: InboxRow[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer: Awaited<ReturnType<Bridge['listCases']>> = await bridge.listCases({ ...query, after, limit });
    must(answer.rows.length <= limit, `a page of ${answer.rows.length} rows where ${limit} were asked for`);
    rows.push(...answer.rows);
    after = answer.next;
    if (after === null) return rows;
  }
  return rows;
}

const ids = (rows: InboxRow[]): string[] => rows.map((row) => row.proposal);

export const INBOX: Law[] = [
  {
    name: 'every list has the shape of its binding',
    async run(bridge) {
      for (const view of VIEWS) shaped(await bridge.listCases({ view, search: '', after: null, limit: 50 }), 'InboxPage');
    },
  },
  {
    name: 'counts are those of the rows',
    async run(bridge) {
      const { counts } = await bridge.listCases({ view: 'all', search: '', after: null, limit: 1 });
      const wanted: [InboxView, number][] = [
        ['needs_me', counts.needs_me], ['waiting_on_others', counts.waiting_on_others], ['due_soon', counts.due_soon],
        ['overrides', counts.overrides], ['snoozed', counts.snoozed], ['settled', counts.settled], ['agenda', counts.open],
      ];
      for (const [view, count] of wanted) {
        if (count > MOST_PAGES * 100) continue;
        const rows = await listAll(bridge, { view, search: '' }, 100);
        same(rows.length, count, `the count of ${view}`);
        const page = await bridge.listCases({ view, search: '', after: null, limit: 1 });
        same(page.matches, { count, more: false }, `the matches of ${view}`);
      }
    },
  },
  {
    name: 'a list is the same in pages of any size, without repeats',
    async run(bridge) {
      const large = (await bridge.listCases({ view: 'all', search: '', after: null, limit: 60 })).rows;
      const small = (await listAll(bridge, { view: 'all', search: '' }, 3)).slice(0, large.length);
      same(ids(small), ids(large).slice(0, small.length), 'rows in pages of three');
      same(new Set(ids(large)).size, large.length, 'rows without repeats');
    },
  },
  {
    name: 'a case that is open stands in exactly one of needs me, waiting, snoozed',
    async run(bridge) {
      const lists = await Promise.all((['needs_me', 'waiting_on_others', 'snoozed', 'settled'] as const).map((view) => bridge.listCases({ view, search: '', after: null, limit: 100 })));
      const seen = lists.flatMap((list) => ids(list.rows));
      same(new Set(seen).size, seen.length, 'cases in one list each');
      must((lists[0]?.rows ?? []).every((row) => row.needs_me), 'a row of needs_me that does not need me');
      must((lists[3]?.rows ?? []).every((row) => row.state !== 'deciding' && row.state !== 'authorized'), 'an open row in settled');
    },
  },
  {
    name: 'a word of a campaign or the inside of one finds it; what is found has it',
    async run(bridge) {
      const row = (await bridge.listCases({ view: 'all', search: '', after: null, limit: 1 })).rows[0];
      if (!row) return;
      const whole = row.campaign.split(/[^\p{L}\p{N}]+/u).find((part) => part.length > 4) ?? row.campaign;
      for (const word of [whole, whole.slice(0, 2), whole.slice(1), whole.slice(1, 4)]) {
        const found = await bridge.listCases({ view: 'all', search: `entity:${word}`, after: null, limit: 500 });
        must(ids(found.rows).includes(row.proposal), `entity:${word} does not find ${row.campaign}`);
        must(found.rows.every((one) => `${one.campaign} ${one.entity}`.toLowerCase().includes(word.toLowerCase())), `entity:${word} finds something else`);
        same(found.filters.map((chip) => [chip.field, chip.value, chip.problem]), [['entity', word, null]], 'what the search was understood as');
      }
    },
  },
  {
    name: 'an amount range holds for every row; what cannot be understood is said and left out',
    async run(bridge) {
      const found = await bridge.listCases({ view: 'all', search: 'amount:100..400', after: null, limit: 500 });
      must(found.rows.every((row) => row.diff.length > 0), 'a row without an amount');
      const unread = await bridge.listCases({ view: 'all', search: 'amount:lots tier:purple', after: null, limit: 500 });
      same(unread.filters.map((chip) => chip.problem !== null), [true, true], 'problems of amount:lots tier:purple');
      const all = await bridge.listCases({ view: 'all', search: '', after: null, limit: 500 });
      same(unread.rows.length, all.rows.length, 'rows when nothing of a search is understood');
    },
  },
  {
    name: 'counts do not depend on the search',
    async run(bridge) {
      const all = await bridge.listCases({ view: 'needs_me', search: '', after: null, limit: 1 });
      const none = await bridge.listCases({ view: 'needs_me', search: 'zzzzqqqq', after: null, limit: 1 });
      same(none.counts, all.counts, 'counts under a search');
      same([none.rows.length, none.matches.count, none.next], [0, 0, null], 'a search that finds nothing');
    },
  },
  {
    name: 'a cursor that is none is refused',
    async run(bridge) {
      await refused(bridge.listCases({ view: 'all', search: '', after: 'no cursor', limit: 10 }), 'a cursor that is none');
    },
  },
  {
    name: 'a case that is put away leaves its list and comes back',
    changes: true,
    async run(bridge) {
      const waiting = (await bridge.listCases({ view: 'waiting_on_others', search: '', after: null, limit: 1 })).rows[0];
      if (waiting) await refused(bridge.snoozeCase(waiting.proposal, Date.now() + 3_600_000), 'putting away a case that waits for others');
      const before = await bridge.listCases({ view: 'needs_me', search: '', after: null, limit: 1 });
      const row = before.rows[0];
      if (!row) return;
      await bridge.snoozeCase(row.proposal, Date.now() + 3_600_000 * 24);
      const away = await bridge.listCases({ view: 'snoozed', search: '', after: null, limit: 500 });
      must(ids(away.rows).includes(row.proposal), 'a case that was put away is not in snoozed');
      same(away.counts.snoozed, before.counts.snoozed + 1, 'the count of snoozed');
      same(away.counts.open, before.counts.open, 'the count of open');
      await bridge.snoozeCase(row.proposal, null);
      const back = await bridge.listCases({ view: 'snoozed', search: '', after: null, limit: 500 });
      same(back.counts, before.counts, 'counts after it came back');
    },
  },
  {
    name: 'a saved filter is kept, replaced by its name, and deleted',
    changes: true,
    async run(bridge) {
      const before = await bridge.savedFilters();
      for (const filter of before) shaped(filter, 'SavedFilter');
      const kept = await bridge.saveFilter({ name: 'Contract', view: 'all', search: 'tier:high' });
      const again = await bridge.saveFilter({ name: 'Contract', view: 'settled', search: 'tier:low' });
      same([kept.length, again.length], [before.length + 1, before.length + 1], 'filters of one name');
      const mine = again.find((one) => one.name === 'Contract');
      same([mine?.view, mine?.search], ['settled', 'tier:low'], 'the filter that replaced the first');
      same((await bridge.deleteFilter(mine?.id ?? '')).map((one) => one.name), before.map((one) => one.name), 'filters after deleting');
    },
  },
];
