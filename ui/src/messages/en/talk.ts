// English: the thread of a case.
import { quoted } from '../../lib/quoted';
export const talk = {
  none: 'Nobody has written yet. What is written here is signed and part of the case.',
  openQuestions: (count: number) =>
    count === 1 ? 'A question is open. Nobody can approve until it is answered.' : `${count} questions are open. Nobody can approve until they are answered.`,
  forMe: (mine: number, open: number) =>
    open === 1 ? 'It is for you.' : mine === open ? 'All of them are for you.' : mine === 1 ? 'One of them is for you.' : `${mine} of them are for you.`,
  needsAnswer: (who: string) => `Needs an answer from ${who}`,
  answered: 'Answered',
  answerTo: (person: string) => `Answer to ${quoted(person)}`,
  mentions: (who: string) => `Mentions ${who}`,
  you: 'you',
  answer: 'Answer',
  answering: (person: string) => `Your answer to ${quoted(person)}’s question`,
  write: 'Write a comment',
  askWhom: 'Who must answer before anyone can approve',
  mentionWhom: 'Mention',
  ask: 'Ask a question that must be answered',
  askHint: 'Blocks approval until one of them has answered. The case can still be rejected or sent back.',
  pick: 'Type @ and a name',
  noMatch: 'Nobody by that name can see this case.',
  send: 'Sign and send',
  sending: 'Signing',
  sendKey: 'Ctrl + Enter',
  cancel: 'Cancel',
  needText: 'Write something first.',
  needPerson: 'Choose who must answer.',
  tooLong: (over: string) => `${over} characters too many; the limit is 4,000.`,
  left: (left: string) => `${left} characters left`,
  unchecked: 'Signature could not be checked on this device',
};
