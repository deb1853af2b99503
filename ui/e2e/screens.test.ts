// Every screen and sheet: axe in light, dark and high contrast without any violation; at
// 200 % nothing is cut and nothing scrolls sideways but tables.
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, start } from './browser';
import { SCREENS } from './screens';
import { sticksOut } from './sideways';

let browser: Browser;

beforeAll(async () => {
  browser = await start();
});

afterAll(async () => {
  await browser.close();
});

/** The rules of WCAG 2.2 A and AA, and axe's best practices. */
const EVERYTHING = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function violations(page: Page, only?: string): Promise<string[]> {
  const results = await page.evaluate(
    async ([tags, rule]) => {
      const { axe: here } = globalThis as unknown as { axe: { run(on: Document, options: object): Promise<AxeResults> } };
      const runOnly = rule ? { type: 'rule', values: [rule] } : { type: 'tag', values: tags };
      return here.run(document, { runOnly, resultTypes: ['violations'] });
    },
    [EVERYTHING, only] as const,
  );
  return results.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')}: ${node.failureSummary?.replaceAll(/\s+/g, ' ').slice(0, 220)}`));
}

describe('axe finds nothing, and 200 % fits', () => {
  for (const screen of SCREENS.filter((one) => !one.pictureOnly)) {
    it.concurrent(screen.name, async () => {
      const { page, complaints, close } = await open(browser, { query: screen.query ?? '', fixed: true });
      await screen.go?.(page);
      await page.evaluate(axe.source);
      const found: Record<string, string[]> = { light: await violations(page) };
      for (const look of [{ theme: 'dark' }, { theme: 'light', contrast: 'high' }, { theme: 'dark', contrast: 'high' }]) {
        await page.evaluate((data) => Object.assign(document.documentElement.dataset, data), look);
        found[Object.values(look).join(' ')] = await violations(page, 'color-contrast');
      }
      await page.setViewportSize({ width: 640, height: 400 });
      const cut = await sticksOut(page);
      await close();
      expect(Object.entries(found).filter(([, list]) => list.length > 0)).toEqual([]);
      expect(cut).toEqual([]);
      expect(complaints).toEqual([]);
    });
  }
});
