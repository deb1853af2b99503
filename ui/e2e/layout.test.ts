// Reduced motion, waiting without a jump, and a log that is found altered.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { id, open, start } from './browser';
import { SCREENS } from './screens';

let browser: Browser;

beforeAll(async () => {
  browser = await start();
});

afterAll(async () => {
  await browser.close();
});

describe('motion', () => {
  it('there is none when the person wants none', async () => {
    const { page, close } = await open(browser, { reducedMotion: true });
    await page.locator(id('inbox-row')).first().click();
    await page.locator(id('case-title')).waitFor();
    await page.keyboard.press('Control+k');
    await page.locator(id('palette')).waitFor();
    const moving = await page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running' && Number(one.effect?.getComputedTiming().duration ?? 0) > 1).length);
    await close();
    expect(moving).toBe(0);
  });
});

describe('waiting', () => {
  for (const [name, place] of [['the inbox', null], ['the log', 'log'], ['the people', 'people'], ['the policies', 'policies']] as const) {
    it(`${name} comes late without a jump`, async () => {
      const { page, complaints, close } = await open(browser, { query: 'late=700' });
      await page.locator(id('go-inbox')).waitFor();
      await page.evaluate(() => {
        const seen: { value: number; what: string }[] = [];
        type Shift = PerformanceEntry & { value: number; sources: { node: Node | null }[] };
        new PerformanceObserver((list) => {
          for (const { value, sources } of list.getEntries() as Shift[]) {
            const what = sources.map(({ node }) => (node instanceof HTMLElement ? `${node.tagName}.${node.className}` : (node?.nodeName ?? '')));
            seen.push({ value, what: what.join(' ') });
          }
        }).observe({ type: 'layout-shift', buffered: false });
        Object.assign(globalThis, { shifts: seen });
      });
      if (place) await page.locator(id(`go-${place}`)).click();
      await page.locator(id({ inbox: 'inbox-row', log: 'log-row', people: 'person-row', policies: 'policy-rule' }[place ?? 'inbox'])).first().waitFor();
      await page.waitForTimeout(300);
      const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: { value: number; what: string }[] }).shifts);
      await close();
      expect(complaints).toEqual([]);
      // Below the hundredth nobody sees it: a number that grows a digit.
      expect(shifts.filter(({ value }) => value > 0.01)).toEqual([]);
    });
  }
});

describe('the log', () => {
  it('tells integrity from completeness', async () => {
    for (const [scenario, integrity, completeness] of [['day', 'true', 'true'], ['altered', 'false', 'true'], ['missing', 'true', 'false']] as const) {
      const { page, close } = await open(browser, { query: `scenario=${scenario}` });
      await page.locator(id('go-log')).click();
      await page.locator(id('verify-log')).click();
      await page.locator(id('log-verdicts')).waitFor();
      expect(await page.locator(id('verdict-integrity')).getAttribute('data-holds')).toBe(integrity);
      expect(await page.locator(id('verdict-completeness')).getAttribute('data-holds')).toBe(completeness);
      await close();
    }
  });
});

describe('a long list', () => {
  it('stands in the page in its order, wherever it is scrolled to', async () => {
    const { page, complaints, close } = await open(browser, { query: 'scenario=history' });
    await page.locator(id('view-settled')).click();
    await page.locator(`${id('inbox')}[data-view="settled"]`).waitFor();
    for (let press = 0; press < 25; press += 1) await page.keyboard.press(press % 5 === 4 ? 'k' : 'j');
    const places = await page.locator(id('inbox-row')).evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('aria-rowindex'))));
    expect(places[0]).toBeGreaterThan(1);
    expect(places).toEqual(places.map((_, index) => (places[0] as number) + index));
    await close();
    expect(complaints).toEqual([]);
  });
});

describe('the first run', () => {
  it('goes from a key to the inbox, with practice in between, and keeps nothing of it', async () => {
    const { page, complaints, close } = await open(browser, { query: 'scenario=not_enrolled' });
    await page.locator(id('make-request')).click();
    await page.locator(id('enrol-input')).fill('{"format":"countersign-enrolment/v1"}');
    await page.locator(id('enrol-submit')).click();
    await page.locator(id('anchor-other')).click();
    await page.locator(id('anchor-back')).click();
    await page.locator(id('enrol-input')).fill('{"format":"countersign-enrolment/v1"}');
    await page.locator(id('enrol-submit')).click();
    await page.locator(id('anchor-same')).click();
    await page.locator(id('compare-other')).click();
    await page.locator(id('compare-differ')).waitFor();
    await page.locator(id('compare-again')).click();
    await page.locator(id('compare-same')).click();
    await page.locator(id('practise-start')).click();
    await page.locator(id('case-title')).waitFor();
    await page.keyboard.press('a');
    await page.locator(id('reason-select')).selectOption('within_plan');
    await page.locator(id('to-confirm')).click();
    await page.locator(id('sign-button')).click();
    await page.locator(`${id('practice-screen')}[data-done="true"]`).waitFor();
    await page.locator(id('practice-leave')).click();
    await page.locator(id('first-run-finish')).click();
    await page.locator(id('inbox-row')).first().waitFor();
    expect(await page.locator(id('connection-chip')).getAttribute('data-unsent')).toBe('0');
    expect(await page.locator(id('inbox-row')).filter({ hasText: 'practice' }).count()).toBe(0);
    await close();
    expect(complaints).toEqual([]);
  });
});

describe('a window of 900 by 650', () => {
  for (const [name, language] of [['case', 'en'], ['case', 'de'], ['bad-contradicted', 'en'], ['bad-contradicted', 'de']] as const) {
    it(`keeps the parts of a case, its person and its height: ${name}, ${language}`, async () => {
      const screen = SCREENS.find((one) => one.name === name);
      const { page, complaints, close } = await open(browser, { query: `${screen?.query ?? ''}&language=${language}`, width: 900, height: 650, fixed: true });
      await screen?.go?.(page);
      const person = page.locator(id('person'));
      expect(await person.textContent()).toMatch(/^Ines Ferreira, /);
      expect(await person.locator('bdi').evaluate((element) => [element.getBoundingClientRect().width > 60, element.parentElement?.scrollWidth === element.parentElement?.clientWidth])).toEqual([true, true]);
      const foot = await page.locator('main footer').boundingBox();
      expect(foot?.height).toBeLessThanOrEqual(650 / 5);
      for (const at of [0, 0.5, 1]) {
        await page.locator(id('case')).evaluate((article, part) => {
          const scroller = article.parentElement as HTMLElement;
          scroller.scrollTop = part * (scroller.scrollHeight - scroller.clientHeight);
        }, at);
        for (const section of ['why', 'evidence', 'compare', 'policy', 'thread', 'record']) {
          const seen = await page.locator(id(`go-${section}`)).evaluate((button) => {
            const { x, y, width, height } = button.getBoundingClientRect();
            return button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
          });
          expect(seen, `${section}, scrolled by ${at}`).toBe(true);
        }
      }
      await close();
      expect(complaints).toEqual([]);
    });
  }
});
