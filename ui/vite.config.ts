// The app's build has one entry, index.html; the demo entry (the fake bridge in a browser)
// is built only with `--mode demo` and never lands in `dist`.
import globalData from '@csstools/postcss-global-data';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import customMedia from 'postcss-custom-media';
import { defineConfig } from 'vitest/config';

const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'";

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  // Tests mount components: they need Svelte's browser build.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  clearScreen: false,
  // Breakpoints have names; the web view is given their widths.
  css: { postcss: { plugins: [globalData({ files: ['src/styles/breakpoints.css'] }), customMedia()] } },
  // The fake reads the repository's own policy files.
  server: { port: 5183, strictPort: true, fs: { allow: ['..'] } },
  // The demo is shown under the window's own content policy, so that a breach is seen early.
  preview: { port: 5184, strictPort: true, headers: { 'Content-Security-Policy': POLICY } },
  build: {
    target: 'safari18',
    cssTarget: 'safari18',
    outDir: mode === 'demo' ? 'dist-demo' : 'dist',
    // The content policy allows only files: nothing is inlined, no polyfill is injected.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: mode === 'demo' ? 'demo/index.html' : 'index.html',
      // All that the first page needs is one file, because each file costs the start a question to
      // the shell; what only later parts share is another, read after it.
      output: { codeSplitting: { groups: [{ name: 'page', tags: ['$initial'] }, { name: 'shared', minShareCount: 2 }] } },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
    // axe walks whole screens; on a busy machine that takes seconds.
    testTimeout: 60_000,
  },
}));
