// Every test starts from an empty page, and none depends on the machine's locale.
import { cleanup } from '@testing-library/svelte';
import { afterEach } from 'vitest';
import { useLocale } from '../src/lib/format';

useLocale('en-US');

afterEach(() => cleanup());
