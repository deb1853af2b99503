// The stop: one person stops, two resume.
import { render } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import { FakeBridge } from '../src/bridge/fake';
import type { HaltKind } from '../src/bridge/bindings/HaltKind';
import HaltBanner from '../src/decide/HaltBanner.svelte';
import HaltFlow from '../src/decide/HaltFlow.svelte';
import { all, click, fill, one, press, rested, text, until } from './screen';

async function openSwitch(kind: HaltKind, scenario: 'day' | 'stopped'): Promise<{ bridge: FakeBridge; signed: ReturnType<typeof vi.fn> }> {
  const bridge = new FakeBridge({ scenario });
  const signed = vi.fn();
  render(HaltFlow, { props: { bridge, kind, halt: await bridge.halt(), close: vi.fn(), signed } });
  return { bridge, signed };
}

describe('the stop', () => {
  it('stops by one click and one confirmation, without a reason', async () => {
    const { signed } = await openSwitch('stop', 'day');
    await click('halt-next');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    expect(all('confirm-line').length).toBeGreaterThan(2);
    await click('sign-button');
    await until(() => expect(signed).toHaveBeenCalledOnce());
  });

  it('resumes by two, says who has asked, and wants to know why', async () => {
    const { bridge } = await openSwitch('resume', 'stopped');
    const prepare = vi.spyOn(bridge, 'prepareHalt');
    expect(one('halt-sheet').textContent).toContain('2 different people must ask');
    expect(text('resume-asked')).toBe('Asked so far: Samuel Okafor.');
    await click('halt-next');
    expect(prepare).not.toHaveBeenCalled();
    expect(one('halt-sheet').textContent).toContain('Say why it is safe to resume.');
    await fill('halt-text', 'The page answers again.');
    await click('halt-next');
    await until(() => expect(all('confirm-sheet')).toHaveLength(1));
    await rested();
    await press('Enter', one('confirm-sheet'), { ctrlKey: true });
    await until(() => expect(bridge.openTickets).toBe(0));
  });

  it('gives prepared bytes up', async () => {
    const { bridge } = await openSwitch('stop', 'day');
    const discard = vi.spyOn(bridge, 'discardDecision');
    await click('halt-next');
    await until(() => expect(all('back-button')).toHaveLength(1));
    await click('back-button');
    expect(discard).toHaveBeenCalledOnce();
    expect(one('halt-sheet')).toBeTruthy();
  });

  it('says in a banner who stopped, why, and how many have asked', async () => {
    const bridge = new FakeBridge({ scenario: 'stopped' });
    const resume = vi.fn();
    render(HaltBanner, { props: { halt: await bridge.halt(), resume } });
    expect(text('halt-banner')).toMatch(/Work is stopped.*Jonas Weber.*answers with errors.*Samuel Okafor asked to resume, 1 of 2/);
    await click('resume-button');
    expect(resume).toHaveBeenCalledOnce();
  });

  it('shows no banner while work goes on', async () => {
    render(HaltBanner, { props: { halt: await new FakeBridge().halt(), resume: vi.fn() } });
    expect(all('halt-banner')).toHaveLength(0);
  });
});
