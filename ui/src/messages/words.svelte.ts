// All strings as one object that follows the language: what reads it is drawn again.
import { locale, type Spoken } from '../lib/locale.svelte';
import { de } from './de';
import { en } from './en';

/** All strings. */
export type Messages = typeof en;

const ALL: Record<Spoken, Messages> = { en, de };

/** The strings in use. Read them where they are shown, not once at the top. */
export const words: Messages = new Proxy(en, {
  get: (_, name: string) => ALL[locale.language][name as keyof Messages],
});
