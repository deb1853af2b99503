// English: people, devices and agents.
import type { FactorName } from '../../bridge/bindings/FactorName';
import { quoted } from '../../lib/quoted';
import { pluralOf } from '../plural';

const plural = pluralOf('en');

export const roster = {
  title: 'People and devices',
  lead: 'Who can sign what, according to the roster that this device trusts. It cannot be changed here.',
  version: (version: string) => `Roster version ${version}`,
  issued: 'Issued',
  expires: 'Trusted until',
  expiresSoon: 'It expires within two weeks. Ask your administrators for a new version.',
  expired: 'This roster has expired. Nothing signed under it counts until a new version arrives.',
  root: 'Next version',
  rootNeeds: (needs: number, keys: number) => plural(needs, { one: `1 of ${keys} root keys must sign it`, other: `${needs} of ${keys} root keys must sign it` }),
  gate: 'The gate’s key',
  anchor: 'The workspace’s six words',
  anchorHint: 'Root keys, gate and log, as this device trusts them. They are the same on every device of the workspace; any difference is an alarm.',
  mine: 'What you can sign',
  mineRoles: (roles: string) => `You sign as ${roles}.`,
  mineNone: 'You hold no role. You can read and comment, and you can stop all work.',
  mineStop: 'Like everyone, you can stop all work on your own; resuming takes two people.',
  mineFactor: (factor: string) => `Second factor: ${factor}.`,
  mineNoFactor: 'No second factor is enrolled. Where policy asks for one, you cannot sign.',
  mineDevice: 'This device’s six words',
  mineDeviceHint: 'Read them to a colleague: they must see the same words under your name.',
  people: 'People',
  agents: 'Agents',
  agentsLead: 'An agent proposes and never signs. The person responsible for it cannot decide its drafts.',
  owner: (name: string) => `${quoted(name)} is responsible`,
  you: 'you',
  noRole: 'no role',
  factor: { totp: 'authenticator code' } as Record<FactorName, string>,
  noFactor: 'no second factor',
  devices: 'Devices',
  noDevice: 'No device: this person cannot sign anything yet.',
  thisDevice: 'this device',
  since: (moment: string) => `since ${moment}`,
  revoked: 'Revoked',
  revokedAt: (moment: string) => `on ${moment}; what it signed before stays valid`,
  noAgents: 'No agent is enrolled.',
};
