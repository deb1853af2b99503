// What the first page does not need: read after it, or when it is first asked for. All of it
// lies beside the page, on this device; it is there within milliseconds.

let coming: Promise<unknown> = Promise.resolve();

/** Ends when everything that was asked for is here. */
export async function arrived(): Promise<void> {
  let awaited: Promise<unknown>;
  do await (awaited = coming);
  while (awaited !== coming);
}

export class Later<T> {
  #it = $state.raw<T | null>(null);
  #reading: Promise<void> | undefined;

  constructor(readonly source: () => Promise<T>) {}

  /** The part, if it is here. Who asks for it before brings it, and is drawn again with it. */
  get it(): T | null {
    if (this.#it === null) void this.read();
    return this.#it;
  }

  /** Brings the part, once. */
  read(): Promise<void> {
    if (!this.#reading) {
      this.#reading = this.#read();
      coming = Promise.allSettled([coming, this.#reading]);
    }
    return this.#reading;
  }

  async #read(): Promise<void> {
    this.#it = await this.source();
  }
}
