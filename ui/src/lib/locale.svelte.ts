// The language of words and numbers, the locale of dates, and the zone that times are
// shown in: reactive, so that a change shows at once.
import type { Language, TimeDisplay } from '../bridge/types';

/** A language that has its message files. */
export type Spoken = 'en' | 'de';

const HOME: Record<Spoken, string> = { en: 'en-GB', de: 'de-DE' };

/** The C and POSIX locales are for machines, `USD 2104.50`: people get their base, `en-US`. */
export function peopleLocale(system: string): string | undefined {
  const machine = /^(c|posix|und)$|[-_]posix$|-u-va-posix\b/i.test(system);
  if (!machine) return undefined;
  const base = system.replace(/[-_]posix$|-u-va-posix.*$/i, '').replace('_', '-');
  return base.includes('-') ? base : 'en-US';
}

/** What the shell found the system to speak: the sheets that Rust renders speak it too. */
function shellsOwn(): Spoken | undefined {
  const start = window.__COUNTERSIGN_START__;
  return start?.settings.language === 'system' ? start.language : undefined;
}

class Locale {
  language = $state<Spoken>('en');
  tag = $state('en-US');
  time = $state<TimeDisplay>('local');
  #fixed = false;

  constructor() {
    this.speak('system');
  }

  /** Takes the language of the settings; `system` follows the window's own. */
  speak(wanted: Language): void {
    const system = new Intl.NumberFormat().resolvedOptions().locale;
    const people = peopleLocale(system) ?? system;
    const spoken: Spoken = wanted === 'system' ? (shellsOwn() ?? (people.toLowerCase().startsWith('de') ? 'de' : 'en')) : wanted;
    this.language = spoken;
    // The system's own habits of dates are kept where they are habits of the same language. Numbers
    // have none: a sheet is signed as the language writes it, and the case beside it reads the same.
    if (!this.#fixed) this.tag = people.toLowerCase().startsWith(spoken) ? people : HOME[spoken];
  }

  /** Fixes the locale of dates, for tests and pictures. */
  fix(tag: string): void {
    this.#fixed = true;
    this.tag = tag;
  }
}

/** The one locale of the window. */
export const locale = new Locale();
