// The pictures of docs/screens: every screen at two sizes in light and dark, with the clock
// standing still and the colours of each picture reduced to a palette.
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, start } from '../browser';
import { SCREENS as ALL } from '../screens';
import { reduced } from './palette';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'docs', 'screens');
const SIZES = [[1280, 800], [900, 650]] as const;
const THEMES = ['light', 'dark'] as const;
/** Those that are taken; one that is asked for by name is taken, too. */
const SCREENS = ALL.filter((one) => !one.checkOnly || (process.env['PICTURES'] ?? '').split(',').includes(one.name));
/** Names given on the command line: only these are taken, and none is deleted. */
const ONLY = (process.env['PICTURES'] ?? '').split(',').filter((name) => name !== '');
const MAX_BYTES = 9_000_000;

let browser: Browser;

beforeAll(async () => {
  browser = await start();
  await mkdir(FOLDER, { recursive: true });
});

afterAll(async () => {
  await browser.close();
});

const nameOf = (screen: string, width: number, theme: string): string => `${screen}-${width}-${theme}.png`;

describe('pictures', () => {
  for (const screen of SCREENS.filter((one) => ONLY.length === 0 || ONLY.includes(one.name))) {
    for (const [width, height] of SIZES) {
      it(`${screen.name} at ${width}x${height}`, async () => {
        const { page, complaints, close } = await open(browser, { query: screen.query ?? '', width, height, fixed: true });
        await screen.go?.(page);
        for (const theme of THEMES) {
          await page.evaluate((name) => { document.documentElement.dataset['theme'] = name; }, theme);
          // What comes late by design is there after a quarter of a second.
          await page.waitForTimeout(300);
          const shot = await page.screenshot({ animations: 'disabled', caret: 'hide' });
          await writeFile(join(FOLDER, nameOf(screen.name, width, theme)), await reduced(shot));
        }
        await close();
        expect(complaints).toEqual([]);
      });
    }
  }

  it('are of screens that there are', () => {
    expect(ONLY.filter((name) => !SCREENS.some((screen) => screen.name === name))).toEqual([]);
  });

  it('are all there, no other is, and all of them are small', async () => {
    const wanted = SCREENS.flatMap((screen) => SIZES.flatMap(([width]) => THEMES.map((theme) => nameOf(screen.name, width, theme))));
    const found = (await readdir(FOLDER)).filter((name) => name.endsWith('.png'));
    if (ONLY.length > 0) return;
    for (const name of found) if (!wanted.includes(name)) await rm(join(FOLDER, name));
    const sizes = await Promise.all(wanted.map(async (name) => (await stat(join(FOLDER, name))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_BYTES);
  });
});
