// One spelling of an amount in the case and on the confirm sheet, whatever region the system has.
// The table is read by the tests of the sheets' renderer too.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sheetAmount } from '../src/bridge/fake/money';
import { axisAmount } from '../src/charts/axis';
import { count, money, percent, roundedMoney, signedPercent, useLocale, weight } from '../src/lib/format';
import { locale } from '../src/lib/locale.svelte';

type Amount = { micros: string; currency: string; en: string; de: string };
const TABLE = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'crates', 'model', 'tests', 'amounts.json'), 'utf8')) as Amount[];
/** The window keeps a number and its currency on one line. */
const spaced = (text: string): string => text.replaceAll('\u00a0', ' ');

afterEach(() => {
  locale.speak('en');
  useLocale('en-US');
});

describe.each([
  ['en', 'en-US'], ['en', 'en-GB'], ['en', 'en-IN'], ['en', 'en-ZA'], ['en', 'en-CH'],
  ['de', 'de-DE'], ['de', 'de-CH'], ['de', 'de-AT'], ['de', 'de-LI'],
] as const)('%s on a system of %s', (language, region) => {
  it.each(TABLE)('$currency $micros', (amount) => {
    locale.speak(language);
    useLocale(region);
    const view = { amount_micros: amount.micros, currency: amount.currency };
    expect(spaced(money(view))).toBe(amount[language]);
    expect(sheetAmount(view, language), 'the stand-in for the sheet').toBe(amount[language]);
  });

  it('other numbers follow the same language', () => {
    locale.speak(language);
    useLocale(region);
    const all = [
      count(1_234_567), axisAmount('1234500000'), spaced(roundedMoney({ amount_micros: '1234567891234', currency: 'USD' })),
      percent(12.345), signedPercent(-0.1234), weight(1_234.5),
    ].map(spaced);
    expect(all).toEqual({
      en: ['1,234,567', '1,234.5', 'USD 1,234,567.89', '1,234.5%', '−12.34%', '+1,234.50'],
      de: ['1.234.567', '1.234,5', '1.234.567,89 USD', '1.234,5 %', '−12,34 %', '+1.234,50'],
    }[language]);
  });
});
