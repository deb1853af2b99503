// The window in real Chromium, on the built demo under the app's own content policy.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/**/*.test.ts'],
    globalSetup: ['e2e/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 30_000,
    // Two cores are usual: more pages at once only wait for each other.
    maxWorkers: 2,
    maxConcurrency: 2,
  },
});
