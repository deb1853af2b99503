// Deutsch: der offene Vorgang und seine Blätter.
import { quoted } from '../../lib/quoted';
import type { caseWords as en } from '../en/case';
import { sayRole } from './common';

export const caseWords: typeof en = {
  diff: {
    kinds: {
      budget_change: 'Budgetänderung',
      status_change: 'Pausieren oder laufen lassen',
      total_budget_change: 'Gesamtbudget',
      schedule_change: 'Laufzeit',
    },
    fields: {
      daily_budget: {
        label: 'Tagesbudget',
        holding: (amount) => `${amount} je Tag`,
        heard: (from, to) => `${from} auf ${to} je Tag`,
        sentence: (from, to, percent) => `Tagesbudget von ${from} auf ${to} je Tag${percent}.`,
      },
      total_budget: {
        label: 'Gesamtbudget',
        holding: (amount) => `${amount} über die ganze Laufzeit`,
        heard: (from, to) => `${from} auf ${to} über die ganze Laufzeit`,
        sentence: (from, to, percent) => `Gesamtbudget der Laufzeit von ${from} auf ${to}${percent}.`,
      },
      flight_start: {
        label: 'Laufzeit ab',
        holding: (moment) => `Laufzeit ab ${moment}`,
        heard: (from, to) => (from ? `beginnt ${to} statt ${from}` : `beginnt ${to}`),
        sentence: (from, to) => (from ? `Die Laufzeit beginnt ${to} statt ${from}.` : `Die Laufzeit beginnt ${to}.`),
      },
      flight_end: {
        label: 'Laufzeit bis',
        holding: (moment) => `Laufzeit bis ${moment}`,
        heard: (from, to) => `endet ${to} statt ${from}`,
        sentence: (from, to) => `Die Laufzeit endet ${to} statt ${from}.`,
      },
      status: {
        label: 'Kampagne',
        holding: (state) => `die Kampagne ${state}`,
        heard: (from, to) => `von ${from} auf ${to}`,
        sentence: (from, to) => `Die Kampagne von ${from} auf ${to}.`,
      },
    },
    open: 'bis auf Weiteres',
    states: { enabled: 'aktiv', paused: 'pausiert', ended: 'beendet', removed: 'entfernt', unknown: 'in unbekanntem Zustand' },
    maySpend: 'Darf ausgeben',
    per: { daily: 'je Tag', total: 'über die ganze Laufzeit' },
    sentencePercent: (ratio, up) => `, ${up ? 'plus' : 'minus'} ${ratio}`,
    atMost: 'Höchstens insgesamt',
    window: (from, to) => `${from} bis ${to}`,
    noWindow: 'bis auf Weiteres',
    worstCaseWindow: 'über die Laufzeit',
    worstCaseMonth: 'im Monat',
    worstCaseFlight: 'über die ganze Laufzeit',
    worstCaseAdded: 'in der zusätzlichen Zeit',
    status: {
      enabled: 'Die Kampagne läuft.',
      paused: 'Die Kampagne war pausiert, als dies vorgeschlagen wurde.',
      ended: 'Die Kampagne war beendet, als dies vorgeschlagen wurde.',
      removed: 'Die Kampagne war entfernt, als dies vorgeschlagen wurde.',
      unknown: 'Ob die Kampagne läuft, ist nicht bekannt.',
    },
    shared: (campaigns) => `${campaigns} Kampagnen zehren von diesem Budget`,
    period: 'Zeitraum',
    effective: 'Nach den bisherigen Unterschriften',
    effectiveDone: 'Was freigegeben wurde',
    proposed: 'Vorschlag des Agenten',
    openToo: (ids) =>
      ids === 1 ? 'Zu dieser Kampagne ist ein weiterer Vorgang offen.' : `Zu dieser Kampagne sind ${ids} weitere Vorgänge offen.`,
  },
  figures: {
    lift: 'Erwarteter Zuwachs',
    interval: (low, high) => `zwischen ${low} und ${high}`,
    confidence: 'Sicherheit',
    timeLeft: 'Verbleibende Zeit',
  },
  signers: {
    title: 'Unterschriften',
    signedBy: (names) => `Gezeichnet von ${names}`,
    open: (minimum) => (minimum === 1 ? 'Eine Unterschrift nötig' : `${minimum} Unterschriften nötig`),
    stillOpen: (missing) => (missing === 1 ? 'eine weitere nötig' : `${missing} weitere nötig`),
    could: (names) => `Zeichnen kann: ${names}`,
  },
  flags: {
    none: 'Keine Regel griff.',
    layer: (layer) => LAYERS[layer] ?? layer,
    outcome: (outcome) => OUTCOMES[outcome] ?? outcome,
    version: (version) => `Regelwerk ${version}`,
    check: {
      pending: 'Auf diesem Gerät noch nicht nachgerechnet; das Protokoll muss erst ankommen.',
      holds: 'Auf diesem Gerät nachgerechnet: dasselbe Urteil.',
      differs: 'Dieses Gerät kommt zu einem anderen Ergebnis als das Gate.',
    },
  },
  why: {
    trigger: 'Anlass',
    outcome: 'Voraussichtliches Ergebnis',
    intent: 'Zweck der Kampagne',
    modelVersion: (id, version) => `${id}, Version ${version}`,
    initiator: 'Entworfen von',
    initiatorWords: (agent, owner) => `${quoted(agent)}, verantwortet von ${quoted(owner)}`,
  },
  decisions: {
    none: 'Noch hat niemand entschieden.',
    kind: {
      approve: 'Gegengezeichnet',
      override: 'Eigener Wert',
      reject: 'Abgelehnt',
      request_changes: 'Zurückgegeben',
    },
    to: (value) => `auf ${value}`,
    as: (role) => `für ${sayRole(role)}`,
    you: 'Sie',
    factor: (kind) => `zweiter Faktor: ${FACTORS[kind] ?? kind}`,
    fingerprint: 'Fingerabdruck',
    checked: 'Unterschrift auf diesem Gerät geprüft',
    unchecked: 'Die Unterschrift konnte auf diesem Gerät nicht geprüft werden',
  },
  heldUp: {
    by: {
      sign_in: 'Die Anmeldung der Plattform antwortet nicht; geändert wurde nichts.',
      quota: 'Die Plattform bittet um Ruhe; geändert wurde nichts.',
      work_stopped: 'Die Arbeit ist angehalten; geändert wurde nichts.',
      platform: 'Die Plattform kann es jetzt nicht annehmen; geändert wurde nichts.',
    },
    since: (moment) => `Es wartet seit ${moment}.`,
    notBefore: (moment) => `Nicht vor ${moment} versucht.`,
    until: (moment) => `Wieder versucht bis ${moment}; dann laufen die Unterschriften ab.`,
  },
  executed: {
    readBack: (value) => `Nach der Änderung von der Plattform zurückgelesen: ${value}.`,
    notApplied: (value) => `Danach von der Plattform zurückgelesen: ${value}.`,
    requestId: 'Anfrage an die Plattform',
  },
  timeline: {
    none: 'Das Gate hat zu diesem Vorgang noch nichts protokolliert.',
    included: (size) => `enthalten im Prüfpunkt über ${size} Einträge, auf diesem Gerät geprüft`,
    notIncluded: 'noch unter keinem Prüfpunkt, den dieses Gerät geprüft hat',
    entry: (seq) => `Eintrag ${seq}`,
  },
  actions: {
    label: 'Entscheiden',
    approve: 'Gegenzeichnen',
    override: 'Eigener Wert',
    reject: 'Ablehnen',
    request_changes: 'Zurückgeben',
  },
  sheet: {
    title: {
      approve: 'Diese Änderung gegenzeichnen',
      override: 'Einen eigenen Wert setzen',
      reject: 'Diese Änderung ablehnen',
      request_changes: 'An den Agenten zurückgeben',
    },
    role: 'Zeichnen für',
    reason: 'Grund',
    choose: 'Grund wählen',
    text: 'In Ihren Worten',
    textOptional: 'In Ihren Worten (wenn Sie möchten)',
    amount: (currency) => `Neues Tagesbudget, ${currency}`,
    preview: (amount, percent, delta) =>
      `${amount} je Tag werden gesetzt: ${percent}, ${delta} je Tag gegenüber jetzt.`,
    previewNoPercent: (amount, delta) => `${amount} je Tag werden gesetzt: ${delta} je Tag gegenüber jetzt.`,
    outside: 'Das geht über den Vorschlag hinaus. Unterschriften zum Vorschlag decken es nicht.',
    code: 'Code aus Ihrem Authenticator',
    codeHint: 'Sechs Ziffern',
    cancel: 'Abbrechen',
    next: 'Lesen, was Sie zeichnen',
    nextKeys: 'Strg + Enter geht weiter',
    preparing: 'Wird vorbereitet',
    needReason: 'Wählen Sie einen Grund aus der Liste.',
    needText: 'Dieser Grund braucht ein paar eigene Worte.',
    needCode: 'Geben Sie die sechs Ziffern ein, die Ihr Authenticator jetzt zeigt.',
    limits: (least, step) => `Die Werbeplattform nimmt Beträge ab ${least} am Tag, in Schritten von ${step}.`,
    amountFault: {
      empty: 'Geben Sie das neue Tagesbudget ein.',
      form: 'Schreiben Sie den Betrag mit Ziffern und höchstens einem Komma, zum Beispiel 552,50.',
      too_fine: 'Diese Währung hat weniger Nachkommastellen.',
      zero: 'Das Tagesbudget muss größer als null sein.',
      too_large: 'Dieser Betrag ist zu groß.',
    },
  },
  confirm: {
    digest: 'SHA-256',
    fingerprint: 'Fingerabdruck',
    sign: 'Zeichnen',
    signKeys: 'Strg + Enter zeichnet',
    signing: 'Wird gezeichnet',
    back: 'Nicht zeichnen',
    goodUntil: (moment) => `Gültig bis ${moment}.`,
    stale: 'Dieses Blatt ist zu alt. Gehen Sie zurück und erstellen Sie es neu.',
  },
};

const LAYERS: Record<string, string> = {
  protocol: 'Protokollregel',
  corporate: 'Unternehmensregel',
  brand: 'Markenregel',
  campaign: 'Kampagnenregel',
};

const OUTCOMES: Record<string, string> = {
  allow: 'Lässt zu',
  escalate: 'Verlangt Personen',
  hold: 'Hält an',
  block: 'Sperrt',
};

const FACTORS: Record<string, string> = { totp: 'Code aus dem Authenticator' };
