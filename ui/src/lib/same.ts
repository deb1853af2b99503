/** Whether two answers of the bridge say the same. They are plain data in one order of fields. */
export function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
