// What the window may ask of the Rust side. Every rejection is a ProblemView.
import type { BatchConfirmView } from './bindings/BatchConfirmView';
import type { BatchInput } from './bindings/BatchInput';
import type { BatchResultView } from './bindings/BatchResultView';
import type { CaseView } from './bindings/CaseView';
import type { CommentInput } from './bindings/CommentInput';
import type { CommentView } from './bindings/CommentView';
import type { ConfirmView } from './bindings/ConfirmView';
import type { ConnectionView } from './bindings/ConnectionView';
import type { DecisionInput } from './bindings/DecisionInput';
import type { EnrolmentRequestView } from './bindings/EnrolmentRequestView';
import type { EnrolmentView } from './bindings/EnrolmentView';
import type { HaltInput } from './bindings/HaltInput';
import type { RollbackInput } from './bindings/RollbackInput';
import type { HaltView } from './bindings/HaltView';
import type { InboxCounts } from './bindings/InboxCounts';
import type { InboxPage } from './bindings/InboxPage';
import type { InboxQuery } from './bindings/InboxQuery';
import type { LinkView } from './bindings/LinkView';
import type { LogEntryView } from './bindings/LogEntryView';
import type { LogPage } from './bindings/LogPage';
import type { LogQuery } from './bindings/LogQuery';
import type { LogVerification } from './bindings/LogVerification';
import type { OpeningView } from './bindings/OpeningView';
import type { PeopleView } from './bindings/PeopleView';
import type { PictureInput } from './bindings/PictureInput';
import type { PoliciesView } from './bindings/PoliciesView';
import type { PolicyTrial } from './bindings/PolicyTrial';
import type { PracticeTopic } from './bindings/PracticeTopic';
import type { ProblemView } from './bindings/ProblemView';
import type { PromptView } from './bindings/PromptView';
import type { QuitView } from './bindings/QuitView';
import type { SavedFilter } from './bindings/SavedFilter';
import type { SavedFilterInput } from './bindings/SavedFilterInput';
import type { SettingsView } from './bindings/SettingsView';
import type { SignedView } from './bindings/SignedView';
import type { TrialView } from './bindings/TrialView';
import type { WorkspaceState } from './bindings/WorkspaceState';
import type { ProblemCode } from './bindings/codes';

export type { EntryKind } from './bindings/codes';
export type * from './bindings/AgentView';
export type * from './bindings/AttributionView';
export type * from './bindings/AuditView';
export type * from './bindings/BacktestPointView';
export type * from './bindings/BacktestView';
export type * from './bindings/BaseView';
export type * from './bindings/BatchConfirmView';
export type * from './bindings/BatchInput';
export type * from './bindings/BatchItemResult';
export type * from './bindings/BatchItemView';
export type * from './bindings/BatchResultView';
export type * from './bindings/BatchTotalsView';
export type * from './bindings/CaseState';
export type * from './bindings/CaseView';
export type * from './bindings/ChangeView';
export type * from './bindings/CheckpointView';
export type * from './bindings/CommentInput';
export type * from './bindings/CommentView';
export type * from './bindings/ConfirmLine';
export type * from './bindings/ConfirmView';
export type * from './bindings/ConnectionView';
export type * from './bindings/Contrast';
export type * from './bindings/CountsView';
export type * from './bindings/DecisionInput';
export type * from './bindings/DecisionView';
export type * from './bindings/Delivery';
export type * from './bindings/Density';
export type * from './bindings/DeskView';
export type * from './bindings/DeviceView';
export type * from './bindings/EndingView';
export type * from './bindings/EnrolmentRequestView';
export type * from './bindings/EnrolmentView';
export type * from './bindings/EvidencePieceView';
export type * from './bindings/EvidenceView';
export type * from './bindings/ExecutionEnd';
export type * from './bindings/FactorName';
export type * from './bindings/FactView';
export type * from './bindings/FilterChip';
export type * from './bindings/FilterProblem';
export type * from './bindings/FlagView';
export type * from './bindings/ForecastDayView';
export type * from './bindings/ForecastView';
export type * from './bindings/HaltInput';
export type * from './bindings/RollbackInput';
export type * from './bindings/RollbackView';
export type * from './bindings/TakesBackView';
export type * from './bindings/DraftView';
export type * from './bindings/HaltKind';
export type * from './bindings/HaltView';
export type * from './bindings/InboxCounts';
export type * from './bindings/InboxPage';
export type * from './bindings/InboxQuery';
export type * from './bindings/InboxRow';
export type * from './bindings/InboxView';
export type * from './bindings/InitiatorView';
export type * from './bindings/IntervalView';
export type * from './bindings/Language';
export type * from './bindings/LegEnd';
export type * from './bindings/LegView';
export type * from './bindings/LimitChange';
export type * from './bindings/LimitUnit';
export type * from './bindings/LimitView';
export type * from './bindings/LinkView';
export type * from './bindings/LogEntryView';
export type * from './bindings/LogPage';
export type * from './bindings/LogQuery';
export type * from './bindings/LogRowView';
export type * from './bindings/LogVerdict';
export type * from './bindings/LogVerification';
export type * from './bindings/MatchCount';
export type * from './bindings/ModelView';
export type * from './bindings/MoneyRangeView';
export type * from './bindings/MoneyView';
export type * from './bindings/MyOptionsView';
export type * from './bindings/NoticeKind';
export type * from './bindings/NoticePace';
export type * from './bindings/NoticeView';
export type * from './bindings/OpenOnEntityView';
export type * from './bindings/OpeningView';
export type * from './bindings/OutcomeName';
export type * from './bindings/PacingDayView';
export type * from './bindings/PacingView';
export type * from './bindings/PeopleView';
export type * from './bindings/PersonRef';
export type * from './bindings/PersonView';
export type * from './bindings/PictureInput';
export type * from './bindings/PictureKind';
export type * from './bindings/PoliciesView';
export type * from './bindings/PolicyLayerView';
export type * from './bindings/PolicyTrial';
export type * from './bindings/PracticeTopic';
export type * from './bindings/ProblemView';
export type * from './bindings/PromptView';
export type * from './bindings/QuitView';
export type * from './bindings/ReasonCodeName';
export type * from './bindings/ReasonView';
export type * from './bindings/RequestedView';
export type * from './bindings/RiskTierName';
export type * from './bindings/RuleView';
export type * from './bindings/RungView';
export type * from './bindings/SameEntityView';
export type * from './bindings/SavedFilter';
export type * from './bindings/SavedFilterInput';
export type * from './bindings/SettingsView';
export type * from './bindings/SignedView';
export type * from './bindings/SignerView';
export type * from './bindings/SimilarView';
export type * from './bindings/Theme';
export type * from './bindings/ThreadView';
export type * from './bindings/TimeDisplay';
export type * from './bindings/TimelineView';
export type * from './bindings/TrailingView';
export type * from './bindings/TrialOutcome';
export type * from './bindings/TrialRow';
export type * from './bindings/TrialTotal';
export type * from './bindings/TrialView';
export type * from './bindings/VerdictView';
export type * from './bindings/WorkspaceState';
export type * from './bindings/WorkspaceView';

/** Stops a subscription. */
export type Unlisten = () => void;

/** Commands of the window, each named as in Rust (`listCases` calls `list_cases`). */
export interface Commands {
  // The workspace.
  opening(): Promise<OpeningView>;
  workspaceState(): Promise<WorkspaceState>;
  makeEnrolmentRequest(): Promise<EnrolmentRequestView>;
  /** What an enrolment asks to believe; nothing of it is kept. */
  readEnrolment(enrolment: string): Promise<EnrolmentView>;
  /** Joins, if the enrolment has the words that the person has compared. */
  joinWorkspace(enrolment: string, rootWords: string[]): Promise<WorkspaceState>;
  connection(): Promise<ConnectionView>;
  people(): Promise<PeopleView>;

  // The inbox.
  listCases(query: InboxQuery): Promise<InboxPage>;
  /** Puts a case away until then; null brings it back. */
  snoozeCase(proposal: string, untilMs: number | null): Promise<null>;
  savedFilters(): Promise<SavedFilter[]>;
  /** Answers all filters; one of the same name is replaced. */
  saveFilter(input: SavedFilterInput): Promise<SavedFilter[]>;
  deleteFilter(id: string): Promise<SavedFilter[]>;

  // A case and what is signed in it.
  openCase(proposal: string): Promise<CaseView>;
  /** The same of a case that nobody has opened: read ahead, its evidence is not asked for. */
  readCase(proposal: string): Promise<CaseView>;
  /** A practice case, which is neither stored nor sent. */
  openPractice(topic: PracticeTopic): Promise<CaseView>;
  prepareDecision(input: DecisionInput): Promise<ConfirmView>;
  signDecision(ticket: string): Promise<SignedView>;
  /** Gives up a prepared decision, batch, stop or resume. */
  discardDecision(ticket: string): Promise<null>;
  /** Takes back a decision that is still held on this device. */
  recallDecision(decision: string): Promise<null>;
  prepareBatch(input: BatchInput): Promise<BatchConfirmView>;
  signBatch(ticket: string): Promise<BatchResultView>;
  /** Signs a comment. */
  addComment(input: CommentInput): Promise<CommentView>;
  /** Reads the prompt behind a proposal; the log will say so. */
  readPrompt(proposal: string): Promise<PromptView>;
  /** Asks where to save a picture; the path, or null when the person gave up. */
  savePicture(input: PictureInput): Promise<string | null>;

  prepareRollback(input: RollbackInput): Promise<ConfirmView>;
  /** Signs the wish to take a change back; the case that follows is for others to decide. */
  signRollback(ticket: string): Promise<null>;

  // The stop.
  halt(): Promise<HaltView>;
  prepareHalt(input: HaltInput): Promise<ConfirmView>;
  signHalt(ticket: string): Promise<HaltView>;

  // The log and the policies.
  listLog(query: LogQuery): Promise<LogPage>;
  logEntry(seq: number): Promise<LogEntryView>;
  verifyLog(): Promise<LogVerification>;
  policies(): Promise<PoliciesView>;
  tryPolicy(trial: PolicyTrial): Promise<TrialView>;

  // This device.
  settings(): Promise<SettingsView>;
  changeSettings(settings: SettingsView): Promise<SettingsView>;
  /** The case that the app was opened with; taken once. */
  takeLink(): Promise<LinkView | null>;
  /** The first page is painted: the window may be shown. */
  windowReady(): Promise<null>;
  /** Closes the app although something is unsent. */
  quit(): Promise<null>;
}

/** Events to the window. */
export interface Events {
  onCasesChanged(handle: (proposals: string[]) => void): Promise<Unlisten>;
  onConnectionChanged(handle: (connection: ConnectionView) => void): Promise<Unlisten>;
  onWorkspaceChanged(handle: () => void): Promise<Unlisten>;
  onCountsChanged(handle: (counts: InboxCounts) => void): Promise<Unlisten>;
  onHaltChanged(handle: (halt: HaltView) => void): Promise<Unlisten>;
  onSettingsChanged(handle: (settings: SettingsView) => void): Promise<Unlisten>;
  onLinkOpened(handle: (link: LinkView) => void): Promise<Unlisten>;
  onQuitAsked(handle: (quit: QuitView) => void): Promise<Unlisten>;
}

/** The whole way to the Rust side. */
export interface Bridge extends Commands, Events {}

/** The four decisions. */
export type DecisionKind = 'approve' | 'override' | 'reject' | 'request_changes';

/** What the shell gives the page before it is first painted (an initialization script). */
export interface Start {
  settings: SettingsView;
  /** The language that the settings come to on this system. */
  language?: 'en' | 'de';
}

declare global {
  interface Window {
    __COUNTERSIGN_START__?: Start;
    /** The answer to `start.js`. */
    __COUNTERSIGN_OPENING__?: Promise<OpeningView>;
  }
}

/** Reads whatever was thrown as a problem; what is not one is named as unexpected. */
export function asProblem(thrown: unknown): ProblemView {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    const { code, message } = thrown;
    const hints = 'hints' in thrown && Array.isArray(thrown.hints) ? thrown.hints.map(String) : [];
    // Rust has made it; a code of another version has no words here, and its English is shown.
    return { code: String(code) as ProblemCode, message: String(message), hints, values: valuesOf(thrown) };
  }
  return { code: 'unexpected', message: String(thrown), hints: [], values: {} };
}

function valuesOf(thrown: object): Record<string, string> {
  if (!('values' in thrown) || typeof thrown.values !== 'object' || thrown.values === null) return {};
  return Object.fromEntries(Object.entries(thrown.values).map(([name, value]) => [name, String(value)]));
}
