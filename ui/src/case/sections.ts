// The parts of a case that are one step away, in the order of their digits.

/** A part. */
export type Section = 'why' | 'evidence' | 'compare' | 'policy' | 'thread' | 'record';

/** Digit 1 is the first. */
export const SECTIONS: readonly Section[] = ['why', 'evidence', 'compare', 'policy', 'thread', 'record'];

/** The element that a part begins with. */
export const sectionId = (section: Section): string => `part-${section}`;

/** Brings a part into view and a screen reader to its heading. */
export function goTo(section: Section): void {
  const heading = document.getElementById(sectionId(section));
  if (!heading) return;
  heading.focus({ preventScroll: true });
  heading.scrollIntoView({ block: 'start' });
}
