// The log: entries of all cases in one order, chained and hashed for real, with proofs that
// hold. Only the signatures are invented.
import type { CaseView } from '../bindings/CaseView';
import type { CheckpointView } from '../bindings/CheckpointView';
import type { LogEntryView } from '../bindings/LogEntryView';
import type { LogPage } from '../bindings/LogPage';
import type { LogQuery } from '../bindings/LogQuery';
import type { LogRowView } from '../bindings/LogRowView';
import type { LogVerification } from '../bindings/LogVerification';
import { moneyIn } from '../../lib/money';
import { hex, leafHash, proves, Tree } from './merkle';
import { pastRows } from './past';
import { problem, refusal } from './problem';
import { digestOf } from './random';
import { WORKSPACE } from './people';

const MOST_ROWS = 500;

/** A log that somebody has touched. */
export type Damage = 'altered' | 'missing' | null;

interface Made {
  texts: string[];
  tree: Tree;
  root: string;
}

export class Log {
  rows: LogRowView[];
  readonly #nowMs: () => number;
  readonly #damage: Damage;
  #made: Promise<Made> | null = null;

  constructor(views: CaseView[], nowMs: () => number, damage: Damage, empty: boolean) {
    this.#nowMs = nowMs;
    this.#damage = damage;
    const own = views.flatMap((view) => view.timeline.map((entry): [LogRowView, CaseView['timeline'][number]] => [{
      seq: 0, at_ms: entry.at_ms, action: entry.action, actor_kind: entry.actor_kind, actor: entry.actor,
      proposal: view.proposal, campaign: view.change.campaign, facts: entry.facts, value: entry.value,
    }, entry]));
    const first = Math.min(nowMs(), ...own.map(([row]) => row.at_ms));
    const all = [...(empty ? [] : pastRows(first)).map((row): [LogRowView, null] => [row, null]), ...own].sort(([a], [b]) => a.at_ms - b.at_ms);
    all.forEach(([row, entry], seq) => {
      row.seq = seq;
      if (entry) entry.seq = seq;
    });
    this.rows = all.map(([row]) => row);
    for (const [, entry] of all) if (entry && entry.included_in !== null) entry.included_in = this.rows.length;
  }

  /** Appends an entry. */
  append(row: Omit<LogRowView, 'seq'>): number {
    this.rows.push({ ...row, seq: this.rows.length });
    this.#made = null;
    return this.rows.length - 1;
  }

  async head(): Promise<CheckpointView | null> {
    if (this.rows.length === 0) return null;
    const { root } = await this.#make();
    return { size: this.rows.length, root, verified_at_ms: this.#nowMs() - 4_000 };
  }

  async page({ before, action, proposal, limit }: LogQuery): Promise<LogPage> {
    const wanted = Math.min(MOST_ROWS, Math.max(1, limit));
    const found = this.rows.filter((row) => (before === null || row.seq < before) && (action === null || row.action === action) && (proposal === null || row.proposal === proposal)).reverse();
    const rows = found.slice(0, wanted);
    return {
      rows: structuredClone(rows),
      next: found.length > wanted ? (rows.at(-1)?.seq ?? null) : null,
      head: await this.head(),
      actions: [...new Set(this.rows.map((row) => row.action))].sort(),
    };
  }

  async entry(seq: number): Promise<LogEntryView> {
    const row = this.rows[seq];
    if (!row) throw refusal('log_entry_unknown');
    const { tree, texts, root } = await this.#make();
    const proof = await tree.proof(seq);
    const leaf = tree.leaves[seq] as Uint8Array;
    return {
      row: structuredClone(row),
      json: texts[seq] as string,
      leaf: hex(leaf),
      prev_hash: seq === 0 ? '0'.repeat(64) : hex(tree.leaves[seq - 1] as Uint8Array),
      proof: proof.map(hex),
      tree_size: this.rows.length,
      root,
      checkpoint: note(this.rows.length, root),
      signature_checked: true,
      inclusion_checked: await proves(leaf, seq, this.rows.length, proof, await tree.root()),
    };
  }

  /** Everything again from the texts; the two verdicts are kept apart. */
  async verify(): Promise<LogVerification> {
    const { texts, root } = await this.#make();
    const entries = this.#damage === 'missing' ? this.rows.length - 3 : this.rows.length;
    const again = await Promise.all(texts.slice(0, entries).map((text, seq) => leafHash(this.#damage === 'altered' && seq === 301 ? `${text} ` : text)));
    const found = entries === 0 ? root : hex(await new Tree(again).root());
    const altered = this.#damage === 'altered' && found !== root;
    return {
      integrity: { holds: !altered, problem: altered ? problem('log_root_differs', 'Entry 301 is not what the checkpoint covers.', ['Do not sign. Tell your administrator.'], { seq: '301' }) : null },
      completeness: { holds: entries === this.rows.length, problem: entries === this.rows.length ? null : problem('log_entries_missing', 'The newest signed checkpoint covers three entries that are not on this device.', ['Wait for the next sync, then check again.'], { missing: '3' }) },
      entries,
      root: found,
      checked_at_ms: this.#nowMs(),
      took_ms: Math.max(1, Math.round(entries * 0.031)),
    };
  }

  /** Writes the leaf hashes into a case's timeline. */
  async fill(view: CaseView): Promise<void> {
    const { tree } = await this.#make();
    for (const entry of view.timeline) entry.leaf = hex(tree.leaves[entry.seq] ?? new Uint8Array(32));
  }

  #make(): Promise<Made> {
    this.#made ??= this.#hash();
    return this.#made;
  }

  async #hash(): Promise<Made> {
    const texts: string[] = [];
    const leaves: Uint8Array[] = [];
    for (const row of this.rows) {
      const prev = leaves.at(-1);
      const text = canonical(row, prev ? hex(prev) : '0'.repeat(64));
      texts.push(text);
      leaves.push(await leafHash(text));
    }
    const tree = new Tree(leaves);
    return { texts, tree, root: leaves.length === 0 ? '0'.repeat(64) : hex(await tree.root()) };
  }
}

/** One line, keys in order, as RFC 8785 has it for such values. */
function canonical(row: LogRowView, prev: string): string {
  const entry: Record<string, unknown> = {
    actor: { id: row.actor, kind: row.actor_kind },
    amount: moneyIn(row.value),
    at_ms: row.at_ms,
    facts: Object.fromEntries(row.facts.map((fact) => [fact.key, fact.value]).sort()),
    kind: row.action,
    prev,
    proposal: row.proposal,
    seq: row.seq,
    signature: digestOf(`signature ${row.seq}`),
    workspace: WORKSPACE.workspace,
  };
  return JSON.stringify(Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null)));
}

function note(size: number, root: string): string {
  const base64 = (text: string): string => btoa(String.fromCharCode(...(text.match(/../g) ?? []).map((pair) => parseInt(pair, 16))));
  return `countersign.example/northwind\n${size}\n${base64(root)}\n\n— countersign-gate ${base64(digestOf(`note ${size}`) + digestOf(root))}\n`;
}
