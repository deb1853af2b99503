// Cases chosen to be signed together: of one batch class, one kind and one tier.
import type { InboxRow } from '../bridge/types';

/** Why a case cannot be chosen now. */
export type Refused = 'alone' | 'different';

export class Selection {
  rows = $state.raw<InboxRow[]>([]);

  has(proposal: string): boolean {
    return this.rows.some((row) => row.proposal === proposal);
  }

  /** Chooses a case or lets it go; says why it cannot be chosen. */
  toggle(row: InboxRow): Refused | null {
    if (this.has(row.proposal)) {
      this.rows = this.rows.filter((one) => one.proposal !== row.proposal);
      return null;
    }
    if (row.batch_class === null || !row.needs_me || row.risk_tier === 'high') return 'alone';
    const first = this.rows[0];
    const alike = !first || (first.batch_class === row.batch_class && first.kind === row.kind && first.risk_tier === row.risk_tier);
    if (!alike) return 'different';
    this.rows = [...this.rows, row];
    return null;
  }

  clear(): void {
    this.rows = [];
  }

  /** Deselects what is no longer mine to sign. */
  keep(rows: readonly InboxRow[]): void {
    const mine = (chosen: InboxRow): boolean => rows.find((row) => row.proposal === chosen.proposal)?.needs_me ?? true;
    const kept = this.rows.filter(mine);
    if (kept.length !== this.rows.length) this.rows = kept;
  }
}
