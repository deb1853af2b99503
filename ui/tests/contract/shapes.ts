// The shapes of the bindings, read at run time: from the generated files when the suite is
// built, so that they cannot drift from the types.
import { ENTRY_KINDS, PROBLEM_CODES, REFUSALS } from '../../src/bridge/bindings/codes';
import { must } from './check';

/** A shape: what a value must be. */
export type Shape =
  | { is: 'string' | 'number' | 'boolean' | 'null' }
  | { is: 'literal'; value: string }
  | { is: 'array'; of: Shape }
  | { is: 'record'; of: Shape }
  | { is: 'object'; fields: Record<string, Shape> }
  | { is: 'union'; of: Shape[] }
  | { is: 'named'; name: string };

/** Shapes by the name of their binding. */
export type Shapes = Record<string, Shape>;

/** The files of the bindings, by path. */
const FILES = import.meta.glob<string>('../../src/bridge/bindings/*.ts', { query: '?raw', import: 'default', eager: true });

/** Reads one generated file. */
export function read(text: string): Shape {
  const body = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '').replace(/^import .*$/gm, '').replace(/import\(['"]\.\/codes['"]\)\./g, '');
  const [, type = ''] = /export type \w+ =([\s\S]*);/.exec(body) ?? [];
  const tokens = type.match(/"[^"]*"|\[key in string\]\??|[A-Za-z_]\w*|[{}<>|,:;]/g) ?? [];
  const reader = new Reader(tokens);
  const shape = reader.union();
  must(reader.done, `a binding that the contract cannot read: ${type.trim().slice(0, 120)}`);
  return shape;
}

class Reader {
  readonly #tokens: string[];
  #at = 0;

  constructor(tokens: string[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.#at === this.#tokens.length;
  }

  union(): Shape {
    this.#skip('|');
    const of = [this.#one()];
    while (this.#skip('|')) of.push(this.#one());
    return of.length === 1 ? (of[0] as Shape) : { is: 'union', of };
  }

  #one(): Shape {
    const token = this.#tokens[this.#at++] ?? '';
    if (token.startsWith('"')) return { is: 'literal', value: token.slice(1, -1) };
    if (token === '{') return this.#object();
    if (token === 'Array') {
      this.#take('<');
      const of = this.union();
      this.#take('>');
      return { is: 'array', of };
    }
    if (token === 'string' || token === 'number' || token === 'boolean' || token === 'null') return { is: token };
    return { is: 'named', name: token };
  }

  #object(): Shape {
    const fields: Record<string, Shape> = {};
    let every: Shape | null = null;
    while (!this.#skip('}')) {
      const name = (this.#tokens[this.#at++] ?? '').replaceAll('"', '');
      this.#take(':');
      const shape = this.union();
      if (name.startsWith('[key')) every = shape;
      else fields[name] = shape;
      if (!this.#skip(',')) this.#skip(';');
    }
    return every ? { is: 'record', of: every } : { is: 'object', fields };
  }

  #skip(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #take(token: string): void {
    must(this.#skip(token), `a binding that the contract cannot read: ${token} expected at ${this.#tokens.slice(this.#at, this.#at + 4).join(' ')}`);
  }
}

const oneOf = (codes: readonly string[]): Shape => ({ is: 'union', of: codes.map((value) => ({ is: 'literal', value })) });

/** All bindings, and the unions over the lists of codes. */
export const SHAPES: Shapes = {
  ...Object.fromEntries(
    Object.entries(FILES)
      .filter(([path]) => !path.endsWith('/codes.ts'))
      .map(([path, text]) => [path.replace(/^.*\/|\.ts$/g, ''), read(text)]),
  ),
  EntryKind: oneOf(ENTRY_KINDS),
  ProblemCode: oneOf([...PROBLEM_CODES, ...REFUSALS, 'unexpected']),
};

/** What is wrong with a value; empty when it has the shape. Unknown fields are wrong too. */
export function faults(value: unknown, shape: Shape, at = 'answer'): string[] {
  switch (shape.is) {
    case 'null': return value === null ? [] : [`${at} is ${typeof value}, not null`];
    case 'string': case 'number': case 'boolean':
      return typeof value === shape.is && (shape.is !== 'number' || Number.isFinite(value)) ? [] : [`${at} is ${JSON.stringify(value)?.slice(0, 60)}, not a ${shape.is}`];
    case 'literal': return value === shape.value ? [] : [`${at} is ${JSON.stringify(value)?.slice(0, 60)}, not "${shape.value}"`];
    case 'array': return Array.isArray(value) ? value.flatMap((one, index) => faults(one, shape.of, `${at}[${index}]`)) : [`${at} is not a list`];
    case 'record': return isObject(value) ? Object.entries(value).flatMap(([key, one]) => faults(one, shape.of, `${at}.${key}`)) : [`${at} is not an object`];
    case 'named': {
      const named = SHAPES[shape.name];
      return named ? faults(value, named, at) : [`${at}: no binding is called ${shape.name}`];
    }
    case 'union': return shape.of.some((one) => faults(value, one, at).length === 0) ? [] : nearest(value, shape.of, at);
    case 'object': {
      if (!isObject(value)) return [`${at} is not an object`];
      const unknown = Object.keys(value).filter((key) => !(key in shape.fields)).map((key) => `${at}.${key} is in no binding`);
      return [...unknown, ...Object.entries(shape.fields).flatMap(([key, one]) => faults(value[key], one, `${at}.${key}`))];
    }
  }
}

/** The faults against the variant that fits best. */
function nearest(value: unknown, of: Shape[], at: string): string[] {
  const all = of.map((one) => faults(value, one, at)).sort((a, b) => a.length - b.length);
  return all[0] ?? [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fails unless a value has the shape of a binding. */
export function shaped<T>(value: T, binding: string): T {
  const shape = SHAPES[binding];
  must(shape !== undefined, `no binding is called ${binding}`);
  const wrong = faults(value, shape, binding);
  must(wrong.length === 0, wrong.slice(0, 5).join('; '));
  return value;
}
