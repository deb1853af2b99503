// The settings of the profile and their ranges.
import type { SettingsView } from '../bindings/SettingsView';
import { refusal } from './problem';

/** As a new profile has them. */
export const DEFAULT_SETTINGS: SettingsView = {
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
  evidence_budget_mb: 200,
  practised: true,
};

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Refuses what is out of range. */
export function checkSettings(settings: SettingsView): void {
  const clock = (time: string | null): boolean => time === null || CLOCK.test(time);
  const whole = Number.isInteger(settings.undo_seconds) && Number.isInteger(settings.evidence_budget_mb);
  if (!whole || settings.undo_seconds < 5 || settings.undo_seconds > 60 || settings.evidence_budget_mb < 1) throw refusal('settings_undo');
  if (!clock(settings.quiet_from) || !clock(settings.quiet_until)) throw refusal('settings_quiet');
}
