// Deutsch: die Schritte nach dem Beitritt und das Üben.
import type { joining as en } from '../en/joining';

export const joining: typeof en = {
  steps: 'Schritte',
  names: { key: 'Schlüssel', join: 'Beitreten', compare: 'Wörter vergleichen', practise: 'Üben', loss: 'Bei Verlust' } as Record<string, string>,
  done: 'fertig',
  keyTitle: 'Ein Schlüssel für dieses Gerät',
  keyWhy: [
    'Alles, was Sie entscheiden, wird damit gezeichnet; so kann jeder prüfen, dass Sie es waren.',
    'Er verlässt dieses Gerät nie. Niemand kann an Ihrer Stelle zeichnen, auch die Administration nicht.',
    'Es gibt kein Passwort, das man sich merken, und keine Kopie, die man verlieren könnte.',
  ],
  compare: {
    title: 'Die sechs Wörter vergleichen',
    lead: 'Rufen Sie jemanden an, der schon im Arbeitsbereich ist, am Telefon oder von Angesicht; nicht per Chat oder Mail. Gemeint ist dort „Menschen und Geräte“, Ihr Name.',
    say: 'Lesen Sie vor',
    saySentence: (name: string, words: string) => `„Hier ist ${name}. Die Wörter meines Geräts sind: ${words}.“`,
    hear: 'Die Antwort ist, ob unter Ihrem Namen dieselben sechs Wörter stehen. Jeder Unterschied zählt, auch in einem einzigen Wort.',
    same: 'Die Wörter sind gleich',
    other: 'Die Wörter sind verschieden',
    otherTitle: 'Zeichnen Sie nichts',
    otherWhat: 'Vielleicht hat sich jemand dazwischengeschaltet. Sagen Sie es jetzt Ihrer Administration, am Telefon. Schließen Sie dieses Fenster; gezeichnet wurde nichts.',
    back: 'Noch einmal vergleichen',
    alone: 'Gerade ist niemand zu erreichen',
    aloneHint: 'Sie können später vergleichen, unter „Menschen und Geräte“. Tun Sie es, bevor Sie zum ersten Mal zeichnen.',
  },
  practise: {
    title: 'Einmal üben',
    lead: 'Ein erfundener Vorgang mit den echten Blättern. Sie lesen, entscheiden und zeichnen. Nichts davon wird gespeichert oder gesendet, und niemand sieht es.',
    start: 'Übungsvorgang öffnen',
    skip: 'Nicht üben',
  },
  loss: {
    title: 'Wenn dieser Laptop verloren geht',
    lead: 'Lesen Sie das einmal jetzt, damit Sie es dann wissen.',
    points: [
      { title: 'Rufen Sie sofort die Administration an.', text: 'Sie sperrt dieses Gerät. Von da an zählt nichts mehr, was es zeichnet.' },
      { title: 'Was Sie davor gezeichnet haben, bleibt gültig.', text: 'Das Protokoll zeigt, wann das Gerät gesperrt wurde und was davor und danach kam.' },
      { title: 'Ihr Schlüssel ist weg, und das macht nichts.', text: 'Er lässt sich weder wiederherstellen noch kopieren. Auf einem neuen Gerät machen Sie einen neuen und treten wieder bei, in etwa fünf Minuten.' },
      { title: 'Nicht Gesendetes geht mit verloren.', text: 'Die Anzeige oben sagt immer, wie viel es ist. Verbinden Sie sich, bevor Sie reisen.' },
    ],
    finish: 'Eingang öffnen',
  },
  practice: {
    frame: 'Übung: Nichts wird gespeichert oder gesendet.',
    tasks: 'Versuchen Sie das',
    task: {
      read: 'Lesen Sie oben die Änderung: was jetzt gilt, was gelten würde, was es höchstens kosten kann.',
      decide: 'Mit a geben Sie frei, mit o setzen Sie einen eigenen, kleineren Betrag.',
      confirm: 'Lesen Sie das Blatt, dann zeichnen Sie mit Strg + Enter.',
    },
    signed: 'Zur Übung gezeichnet; nichts wurde gespeichert oder gesendet. Im Ernst wird es jetzt einige Sekunden gehalten, und u ruft es zurück.',
    leave: 'Übung beenden',
    again: 'Von vorn',
    done: 'Das war alles. Üben können Sie jederzeit wieder, von den Einstellungen aus.',
    finish: 'Weiter',
  },
};
