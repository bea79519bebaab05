/** Loaders that end at any moment, by any signal: nothing of them is left in the kernel, or beside it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { bpftool } from '../support/kernel.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/patience.ts';
import { createRandom } from '../support/random.ts';
import { LOADER, WORKLOAD } from '../support/run.ts';

const LOADERS = 36;
const SEED = 20261129;
/** The latest that a loader is ended, in ms from its start: some are not attached by then. */
const LATEST = 1500;

const SCRIPTS: readonly string[] = [
  'tracepoint:syscalls:sys_enter_getpid* { @[comm] = count(); }',
  'tracepoint:sched:sched_switch { @[kstack(5), ustack(5)] = count(); }',
  `uprobe:${WORKLOAD}:workload_* { @[ustack(3), comm] = count(); }`,
  `uprobe:${WORKLOAD}:workload_target { @[arg0] = hist(arg1); } uretprobe:${WORKLOAD}:workload_target { @r = retval; }`,
  'usdt:POINTS:app:* { @ = count(); } interval:ms:5 { printf("%d\\n", nsecs); }',
  'iter:task { printf("%d\\n", ctx.task.pid); }',
  'rawtracepoint:sys_enter { @[args.id] = count(); } interval:ms:20 { print(@); clear(@); }',
  'profile:hz:99 { @[ustack, comm] = count(); } END { printf("end\\n"); }',
  'software:context-switches:100 { @s[kstack] = sum(1); } interval:ms:10 { system("true"); cat("/proc/self/stat"); }',
];

const ids = (kind: 'prog' | 'map' | 'link'): readonly string[] => {
  const rows: unknown = JSON.parse(bpftool('--json', kind, 'show') || '[]');
  return Array.isArray(rows) ? rows.map(({ id }: { id: number }) => `${kind} ${id}`) : [];
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** Everything that a loader could leave, as lines. Workloads are known by `mark`, which is their name. */
function traces(mark: string): readonly string[] {
  const lines = (path: string): readonly string[] =>
    textOf(path)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `${path}: ${line}`);
  const entries = (folder: string, pattern = /./): readonly string[] =>
    readdirSync(folder)
      .filter((name) => pattern.test(name))
      .map((name) => `${folder}/${name}`);
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))
    .filter((command) => command.includes(mark));
  return [
    ...(['prog', 'map', 'link'] as const).flatMap(ids),
    ...['uprobe_events', 'kprobe_events'].flatMap((file) => lines(`/sys/kernel/tracing/${file}`)),
    ...lines('/proc/mounts'),
    ...entries('/sys/fs/bpf'),
    ...entries('/dev/shm'),
    ...entries(tmpdir(), /^bpfload/),
    ...processes,
  ];
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

needs('root').describe(`${LOADERS} loaders that are ended at random (seed ${SEED})`, () => {
  const folder = temporaryFolder();
  const mark = `ends${process.pid}`;

  it('leave no pin, event, mount, program, process or file', async () => {
    const random = createRandom(SEED);
    const points = join(folder, 'points');
    const source = join(import.meta.dirname, 'usdt/points.c');
    execFileSync('gcc', ['-O1', '-fPIE', '-pie', '-o', points, source]);
    const objects = SCRIPTS.map((script, index) => {
      const path = join(folder, `${index}.o`);
      writeFileSync(path, build(script.replaceAll('POINTS', points), { unsafe: true }));
      return path;
    });
    const before = new Set(traces(mark));
    const ended = (child: ChildProcess): Promise<string> =>
      new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? String(code))));
    const endings = Array.from({ length: LOADERS }, async (_, index) => {
      const flags: readonly string[] = random.pick([
        [],
        ['-o', join(folder, `${index}.txt`)],
        ['-f', 'json', '-o', join(folder, `${index}.json`)],
        ['-c', `${WORKLOAD} comm ${mark} repeat 1000000 call 5 1 2 stack 3 sleep 1`],
      ]);
      const signal = random.pick(['SIGINT', 'SIGTERM', 'SIGKILL'] as const);
      const moment = random.below(LATEST);
      const object = objects[index % objects.length] ?? '';
      const child = spawn(LOADER, ['-q', '--unsafe', ...flags, object], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let errors = '';
      child.stderr.on('data', (text: Buffer) => {
        errors += text.toString();
      });
      const end = ended(child);
      await wait(moment);
      child.kill(signal);
      return [signal, await end, errors] as const;
    });
    const ends = await Promise.all(endings);
    // Before its handlers are there a signal ends it by itself; an iterator may have ended by then.
    for (const [signal, end, errors] of ends) expect([signal, '0'], errors).toContain(end);
    // What programs held goes after a grace period. What comes from now on is of tests that run beside this one.
    let left = traces(mark).filter((trace) => !before.has(trace));
    const areGone = (): boolean => {
      const there = new Set(traces(mark));
      left = left.filter((trace) => there.has(trace));
      return left.length === 0;
    };
    await until(areGone, () => `the end of ${left.join(' ')}`);
  });
});
