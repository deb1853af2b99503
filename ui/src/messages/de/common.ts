// Deutsch: Wörter, die jede Ansicht braucht: Stände, Zeit, Risiko, Rollen, Zustellung, Protokoll.
import { quoted } from '../../lib/quoted';
import type { common as en } from '../en/common';
import { pluralOf } from '../plural';
import { problems } from './problems';

const plural = pluralOf('de');

const ROLES: Record<string, string> = {
  ops: 'Betrieb',
  finance: 'Finanzen',
  legal: 'Recht',
  brand: 'Marke',
  marketing: 'Marketing',
  cfo: 'Finanzvorstand',
  finance_head: 'Leitung Finanzen',
  owner: 'Inhaber',
};

/** A role's name; one without words keeps its own. */
export const sayRole = (role: string): string => ROLES[role] ?? role.replaceAll('_', ' ');

export const common: typeof en = {
  app: {
    name: 'Countersign',
    loading: 'Der Speicher auf diesem Gerät wird geöffnet',
    you: (name, roles) => `${quoted(name)}, ${roles}`,
    whatToDo: 'Was Sie tun können',
    unexpected: 'Etwas Unerwartetes ist geschehen. Es wurde nichts gezeichnet.',
    tryAgain: 'Erneut versuchen',
    dismiss: 'Ausblenden',
    close: 'Schließen',
    cancel: 'Abbrechen',
    back: 'Zurück zur Liste',
    skip: 'Zum Inhalt springen',
    inbox: 'Eingang',
    case: 'Vorgang',
    stillLoading: 'Wird noch gelesen',
  },
  state: {
    deciding: 'In Entscheidung',
    authorized: 'Freigegeben',
    executed: 'Ausgeführt',
    not_applied: 'Nicht übernommen',
    rejected: 'Abgelehnt',
    sent_back: 'Zurückgegeben',
    expired: 'Verfallen',
    superseded: 'Überholt',
    blocked: 'Gesperrt',
  },
  stateMeaning: {
    deciding: 'Es wird noch gegengezeichnet.',
    authorized: 'Die Unterschriften genügen; das Gate ändert gleich die Plattform.',
    executed: 'Die Plattform wurde geändert und zurückgelesen.',
    not_applied: 'Die Änderung wurde versucht, doch die Plattform hält nicht den freigegebenen Wert.',
    rejected: 'Jemand hat abgelehnt. Es wurde nichts geändert.',
    sent_back: 'Der Vorgang ging an den Agenten zurück. Es wurde nichts geändert.',
    expired: 'Niemand hat rechtzeitig entschieden. Es wurde nichts geändert.',
    superseded: 'Eine andere Änderung kam dieser Kampagne zuvor. Es wurde nichts geändert.',
    blocked: 'Das Regelwerk hat abgelehnt. Es wurde nichts geändert.',
  },
  time: {
    left: (span) => `noch ${span}`,
    overdue: (span) => `${span} überfällig`,
    ago: (span) => `vor ${span}`,
    in: (span) => `in ${span}`,
    decideBy: (moment) => `Zu entscheiden bis ${moment}`,
    accountZone: (moment) => `${moment} beim Konto`,
  },
  risk: { low: 'Geringes Risiko', medium: 'Mittleres Risiko', high: 'Hohes Risiko' },
  riskShort: { low: 'gering', medium: 'mittel', high: 'hoch' },
  role: sayRole,
  and: (roles) => new Intl.ListFormat('de').format(roles.map(sayRole)),
  delivery: {
    held: 'Gezeichnet und auf diesem Gerät zurückgehalten; noch widerrufbar.',
    heldOffline: 'Gezeichnet und auf diesem Gerät zurückgehalten, bis es ein Netz gibt.',
    signed_on_this_device: 'Auf diesem Gerät gezeichnet, wird gesendet.',
    delivered_to_relay: 'An das Relay übergeben.',
    accepted_by_gate: 'Vom Gate angenommen.',
    executed: 'Ausgeführt.',
    recalled: 'Vor dem Senden zurückgerufen.',
    refused: (why) => `Zurückgewiesen: ${why}`,
  },
  deliveryShort: {
    held: 'zurückgehalten',
    signed_on_this_device: 'wird gesendet',
    delivered_to_relay: 'beim Relay',
    accepted_by_gate: 'angenommen',
    executed: 'ausgeführt',
    recalled: 'zurückgerufen',
    refused: 'zurückgewiesen',
  },
  connection: {
    online: 'Online',
    offline: 'Offline',
    checked: (ago) => `Protokoll vor ${ago} geprüft`,
    unchecked: 'Protokoll noch nicht geprüft',
    unsent: (signatures) =>
      plural(signatures, { one: '1 Unterschrift ungesendet', other: `${signatures} Unterschriften ungesendet` }),
    held: (signatures) => `${signatures} zurückgehalten`,
    unsentShort: (signatures) => `${signatures} ungesendet`,
    allSent: 'nichts ungesendet',
    contact: (moment) => `Letzter Kontakt ${moment}.`,
    noContact: 'Noch kein Kontakt.',
    head: (size, root) => `Prüfpunkt über ${size} Einträge, Wurzel ${root}.`,
    fault: 'Der Abgleich ist angehalten, weil etwas nicht stimmt',
    skew: (span, ahead) =>
      `Die Uhr dieses Geräts geht ${span} ${ahead ? 'vor' : 'nach'}. Stellen Sie sie, bevor Sie zeichnen.`,
    evidenceMissing: (cases) =>
      plural(cases, {
        one: 'Bei 1 Vorgang, der Sie braucht, fehlen Belege auf diesem Gerät.',
        other: `Bei ${cases} Vorgängen, die Sie brauchen, fehlen Belege auf diesem Gerät.`,
      }),
  },
  problem: {
    keychain: 'Der Schlüsselbund ist nicht nutzbar',
    store: 'Der Speicher auf diesem Gerät lässt sich nicht öffnen',
    nothingLost: 'Nichts wurde gelöscht oder neu angelegt.',
  },
  logActions: {
    roster_accepted: 'Personenliste angenommen',
    proposal_received: 'Vorschlag eingegangen',
    draft_refused: 'Entwurf zurückgewiesen',
    verdict_issued: 'Nach Regelwerk beurteilt',
    decision_accepted: 'Entscheidung angenommen',
    decision_refused: 'Entscheidung zurückgewiesen',
    change_authorized: 'Änderung freigegeben',
    execution_intended: 'Ausführung angesetzt',
    execution_finished: 'Ausführung beendet',
    case_rejected: 'Vorgang abgelehnt',
    changes_requested: 'An den Agenten zurückgegeben',
    case_expired: 'Vorgang verfallen',
    deadline_passed: 'Frist verstrichen',
    case_superseded: 'Vorgang überholt',
    rung_climbed: 'Nächste Stufe benachrichtigt',
    work_stopped: 'Arbeit angehalten',
    resume_asked: 'Wiederaufnahme beantragt',
    work_resumed: 'Arbeit wieder aufgenommen',
    prompt_read: 'Prompt gelesen',
    control_refused: 'Anhalten oder Wiederaufnahme zurückgewiesen',
    policy_published: 'Regelwerk in Kraft',
    content_refused: 'Unsignierter Inhalt zurückgewiesen',
    clock_corrected: 'Uhr berichtigt',
  },
  problems,
};
