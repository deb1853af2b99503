// What the room promises about itself: one door to the shell, no network, no inline code.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tauriBridge } from '../src/bridge';
import { FakeBridge } from '../src/bridge/fake';

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|svelte|css)$/.test(file) && !file.includes('bindings'))
  .map((file) => ({ file, text: readFileSync(join('src', file), 'utf8') }));

describe('room', () => {
  it('reaches the shell only through the bridge', () => {
    const reaching = files.filter(({ text }) => text.includes('@tauri-apps/')).map(({ file }) => file);
    expect(reaching).toEqual(['bridge/index.ts']);
  });

  it('names no remote content', () => {
    expect(files.filter(({ text }) => /https?:\/\//.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it('keeps colours in the tokens', () => {
    const coloured = files.filter(({ file, text }) => file !== 'styles/tokens.css' && /#[0-9a-f]{3,8}\b\s*[;,)]|rgb\(/i.test(text));
    expect(coloured.map(({ file }) => file)).toEqual([]);
  });

  it('has no inline script or style in the page', () => {
    const page = readFileSync('index.html', 'utf8');
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=/);
  });

  it('awaits nothing at the top of an entry: a later part that imports from it would wait for itself', () => {
    for (const entry of ['src/main.ts', 'demo/main.ts']) expect(readFileSync(entry, 'utf8'), entry).not.toMatch(/^(\S.*\s)?await\s/m);
  });

  it('has a fake for every function of the bridge', () => {
    const fake = new FakeBridge();
    for (const name of Object.keys(tauriBridge)) expect(fake[name as keyof typeof tauriBridge]).toBeTypeOf('function');
  });
});
