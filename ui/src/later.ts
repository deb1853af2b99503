// The parts of the window that the first page does without, in the order in which they are
// likely to be wanted.
import { Later } from './lib/later.svelte';

const part = <T>(source: () => Promise<{ default: T }>): Later<T> => new Later(async () => (await source()).default);

export const later = {
  caseBody: part(() => import('./case/CaseBody.svelte')),
  actionBar: part(() => import('./case/ActionBar.svelte')),
  decisionFlow: part(() => import('./decide/DecisionFlow.svelte')),
  overlays: part(() => import('./frame/Overlays.svelte')),
  agenda: part(() => import('./screens/Agenda.svelte')),
  log: part(() => import('./log/Log.svelte')),
  policies: part(() => import('./policies/Policies.svelte')),
  people: part(() => import('./people/People.svelte')),
  settings: part(() => import('./screens/Settings.svelte')),
  gallery: part(() => import('./gallery/Gallery.svelte')),
  firstRun: part(() => import('./screens/FirstRun.svelte')),
  problemScreen: part(() => import('./screens/ProblemScreen.svelte')),
};

/** Reads all of them, one after the other, so that a key pressed meanwhile waits for one only. */
export async function readAhead(): Promise<void> {
  for (const one of Object.values(later)) {
    await one.read();
    await new Promise((done) => setTimeout(done));
  }
}
