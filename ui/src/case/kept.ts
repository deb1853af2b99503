// Small choices about how a case is shown, kept on this device. Nothing of a case is among them.

/** What was kept under a name, or the given value. */
export function kept(name: string, otherwise: string): string {
  try {
    return localStorage.getItem(`countersign.${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Keeps a value; where nothing can be kept, nothing is. */
export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`countersign.${name}`, value);
  } catch {
    // A full or forbidden store loses a preference, nothing else.
  }
}
