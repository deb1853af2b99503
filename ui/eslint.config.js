import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const browser = Object.fromEntries(
  ['window', 'document', 'navigator', 'location', 'console', 'setTimeout', 'clearTimeout',
    'setInterval', 'clearInterval', 'matchMedia'].map((name) => [name, 'readonly']),
);

const SHELL = { group: ['@tauri-apps/*'], message: 'Only src/bridge/index.ts talks to the shell.' };
const STATE = { group: ['**/lib/app.svelte'], message: 'Take the part of the state that is needed, not the whole of it.' };

export default ts.config(
  { ignores: ['dist', 'dist-demo', 'dist-contract', 'src/bridge/bindings'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: browser },
    rules: {
      // TypeScript knows the globals better.
      'no-undef': 'off',
      // Nothing of the case may end up in a console log.
      'no-console': 'error',
      'no-eval': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: { 'svelte/no-at-html-tags': 'error' },
  },
  {
    // Only the bridge may reach the shell: everything else is testable without it.
    files: ['src/**', 'demo/**', 'tests/**'],
    ignores: ['src/bridge/index.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [SHELL],
      }],
      'no-restricted-globals': ['error',
        { name: 'fetch', message: 'The window has no network; ask the bridge.' },
        { name: 'XMLHttpRequest', message: 'The window has no network; ask the bridge.' },
        { name: 'WebSocket', message: 'The window has no network; ask the bridge.' },
      ],
    },
  },
  {
    // The whole state is known where it is taken apart, and in the table of actions.
    files: ['src/**'],
    ignores: ['src/bridge/index.ts', 'src/main.ts', 'src/App.svelte', 'src/frame/{Frame,Overlays}.svelte', 'src/frame/palette.ts', 'src/screens/{Desk,FirstRun}.svelte'],
    rules: { 'no-restricted-imports': ['error', { patterns: [SHELL, STATE] }] },
  },
  {
    // One place knows of layouts, Caps Lock, AltGr and input methods.
    files: ['src/**'],
    ignores: ['src/lib/pressed.ts'],
    rules: {
      'no-restricted-syntax': ['error', {
        selector: 'MemberExpression[object.name="event"][property.name=/^(key|code|keyCode|which|isComposing)$/]',
        message: 'Ask keyMeant (src/lib/pressed.ts) which key was meant.',
      }],
    },
  },
);
