// Problems as Rust gives them: a code, English words, hints, values to fill in.
import type { ProblemCode } from '../bindings/codes';
import type { ProblemView } from '../bindings/ProblemView';

/** A code that Rust makes; the fake knows no others. */
export type Code = Exclude<ProblemCode, 'unexpected'>;

/** A problem. */
export function problem(code: Code, message: string, hints: string[] = [], values: Record<string, string> = {}): ProblemView {
  return { code, message, hints, values };
}

/** What the fake refuses, by code; the words are those of the Rust side in short. */
const WORDS: Partial<Record<Code, string>> = {
  case_unknown: 'This case is not on this device.',
  ticket_unknown: 'What was to be signed is no longer at hand. Make the decision again.',
  ticket_expired: 'The sheet is too old to be signed. Make it again.',
  factor_missing: 'This decision needs a second factor. Decide again and enter the code.',
  factor_wrong: 'The code was wrong or too old. Decide again with a fresh code.',
  reason: 'A reason from the list is needed, with a few words where the list asks for them.',
  no_role: 'This case asks for a role that you do not hold.',
  already_decided: 'You have already decided on this case; the other signature must come from another person.',
  case_authorized: 'Enough people have signed; the change is on its way.',
  case_contradicted: 'The gate claims something about this case that does not follow from signed records and policy: the policy in force says something other than the verdict: quorum differs (entry 318).',
  case_blocked: 'Policy blocks this change; nobody can sign it.',
  case_executed: 'The change is executed; there is nothing left to decide.',
  case_expired: 'Nobody decided in time; wait for a new proposal.',
  case_not_applied: 'The change was authorised but not applied; see the log.',
  case_rejected: 'Somebody has rejected this proposal.',
  case_sent_back: 'Somebody has sent this proposal back to the agent.',
  case_superseded: 'Another change moved the campaign first; wait for a new proposal.',
  snooze_not_mine: 'Only a case that needs you can be put away.',
  settings_quiet: 'Quiet hours are times of day, HH:MM.',
  case_settled: 'The case was settled before this arrived. The recorded outcome stands.',
  open_question: 'A question in the thread is not answered. Nobody approves before it is.',
  wider_than_proposed: 'An override can only narrow the proposal. Ask for a fresh proposal for anything else.',
  amount_limits: 'The ad platform takes amounts from {min} a day, in steps of {step}.',
  override_nothing: 'Keep at least one of the entries, or reject the change.',
  override_same: 'The own value is the one of now; nothing would change.',
  recall_too_late: 'This decision has left the device. The way back is a proposal to undo it.',
  comment_text: 'A comment needs words, at most 4,000 characters.',
  filter_name: 'A saved search needs a name.',
  root_words_differ: 'The six words of the workspace are not those of this enrolment. It is refused, and nothing of it was kept.',
  settings_undo: 'A setting is outside of its range.',
  prompt_missing: 'The prompt is not on this device.',
  log_entry_unknown: 'There is no such entry in the log of this device.',
  limit_unknown: 'There is no such limit.',
  batch_no_class: 'No case of the list can be signed together.',
  batch_other_class: 'This case is of another class and is signed by itself.',
  not_stopped: 'Work is not stopped.',
  resume_asked: 'You have asked already; a second person must ask too.',
  enrolment_format: 'This is not an enrolment: it must be the JSON text that your administrator sent back.',
};

/** A refusal by its code. */
export function refusal(code: Code, values: Record<string, string> = {}): ProblemView {
  return problem(code, WORDS[code] ?? code, [], values);
}
