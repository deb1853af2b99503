// Starts the window on the real bridge.
import { mount } from 'svelte';
import App from './App.svelte';
import { tauriBridge } from './bridge';
import { AppState } from './lib/app.svelte';
import { learn } from './messages';

/** Nobody waits longer than this in front of a blank page. */
const SHOWN_AFTER_MS = 100;

/** In a function, because later parts import from this file: an `await` at its top for one of them would never end. */
async function open(): Promise<void> {
  const app = new AppState(tauriBridge);
  const started = app.start();
  const late = new Promise((done) => setTimeout(done, SHOWN_AFTER_MS));
  // Drawn once, with its words; text that is laid out before its font is here is laid out twice.
  // What cannot be had keeps no window shut.
  await Promise.allSettled([Promise.race([started, late]), learn(), document.fonts.load("1em 'Inter Variable'", 'a→')]);
  const target = document.getElementById('app');
  if (target) mount(App, { target, props: { app, started } });
}

void open();
