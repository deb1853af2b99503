// The device's way into a workspace: the request, and the problems that keep it out.
import type { EnrolmentRequestView } from '../bindings/EnrolmentRequestView';
import type { EnrolmentView } from '../bindings/EnrolmentView';
import type { ProblemView } from '../bindings/ProblemView';
import type { WorkspaceState } from '../bindings/WorkspaceState';
import { WORKSPACE } from './people';
import { problem } from './problem';
import type { Start } from './scenarios';

/** The request of this device. */
export const REQUEST: EnrolmentRequestView = {
  json: JSON.stringify(
    {
      format: 'countersign-enrolment-request/v1',
      device: WORKSPACE.device,
      signing_key: '5a8f0c5e1d7b4d1b9d8a3f9f0e6d2c4b7a1e8f3d5c9b0a7e4d2f6c8b1a3e5d79',
      wrapping_key: 'c41b7e90d25f8a3366e17b0c9d4f2a58e07b31c6d9f4a82e5b0c7d1f93e6a824',
    },
    null,
    2,
  ),
  fingerprint: WORKSPACE.fingerprint,
};

/** What the enrolment asks to believe. */
export const ENROLMENT: EnrolmentView = {
  workspace_name: WORKSPACE.name,
  person_name: WORKSPACE.person_name,
  root_words: WORKSPACE.root_words,
  fingerprint: WORKSPACE.fingerprint,
};

const PROBLEMS: Record<'keychain_problem' | 'store_problem', ProblemView> = {
  keychain_problem: problem('keychain_locked', 'The keychain is locked, so this device’s keys cannot be read.', ['Unlock the keychain (on Linux: log in to the desktop, or unlock the login keyring), then try again.']),
  store_problem: problem('store_damaged', 'The store is damaged.', ['Close the app and restore the profile folder from a back-up.']),
};

/** The first state of the workspace. */
export function firstState(start: Start): WorkspaceState {
  switch (start) {
    case 'ready': return { state: 'ready', workspace: WORKSPACE };
    case 'not_enrolled': return { state: 'not_enrolled' };
    case 'request_made': return { state: 'request_made', request: REQUEST };
    default: return { state: start, problem: PROBLEMS[start] };
  }
}
