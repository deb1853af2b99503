// The window in a browser, on the fake bridge. `?start=not_enrolled`, `?online=false`,
// `?fault=true`, `?open=1` (the n-th case of the view), `?view=settled`, `?press=o`.
import { mount } from 'svelte';
import App from '../src/App.svelte';
import { FakeBridge, type FakeOptions } from '../src/bridge/fake';
import { useLocale } from '../src/lib/format';

useLocale('en-GB');

const query = new URLSearchParams(location.search);
const bridge = new FakeBridge({
  start: (query.get('start') ?? 'ready') as NonNullable<FakeOptions['start']>,
  online: query.get('online') !== 'false',
  fault: query.get('fault') === 'true',
  stepMs: 1_200,
});

const target = document.getElementById('app');
if (target) mount(App, { target, props: { bridge } });

const byTestId = (id: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)];

/** Waits a moment for the window to settle between steps. */
const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 60));

/** Fills a field as a person would. */
function fill(id: string, value: string): void {
  const field = byTestId(id)[0];
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement) {
    field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }
}

async function play(): Promise<void> {
  await settle();
  const view = query.get('view');
  if (view) byTestId(`view-${view}`)[0]?.click();
  await settle();
  const open = query.get('open');
  if (open) byTestId('inbox-row')[Number(open) - 1]?.click();
  await settle();
  const press = query.get('press');
  if (press) window.dispatchEvent(new KeyboardEvent('keydown', { key: press }));
  await settle();
  if (query.get('fill') !== null) {
    fill('override-amount', '529');
    fill('reason-select', 'budget_headroom');
    fill('reason-text', 'Only 15 % is left in the month’s plan.');
    fill('totp-code', '123456');
    await settle();
  }
  if (query.get('fill') === 'confirm' || query.get('fill') === 'sign') {
    byTestId('to-confirm')[0]?.click();
    await settle();
  }
  if (query.get('fill') === 'sign') byTestId('sign-button')[0]?.click();
  await settle();
  const scroll = query.get('scroll');
  const scroller = document.querySelector('.scroller');
  if (scroll && scroller) scroller.scrollTop = Number(scroll);
}

void play();
