// The settings of this profile: applied to the page at once, saved by the bridge.
import type { Bridge, SettingsView } from '../bridge/types';
import { locale } from './locale.svelte';

/** A new profile's, as in Rust; shown until the profile's own are read. */
export const DEFAULTS: SettingsView = {
  language: 'system',
  theme: 'system',
  contrast: 'system',
  density: 'comfortable',
  time_display: 'local',
  undo_seconds: 10,
  notice_low: 'daily',
  notice_medium: 'hourly',
  notice_high: 'now',
  quiet_from: null,
  quiet_until: null,
  quiet_except_due: true,
  evidence_budget_mb: 500,
  practised: false,
};

export class Settings {
  now = $state.raw<SettingsView>(window.__COUNTERSIGN_START__?.settings ?? DEFAULTS);
  #saving = 0;

  constructor(readonly bridge: Bridge) {
    apply(this.now);
  }

  /** Takes settings as they are. */
  take(settings: SettingsView): void {
    this.now = settings;
    apply(settings);
  }

  async read(): Promise<void> {
    this.take(await this.bridge.settings());
  }

  /** Shows a change at once and saves it; a refused one is taken back. */
  async change(part: Partial<SettingsView>): Promise<void> {
    const before = this.now;
    const saving = ++this.#saving;
    this.take({ ...before, ...part });
    try {
      const saved = await this.bridge.changeSettings(this.now);
      if (saving === this.#saving) this.take(saved);
    } catch (thrown) {
      if (saving === this.#saving) this.take(before);
      throw thrown;
    }
  }
}

/** What `public/start.js` did before the first paint, again for a change. */
export function apply(settings: SettingsView): void {
  const root = document.documentElement;
  if (settings.theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = settings.theme;
  const more = window.matchMedia?.('(prefers-contrast: more)').matches ?? false;
  if (settings.contrast === 'high' || more) root.dataset['contrast'] = 'high';
  else delete root.dataset['contrast'];
  root.dataset['density'] = settings.density;
  locale.speak(settings.language);
  locale.time = settings.time_display;
  root.lang = locale.language;
}
