// Words of an axis: short, so that an absurd amount does not eat the picture.
import { locale } from '../lib/locale.svelte';

const LONG = 1_000_000;

/** `1,250.5`, and `9.2T` from a million on: a picture may round, a number shown elsewhere may not. */
export function axisAmount(micros: string): string {
  return axisNumber(Number(micros) / 1_000_000);
}

/** The same for a count. */
export function axisNumber(value: number): string {
  const short = Math.abs(value) >= LONG;
  return new Intl.NumberFormat(locale.language, short ? { notation: 'compact', maximumFractionDigits: 1 } : { maximumFractionDigits: 2 }).format(value);
}
