// Every test starts from an empty page, and none depends on the machine's locale.
import { cleanup } from '@testing-library/svelte';
import { afterEach } from 'vitest';
import { welcome } from '../src/join/welcome.svelte';
import { useLocale } from '../src/lib/format';
import { readAhead } from '../src/later';
import { learn } from '../src/messages';

// What comes later in the window is there from the start.
await Promise.all([readAhead(), learn('de')]);
useLocale('en-US');

afterEach(() => {
  cleanup();
  welcome.end();
});
