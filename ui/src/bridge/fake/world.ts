// What the parts of the fake share: clock, cases, connection, settings, who listens.
import type { CaseView } from '../bindings/CaseView';
import type { ConnectionView } from '../bindings/ConnectionView';
import type { DecisionView } from '../bindings/DecisionView';
import type { SettingsView } from '../bindings/SettingsView';
import type { Book } from './book';
import type { SheetLanguage } from './confirm';

/** The shared part. */
export interface World {
  readonly book: Book;
  /** Milliseconds between delivery steps. */
  readonly stepMs: number;
  current: SettingsView;
  link: ConnectionView;
  now(): number;
  online(): boolean;
  language(): SheetLanguage;
  /** A case to change, the practice case too. */
  find(proposal: string): CaseView;
  /** All made cases, the practice case too. */
  views(): CaseView[];
  /** Says that a case changed. */
  changed(proposal: string): void;
  /** Counts what is unsent and says so. */
  linkChanged(): void;
  /** The gate took a decision: the case may move on. */
  accepted(view: CaseView, made: DecisionView): void;
  /** Does something later, unless time is moved by hand. */
  later(afterMs: number, work: () => void): void;
}
