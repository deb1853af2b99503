// Deutsch: der erste Start.
import type { startWords as en } from '../en/start';

export const startWords: typeof en = {
  firstRun: {
    title: 'Einem Arbeitsbereich beitreten',
    intro: 'Dieses Gerät braucht einen eigenen Schlüssel. Er entsteht hier, liegt im Schlüsselbund des Systems und verlässt das Gerät nie.',
    make: 'Schlüssel dieses Geräts erzeugen',
    step1: '1. Antrag übergeben',
    step1Lead: 'Geben Sie diesen Text Ihrer Administration. Er enthält nur öffentliche Schlüssel.',
    request: 'Antrag',
    copy: 'Kopieren',
    copied: 'Kopiert',
    selected: 'Markiert; kopieren Sie mit Strg + C',
    step2: '2. Fingerabdruck vergleichen',
    step2Lead: 'Lesen Sie diese sechs Wörter am Telefon vor. Ihre Administration muss dieselben sehen.',
    step3: '3. Zulassung laden',
    step3Lead: 'Fügen Sie die Zulassung ein, die zurückkommt, oder wählen Sie ihre Datei. Sie wird nur gelesen; geglaubt wird noch nichts.',
    enrolment: 'Zulassung',
    file: 'Datei wählen',
    read: 'Lesen',
    reading: 'Liest',
    joining: 'Tritt bei',
  },
};
