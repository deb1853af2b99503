// Every screen and sheet, with the way to it: for pictures, for axe, and for zoom.
import type { Page } from 'playwright-core';
import { id } from './browser';

/** A screen. */
export interface Screen {
  /** The picture's name. */
  name: string;
  /** Of the demo. */
  query?: string;
  /** From the inbox to it. */
  go?(page: Page): Promise<void>;
  /** Only in pictures: the same parts are checked on another screen. */
  pictureOnly?: boolean;
  /** Checked only: other pictures show it as well. */
  checkOnly?: boolean;
}

const click = async (page: Page, name: string): Promise<void> => page.locator(id(name)).first().click();
const seen = async (page: Page, name: string): Promise<void> => page.locator(id(name)).first().waitFor();

/** Opens the n-th row of the list that is shown. */
export async function openRow(page: Page, row = 0): Promise<void> {
  await page.locator(id('inbox-row')).nth(row).click();
  await seen(page, 'case-title');
  await seen(page, 'part-record');
}

/** Opens a case by its campaign. */
export async function openCampaign(page: Page, campaign: string): Promise<void> {
  await page.locator(id('inbox-row')).filter({ hasText: campaign.replaceAll('_', ' ') }).or(page.locator(id('inbox-row')).filter({ hasText: campaign })).first().click();
  await seen(page, 'case-title');
  await seen(page, 'part-record');
}

/** Fills a decision sheet. */
export async function fillSheet(page: Page, kind: 'approve' | 'override' | 'reject'): Promise<void> {
  await seen(page, 'decision-sheet');
  if (kind === 'override') await page.locator(id('override-amount')).fill('529');
  await page.locator(id('reason-select')).selectOption({ approve: 'within_plan', override: 'budget_headroom', reject: 'over_budget' }[kind]);
  if (kind === 'override') {
    await page.locator(id('reason-text')).fill('Only 15 % is left in the month’s plan.');
    await page.locator(id('totp-code')).fill('123456');
  }
}

async function decide(page: Page, key: string): Promise<void> {
  await openCampaign(page, 'flash_sale_burst');
  await page.keyboard.press(key);
  await seen(page, 'decision-sheet');
}

const place = (name: string) => async (page: Page): Promise<void> => {
  await click(page, `go-${name}`);
  await seen(page, `screen-${name}`);
};

const depth = (name: string) => async (page: Page): Promise<void> => {
  await openCampaign(page, 'flash_sale_burst');
  await click(page, `depth-${name}`);
};

async function part(page: Page, name: string): Promise<void> {
  await page.locator(id(`part-${name}`)).evaluate((element) => element.scrollIntoView({ block: 'start' }));
}

/** The n-th bad case, opened by a link: the list shows only what fits. */
const bad = (number: number, then?: (page: Page) => Promise<void>): Pick<Screen, 'query' | 'go'> => ({
  query: 'scenario=bad',
  go: async (page) => {
    await page.evaluate((proposal) => {
      const { countersignDemo } = globalThis as unknown as { countersignDemo: { openLink(proposal: string): void } };
      countersignDemo.openLink(proposal);
    }, `0193a1b2-77aa-7000-8000-000000000${900 + number}`);
    await seen(page, 'case-title');
    await seen(page, 'part-record');
    await then?.(page);
  },
});

/** All of them. */
export const SCREENS: Screen[] = [
  { name: 'inbox' },
  { name: 'inbox-history', query: 'scenario=history', pictureOnly: true, go: (page) => click(page, 'view-settled') },
  { name: 'inbox-search', query: 'scenario=history', go: async (page) => {
    await page.locator(id('search')).fill('entity:brand amount:300..900 tier:purple');
    await page.locator(id('filter-chip')).nth(2).waitFor();
  } },
  { name: 'inbox-empty', query: 'scenario=empty' },
  { name: 'case', go: (page) => openCampaign(page, 'flash_sale_burst') },
  { name: 'case-question', go: (page) => openCampaign(page, 'video_product_launch') },
  { name: 'case-manager', go: depth('manager') },
  { name: 'case-auditor', go: depth('auditor') },
  ...(['evidence', 'compare', 'policy', 'record'] as const).map((name): Screen => ({
    name: `case-${name}`, pictureOnly: true,
    go: async (page) => {
      await openCampaign(page, 'flash_sale_burst');
      await part(page, name);
    },
  })),
  { name: 'case-why', checkOnly: true, go: async (page) => {
    await openCampaign(page, 'flash_sale_burst');
    await part(page, 'why');
    await page.locator(`${id('inputs')} summary`).click();
    await seen(page, 'source');
  } },
  { name: 'case-thread', pictureOnly: true, go: async (page) => {
    await openCampaign(page, 'video_product_launch');
    await part(page, 'thread');
  } },
  { name: 'case-executed', go: async (page) => {
    await click(page, 'view-overrides');
    await openRow(page);
  } },
  { name: 'case-waiting', go: async (page) => {
    await click(page, 'view-waiting_on_others');
    await page.locator('[data-testid="inbox-row"][data-state="authorized"]').first().click();
    await page.locator('[data-testid="held-up"]').waitFor();
  } },
  { name: 'total-case', checkOnly: true, query: 'scenario=flights', go: (page) => openCampaign(page, 'video_product_launch') },
  { name: 'flight-case', checkOnly: true, query: 'scenario=flights', go: (page) => openCampaign(page, 'flash_sale_burst') },
  { name: 'flight-confirm', checkOnly: true, query: 'scenario=flights', go: async (page) => {
    await openCampaign(page, 'flash_sale_burst');
    await page.keyboard.press('a');
    await fillSheet(page, 'approve');
    await click(page, 'to-confirm');
    await seen(page, 'confirm-sheet');
  } },
  { name: 'transfer-case', checkOnly: true, query: 'scenario=transfers', go: (page) => openCampaign(page, 'video_product_launch') },
  { name: 'transfer-confirm', checkOnly: true, query: 'scenario=transfers', go: async (page) => {
    await openCampaign(page, 'flash_sale_burst');
    await page.keyboard.press('a');
    await fillSheet(page, 'approve');
    await click(page, 'to-confirm');
    await seen(page, 'confirm-sheet');
  } },
  { name: 'ad-case', checkOnly: true, query: 'scenario=ads', go: (page) => openCampaign(page, 'flash_sale_burst') },
  { name: 'ad-claim', checkOnly: true, query: 'scenario=ads', go: (page) => openCampaign(page, 'video_product_launch') },
  { name: 'ad-confirm', checkOnly: true, query: 'scenario=ads', go: async (page) => {
    await openCampaign(page, 'flash_sale_burst');
    await page.keyboard.press('a');
    await fillSheet(page, 'approve');
    await click(page, 'to-confirm');
    await seen(page, 'confirm-sheet');
  } },
  { name: 'bid-case', checkOnly: true, query: 'scenario=bids', go: (page) => openCampaign(page, 'flash_sale_burst') },
  { name: 'bid-strategy', checkOnly: true, query: 'scenario=bids', go: (page) => openCampaign(page, 'video_product_launch') },
  { name: 'bid-confirm', checkOnly: true, query: 'scenario=bids', go: async (page) => {
    await openCampaign(page, 'flash_sale_burst');
    await page.keyboard.press('a');
    await fillSheet(page, 'approve');
    await click(page, 'to-confirm');
    await seen(page, 'confirm-sheet');
  } },
  { name: 'bid-override', checkOnly: true, query: 'scenario=bids', go: async (page) => {
    await openCampaign(page, 'flash_sale_burst');
    await page.keyboard.press('o');
    await page.locator('[data-testid="override-amount"]').fill('0.58');
    await seen(page, 'override-preview');
  } },
  { name: 'status-run', query: 'scenario=status', go: (page) => openCampaign(page, 'video_product_launch') },
  { name: 'status-confirm', query: 'scenario=status', go: async (page) => {
    await openCampaign(page, 'video_product_launch');
    await page.keyboard.press('a');
    await fillSheet(page, 'approve');
    await click(page, 'to-confirm');
    await seen(page, 'confirm-sheet');
  } },
  { name: 'status-german', query: 'scenario=status&language=de', pictureOnly: true, go: (page) => openCampaign(page, 'video_product_launch') },
  { name: 'approve', go: (page) => decide(page, 'a') },
  { name: 'override', go: async (page) => {
    await decide(page, 'o');
    await fillSheet(page, 'override');
  } },
  { name: 'reject', pictureOnly: true, go: (page) => decide(page, 'r') },
  { name: 'request-changes', go: (page) => decide(page, 'c') },
  { name: 'confirm', go: async (page) => {
    await decide(page, 'o');
    await fillSheet(page, 'override');
    await click(page, 'to-confirm');
    await seen(page, 'confirm-sheet');
  } },
  { name: 'signed', go: async (page) => {
    await decide(page, 'a');
    await fillSheet(page, 'approve');
    await click(page, 'to-confirm');
    await click(page, 'sign-button');
    await seen(page, 'undo');
  } },
  { name: 'batch', go: batch },
  { name: 'batch-confirm', go: async (page) => {
    await batch(page);
    await page.locator(id('reason-select')).selectOption('within_plan');
    await click(page, 'batch-to-confirm');
    await seen(page, 'batch-confirm');
  } },
  { name: 'halt', go: async (page) => {
    await click(page, 'halt-button');
    await seen(page, 'halt-sheet');
  } },
  { name: 'stopped', query: 'scenario=stopped' },
  { name: 'palette', go: async (page) => {
    await page.keyboard.press('Control+k');
    await seen(page, 'palette-item');
  } },
  { name: 'help', go: async (page) => {
    await page.keyboard.press('?');
    await seen(page, 'help');
  } },
  { name: 'snooze', go: async (page) => {
    await openCampaign(page, 'niche_interest');
    await page.keyboard.press('h');
    await seen(page, 'snooze-menu');
  } },
  { name: 'agenda', go: place('agenda') },
  { name: 'log', go: async (page) => {
    await place('log')(page);
    await seen(page, 'log-row');
  } },
  { name: 'log-entry', go: async (page) => {
    await place('log')(page);
    await click(page, 'verify-log');
    await seen(page, 'log-verdicts');
    await page.locator(id('log-row')).nth(3).click();
    await seen(page, 'log-entry');
  } },
  { name: 'log-altered', query: 'scenario=altered', go: async (page) => {
    await place('log')(page);
    await click(page, 'verify-log');
    await seen(page, 'log-verdicts');
  } },
  { name: 'policies', go: place('policies') },
  { name: 'policies-try', query: 'scenario=history', go: async (page) => {
    await place('policies')(page);
    await click(page, 'try-change');
    await page.locator(id('try-corporate.max_change_percent')).fill('10');
    await click(page, 'try-run');
    await seen(page, 'trial-outcome');
  } },
  { name: 'people', go: place('people') },
  { name: 'settings', go: place('settings') },
  { name: 'gallery', go: async (page) => {
    await place('settings')(page);
    await click(page, 'open-gallery');
    await seen(page, 'screen-gallery');
  } },
  { name: 'first-run', query: 'scenario=not_enrolled' },
  { name: 'first-run-join', query: 'scenario=request_made' },
  { name: 'first-run-words', query: 'scenario=request_made', go: offer },
  { name: 'first-run-words-differ', query: 'scenario=request_made', go: async (page) => {
    await offer(page);
    await click(page, 'anchor-other');
    await seen(page, 'anchor-differ');
  } },
  { name: 'first-run-compare', query: 'scenario=request_made', go: join },
  { name: 'first-run-practise', query: 'scenario=request_made', go: async (page) => {
    await join(page);
    await click(page, 'compare-same');
    await click(page, 'practise-start');
    await seen(page, 'case-title');
  } },
  { name: 'first-run-loss', query: 'scenario=request_made', go: async (page) => {
    await join(page);
    await click(page, 'compare-same');
    await click(page, 'practise-skip');
    await seen(page, 'loss-points');
  } },
  { name: 'offline', query: 'scenario=offline' },
  { name: 'problem-keychain', query: 'scenario=keychain' },
  { name: 'problem-store', query: 'scenario=store', pictureOnly: true },
  { name: 'problem-fork', query: 'scenario=fork' },
  { name: 'clock-skew', query: 'scenario=skew', pictureOnly: true },
  { name: 'late-refusal', query: 'scenario=late', go: async (page) => {
    await click(page, 'view-overrides');
    await openCampaign(page, 'spring_promo');
  } },
  { name: 'bad-inbox', query: 'scenario=bad' },
  { name: 'bad-missing-blob', ...bad(1, (page) => part(page, 'evidence')) },
  { name: 'bad-absurd-amount', ...bad(2) },
  { name: 'bad-rationale', ...bad(3, (page) => part(page, 'why')) },
  { name: 'bad-right-to-left', ...bad(4) },
  { name: 'bad-sixty-flags', ...bad(5, (page) => part(page, 'policy')) },
  { name: 'bad-forty-signatures', ...bad(6, (page) => part(page, 'record')) },
  { name: 'bad-zero-history', ...bad(7, (page) => part(page, 'evidence')) },
  { name: 'bad-long-name', ...bad(8) },
  { name: 'bad-contradicted', ...bad(9, (page) => part(page, 'policy')) },
  { name: 'german-case', query: 'language=de', pictureOnly: true, go: (page) => openCampaign(page, 'flash_sale_burst') },
  { name: 'german-log', query: 'language=de', pictureOnly: true, go: place('log') },
  { name: 'high-contrast', query: 'contrast=high', pictureOnly: true, go: (page) => openCampaign(page, 'flash_sale_burst') },
];

async function batch(page: Page): Promise<void> {
  await seen(page, 'row-select');
  for (let row = 0; row < 3; row += 1) await page.locator(id('row-select')).nth(row).click();
  await click(page, 'sign-together');
  await seen(page, 'batch-sheet');
}

async function offer(page: Page): Promise<void> {
  await page.locator(id('enrol-input')).fill('{"format":"countersign-enrolment/v1"}');
  await click(page, 'enrol-submit');
  await seen(page, 'anchor-words');
}

async function join(page: Page): Promise<void> {
  await offer(page);
  await click(page, 'anchor-same');
  await seen(page, 'compare-words');
}
