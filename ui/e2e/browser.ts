// One Chromium per file, one fresh profile per page; whatever the page complains about is kept.
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { existsSync } from 'node:fs';
import { inject } from 'vitest';

/** The moment that every fixed clock shows. */
export const NOW = '2026-11-21T08:30:00Z';

/** What the window is opened with. */
export interface Open {
  /** Of the demo: `scenario=offline&theme=dark`. */
  query?: string;
  width?: number;
  height?: number;
  /** Pixels to a CSS pixel: 2 with half the size is a zoom of 200 %. */
  scale?: number;
  /** The clock stands still. */
  fixed?: boolean;
  colours?: 'light' | 'dark';
  reducedMotion?: boolean;
}

/** A page with what it complained about. */
export interface Window {
  page: Page;
  /** Breaches of the content policy, errors, failed requests. */
  complaints: string[];
  close(): Promise<void>;
}

const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--font-render-hinting=none',
  '--force-color-profile=srgb', '--disable-lcd-text', '--hide-scrollbars',
];

/** Starts Chromium: `$CHROMIUM`, or where Debian and Ubuntu put it. */
export async function start(): Promise<Browser> {
  const places = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];
  const executablePath = places.find((place) => place !== undefined && existsSync(place));
  if (executablePath === undefined) throw new Error('Chromium is not installed: install the package `chromium`, or name the program in $CHROMIUM');
  return chromium.launch({ executablePath, args: ARGS });
}

/** Opens the demo and waits until it is ready. */
export async function open(browser: Browser, { query = '', width = 1280, height = 800, scale = 1, fixed = false, colours = 'light', reducedMotion = true }: Open = {}): Promise<Window> {
  const options: BrowserContextOptions = {
    viewport: { width, height }, deviceScaleFactor: scale, locale: 'en-GB', timezoneId: 'Europe/Berlin',
    colorScheme: colours, reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
  };
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('requestfailed', (request) => complaints.push(`request failed: ${request.url()}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => reportError(new Error(`policy breached: ${event.violatedDirective} by ${event.blockedURI} ${event.sample}`)));
  });
  // Chromium asks for it by itself.
  await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
  if (fixed) await page.clock.setFixedTime(new Date(NOW));
  await page.goto(`${inject('address')}/demo/index.html?${query}`);
  await page.waitForSelector('[data-testid]');
  await page.evaluate(() => document.fonts.ready);
  return { page, complaints, close: () => context.close() };
}

/** Finds by test id. */
export const id = (name: string): string => `[data-testid="${name}"]`;
