// The case alone, without the frame around it: opened by campaign, keys listening.
import { render } from '@testing-library/svelte';
import { afterEach, expect, vi } from 'vitest';
import { FakeBridge, type FakeOptions } from '../src/bridge/fake';
import type { CaseView, DecisionKind, DraftView, SignedView } from '../src/bridge/types';
import { depth } from '../src/case/depth.svelte';
import { chartView } from '../src/charts/view.svelte';
import { AppState } from '../src/lib/app.svelte';
import { listenForKeys } from '../src/lib/keys';
import Case from '../src/screens/Case.svelte';
import { all, one } from './screen';

const stops: (() => void)[] = [];
/** A machine that builds something else at the same time is slow, not wrong. */
const PATIENT = { timeout: 8_000, interval: 10 };
vi.setConfig({ testTimeout: 20_000 });

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  depth.choose('approver');
  if (chartView.tables) chartView.toggle();
});

/** What the agent says of a case that it drafted. */
export function said({ draft }: CaseView): DraftView {
  if (!draft) throw new Error('no agent drafted this case');
  return draft;
}

/** A case on the screen. */
export interface Dossier {
  app: AppState;
  bridge: FakeBridge;
  /** The fake's live view of it, to change by hand. */
  view: CaseView;
}

/** Opens the first case of a campaign, in a state; or the first that a test wants. */
export async function openDossier(wanted: string | ((view: CaseView) => boolean), options: FakeOptions = {}, state = 'deciding', change?: (view: CaseView) => void): Promise<Dossier> {
  const bridge = new FakeBridge(options);
  const fits = typeof wanted === 'string' ? (one: CaseView): boolean => one.change.campaign === wanted && one.state === state : wanted;
  const view = bridge.cases.find(fits);
  if (!view) throw new Error(`no such case: ${String(wanted)}`);
  change?.(view);
  const app = new AppState(bridge);
  render(Case, {
    props: {
      bridge,
      scopes: app.scopes,
      opened: app.opened,
      undo: app.undo,
      open: (proposal: string) => void app.openCase(proposal),
      decide: (kind: DecisionKind) => app.decide(kind),
      rollBack: () => app.openRollback(),
      signed: (proposal: string, result: SignedView) => void app.wasSigned(proposal, result),
      written: (proposal: string) => app.caseChanged(proposal),
    },
  });
  stops.push(listenForKeys(app.scopes, () => undefined), () => app.stop());
  await app.start();
  await app.listen();
  await app.openCase(view.proposal);
  await vi.waitFor(() => expect(one('case').dataset['proposal']).toBe(view.proposal), PATIENT);
  await vi.waitFor(() => expect(all('part-record')).toHaveLength(1), PATIENT);
  return { app, bridge, view };
}
