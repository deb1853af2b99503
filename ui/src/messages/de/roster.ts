// Deutsch: Menschen, Geräte und Agenten.
import { quoted } from '../../lib/quoted';
import type { roster as en } from '../en/roster';
import { pluralOf } from '../plural';

const plural = pluralOf('de');

export const roster: typeof en = {
  title: 'Menschen und Geräte',
  lead: 'Wer was zeichnen kann, nach der Liste, der dieses Gerät glaubt. Hier wird sie nur gelesen.',
  version: (version: string) => `Liste, Fassung ${version}`,
  issued: 'Gemacht',
  expires: 'Gilt bis',
  expiresSoon: 'Sie endet binnen zwei Wochen. Bitten Sie Ihre Administration um eine neue Fassung.',
  expired: 'Diese Liste ist abgelaufen. Was darunter gezeichnet wird, zählt nicht, bis eine neue Fassung da ist.',
  root: 'Nächste Fassung',
  rootNeeds: (needs: number, keys: number) => plural(needs, { one: `1 von ${keys} Wurzelschlüsseln muss sie zeichnen`, other: `${needs} von ${keys} Wurzelschlüsseln müssen sie zeichnen` }),
  gate: 'Der Schlüssel des Gates',
  anchor: 'Die sechs Wörter des Arbeitsbereichs',
  anchorHint: 'Wurzelschlüssel, Gate und Protokoll, wie dieses Gerät ihnen glaubt. Auf jedem Gerät des Arbeitsbereichs sind es dieselben; jeder Unterschied ist ein Alarm.',
  mine: 'Was Sie zeichnen können',
  mineRoles: (roles: string) => `Sie zeichnen als ${roles}.`,
  mineNone: 'Sie haben keine Rolle. Sie können lesen, kommentieren und alles anhalten.',
  mineStop: 'Wie alle können Sie allein alles anhalten; zum Fortsetzen braucht es zwei Personen.',
  mineFactor: (factor: string) => `Zweiter Faktor: ${factor}.`,
  mineNoFactor: 'Kein zweiter Faktor ist hinterlegt. Wo das Regelwerk einen verlangt, können Sie nicht zeichnen.',
  mineDevice: 'Die sechs Wörter dieses Geräts',
  mineDeviceHint: 'Lesen Sie sie einer Kollegin oder einem Kollegen vor: Unter Ihrem Namen müssen dieselben Wörter stehen.',
  people: 'Menschen',
  agents: 'Agenten',
  agentsLead: 'Ein Agent schlägt vor und zeichnet nie. Wer für ihn einsteht, kann über seine Entwürfe nicht entscheiden.',
  owner: (name: string) => `verantwortet von ${quoted(name)}`,
  you: 'Sie',
  noRole: 'keine Rolle',
  factor: { totp: 'Code der Authentifizierungs-App' },
  noFactor: 'kein zweiter Faktor',
  devices: 'Geräte',
  noDevice: 'Kein Gerät: Diese Person kann noch nichts zeichnen.',
  thisDevice: 'dieses Gerät',
  since: (moment: string) => `seit ${moment}`,
  revoked: 'Gesperrt',
  revokedAt: (moment: string) => `am ${moment}; was es davor gezeichnet hat, bleibt gültig`,
  noAgents: 'Kein Agent ist eingetragen.',
};
