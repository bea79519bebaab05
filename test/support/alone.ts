/** Set-up of tests that have the kernel for themselves: waits until no other file of them runs, in any checkout. */
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';

/** An abstract socket: the kernel lets one process have it, and takes it back when that process ends. */
const NAME = '\0bpfscript-tests-of-the-kernel';

const server = createServer();
server.unref();

function take(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    server.once('error', refuse);
    server.listen(NAME, () => {
      server.off('error', refuse);
      resolve(true);
    });
  });
}

while (!(await take())) await sleep(50);
afterAll(() => new Promise((resolve) => server.close(resolve)));
