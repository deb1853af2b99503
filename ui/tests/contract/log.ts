// The log: pages, kinds, entries with proofs, and what checking it says.
import type { LogRowView } from '../../src/bridge/types';
import { must, refused, same } from './check';
import { shaped } from './shapes';
import type { Law } from './suite';

const HASH = /^[0-9a-f]{64}$/;
const ALL = { before: null, action: null, proposal: null };

export const LOG: Law[] = [
  {
    name: 'the log is listed newest first, and pages join without gap',
    async run(bridge) {
      const page = shaped(await bridge.listLog({ ...ALL, limit: 20 }), 'LogPage');
      const rows: LogRowView[] = [];
      let before: number | null = null;
      do {
        const next = await bridge.listLog({ ...ALL, before, limit: 7 });
        must(next.rows.length <= 7, 'a page of the log is longer than asked for');
        rows.push(...next.rows);
        before = next.next;
      } while (before !== null && rows.length < page.rows.length);
      same(rows.slice(0, page.rows.length).map((row) => row.seq), page.rows.map((row) => row.seq), 'positions in pages of seven');
      same(page.rows.map((row) => row.seq), page.rows.map((row) => row.seq).toSorted((a, b) => b - a), 'positions, newest first');
    },
  },
  {
    name: 'the log can be narrowed to a kind and to a case',
    async run(bridge) {
      const { actions, rows } = await bridge.listLog({ ...ALL, limit: 100 });
      for (const action of actions) {
        const only = await bridge.listLog({ ...ALL, action, limit: 10 });
        must(only.rows.length > 0 && only.rows.every((row) => row.action === action), `the kind ${action} is offered, and its list holds none or something else`);
      }
      const about = rows.find((row) => row.proposal !== null)?.proposal ?? null;
      if (about === null) return;
      const only = await bridge.listLog({ ...ALL, proposal: about, limit: 100 });
      must(only.rows.length > 0 && only.rows.every((row) => row.proposal === about), 'the log of a case holds another case');
    },
  },
  {
    name: 'an entry comes with what proves it',
    async run(bridge) {
      const { rows, head } = await bridge.listLog({ ...ALL, limit: 5 });
      for (const { seq } of rows) {
        if (head === null || seq >= head.size) continue;
        const entry = shaped(await bridge.logEntry(seq), 'LogEntryView');
        same(entry.row.seq, seq, 'the entry that was asked for');
        must([entry.leaf, entry.prev_hash, entry.root, ...entry.proof].every((hash) => HASH.test(hash)), 'a hash that is not 64 digits of hex');
        must(entry.signature_checked && entry.inclusion_checked, `entry ${seq} is not proven`);
        must(typeof JSON.parse(entry.json) === 'object', 'the entry is not JSON');
        must(entry.proof.length <= Math.ceil(Math.log2(Math.max(2, entry.tree_size))), 'a proof longer than its tree is high');
      }
    },
  },
  {
    name: 'each entry names the one before',
    async run(bridge) {
      const { rows, head } = await bridge.listLog({ ...ALL, limit: 2 });
      const [newer, older] = rows;
      if (!newer || !older || head === null || newer.seq >= head.size || newer.seq !== older.seq + 1) return;
      same((await bridge.logEntry(newer.seq)).prev_hash, (await bridge.logEntry(older.seq)).leaf, 'the hash of the entry before');
    },
  },
  {
    name: 'an entry that there is not is refused',
    async run(bridge) {
      await refused(bridge.logEntry(999_999_999), 'entry 999,999,999');
    },
  },
  {
    name: 'checking the log says two things, and how many entries it saw',
    async run(bridge) {
      const { head } = await bridge.listLog({ ...ALL, limit: 1 });
      if (head === null) return;
      const found = shaped(await bridge.verifyLog(), 'LogVerification');
      must(found.integrity.holds && found.completeness.holds, 'the log does not hold');
      must(found.entries >= head.size && HASH.test(found.root), `checked ${found.entries} of ${head.size} entries`);
    },
  },
];
