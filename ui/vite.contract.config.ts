// The contract suite as one script for the real window; see TESTIDS.md. Not part of the app.
import { defineConfig } from 'vite';

export default defineConfig({
  publicDir: false,
  build: {
    target: 'safari18',
    outDir: 'dist-contract',
    lib: { entry: 'tests/contract/window.ts', name: 'countersignContract', formats: ['iife'], fileName: () => 'contract.js' },
  },
});
