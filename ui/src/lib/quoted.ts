// Names and words of somebody else inside a sentence of ours.

/** A text that keeps its own direction and takes nothing beside it along (U+2068, U+2069). */
export function quoted(text: string): string {
  return `\u2068${text}\u2069`;
}

/** Names as a list, each on its own. */
export function namesOf(names: string[]): string {
  return names.map(quoted).join(', ');
}
