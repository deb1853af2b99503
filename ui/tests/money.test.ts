// Money is whole numbers from the field to the bridge.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeBasisPoints, decimalText, difference, isNarrower, isTaken, minorDigits, parseAmount, roundedMicros } from '../src/lib/money';

describe('roundedMicros', () => {
  it.each([
    ['1198744116', 2, '1198740000'],
    ['1198745000', 2, '1198750000'],
    ['-1198745000', 2, '-1198750000'],
    ['1500000', 0, '2000000'],
    ['1234567', 6, '1234567'],
  ])('rounds %s to %d decimals', (micros, digits, rounded) => expect(roundedMicros(micros, digits)).toBe(rounded));

  it('is never further off than half a unit', () =>
    fc.assert(fc.property(fc.bigInt(-(10n ** 18n), 10n ** 18n), fc.integer({ min: 0, max: 6 }), (micros, digits) => {
      const off = BigInt(roundedMicros(micros.toString(), digits)) - micros;
      return (off < 0n ? -off : off) * 2n <= 10n ** BigInt(6 - digits);
    })));
});

describe('parseAmount', () => {
  it.each([
    ['575', '575000000'],
    ['575.5', '575500000'],
    ['575,50', '575500000'],
    [' 0.01 ', '10000'],
    ['12 500', '12500000000'],
    ['1\u202f234\u202f567.89', '1234567890000'],
    ['007', '7000000'],
  ])('reads %j', (text, micros) => expect(parseAmount(text, 'USD')).toEqual({ micros }));

  it.each([
    ['', 'empty'],
    ['  ', 'empty'],
    ['1,234', 'form'],
    ['1,234.50', 'form'],
    ['12 50', 'form'],
    ['-5', 'form'],
    ['+5', 'form'],
    ['5e3', 'form'],
    ['.5', 'form'],
    ['5.', 'form'],
    ['USD 5', 'form'],
    ['NaN', 'form'],
    ['٥', 'form'],
    ['0.005', 'too_fine'],
    ['0.00', 'zero'],
    ['9999999999999', 'too_large'],
  ])('refuses %j as %s', (text, fault) => expect(parseAmount(text, 'USD')).toEqual({ fault }));

  it('knows currencies without and with three decimals', () => {
    expect(minorDigits('JPY')).toBe(0);
    expect(parseAmount('500.5', 'JPY')).toEqual({ fault: 'too_fine' });
    expect(parseAmount('1.234', 'KWD')).toEqual({ micros: '1234000' });
    expect(parseAmount('1,234', 'KWD')).toEqual({ fault: 'form' });
  });

  it('reads back every amount that it writes, exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 99_999_999_999_999n }), (cents) => {
        const micros = (cents * 10_000n).toString();
        expect(parseAmount(decimalText(micros, 2), 'USD')).toEqual({ micros });
      }),
    );
  });

  it('never answers anything but positive whole micros or a fault', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseAmount(text, 'USD');
        if ('micros' in parsed) expect(parsed.micros).toMatch(/^[1-9]\d{0,17}$/);
        else expect(parsed.fault).not.toBe('');
      }),
    );
  });
});

describe('differences', () => {
  it('adds up', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.bigInt({ min: 0n, max: 10n ** 17n }), (a, b) => {
        const delta = difference(usd(a), usd(b));
        expect(BigInt(delta.amount_micros) + b).toBe(a);
      }),
    );
  });

  it('rounds basis points half away from zero and has none from zero', () => {
    expect(changeBasisPoints('460000000', '529000000')).toBe(1_500);
    expect(changeBasisPoints('3000000', '2000000')).toBe(-3_333);
    expect(changeBasisPoints('200000', '200010')).toBe(1);
    expect(changeBasisPoints('200000', '199990')).toBe(-1);
    expect(changeBasisPoints('0', '5')).toBeNull();
  });

  it('calls a change narrower only within the proposal, in its direction', () => {
    expect([isTaken('94500000', '10000', '5000000'), isTaken('94500001', '10000', '5000000'), isTaken('4990000', '10000', '5000000')]).toEqual([true, false, false]);
    expect(isNarrower('460', '575', '529')).toBe(true);
    expect(isNarrower('460', '575', '575')).toBe(true);
    expect(isNarrower('460', '575', '576')).toBe(false);
    expect(isNarrower('460', '575', '460')).toBe(false);
    expect(isNarrower('460', '575', '400')).toBe(false);
    expect(isNarrower('55', '44', '50')).toBe(true);
    expect(isNarrower('55', '44', '43')).toBe(false);
  });

  it('shows every micro that there is', () => {
    expect(decimalText('1234567', 2)).toBe('1.234567');
    expect(decimalText('-115000000', 2)).toBe('-115.00');
    expect(decimalText('5', 0)).toBe('0.000005');
    expect(decimalText('500000000', 0)).toBe('500');
  });
});

const usd = (micros: bigint): { amount_micros: string; currency: string } => ({ amount_micros: micros.toString(), currency: 'USD' });
