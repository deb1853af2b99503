/** Whether two answers of the bridge say the same. They are plain data in one order of fields. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  // Two lists mostly differ in their first rows: the others need not be written out.
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((part, at) => same(part, other[at]));
  return JSON.stringify(one) === JSON.stringify(other);
}
