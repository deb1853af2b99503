// The window in a browser, on the fake bridge. `?scenario=offline&language=de&theme=dark`,
// `&contrast=high&density=compact`, keys to press in turn `&keys=j,Enter,a`, answers late `&late=800`.
import { mount } from 'svelte';
import App from '../src/App.svelte';
import { FakeBridge, type FakeOptions } from '../src/bridge/fake';
import type { Bridge } from '../src/bridge/types';
import { AppState } from '../src/lib/app.svelte';
import { useLocale } from '../src/lib/format';
import { learn } from '../src/messages';

const query = new URLSearchParams(location.search);
const german = query.get('language') === 'de';
useLocale(german ? 'de-DE' : 'en-GB');

const settings = Object.fromEntries(
  ['theme', 'contrast', 'density', 'language', 'time_display'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, value]];
  }),
) as NonNullable<FakeOptions['settings']>;
const bridge = new FakeBridge({
  ...(query.has('scenario') ? { scenario: query.get('scenario') as NonNullable<FakeOptions['scenario']> } : {}),
  settings: { language: 'en', ...settings },
  stepMs: 1_200,
});

/** Answers so many milliseconds late, to see how the window waits. */
function slowed(on: FakeBridge, ms: number): Bridge {
  return new Proxy(on, {
    get(real, name) {
      const found: unknown = Reflect.get(real, name, real);
      if (typeof found !== 'function') return found;
      if (String(name).startsWith('on')) return found.bind(real);
      return async (...given: unknown[]): Promise<unknown> => {
        await new Promise((done) => setTimeout(done, ms));
        return (found as (...given: unknown[]) => unknown).apply(real, given);
      };
    },
  });
}

// For tests in a browser, which play the relay and the shell.
Object.assign(window, { countersignDemo: bridge });

/** In a function, as in the app's own entry. */
async function open(): Promise<void> {
  const late = Number(query.get('late') ?? 0);
  const target = document.getElementById('app');
  const app = new AppState(late > 0 ? slowed(bridge, late) : bridge);
  const started = app.start();
  await learn();
  if (target) mount(App, { target, props: { app, started } });
  await play();
}

/** Waits a moment for the window to settle between steps. */
const settle = (ms = 120): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function play(): Promise<void> {
  await settle(200);
  for (const key of query.get('keys')?.split(',') ?? []) {
    const ctrlKey = key.startsWith('Ctrl+');
    const on = document.activeElement ?? document.body;
    on.dispatchEvent(new KeyboardEvent('keydown', { key: ctrlKey ? key.slice(5) : key, ctrlKey, bubbles: true, cancelable: true }));
    await settle();
  }
}

void open();
