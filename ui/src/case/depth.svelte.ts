// How deep a case is read; one choice for all cases, kept on this device.
import { keep, kept } from './kept';

/** Three kinds of reader: the one who decides, the one who runs the campaign, the one who checks the record. */
export type Depth = 'approver' | 'manager' | 'auditor';

/** In order of depth. */
export const DEPTHS: readonly Depth[] = ['approver', 'manager', 'auditor'];

class DepthChoice {
  value = $state<Depth>(read());

  choose(depth: Depth): void {
    this.value = depth;
    keep('depth', depth);
  }

  /** The next one, then from the start. */
  next(): void {
    this.choose(DEPTHS[(DEPTHS.indexOf(this.value) + 1) % DEPTHS.length] ?? 'approver');
  }
}

function read(): Depth {
  const found = kept('depth', 'approver');
  return DEPTHS.find((one) => one === found) ?? 'approver';
}

/** The choice. */
export const depth = new DepthChoice();
