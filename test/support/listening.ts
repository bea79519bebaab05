/** Servers that take a port of their own choice (`:0`): one that a test had found free could be somebody else's by then. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** The port of 127.0.0.1 at which a process of ours listens, once it does. Throws where it ends before. */
export async function listeningPort(child: ChildProcess): Promise<number> {
  for (;;) {
    const port = portOf(child.pid ?? 0);
    if (port !== undefined) return port;
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${child.spawnfile} ended before it listened`);
    await pause(20);
  }
}

function portOf(pid: number): number | undefined {
  const sockets = new Set(openFiles(pid));
  // Local address and state are the second and fourth words (proc_net_tcp.txt), the socket's inode the tenth.
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const words = line.trim().split(/\s+/);
    const [address = '', port = ''] = (words[1] ?? '').split(':');
    if (address === '0100007F' && words[3] === '0A' && sockets.has(`socket:[${words[9]}]`))
      return Number.parseInt(port, 16);
  }
  return undefined;
}

function openFiles(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((each) => {
      try {
        return readlinkSync(`${folder}/${each}`);
      } catch {
        // It was closed meanwhile.
        return '';
      }
    });
  } catch {
    // The process is no more: its status says so.
    return [];
  }
}
