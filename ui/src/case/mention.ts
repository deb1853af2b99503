// Finding the name that a person is typing after an @, and putting the chosen one in.
import type { PersonRef } from '../bridge/bindings/PersonRef';

/** The @ and what follows it up to the caret. */
export interface Typing {
  from: number;
  to: number;
  part: string;
}

/** What is being typed at the caret, if it is a mention: an @ at the start of a word. */
export function typingAt(text: string, caret: number): Typing | null {
  const match = /(?:^|[\s(])@([^\s@]*(?: [^\s@]*)?)$/u.exec(text.slice(0, caret));
  if (!match) return null;
  const part = match[1] ?? '';
  return { from: caret - part.length - 1, to: caret, part };
}

/** People whose name has a word that begins like `part`, or whose whole name does. */
export function matching(people: PersonRef[], part: string): PersonRef[] {
  const wanted = fold(part);
  return people.filter(({ name }) => {
    const folded = fold(name);
    return folded.startsWith(wanted) || folded.split(/\s+/).some((word) => word.startsWith(wanted));
  });
}

/** The text with the name in place of what was typed, and where the caret goes. */
export function complete(text: string, typing: Typing, person: PersonRef): { text: string; caret: number } {
  const inserted = `@${person.name} `;
  return { text: text.slice(0, typing.from) + inserted + text.slice(typing.to), caret: typing.from + inserted.length };
}

/** Whom the text mentions: a name after an @, the longest first, so that no name hides in another. */
export function mentioned(people: PersonRef[], text: string): PersonRef[] {
  let rest = text;
  const found = new Set<string>();
  for (const person of [...people].sort((a, b) => b.name.length - a.name.length)) {
    if (!rest.includes(`@${person.name}`)) continue;
    found.add(person.id);
    rest = rest.replaceAll(`@${person.name}`, ' ');
  }
  return people.filter((person) => found.has(person.id));
}

const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
