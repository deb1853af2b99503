// The words of the window, in the language chosen. Files by subject in `en/` and `de/`;
// what Rust sends as a code is looked up here, see `say.ts`.
export { learn, words, type Messages } from './words.svelte';
