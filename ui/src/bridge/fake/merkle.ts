// A Merkle tree as in RFC 6962, with the browser's own SHA-256.

const encoder = new TextEncoder();

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** The hash of a leaf. */
export function leafHash(text: string): Promise<Uint8Array> {
  const data = encoder.encode(text);
  const bytes = new Uint8Array(data.length + 1);
  bytes.set(data, 1);
  return sha256(bytes);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  const bytes = new Uint8Array(65);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return sha256(bytes);
}

/** Bytes in hex. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class Tree {
  readonly leaves: Uint8Array[];
  readonly #known = new Map<string, Uint8Array>();

  constructor(leaves: Uint8Array[]) {
    this.leaves = leaves;
  }

  /** The root over the leaves from `low` up to `high`, excluded. */
  async root(low = 0, high = this.leaves.length): Promise<Uint8Array> {
    if (high - low === 1) return this.leaves[low] as Uint8Array;
    const key = `${low}-${high}`;
    const known = this.#known.get(key);
    if (known) return known;
    const middle = low + split(high - low);
    const made = await nodeHash(await this.root(low, middle), await this.root(middle, high));
    this.#known.set(key, made);
    return made;
  }

  /** The inclusion proof of a leaf, leaf first. */
  async proof(leaf: number, low = 0, high = this.leaves.length): Promise<Uint8Array[]> {
    if (high - low <= 1) return [];
    const middle = low + split(high - low);
    return leaf < middle
      ? [...(await this.proof(leaf, low, middle)), await this.root(middle, high)]
      : [...(await this.proof(leaf, middle, high)), await this.root(low, middle)];
  }
}

/** The largest power of two under a size. */
function split(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** Whether a proof leads from a leaf to a root. */
export async function proves(leaf: Uint8Array, index: number, size: number, proof: Uint8Array[], root: Uint8Array): Promise<boolean> {
  let hash = leaf;
  let [at, last] = [index, size - 1];
  for (const sibling of proof) {
    if (at % 2 === 1 || at === last) {
      hash = await nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1];
    } else {
      hash = await nodeHash(hash, sibling);
    }
    [at, last] = [at >> 1, last >> 1];
  }
  return last === 0 && hex(hash) === hex(root);
}
