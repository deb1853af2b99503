// All cases of the fake: lists, counts and pages that are always those of the rows.
import type { CaseView } from '../bindings/CaseView';
import type { InboxCounts } from '../bindings/InboxCounts';
import type { InboxPage } from '../bindings/InboxPage';
import type { InboxQuery } from '../bindings/InboxQuery';
import type { InboxRow } from '../bindings/InboxRow';
import type { InboxView } from '../bindings/InboxView';
import { madeOf } from './change';
import { bulkPlan } from './bulk';
import { entityOf, makeCase } from './case';
import type { Plan } from './plans';
import { problem, refusal } from './problem';
import { rowOf, rowOfBulk, textsOf, textsOfBulk } from './row';
import { readSearch, type Found } from './search';

const HOUR = 3_600_000;
const MAX_ROWS = 500;
const MAX_SIMILAR = 5;
const MAX_COUNTED = 1_000;
/** Up to this many generated cases are made at once; of more, each is made when it is opened. */
const FEW = 500;

interface Held extends Found {
  plan: Plan;
  view: CaseView | null;
}

export class Book {
  readonly #held = new Map<string, Held>();
  readonly #nowMs: () => number;
  #ordered: Partial<Record<InboxView, Held[]>> = {};

  constructor(plans: Plan[], bulk: number, nowMs: () => number) {
    this.#nowMs = nowMs;
    const now = nowMs();
    for (const plan of plans) {
      const view = makeCase(plan, now);
      this.#held.set(plan.id, { plan, view, row: rowOf(view), texts: textsOf(view) });
    }
    for (let index = 0; index < bulk; index += 1) {
      const plan = bulkPlan(index);
      const view = bulk <= FEW ? makeCase(plan, now) : null;
      this.#held.set(plan.id, { plan, view, row: rowOfBulk(plan, now), texts: textsOfBulk(plan) });
    }
    for (const held of this.#held.values()) if (held.view) this.#relate(held, held.view);
  }

  /** Every case that is made, in order of its plan. */
  get views(): CaseView[] {
    return [...this.#held.values()].flatMap((held) => held.view ?? []);
  }

  /** How many cases there are. */
  get size(): number {
    return this.#held.size;
  }

  /** The live view of a case: what changes it must call `changed`. */
  find(proposal: string): CaseView {
    const held = this.#held.get(proposal);
    if (!held) throw refusal('case_unknown');
    if (!held.view) {
      held.view = makeCase(held.plan, this.#nowMs());
      this.#relate(held, held.view);
    }
    return held.view;
  }

  plan(proposal: string): Plan {
    const held = this.#held.get(proposal);
    if (!held) throw refusal('case_unknown');
    return held.plan;
  }

  /** A case that opens now. */
  open(plan: Plan): void {
    const view = makeCase(plan, this.#nowMs());
    this.#held.set(plan.id, { plan, view, row: rowOf(view), texts: textsOf(view) });
    this.#ordered = {};
  }

  /** Makes the row of a case that changed. */
  changed(proposal: string): void {
    const held = this.#held.get(proposal);
    if (!held?.view) return;
    held.row = rowOf(held.view);
    held.texts = textsOf(held.view);
    this.#ordered = {};
  }

  row(proposal: string): InboxRow | null {
    return this.#held.get(proposal)?.row ?? null;
  }

  page({ view, search, after, limit }: InboxQuery): InboxPage {
    const wanted = Math.min(MAX_ROWS, Math.max(1, limit));
    const understood = readSearch(search);
    const listed = this.#list(view);
    const found = understood.empty
      ? listed
      : listed.filter(understood.matches).sort((a, b) => b.row.created_at_ms - a.row.created_at_ms || (a.row.proposal < b.row.proposal ? -1 : 1));
    const start = after === null ? 0 : this.#after(found, after);
    const rows = found.slice(start, start + wanted).map((held) => held.row);
    const more = start + wanted < found.length;
    return {
      rows: structuredClone(rows),
      counts: this.counts(),
      next: more ? (rows.at(-1)?.proposal ?? null) : null,
      matches: understood.empty
        ? { count: found.length, more: false }
        : { count: Math.min(found.length, MAX_COUNTED), more: found.length > MAX_COUNTED },
      filters: understood.chips,
    };
  }

  counts(): InboxCounts {
    const size = (view: InboxView): number => this.#list(view).length;
    return {
      needs_me: size('needs_me'), waiting_on_others: size('waiting_on_others'), due_soon: size('due_soon'),
      overrides: size('overrides'), snoozed: size('snoozed'), settled: size('settled'), to_check: size('to_check'), open: size('agenda'),
    };
  }

  /** The place behind the last row; the row may have left the list meanwhile. */
  #after(found: Held[], cursor: string): number {
    const at = found.findIndex((held) => held.row.proposal === cursor);
    if (at < 0) throw problem('cursor', 'The list has changed since then.', ['Open the list from its beginning.']);
    return at + 1;
  }

  #list(view: InboxView): Held[] {
    const known = this.#ordered[view];
    if (known && view !== 'due_soon') return known;
    const now = this.#nowMs();
    const rows = [...this.#held.values()].filter((held) => stands(held.row, view, now));
    rows.sort((a, b) => order(a.row, b.row));
    this.#ordered[view] = rows;
    return rows;
  }

  /** What else happens on the entity, and what became of cases like this one. */
  #relate(held: Held, view: CaseView): void {
    if (held.plan.noHistory) return;
    const others = [...this.#held.values()].filter((other) => other !== held && other.row.campaign === held.row.campaign && other.view).slice(0, 50);
    const open = others.filter((other) => isOpen(other.row));
    view.same_entity.open = open.map(({ row }) => ({ proposal: row.proposal, diff: row.diff, takes_back: row.takes_back, state: row.state, decide_by_ms: row.decide_by_ms }));
    const settled = [...this.#held.values()].filter((other) => other !== held && other.view && !isOpen(other.row));
    settled.sort((a, b) => Number(b.row.entity === held.row.entity) - Number(a.row.entity === held.row.entity));
    view.similar = settled.slice(0, MAX_SIMILAR).map((other) => ({
      proposal: other.row.proposal,
      campaign: other.row.campaign,
      same_entity: entityOf(other.plan) === view.change.entity,
      proposed: (other.view as CaseView).change.diff,
      applied: madeOf(other.view as CaseView),
      predicted_lift: (other.view as CaseView).draft?.predicted_lift ?? null,
      state: other.row.state,
      overridden: other.row.overridden,
      settled_at_ms: other.row.changed_at_ms,
    }));
  }
}

const isOpen = (row: InboxRow): boolean => row.state === 'deciding' || row.state === 'authorized';

/** Whether a row belongs to a view; the views are those of the store. */
export function stands(row: InboxRow, view: InboxView, nowMs: number): boolean {
  const open = isOpen(row);
  const snoozed = open && row.snoozed_until_ms !== null && row.snoozed_until_ms > nowMs;
  switch (view) {
    case 'needs_me': return open && !snoozed && row.needs_me;
    case 'waiting_on_others': return open && !snoozed && !row.needs_me;
    case 'due_soon': return open && row.decide_by_ms <= nowMs + HOUR;
    case 'overrides': return row.overridden;
    case 'snoozed': return snoozed;
    case 'settled': return !open && !row.to_check;
    case 'to_check': return row.to_check;
    case 'agenda': return open;
    case 'all': return true;
  }
}

/** What is open first, soonest deadline first; then what is settled, newest first. */
function order(a: InboxRow, b: InboxRow): number {
  if (isOpen(a) !== isOpen(b)) return isOpen(a) ? -1 : 1;
  const by = isOpen(a) ? a.decide_by_ms - b.decide_by_ms : b.created_at_ms - a.created_at_ms;
  return by || (a.proposal < b.proposal ? -1 : 1);
}
