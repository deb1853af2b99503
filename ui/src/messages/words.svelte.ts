// All strings as one object that follows the language: what reads it is drawn again.
import { Later } from '../lib/later.svelte';
import { locale, type Spoken } from '../lib/locale.svelte';
import { en } from './en';

/** All strings. */
export type Messages = typeof en;

/** Other languages than English are read when they are spoken. */
const OTHERS: Partial<Record<Spoken, Later<Messages>>> = {
  de: new Later(async () => (await import('./de')).de),
};

/** The strings in use. Read them where they are shown, not once at the top. */
export const words: Messages = new Proxy(en, {
  get: (_, name: string) => (OTHERS[locale.language]?.it ?? en)[name as keyof Messages],
});

/** Brings the words of a language. */
export async function learn(language = locale.language): Promise<void> {
  await OTHERS[language]?.read();
}
