// Numbers for people, also where the system's locale is one for machines.
import { describe, expect, it } from 'vitest';
import { inNamedZone, keepPercents, peopleLocale, useLocale } from '../src/lib/format';

describe('peopleLocale', () => {
  it.each([
    ['en-US-posix', 'en-US'],
    ['en-US-POSIX', 'en-US'],
    ['en_US_POSIX', 'en-US'],
    ['en-US-u-va-posix', 'en-US'],
    ['en-u-va-posix', 'en-US'],
    ['C', 'en-US'],
    ['POSIX', 'en-US'],
    ['und', 'en-US'],
  ])('takes %s for %s', (system, base) => expect(peopleLocale(system)).toBe(base));

  it.each(['en-US', 'de-DE', 'de', 'fr-CH', 'ca-ES', 'zh-Hant-TW', 'en-GB-oxendict'])('leaves %s to the system', (system) =>
    expect(peopleLocale(system)).toBeUndefined());
});

describe('keepPercents', () => {
  it('keeps a percent sign with its number and changes nothing else', () => {
    expect(keepPercents('gives 79 % that it is between 5 % and 19 %.')).toBe(
      'gives 79\u00a0% that it is between 5\u00a0% and 19\u00a0%.',
    );
    expect(keepPercents('25% of it, a % b')).toBe('25% of it, a\u00a0% b');
  });
});

describe('inNamedZone', () => {
  const at = Date.parse('2026-11-28T20:00:00Z');

  it.each([
    ['America/New_York', 'Sat 28 Nov, 15:00 GMT-5'],
    ['Asia/Calcutta', 'Sun 29 Nov, 01:30 GMT+5:30'],
    ['Asia/Kolkata', 'Sun 29 Nov, 01:30 GMT+5:30'],
    ['UTC', 'Sat 28 Nov, 20:00 UTC'],
  ])('tells the time in %s', (zone, told) => {
    useLocale('en-GB');
    expect(inNamedZone(at, zone)).toBe(told);
  });

  it.each(['Mars/Crater', '', 'Etc/Unknown', 'Factory'])('names the zone %s that is not known, and tells UTC', (zone) => {
    useLocale('en-GB');
    expect(inNamedZone(at, zone)).toBe(`Sat 28 Nov, 20:00 UTC (the time zone \u2068${zone}\u2069 is not known here)`);
  });
});
