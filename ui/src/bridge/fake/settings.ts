// The ranges of the settings.
import type { SettingsView } from '../bindings/SettingsView';
import { refusal } from './problem';

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Refuses what is out of range. */
export function checkSettings(settings: SettingsView): void {
  const clock = (time: string | null): boolean => time === null || CLOCK.test(time);
  const whole = Number.isInteger(settings.undo_seconds) && Number.isInteger(settings.evidence_budget_mb);
  if (!whole || settings.undo_seconds < 5 || settings.undo_seconds > 60 || settings.evidence_budget_mb < 1) throw refusal('settings_undo');
  if (!clock(settings.quiet_from) || !clock(settings.quiet_until)) throw refusal('settings_quiet');
}
