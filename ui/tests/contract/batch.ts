// Batches: one class, dropped items said, one ticket.
import type { BatchInput } from '../../src/bridge/types';
import { must, refused, same } from './check';
import { shaped } from './shapes';
import type { Law } from './suite';

export const BATCH: Law[] = [
  {
    name: 'a batch holds its class only; the rest drops out with a reason',
    changes: true,
    async run(bridge) {
      const { rows } = await bridge.listCases({ view: 'needs_me', search: '', after: null, limit: 100 });
      const first = rows.find((row) => row.batch_class !== null);
      if (!first) return;
      const fitting = rows.filter((row) => row.batch_class === first.batch_class && row.risk_tier === first.risk_tier);
      const other = rows.find((row) => row.batch_class === null);
      const view = await bridge.openCase(first.proposal);
      const input: BatchInput = {
        proposals: [...fitting, ...(other ? [other] : [])].map((row) => row.proposal),
        role: view.my_options.roles[0] ?? '', reason_code: 'within_plan', reason_text: '',
      };
      const sheet = shaped(await bridge.prepareBatch(input), 'BatchConfirmView');
      same(sheet.items.map((item) => item.proposal), input.proposals, 'items in the order asked');
      if (other) must(sheet.items.at(-1)?.dropped !== null, 'a case without a class stays in the batch');
      same(sheet.totals.reduce((sum, total) => sum + total.items, 0), sheet.items.filter((item) => item.dropped === null).length, 'items counted in the totals');
      must(sheet.items.every((item) => item.fingerprint.length === 6), 'an item without its six words');
      await bridge.discardDecision(sheet.ticket);
      await refused(bridge.signBatch(sheet.ticket), 'a batch that was given up');
    },
  },
];
