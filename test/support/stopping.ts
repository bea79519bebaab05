/** Programs that stop themselves where the loader is to look at them, and go on once it has. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** epoll_wait(2) of x86-64, and epoll_pwait(2) of both architectures. */
const WAITS = /^(232|281|22) /;

/** Whether a loader has handled all that programs sent: then it waits for events alone, and no timer of its runs. */
function isIdle(loader: number): boolean {
  if (!WAITS.test(textOf(`/proc/${loader}/syscall`))) return false;
  return readdirSync(`/proc/${loader}/fdinfo`)
    .map((fd) => textOf(`/proc/${loader}/fdinfo/${fd}`))
    .every((info) => !/^it_value: /m.test(info) || /^it_value: \(0, 0\)$/m.test(info));
}

/**
 * Runs a program to its end. Whenever it stops (`raise(SIGSTOP)`) it goes on when the loader has read what it wants of
 * it, however long a busy machine takes for that.
 */
export async function runStopping(
  loader: number,
  path: string,
  ...args: readonly string[]
): Promise<void> {
  const child = spawn(path, args, { stdio: 'ignore' });
  let status: number | string | null | undefined;
  child.on('error', (error) => {
    status = error.message;
  });
  child.on('close', (code, signal) => {
    status = code ?? signal;
  });
  while (status === undefined) {
    if (/\) T /.test(textOf(`/proc/${child.pid}/stat`)) && isIdle(loader)) child.kill('SIGCONT');
    await sleep(2);
  }
  if (status !== 0) throw new Error(`${path} ended with ${status}`);
}
