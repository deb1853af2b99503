// What people say about a case: comments, mentions, questions that block approval.
import type { CaseView } from '../bindings/CaseView';
import type { CommentInput } from '../bindings/CommentInput';
import type { CommentView } from '../bindings/CommentView';
import { ME, nameOf, OPS, PERSON_ID } from './people';
import type { Plan } from './plans';
import { refusal } from './problem';

const MAX_CHARS = 4_000;
const ME_ID = PERSON_ID[ME] as string;

/** A question for me. */
export function questionOf(plan: Plan, created: number): CommentView {
  return {
    id: plan.id.replace('77aa', 'c0de'),
    person: OPS,
    mine: false,
    text: 'Is the launch budget of November already reserved for this, or does it come on top?',
    mentions: [],
    question_for: [{ id: ME_ID, name: ME }],
    answers: null,
    answered: false,
    at_ms: created + 3 * 60_000,
    signature_checked: true,
    delivery: { stage: 'accepted_by_gate' },
  };
}

/** Adds my comment to a case; an answer to a question for me unblocks approval. */
export function addComment(view: CaseView, input: CommentInput, id: string, nowMs: number): CommentView {
  const text = input.text.trim();
  if (text === '' || [...text].length > MAX_CHARS) throw refusal('comment_text');
  const ref = (person: string): { id: string; name: string } => ({ id: person, name: nameOf(person) });
  const comment: CommentView = {
    id, person: ME, mine: true, text,
    mentions: input.mentions.map(ref),
    question_for: input.question_for.map(ref),
    answers: input.answers,
    answered: false,
    at_ms: nowMs,
    signature_checked: true,
    delivery: { stage: 'signed_on_this_device' },
  };
  view.thread.comments.push(comment);
  // Whoever says what was done has looked; who asks has not.
  if (input.question_for.length === 0) view.to_check = false;
  const question = view.thread.comments.find((one) => one.id === input.answers);
  if (question?.question_for.some((one) => one.id === ME_ID)) question.answered = true;
  recount(view);
  return comment;
}

/** Open questions and what they block, counted again. */
export function recount(view: CaseView): void {
  const open = view.thread.comments.filter((one) => one.question_for.length > 0 && !one.answered);
  view.thread.open_questions = open.length;
  view.thread.questions_for_me = open.filter((one) => one.question_for.some((person) => person.id === ME_ID)).length;
  if (view.verdict.check === 'differs') return;
  view.my_options.approval_blocked_because = open.length > 0 ? refusal('open_question') : null;
}
