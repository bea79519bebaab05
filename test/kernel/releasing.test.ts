/** The end of many probes: their programs go at once, and what the kernel takes longer for is not waited for. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run, runObject, WORKLOAD } from '../support/run.ts';

const LIBC = libc();
const FUNCTIONS = [
  ...['malloc', 'free', 'calloc', 'realloc', 'getuid', 'getgid', 'setuid', 'setgid', 'getpid'],
  ...['getppid', 'write', 'read', 'open', 'close', 'printf', 'puts', 'fork', 'execve', 'kill'],
];

/** The file that programs of this machine map. */
function libc(): string {
  return /\S+\/libc\.so\.6$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? 'libc';
}

/** Processes whose command line has an object. */
function holders(object: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(object);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** What the descriptors of a process are; none once it ends. */
function descriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

needs('root').describe('the end of many probes', () => {
  const script = `${FUNCTIONS.map((name) => `uprobe:${LIBC}:${name} { @[probe] = count(); }`).join('\n')}
    uprobe:${WORKLOAD}:workload_target { @calls = count(); }
    uretprobe:${WORKLOAD}:workload_target { @returns = count(); }
    tracepoint:syscalls:sys_enter_getppid { @own = count(); } end { printf("end\\n"); }`;

  it.each([
    ['with a filter of system calls', []],
    ['without', ['--keep-privileges']],
  ])('shows all that was counted, %s', async (_, flags) => {
    const { stdout, status, stderr } = await run(script, {
      flags: ['-q', ...flags],
      loader: LOADER_ASAN,
      workload: 'call 1000 7 1',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('end\n');
    expect(stdout).toContain('@calls: 1000\n');
    expect(stdout).toContain('@returns: 1000\n');
  });

  it('leaves events without programs to a process that holds nothing else, and ends', async () => {
    const object = writeObject(temporaryFolder(), 'many-probes', script);
    await runObject(object, { workload: 'call 1 7 1' });
    const seen = new Set<string>();
    while (holders(object).length > 0) {
      for (const pid of holders(object)) for (const name of descriptors(pid)) seen.add(name);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect([...seen].filter((name) => !name.includes('perf_event'))).toEqual([]);
  });
});
