// Deutsch: das Gespräch zu einem Vorgang.
import { quoted } from '../../lib/quoted';
import type { talk as en } from '../en/talk';

export const talk: typeof en = {
  none: 'Noch hat niemand geschrieben. Was hier steht, ist unterschrieben und Teil des Vorgangs.',
  openQuestions: (count) =>
    count === 1 ? 'Eine Frage ist offen. Vor der Antwort zeichnet niemand gegen.' : `${count} Fragen sind offen. Vor den Antworten zeichnet niemand gegen.`,
  forMe: (mine, open) =>
    open === 1 ? 'Sie geht an Sie.' : mine === open ? 'Alle gehen an Sie.' : mine === 1 ? 'Eine davon geht an Sie.' : `${mine} davon gehen an Sie.`,
  needsAnswer: (who) => `Antwort nötig von ${who}`,
  answered: 'Beantwortet',
  answerTo: (person) => `Antwort an ${quoted(person)}`,
  mentions: (who) => `Erwähnt ${who}`,
  you: 'Sie',
  answer: 'Antworten',
  answering: (person) => `Ihre Antwort auf die Frage von ${quoted(person)}`,
  write: 'Kommentar schreiben',
  askWhom: 'Wer antworten muss, bevor jemand gegenzeichnet',
  mentionWhom: 'Erwähnen',
  ask: 'Fragen, Antwort nötig',
  askHint: 'Sperrt das Gegenzeichnen, bis eine dieser Personen geantwortet hat. Ablehnen und Zurückgeben bleiben möglich.',
  pick: '@ und einen Namen tippen',
  noMatch: 'Niemand dieses Namens kann diesen Vorgang sehen.',
  send: 'Zeichnen und senden',
  sending: 'Wird gezeichnet',
  sendKey: 'Strg + Enter',
  cancel: 'Abbrechen',
  needText: 'Schreiben Sie zuerst etwas.',
  needPerson: 'Wählen Sie, wer antworten muss.',
  tooLong: (over) => `${over} Zeichen zu viel; höchstens 4.000.`,
  left: (left) => `noch ${left} Zeichen`,
  unchecked: 'Die Unterschrift konnte auf diesem Gerät nicht geprüft werden',
};
