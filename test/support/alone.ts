/** Set-up of tests that have the kernel for themselves: waits until no other file of them runs, in any checkout. */
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';

/** An abstract socket: the kernel lets one process have it, and takes it back when that process ends. */
const NAME = '\0bpfscript-tests-of-the-kernel';

function take(): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer().unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(NAME, () => resolve(server));
  });
}

/** What this worker holds. A file of which no test is wanted has no afterAll: the next one takes it over. */
const worker = globalThis as { bpfscriptHasKernel?: Server | undefined };

while (!worker.bpfscriptHasKernel) {
  worker.bpfscriptHasKernel = await take();
  if (!worker.bpfscriptHasKernel) await sleep(50);
}
afterAll(
  () =>
    new Promise<void>((resolve) => {
      worker.bpfscriptHasKernel?.close(() => resolve());
      worker.bpfscriptHasKernel = undefined;
    }),
);
