// The contract in the real window: a WebDriver session runs this script and asks for the
// outcomes. It reaches Rust the way the app does, through the bridge.
import { tauriBridge } from '../../src/bridge';
import { runContract, type Outcome } from './suite';

/** Runs the laws against the real bridge; with `changes`, those that sign and keep things too. */
export function run(options: { changes: boolean }): Promise<Outcome[]> {
  return runContract(tauriBridge, options);
}
