// The only file that talks to the shell: one function per command, one per event.
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { Bridge } from './types';
import type { ConnectionView } from './bindings/ConnectionView';

/** The bridge to the Rust side of this window. */
export const tauriBridge: Bridge = {
  workspaceState: () => invoke('workspace_state'),
  makeEnrolmentRequest: () => invoke('make_enrolment_request'),
  joinWorkspace: (enrolment) => invoke('join_workspace', { enrolment }),
  listCases: (query) => invoke('list_cases', { query }),
  openCase: (proposal) => invoke('open_case', { proposal }),
  prepareDecision: (input) => invoke('prepare_decision', { input }),
  signDecision: (ticket) => invoke('sign_decision', { ticket }),
  discardDecision: (ticket) => invoke('discard_decision', { ticket }),
  connection: () => invoke('connection'),
  onCaseChanged: (handle) =>
    listen<{ proposal: string }>('case-changed', (event) => handle(event.payload.proposal)),
  onConnectionChanged: (handle) =>
    listen<ConnectionView>('connection-changed', (event) => handle(event.payload)),
  onWorkspaceChanged: (handle) => listen<null>('workspace-changed', () => handle()),
};
