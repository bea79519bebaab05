/** Loaders whose output nobody reads. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the kernel tells of a process; nothing once it has gone. */
function told(pid: number | undefined, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/** poll(2), which is ppoll(2) on arm64, of two files without a limit: the output and the signals. */
const WAITS_TO_WRITE = /^(7|73) 0x\w+ 0x2 /;

/** Waits until the pipe is full, and the loader waits for a reader. */
export async function writesInVain(pid: number | undefined): Promise<void> {
  while (told(pid, 'comm') !== 'bpfload\n' || !WAITS_TO_WRITE.test(told(pid, 'syscall')))
    await sleep(10);
}

/** Whether signals wait until the loader asks for them: SIGINT, SIGTERM and SIGHUP. */
export const holdsSignals = (pid: number | undefined): boolean =>
  /^Name:\tbpfload$[\s\S]*^SigBlk:\t[0-9a-f]+[2367abef]$/m.test(told(pid, 'status'));

/** Waits until all that is left to do is to write: from then on a signal ends the loader by itself. */
export async function onlyWrites(pid: number | undefined): Promise<void> {
  while (holdsSignals(pid)) await sleep(10);
}
