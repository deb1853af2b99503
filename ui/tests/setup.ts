// Every test starts from an empty page, and none depends on the machine's locale.
import { cleanup } from '@testing-library/svelte';
import { afterEach } from 'vitest';
import { welcome } from '../src/join/welcome.svelte';
import { useLocale } from '../src/lib/format';

useLocale('en-US');

afterEach(() => {
  cleanup();
  welcome.end();
});
