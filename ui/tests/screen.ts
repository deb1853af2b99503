// Small helpers: find by test id, wait for the window to settle, type into fields.
import { fireEvent, render } from '@testing-library/svelte';
import { expect, vi } from 'vitest';
import App from '../src/App.svelte';
import { FakeBridge, type FakeOptions } from '../src/bridge/fake';
import { AppState } from '../src/lib/app.svelte';

/** A machine that builds something else at the same time is slow, not wrong. */
const PATIENT = { timeout: 8_000, interval: 10 };

/** Opens the window on a fresh fake. */
export async function openWindow(options: FakeOptions = {}): Promise<FakeBridge> {
  const bridge = new FakeBridge(options);
  const app = new AppState(bridge);
  render(App, { props: { app, started: app.start() } });
  await vi.waitFor(() => expect(document.querySelector('[data-testid]')).not.toBeNull(), PATIENT);
  if ((options.start ?? 'ready') === 'ready') await vi.waitFor(() => expect(all('inbox-row').length).toBeGreaterThan(0), PATIENT);
  return bridge;
}

export function all(id: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)];
}

export function one(id: string): HTMLElement {
  const found = all(id);
  expect(found, `exactly one ${id}`).toHaveLength(1);
  return found[0] as HTMLElement;
}

/** Text as a person reads it: runs of space are one, and isolates are not seen. */
export function seen(element: Element | undefined): string {
  return (element?.textContent ?? '').replace(/[\u2068\u2069]/g, '').replace(/\s+/g, ' ').trim();
}

/** The text of one element, as a person reads it. */
export function text(id: string): string {
  return seen(one(id));
}

export async function press(key: string, on: Element = document.body, more: KeyboardEventInit = {}): Promise<void> {
  await fireEvent.keyDown(on, { key, bubbles: true, cancelable: true, ...more });
}

export async function click(id: string): Promise<void> {
  await fireEvent.click(one(id));
}

export async function fill(id: string, value: string): Promise<void> {
  const field = one(id) as HTMLInputElement;
  field.value = value;
  await fireEvent.input(field);
  await fireEvent.change(field);
}

/** Waits until the keys of an open sheet sign. */
export async function rested(): Promise<void> {
  await until(() => expect(one('sign-button').dataset['ready']).toBe('true'));
}

/** Opens the n-th case of the list. */
export async function openCase(n: number): Promise<void> {
  const row = all('inbox-row')[n] as HTMLElement;
  await fireEvent.click(row);
  await vi.waitFor(() => expect(one('case').dataset['proposal']).toBe(row.dataset['proposal']), PATIENT);
}

export async function until(check: () => void): Promise<void> {
  await vi.waitFor(check, PATIENT);
}
