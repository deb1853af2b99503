// The workspace, a case, people, policies, settings, links.
import type { Bridge, CaseView, LimitChange } from '../../src/bridge/types';
import { must, refused, same } from './check';
import { shaped } from './shapes';
import type { Law } from './suite';

async function someCases(bridge: Bridge): Promise<CaseView[]> {
  const { rows } = await bridge.listCases({ view: 'all', search: '', after: null, limit: 25 });
  return Promise.all(rows.map((row) => bridge.openCase(row.proposal)));
}

export const REST: Law[] = [
  {
    name: 'workspace, connection, people, policies, settings and switch have their shapes',
    async run(bridge) {
      shaped(await bridge.workspaceState(), 'WorkspaceState');
      shaped(await bridge.connection(), 'ConnectionView');
      shaped(await bridge.people(), 'PeopleView');
      shaped(await bridge.policies(), 'PoliciesView');
      shaped(await bridge.settings(), 'SettingsView');
      shaped(await bridge.halt(), 'HaltView');
    },
  },
  {
    name: 'the opening says what its parts say',
    async run(bridge) {
      const opening = shaped(await bridge.opening(), 'OpeningView');
      const { desk } = opening;
      if (!desk) throw new Error('a workspace that is ready has no desk');
      same(opening.state, await bridge.workspaceState(), 'the state');
      same(opening.settings, await bridge.settings(), 'the settings');
      same(desk.filters, await bridge.savedFilters(), 'the saved searches');
      same(desk.halt, await bridge.halt(), 'the stop');
      const page = await bridge.listCases({ view: 'needs_me', search: '', after: null, limit: 40 });
      same([desk.page.rows.map((row) => row.proposal), desk.page.counts], [page.rows.map((row) => row.proposal), page.counts], 'the first page');
    },
  },
  {
    name: 'every case has its shape, and its row says the same',
    async run(bridge) {
      const { rows } = await bridge.listCases({ view: 'all', search: '', after: null, limit: 25 });
      for (const row of rows) {
        const view = shaped(await bridge.openCase(row.proposal), 'CaseView');
        same(await bridge.readCase(row.proposal), await bridge.openCase(row.proposal), `${row.campaign}, read ahead and opened`);
        same([view.proposal, view.state, view.change.campaign, view.decide_by_ms, view.verdict.risk_tier, view.evidence.complete, view.practice],
          [row.proposal, row.state, row.campaign, row.decide_by_ms, row.risk_tier, row.evidence_complete, false], `row and case of ${row.campaign}`);
      }
    },
  },
  {
    name: 'the difference of a change is after minus before',
    async run(bridge) {
      for (const { change } of await someCases(bridge)) {
        must(change.diff.length > 0, `a change of ${change.campaign} without a row`);
        if (!change.spend) continue;
        const { before, after, delta } = change.spend;
        same(BigInt(delta.amount_micros) === BigInt(after.amount_micros) - BigInt(before.amount_micros), true, `the difference of ${change.campaign}`);
        must(delta.currency === before.currency && after.currency === before.currency, 'two currencies in one change');
      }
    },
  },
  {
    name: 'a case that I cannot decide says why, and a settled one cannot be decided',
    async run(bridge) {
      for (const { state, my_options: mine } of await someCases(bridge)) {
        if (mine.roles.length === 0 || state !== 'deciding') must(mine.blocked_because !== null, `a ${state} case without roles or decision says nothing`);
        if (mine.blocked_because !== null) must(/^[a-z_]+$/.test(mine.blocked_because.code), 'a reason without a code');
      }
    },
  },
  {
    name: 'a case that there is not is refused',
    async run(bridge) {
      await refused(bridge.openCase('0193a1b2-77aa-7000-8000-ffffffffffff'), 'a case that there is not');
      await refused(bridge.openCase('not an id'), 'an id that is none');
      await refused(bridge.readCase('not an id'), 'an id that is none, read ahead');
    },
  },
  {
    name: 'I am on the roster once, with this device',
    async run(bridge) {
      const state = await bridge.workspaceState();
      must(state.state === 'ready', `the workspace is ${state.state}`);
      const { people } = await bridge.people();
      const me = people.filter((person) => person.me);
      same(me.map((person) => person.name), [state.workspace.person_name], 'me on the roster');
      const device = me[0]?.devices.filter((one) => one.this_device) ?? [];
      same(device.map((one) => one.fingerprint), [state.workspace.fingerprint], 'this device on the roster');
    },
  },
  {
    name: 'a trial that changes nothing changes no case; it keeps the policy',
    async run(bridge) {
      const before = await bridge.policies();
      const layer = before.layers.find((one) => one.limits.length > 0);
      const limit = layer?.limits[0];
      if (!layer || !limit) return;
      const unchanged: LimitChange[] = [{ layer: layer.layer, key: limit.key, value: limit.value }];
      const found = shaped(await bridge.tryPolicy({ limits: unchanged, days: 90 }), 'TrialView');
      same([found.changed, found.rows.length], [0, 0], 'cases that an unchanged limit changes');
      same(found.totals.map((total) => total.was), found.totals.map((total) => total.would_be), 'totals of an unchanged limit');
      same((await bridge.policies()).digest, before.digest, 'the digest of the policy after a trial');
    },
  },
  {
    name: 'a trial counts what it changed',
    async run(bridge) {
      const policies = await bridge.policies();
      const corporate = policies.layers.find((one) => one.limits.some((limit) => limit.key === 'max_change_percent'));
      if (!corporate) return;
      const found = await bridge.tryPolicy({ limits: [{ layer: corporate.layer, key: 'max_change_percent', value: '1' }], days: 90 });
      same(found.totals.reduce((sum, total) => sum + total.was, 0), found.cases, 'verdicts then');
      same(found.totals.reduce((sum, total) => sum + total.would_be, 0), found.cases, 'verdicts under the change');
      must(found.rows.length <= found.changed, 'more changed rows than changed cases');
      must(found.rows.every((row) => JSON.stringify(row.was) !== JSON.stringify(row.would_be)), 'a changed row without a change');
      await refused(bridge.tryPolicy({ limits: [{ layer: corporate.layer, key: 'no_such_limit', value: '1' }], days: 90 }), 'a limit that there is not');
    },
  },
  {
    name: 'settings are kept as they were given, and refused out of range',
    changes: true,
    async run(bridge) {
      const before = await bridge.settings();
      const other = { ...before, undo_seconds: before.undo_seconds === 20 ? 21 : 20, quiet_from: '22:00', quiet_until: '07:00' };
      let heard = 0;
      const stop = await bridge.onSettingsChanged(() => { heard += 1; });
      same(await bridge.changeSettings(other), other, 'settings as answered');
      same(await bridge.settings(), other, 'settings as kept');
      await refused(bridge.changeSettings({ ...other, undo_seconds: 0 }), 'an undo window of nothing');
      await refused(bridge.changeSettings({ ...other, quiet_from: '25:99' }), 'a time of day that is none');
      same(await bridge.settings(), other, 'settings after two refusals');
      same(await bridge.changeSettings(before), before, 'settings put back');
      stop();
      must(heard > 0, 'nobody was told that settings changed');
    },
  },
  {
    name: 'a link is taken once',
    changes: true,
    async run(bridge) {
      await bridge.takeLink();
      same(await bridge.takeLink(), null, 'a link taken twice');
    },
  },
];
