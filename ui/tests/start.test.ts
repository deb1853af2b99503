// First run, problems that stop the start, and the connection.
import { describe, expect, it } from 'vitest';
import { all, click, fill, one, openWindow, text, until } from './screen';

describe('start', () => {
  it('goes from no key to the inbox', async () => {
    await openWindow({ start: 'not_enrolled' });
    await click('make-request');
    await until(() => expect(JSON.parse((one('enrol-request') as HTMLTextAreaElement).value)).toHaveProperty('signing_key'));
    expect(text('enrol-fingerprint').split(' ')).toHaveLength(6);
    expect((one('enrol-submit') as HTMLButtonElement).disabled).toBe(true);
    await fill('enrol-input', 'not json');
    await click('enrol-submit');
    await until(() => expect(one('problem').dataset['code']).toMatch(/^enrolment_/));
    await fill('enrol-input', '{"enrolment": true}');
    await click('enrol-submit');
    await until(() => expect(all('anchor-words')).toHaveLength(1));
    await click('anchor-same');
    await until(() => expect(all('compare-words')).toHaveLength(1));
    await click('compare-same');
    await click('practise-skip');
    await click('first-run-finish');
    await until(() => expect(all('inbox-row').length).toBeGreaterThan(0));
  });

  it('believes an enrolment only after its words were compared', async () => {
    const bridge = await openWindow({ start: 'request_made' });
    const joined: string[][] = [];
    const join = bridge.joinWorkspace.bind(bridge);
    bridge.joinWorkspace = (enrolment, rootWords) => {
      joined.push(rootWords);
      return join(enrolment, rootWords);
    };
    await fill('enrol-input', '{"enrolment": true}');
    await click('enrol-submit');
    await until(() => expect(all('anchor-words')).toHaveLength(1));
    const shown = [...one('anchor-words').children].map((word) => word.textContent ?? '');
    expect(shown).toHaveLength(6);
    expect(one('anchor-own').children).toHaveLength(6);
    expect(text('anchor-says')).toContain('Northwind Outdoor');
    expect([joined, bridge.workspace.state]).toEqual([[], 'request_made']);
    await click('anchor-same');
    await until(() => expect(all('compare-words')).toHaveLength(1));
    expect(joined).toEqual([shown]);
  });

  it('keeps nothing of an enrolment whose words differ, and says what to do', async () => {
    const bridge = await openWindow({ start: 'request_made' });
    await fill('enrol-input', '{"enrolment": true}');
    await click('enrol-submit');
    await until(() => expect(all('anchor-words')).toHaveLength(1));
    await click('anchor-other');
    expect(one('anchor-differ').getAttribute('role')).toBe('alert');
    expect(text('anchor-differ')).toContain('Nothing from it was kept');
    expect(all('anchor-same')).toHaveLength(0);
    expect(bridge.workspace.state).toBe('request_made');
    await click('anchor-back');
    await until(() => expect(all('enrol-input')).toHaveLength(1));
    expect((one('enrol-input') as HTMLTextAreaElement).value).toBe('');
  });

  it.each(['keychain_problem', 'store_problem'] as const)('explains a %s and tries again', async (start) => {
    const bridge = await openWindow({ start });
    expect(one('problem').querySelectorAll('li').length).toBeGreaterThan(0);
    expect(document.body.textContent).toContain('Nothing was deleted or replaced.');
    bridge.workspace = new (await import('../src/bridge/fake')).FakeBridge().workspace;
    await click('try-again');
    await until(() => expect(all('inbox-row').length).toBeGreaterThan(0));
  });

  it('says offline, the age of the checked log, and what is unsent', async () => {
    const bridge = await openWindow({ online: false });
    await until(() => expect(one('connection-chip').dataset['online']).toBe('false'));
    expect(one('connection-chip').textContent).toMatch(/Offline.*log checked 47 min ago.*nothing unsent/s);
    bridge.setConnection({ online: true, unsent: 2 });
    await until(() => expect(one('connection-chip').textContent).toMatch(/Online.*2 signatures unsent/s));
  });

  it('shows a fault of the sync until it is gone', async () => {
    const bridge = await openWindow({ fault: true });
    await until(() => expect(one('problem').dataset['code']).toBe('log_fault'));
    bridge.setConnection({ fault: null });
    await until(() => expect(all('problem')).toHaveLength(0));
  });

  it('shows what the Rust side says when a case cannot be opened', async () => {
    const bridge = await openWindow();
    bridge.openCase = async () => {
      throw { code: 'case_damaged', message: 'The case cannot be read.', hints: ['It is fetched again.'] };
    };
    all('inbox-row')[0]?.click();
    await until(() => expect(one('problem').textContent).toContain('It is fetched again.'));
  });
});
