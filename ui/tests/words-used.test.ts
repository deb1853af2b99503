// No word is kept that nothing says: what reads `words` is found in the syntax tree.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { expect, it } from 'vitest';
import { en } from '../src/messages/en';

/** A node of the syntax tree. */
interface Node {
  type: string;
  [part: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

function nodesIn(node: Node): Node[] {
  return [node, ...Object.values(node).flat().filter(isNode).flatMap(nodesIn)];
}

/** `words.sheet.title[kind]` is `sheet.title.*`; null for what is no part of the words. */
function pathOf(node: unknown, names: Map<unknown, string>): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Identifier') return names.get(node['name']) ?? null;
  if (node.type !== 'MemberExpression') return null;
  const path = pathOf(node['object'], names);
  if (path === null || path.endsWith('*')) return path;
  const name = node['computed'] ? '*' : String((node['property'] as Node)['name']);
  return path === '' ? name : `${path}.${name}`;
}

/** The paths that a file reads; after `say = $derived(words.inbox)` a `say` is `inbox`. */
function readIn(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const source = file.endsWith('.svelte') ? text : `<script lang="ts">${text}</script>`;
  const nodes = nodesIn(parse(source, { modern: true }) as unknown as Node);
  const names = new Map<unknown, string>([['words', '']]);
  const inner = new Set<unknown>();
  for (const node of nodes) {
    if (node.type === 'MemberExpression') inner.add(node['object']).add(node['computed'] ? null : node['property']);
    if (node.type !== 'VariableDeclarator' || !isNode(node['init'])) continue;
    const value = node['init'].type === 'CallExpression' ? (node['init']['arguments'] as Node[])[0] : node['init'];
    const path = pathOf(value, names);
    if (path === null || path.endsWith('*')) continue;
    names.set((node['id'] as Node)['name'], path);
    inner.add(value).add(node['id']);
  }
  return nodes.filter((node) => !inner.has(node)).flatMap((node) => pathOf(node, names) ?? []);
}

function leaves(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`));
}

it('every word is said somewhere', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => /\.(svelte|ts)$/.test(file) && !/^(messages|bridge.bindings)/.test(file));
  const read = [...new Set(files.flatMap((file) => readIn(join('src', file))))].map((path) => path.replace(/\.\*$/, ''));
  const within = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}.`);
  expect(leaves(en, '').filter((leaf) => !read.some((path) => within(leaf, path) || within(path, leaf)))).toEqual([]);
});
