// The only file that talks to the shell: one function per command, one per event.
import { invoke as send, type InvokeArgs } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { Bridge } from './types';
import { refuseHalves } from './whole';
import type { ConnectionView } from './bindings/ConnectionView';
import type { HaltView } from './bindings/HaltView';
import type { InboxCounts } from './bindings/InboxCounts';
import type { LinkView } from './bindings/LinkView';
import type { OpeningView } from './bindings/OpeningView';
import type { QuitView } from './bindings/QuitView';
import type { SettingsView } from './bindings/SettingsView';

/** One command; what it cannot carry is refused before it is sent. */
async function invoke<T>(command: string, args?: InvokeArgs): Promise<T> {
  refuseHalves(args);
  return send<T>(command, args);
}

/** The first page: `start.js` has asked for it, once, before this was read. */
function opening(): Promise<OpeningView> {
  const asked = window.__COUNTERSIGN_OPENING__;
  delete window.__COUNTERSIGN_OPENING__;
  return asked ?? invoke('opening');
}

/** The bridge to the Rust side of this window. */
export const tauriBridge: Bridge = {
  opening,
  workspaceState: () => invoke('workspace_state'),
  makeEnrolmentRequest: () => invoke('make_enrolment_request'),
  readEnrolment: (enrolment) => invoke('read_enrolment', { enrolment }),
  joinWorkspace: (enrolment, rootWords) => invoke('join_workspace', { enrolment, rootWords }),
  connection: () => invoke('connection'),
  people: () => invoke('people'),

  listCases: (query) => invoke('list_cases', { query }),
  snoozeCase: (proposal, untilMs) => invoke('snooze_case', { proposal, untilMs }),
  savedFilters: () => invoke('saved_filters'),
  saveFilter: (input) => invoke('save_filter', { input }),
  deleteFilter: (id) => invoke('delete_filter', { id }),

  openCase: (proposal) => invoke('open_case', { proposal }),
  readCase: (proposal) => invoke('read_case', { proposal }),
  openPractice: (topic) => invoke('open_practice', { topic }),
  prepareDecision: (input) => invoke('prepare_decision', { input }),
  signDecision: (ticket) => invoke('sign_decision', { ticket }),
  discardDecision: (ticket) => invoke('discard_decision', { ticket }),
  recallDecision: (decision) => invoke('recall_decision', { decision }),
  prepareBatch: (input) => invoke('prepare_batch', { input }),
  signBatch: (ticket) => invoke('sign_batch', { ticket }),
  addComment: (input) => invoke('add_comment', { input }),
  readPrompt: (proposal) => invoke('read_prompt', { proposal }),
  savePicture: (input) => invoke('save_picture', { input }),

  halt: () => invoke('halt'),
  prepareRollback: (input) => invoke('prepare_rollback', { input }),
  signRollback: (ticket) => invoke('sign_rollback', { ticket }),
  prepareHalt: (input) => invoke('prepare_halt', { input }),
  signHalt: (ticket) => invoke('sign_halt', { ticket }),

  listLog: (query) => invoke('list_log', { query }),
  logEntry: (seq) => invoke('log_entry', { seq }),
  verifyLog: () => invoke('verify_log'),
  policies: () => invoke('policies'),
  tryPolicy: (trial) => invoke('try_policy', { trial }),

  settings: () => invoke('settings'),
  changeSettings: (settings) => invoke('change_settings', { settings }),
  takeLink: () => invoke('take_link'),
  windowReady: () => invoke('window_ready'),
  quit: () => invoke('quit'),

  onCasesChanged: (handle) => listen<string[]>('cases-changed', (event) => handle(event.payload)),
  onConnectionChanged: (handle) => listen<ConnectionView>('connection-changed', (event) => handle(event.payload)),
  onWorkspaceChanged: (handle) => listen<null>('workspace-changed', () => handle()),
  onCountsChanged: (handle) => listen<InboxCounts>('counts-changed', (event) => handle(event.payload)),
  onHaltChanged: (handle) => listen<HaltView>('halt-changed', (event) => handle(event.payload)),
  onSettingsChanged: (handle) => listen<SettingsView>('settings-changed', (event) => handle(event.payload)),
  onLinkOpened: (handle) => listen<LinkView>('link-opened', (event) => handle(event.payload)),
  onQuitAsked: (handle) => listen<QuitView>('quit-asked', (event) => handle(event.payload)),
};
