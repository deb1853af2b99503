// The sheet of a signature, as the tests of single kinds read it.
import { expect } from 'vitest';
import { all, click, fill, one, press, seen, until } from './screen';

/** From the case to the sheet of a signature; gives the sheet's lines by key. */
export async function confirm(): Promise<Record<string, string>> {
  await press('a');
  await fill('reason-select', 'within_plan');
  await click('to-confirm');
  await until(() => expect(all('confirm-sheet')).toHaveLength(1));
  return Object.fromEntries([...one('confirm-sheet').querySelectorAll<HTMLElement>('[data-key]')].map((line) => [line.dataset['key'] ?? '', seen(line.querySelector('dd') ?? line)]));
}
