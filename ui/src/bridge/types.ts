// What the window may ask of the Rust side. Every rejection is a ProblemView.
import type { CaseView } from './bindings/CaseView';
import type { ConfirmView } from './bindings/ConfirmView';
import type { ConnectionView } from './bindings/ConnectionView';
import type { DecisionInput } from './bindings/DecisionInput';
import type { EnrolmentRequestView } from './bindings/EnrolmentRequestView';
import type { InboxPage } from './bindings/InboxPage';
import type { InboxQuery } from './bindings/InboxQuery';
import type { ProblemView } from './bindings/ProblemView';
import type { SignedView } from './bindings/SignedView';
import type { WorkspaceState } from './bindings/WorkspaceState';

export type * from './bindings/AttributionView';
export type * from './bindings/CaseState';
export type * from './bindings/CaseView';
export type * from './bindings/ChangeView';
export type * from './bindings/ConfirmView';
export type * from './bindings/ConnectionView';
export type * from './bindings/DecisionInput';
export type * from './bindings/DecisionView';
export type * from './bindings/Delivery';
export type * from './bindings/EnrolmentRequestView';
export type * from './bindings/FlagView';
export type * from './bindings/InboxCounts';
export type * from './bindings/InboxPage';
export type * from './bindings/InboxQuery';
export type * from './bindings/InboxRow';
export type * from './bindings/InboxView';
export type * from './bindings/MoneyView';
export type * from './bindings/PacingView';
export type * from './bindings/ProblemView';
export type * from './bindings/ReasonView';
export type * from './bindings/SignedView';
export type * from './bindings/SignerView';
export type * from './bindings/TimelineView';
export type * from './bindings/WorkspaceState';
export type * from './bindings/WorkspaceView';

/** Stops a subscription. */
export type Unlisten = () => void;

/** Commands and events of the window. */
export interface Bridge {
  workspaceState(): Promise<WorkspaceState>;
  makeEnrolmentRequest(): Promise<EnrolmentRequestView>;
  joinWorkspace(enrolment: string): Promise<WorkspaceState>;
  listCases(query: InboxQuery): Promise<InboxPage>;
  openCase(proposal: string): Promise<CaseView>;
  prepareDecision(input: DecisionInput): Promise<ConfirmView>;
  signDecision(ticket: string): Promise<SignedView>;
  discardDecision(ticket: string): Promise<null>;
  connection(): Promise<ConnectionView>;
  onCaseChanged(handle: (proposal: string) => void): Promise<Unlisten>;
  onConnectionChanged(handle: (connection: ConnectionView) => void): Promise<Unlisten>;
  onWorkspaceChanged(handle: () => void): Promise<Unlisten>;
}

/** The four decisions. */
export type DecisionKind = 'approve' | 'override' | 'reject' | 'request_changes';

/** Reads whatever was thrown as a problem; what is not one is named as unexpected. */
export function asProblem(thrown: unknown): ProblemView {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    const { code, message } = thrown;
    const hints = 'hints' in thrown && Array.isArray(thrown.hints) ? thrown.hints.map(String) : [];
    return { code: String(code), message: String(message), hints };
  }
  return { code: 'unexpected', message: String(thrown), hints: [] };
}
