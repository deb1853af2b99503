// What holds for the whole workspace: how it is connected, and whether work is stopped.
import { now } from './now.svelte';
import type { Notices } from './notices.svelte';
import type { Bridge, ConnectionView, HaltView } from '../bridge/types';

export class Status {
  connection = $state.raw<ConnectionView | null>(null);
  halt = $state.raw<HaltView | null>(null);

  constructor(
    readonly bridge: Bridge,
    readonly notices: Notices,
  ) {}

  async read(): Promise<void> {
    await Promise.all([
      this.readConnection(),
      this.notices.guard(async () => (this.halt = await this.bridge.halt())),
    ]);
  }

  async readConnection(): Promise<void> {
    await this.notices.guard(async () => this.connected(await this.bridge.connection()));
  }

  /** Takes a connection; ages on the screen are counted from now. */
  connected(connection: ConnectionView): void {
    now.refresh();
    this.connection = connection;
  }
}
