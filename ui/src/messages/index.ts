// The words of the window, in the language chosen; today there is one.
import { en } from './en';

/** All strings. */
export type Messages = typeof en;

/** The strings in use. */
export const words: Messages = en;
