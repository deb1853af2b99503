// The log explorer, the policies with their trial, the people, and practice.
import { fireEvent } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { PolicyLayerView } from '../src/bridge/types';
import { changesOf, fieldsOf, fromField, toField } from '../src/policies/limits';
import { all, click, fill, one, openWindow, press, seen, text, until } from './screen';

async function place(name: string): Promise<void> {
  await click(`go-${name}`);
  await until(() => expect(all(`screen-${name}`)).toHaveLength(1));
}

describe('log', () => {
  it('lists newest first, adds older pages, and narrows to a kind', async () => {
    await openWindow();
    await place('log');
    await until(() => expect(all('log-row')).toHaveLength(100));
    const seqs = (): number[] => all('log-row').map((row) => Number(row.dataset['seq']));
    expect(seqs()).toEqual(seqs().toSorted((a, b) => b - a));
    await click('log-older');
    await until(() => expect(all('log-row')).toHaveLength(200));
    expect(new Set(seqs()).size).toBe(200);
    await fireEvent.change(one('log-kind'), { target: { value: 'work_stopped' } });
    await until(() => expect(all('log-row').map((row) => row.dataset['action'])).toEqual(['work_stopped']));
  });

  it('shows what proves an entry, and opens its case', async () => {
    const bridge = await openWindow();
    await place('log');
    await until(() => expect(all('log-row').length).toBeGreaterThan(0));
    const row = all('log-row').find((each) => each.dataset['proposal'] === bridge.cases[0]?.proposal) as HTMLElement;
    await fireEvent.click(row);
    await until(() => expect(one('log-entry').dataset).toMatchObject({ seq: row.dataset['seq'], signature: 'true', inclusion: 'true' }));
    expect(JSON.parse(one('log-json').textContent ?? '')).toHaveProperty('seq', Number(row.dataset['seq']));
    expect(all('log-proof').length).toBeGreaterThan(3);
    await click('log-open-case');
    await until(() => expect(one('case').dataset['proposal']).toBe(row.dataset['proposal']));
  });

  it('gives two verdicts, each with what it does not prove', async () => {
    await openWindow({ scenario: 'missing' });
    await place('log');
    await click('verify-log');
    await until(() => expect(one('verdict-integrity').dataset['holds']).toBe('true'));
    expect(one('verdict-completeness').dataset['holds']).toBe('false');
    expect(text('verdict-integrity')).toContain('Does not prove: that what the gate wrote down was true.');
    expect(text('verdict-completeness')).not.toContain('Proves');
    expect(text('verdict-completeness')).toContain('three entries that are not on this device');
  });
});

describe('policies', () => {
  it('says every rule in words by layer, its text one step away', async () => {
    await openWindow();
    await place('policies');
    await until(() => expect(all('policy-layer').map((layer) => layer.dataset['layer'])).toEqual(['protocol', 'corporate', 'brand', 'campaign']));
    const rule = all('policy-rule').find((each) => each.dataset['rule'] === 'budget_change_over_limit') as HTMLElement;
    expect(rule.dataset['outcome']).toBe('escalate');
    expect(rule.textContent).toMatch(/operations and finance.*within 30 min.*fired in \d+ case/s);
    expect(rule.querySelector('details')?.open).toBe(false);
  });

  it('says in words what always applies', async () => {
    await openWindow({ scenario: 'history' });
    await place('policies');
    await until(() => expect(all('policy-base').length).toBeGreaterThan(5));
    const said = new Map(all('policy-base').map((fact) => [fact.dataset['fact'], seen(fact)]));
    expect(said.get('factors_to_override')).toContain('authenticator code');
    expect(said.get('factors_to_decide')).toContain('none');
    expect(said.get('role.ops')).toContain('operations');
  });

  it('tries a change and says that nothing is changed', async () => {
    const bridge = await openWindow({ scenario: 'history' });
    const before = await bridge.policies();
    await place('policies');
    await until(() => expect(all('try-change')).toHaveLength(1));
    await click('try-change');
    expect(text('policy-trial')).toContain('Nothing is changed, stored or sent.');
    expect((one('try-run') as HTMLButtonElement).disabled).toBe(true);
    await fill('try-corporate.max_change_percent', 'much');
    expect(text('policy-trial')).toContain('Use digits');
    expect((one('try-run') as HTMLButtonElement).disabled).toBe(true);
    await fill('try-corporate.max_change_percent', '5');
    await click('try-run');
    await until(() => expect(Number(one('trial-outcome').dataset['changed'])).toBeGreaterThan(0));
    expect(all('trial-row').length).toBe(Number(one('trial-outcome').dataset['changed']));
    expect((await bridge.policies()).layers).toEqual(before.layers);
  });

  it('reads and writes limits without losing a digit', () => {
    expect(toField('10000000000', 'micros')).toBe('10000');
    expect(toField('1234567', 'micros')).toBe('1.234567');
    expect(toField('0.6', 'ratio')).toBe('0.6');
    expect(fromField('10000', 'micros')).toBe('10000000000');
    expect(fromField('0,5', 'ratio')).toBe('0.5');
    expect(fromField('9223372036854.775807', 'micros')).toBe('9223372036854775807');
    for (const wrong of ['', '-1', '1e3', '0x10', '1.2.3', 'much']) expect(fromField(wrong, 'percent')).toBeNull();
    expect(fromField('1.5', 'count')).toBeNull();
    expect(fromField('1.0000001', 'micros')).toBeNull();
  });

  it('takes only what differs as a change', () => {
    const layers: PolicyLayerView[] = [{ layer: 'corporate', rules: [], limits: [{ key: 'max_change_percent', value: '15', unit: 'percent', in_force: '15' }] }];
    const fields = fieldsOf(layers);
    expect(changesOf(layers, fields)).toEqual({ changes: [], faults: [] });
    expect(changesOf(layers, { 'corporate.max_change_percent': '15.0' })).toEqual({ changes: [], faults: [] });
    expect(changesOf(layers, { 'corporate.max_change_percent': '12.5' }).changes).toEqual([{ layer: 'corporate', key: 'max_change_percent', value: '12.5' }]);
    expect(changesOf(layers, { 'corporate.max_change_percent': 'x' }).faults).toEqual(['corporate.max_change_percent']);
  });
});

describe('people', () => {
  it('says first what I can sign, and keeps revoked devices in sight', async () => {
    await openWindow();
    await place('people');
    await until(() => expect(one('my-authority').dataset['roles']).toBe('finance'));
    expect(text('my-fingerprint').split(' ')).toHaveLength(6);
    expect(all('device-row').filter((row) => row.dataset['revoked'] === 'true')).toHaveLength(1);
    expect(all('person-row').filter((row) => row.dataset['me'] === 'true')).toHaveLength(1);
    expect(all('agent-row').every((row) => /Mara Lind is responsible/.test(seen(row)))).toBe(true);
  });
});

describe('practice', () => {
  it('shows a pause as well, which has no value of its own', async () => {
    await openWindow({ scenario: 'unpractised' });
    await place('settings');
    await click('practise-pause');
    await until(() => expect(all('practice')).toHaveLength(1));
        await press('o');
    expect(all('decision-sheet')).toHaveLength(0);
    await press('a');
    await until(() => expect(all('reason-select')).toHaveLength(1));
  });

  it('is reached from the settings, ends with its signature, and is remembered', async () => {
    const bridge = await openWindow({ scenario: 'unpractised' });
    await place('settings');
    await click('practise');
    await until(() => expect(all('practice')).toHaveLength(1));
    await press('a');
    await fill('reason-select', 'within_plan');
    await click('to-confirm');
    await until(() => expect(all('sign-button')).toHaveLength(1));
    await click('sign-button');
    await until(() => expect(bridge.current.practised).toBe(true));
    expect(all('practice')).toHaveLength(0);
    expect(all('problem')).toHaveLength(0);
    expect([bridge.link.unsent, bridge.link.held]).toEqual([0, 0]);
  });
});
