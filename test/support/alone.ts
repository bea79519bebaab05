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

let taken = await take();
while (!taken) {
  await sleep(50);
  taken = await take();
}
const server = taken;
afterAll(() => new Promise((resolve) => server.close(resolve)));
