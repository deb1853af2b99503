// Limits as people write them: micros as an amount, everything else as it is.
import type { LimitChange, LimitUnit, PolicyLayerView } from '../bridge/types';
import { words } from '../messages';

const NUMBER = /^\d+(\.\d+)?$/;
const MICROS_DIGITS = 6;

/** A limit's name in words. */
export function nameOf(key: string): string {
  return words.rulebook.limitNames[key] ?? key.replaceAll('_', ' ');
}

/** What is in the field: an amount in major units for micros. */
export function toField(value: string, unit: LimitUnit): string {
  if (unit !== 'micros' || !/^\d+$/.test(value)) return value;
  const padded = value.padStart(MICROS_DIGITS + 1, '0');
  const fraction = padded.slice(-MICROS_DIGITS).replace(/0+$/, '');
  return fraction === '' ? padded.slice(0, -MICROS_DIGITS) : `${padded.slice(0, -MICROS_DIGITS)}.${fraction}`;
}

/** The JSON number text of what was typed; null when it is no number of that unit. */
export function fromField(typed: string, unit: LimitUnit): string | null {
  const text = typed.trim().replace(',', '.');
  if (!NUMBER.test(text)) return null;
  const [whole = '0', fraction = ''] = text.split('.');
  if (unit === 'micros') {
    if (fraction.length > MICROS_DIGITS) return null;
    return String(BigInt(whole + fraction.padEnd(MICROS_DIGITS, '0')));
  }
  if (unit === 'count' && fraction !== '') return null;
  const trimmed = fraction.replace(/0+$/, '');
  return `${BigInt(whole)}${trimmed === '' ? '' : `.${trimmed}`}`;
}

/** The fields of all layers as they are in force, by `layer.key`. */
export function fieldsOf(layers: readonly PolicyLayerView[]): Record<string, string> {
  return Object.fromEntries(layers.flatMap((layer) => layer.limits.map((limit) => [`${layer.layer}.${limit.key}`, toField(limit.value, limit.unit)])));
}

/** What was changed, and the fields that are no numbers. */
export function changesOf(layers: readonly PolicyLayerView[], fields: Readonly<Record<string, string>>): { changes: LimitChange[]; faults: string[] } {
  const changes: LimitChange[] = [];
  const faults: string[] = [];
  for (const { layer, limits } of layers) {
    for (const { key, value, unit } of limits) {
      const typed = fields[`${layer}.${key}`];
      if (typed === undefined || typed === toField(value, unit)) continue;
      const read = fromField(typed, unit);
      if (read === null) faults.push(`${layer}.${key}`);
      else if (read !== value) changes.push({ layer, key, value: read });
    }
  }
  return { changes, faults };
}
