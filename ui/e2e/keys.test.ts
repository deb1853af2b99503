// The whole decision by keyboard alone; no key acts in a field or behind a sheet.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { id, open, start, type Window } from './browser';

let browser: Browser;
let window: Window;
let page: Page;

beforeAll(async () => {
  browser = await start();
});

afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  window = await open(browser);
  page = window.page;
  await page.locator(id('inbox-row')).first().waitFor();
});

afterEach(async () => {
  expect(window.complaints).toEqual([]);
  await window.close();
});

const keys = async (...pressed: string[]): Promise<void> => {
  for (const key of pressed) await page.keyboard.press(key);
};
const shown = (name: string): Promise<boolean> => page.locator(id(name)).first().isVisible();
const openSheets = (): Promise<number> => page.locator('dialog[open]').count();
const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? document.activeElement?.tagName ?? '');

/** Tab until a part has the focus. */
async function tabTo(name: string): Promise<void> {
  for (let press = 0; press < 40; press += 1) {
    if ((await focused()) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${name}; it is at ${await focused()}`);
}

describe('by keyboard alone', () => {
  it('a case is found, read, overridden, signed and recalled', async () => {
    await keys('j', 'Enter');
    await page.locator(id('case-title')).waitFor();
    expect(await page.locator(id('case')).textContent()).toContain('flash_sale_burst');
    await keys('o');
    await page.locator(id('decision-sheet')).waitFor();
    expect(await focused()).toBe('override-amount');
    await page.keyboard.type('529');
    await tabTo('reason-select');
    await page.keyboard.type('Not enough');
    await tabTo('reason-text');
    await page.keyboard.type('Only a little is left.');
    await tabTo('totp-code');
    await page.keyboard.type('123456');
    await keys('Control+Enter');
    expect(await focused(), 'at high risk the gesture that signs does nothing before').toBe('totp-code');
    await tabTo('to-confirm');
    await keys('Enter');
    await page.locator(id('confirm-sheet')).waitFor();
    expect(await page.locator(id('confirm-sheet')).textContent()).toContain('USD 529.00');
    await page.locator(`${id('sign-button')}[data-ready="true"]`).waitFor();
    await keys('Control+Enter');
    await page.locator(id('undo')).waitFor();
    expect(await page.locator(id('connection-chip')).getAttribute('data-unsent')).toBe('1');
    await keys('u');
    await page.locator(id('undo')).waitFor({ state: 'detached' });
    expect(await page.locator(id('connection-chip')).getAttribute('data-unsent')).toBe('0');
    expect(await shown('approve-button')).toBe(true);
  });

  it('a decision key opens a sheet and signs nothing; Enter in it does not sign either', async () => {
    await keys('j', 'Enter');
    await page.locator(id('case-title')).waitFor();
    await keys('a');
    await page.locator(id('decision-sheet')).waitFor();
    await keys('Enter', 'a', 'Enter');
    expect(await page.locator(id('connection-chip')).getAttribute('data-unsent')).toBe('0');
    expect(await shown('undo')).toBe(false);
  });

  it('every screen is reached and named', async () => {
    for (const [key, screen] of [['a', 'agenda'], ['l', 'log'], ['p', 'policies'], ['d', 'people'], [',', 'settings']] as const) {
      await keys('g', key);
      await page.locator(id(`screen-${screen}`)).waitFor();
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    }
    await keys('g', 'i');
    await page.locator(id('inbox-row')).first().waitFor();
  });

  it('a log entry is opened with j and left with Esc or its button', async () => {
    await keys('g', 'l');
    await page.locator(id('log-row')).first().waitFor();
    await keys('j');
    await page.locator(id('log-entry')).waitFor();
    const first = await page.locator(id('log-entry')).getAttribute('data-seq');
    await keys('j');
    await page.waitForFunction((seq) => document.querySelector('[data-testid="log-entry"]')?.getAttribute('data-seq') !== seq, first);
  });

  it('work is stopped', async () => {
    await keys('g', 's');
    await page.locator(id('halt-sheet')).waitFor();
    await tabTo('halt-next');
    await keys('Enter');
    await page.locator(id('confirm-sheet')).waitFor();
    await tabTo('sign-button');
    await page.locator(`${id('sign-button')}[data-ready="true"]`).waitFor();
    await keys('Enter');
    await page.locator(id('halt-banner')).waitFor();
  });
});

describe('no key acts', () => {
  it('in the search field', async () => {
    await keys('/');
    expect(await focused()).toBe('search');
    await page.keyboard.type('jaorchu?gl');
    expect(await page.locator(id('search')).inputValue()).toBe('jaorchu?gl');
    expect(await openSheets()).toBe(0);
    expect(await shown('screen-log')).toBe(false);
  });

  it('behind a sheet', async () => {
    await keys('j', 'Enter');
    await page.locator(id('case-title')).waitFor();
    await keys('r');
    await page.locator(id('decision-sheet')).waitFor();
    const at = await page.locator(id('case')).getAttribute('data-proposal');
    await keys('j', 'k', 'o', 'h', '?', 'g', 'l');
    expect(await openSheets()).toBe(1);
    expect(await page.locator(id('decision-sheet')).getAttribute('data-kind')).toBe('reject');
    expect(await page.locator(id('case')).getAttribute('data-proposal')).toBe(at);
    await keys('Escape');
    expect(await openSheets()).toBe(0);
  });

  it('with Ctrl, Alt or Meta held', async () => {
    await keys('j', 'Enter');
    await page.locator(id('case-title')).waitFor();
    await keys('Alt+o', 'Meta+o');
    expect(await openSheets()).toBe(0);
  });
});

describe('focus', () => {
  it('stays in a sheet and comes back to where it was', async () => {
    await keys('j', 'Enter');
    await page.locator(id('case-title')).waitFor();
    await page.locator(id('reject-button')).focus();
    await keys('Enter');
    await page.locator(id('decision-sheet')).waitFor();
    for (let press = 0; press < 15; press += 1) {
      await keys('Tab');
      expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog[open]') !== null)).toBe(true);
    }
    await keys('Escape');
    expect(await focused()).toBe('reject-button');
  });
});
