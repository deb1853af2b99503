// Serves the built demo under the window's content policy, once for all files.
import { preview, type PreviewServer } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    address: string;
  }
}

let server: PreviewServer;

export async function setup(project: TestProject): Promise<void> {
  server = await preview({ mode: 'demo', preview: { port: 0, strictPort: false, open: false } });
  const address = server.httpServer.address();
  if (typeof address !== 'object' || address === null) throw new Error('the demo is not served: `npm run build:demo` first');
  project.provide('address', `http://localhost:${address.port}`);
}

export async function teardown(): Promise<void> {
  await server.close();
}
