/**
 * What it takes to get going: from the start of a process to its first line or to the last attached probe, in time and in
 * CPU time, which a busy machine moves less, the most memory it had until then, and from SIGINT to its end; and what is
 * shipped.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { folder, setting } from './settings.ts';
import { profileStart } from './start-profile.ts';
import { median } from './statistics.ts';

const RUNS = setting('BENCH_STARTS', 9);
/** From the last attached probe to SIGINT. */
const SETTLE_MS = 150;
const LIMIT_MS = 20_000;
const NOTICE = '__BPFTRACE_NOTIFY_PROBES_ATTACHED';

interface Start {
  readonly name: string;
  /** In the dialect that old and new bpftrace share. */
  readonly script: string;
  /** What the output holds once it is going. */
  readonly sign: string;
  /** Ends by itself. */
  readonly ends: boolean;
  /** A body of bench/c that does the same. */
  readonly c?: string;
}

const STARTS: readonly Start[] = [
  { name: 'hello', script: 'BEGIN { printf("hello\\n"); exit(); }', sign: 'hello', ends: true },
  {
    name: 'count',
    script: 'tracepoint:syscalls:sys_enter_write { @[comm] = count(); }',
    sign: NOTICE,
    ends: false,
    c: 'comm',
  },
  {
    name: 'kernel types',
    script:
      'tracepoint:syscalls:sys_enter_write { @[((struct task_struct *)curtask)->real_parent->pid] = count(); }',
    sign: NOTICE,
    ends: false,
  },
];

interface Peer {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** What its output holds once it is going. */
  readonly sign: string;
  readonly stopSignal: NodeJS.Signals;
}

/** NaN where the process had ended before it could be asked. */
interface Took {
  readonly cpuMs: number;
  readonly startMs: number;
  readonly memoryMiB: number;
  readonly endMs: number;
}

/** Of all its threads (Documentation/scheduler/sched-stats.rst: the first number is nanoseconds on a CPU). */
function cpuMs(pid: number | undefined): number {
  try {
    const ns = readdirSync(`/proc/${pid}/task`).map((thread) =>
      Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'), 10),
    );
    return ns.reduce((sum, one) => sum + one, 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}

function peakMemory(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
  } catch {
    return Number.NaN;
  }
}

function once(peer: Peer, ends: boolean): Promise<Took> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(peer.command, peer.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, [NOTICE]: '1' },
    });
    let seen = '';
    let going = 0;
    let ending = 0;
    let atStart = { cpuMs: Number.NaN, memoryMiB: Number.NaN };
    const look = (chunk: Buffer): void => {
      if (going > 0) return;
      seen += chunk.toString('latin1');
      if (!seen.includes(peer.sign)) return;
      going = performance.now();
      atStart = { cpuMs: cpuMs(child.pid), memoryMiB: peakMemory(child.pid) };
      if (ends) return;
      // bpftrace 0.17 does not hear a signal that comes before its loop.
      setTimeout(() => {
        ending = performance.now();
        child.kill(peer.stopSignal);
      }, SETTLE_MS);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    // A tool that never gets going is an error, not a wait.
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(limit);
      if (going === 0) {
        reject(new Error(`${peer.command} ended without "${peer.sign}":\n${seen}`));
        return;
      }
      const endMs = performance.now() - (ending || going);
      resolve({ ...atStart, startMs: going - begun, endMs });
    });
  });
}

/** Medians of those that were still there to be asked. */
function medians(runs: readonly Took[]): Took {
  const of = (which: keyof Took): number => {
    const known = runs.map((run) => run[which]).filter(Number.isFinite);
    return known.length > 0 ? median(known) : Number.NaN;
  };
  return {
    cpuMs: of('cpuMs'),
    startMs: of('startMs'),
    memoryMiB: of('memoryMiB'),
    endMs: of('endMs'),
  };
}

function peersOf(start: Start, object: string): readonly Peer[] {
  // With its output elsewhere, bpftrace 0.17 says at once that it has attached.
  const output = start.ends ? [] : ['-o', '/dev/null'];
  const { sign, script } = start;
  return [
    ...(start.c === undefined
      ? []
      : [
          {
            name: 'C',
            command: 'bench/build/load',
            args: [`bench/build/${start.c}.bpf.o`],
            sign: 'attached\n',
            stopSignal: 'SIGTERM' as const,
          },
        ]),
    {
      name: 'bpfload',
      command: 'loader/build/bpfload',
      args: ['-q', ...output, object],
      sign,
      stopSignal: 'SIGINT',
    },
    {
      name: 'bpftrace',
      command: 'bpftrace',
      args: [...output, '-e', script],
      sign,
      stopSignal: 'SIGINT',
    },
  ];
}

/** Prints the table of starts, measured in turn, and where the loader's time goes. */
export async function reportStarting(): Promise<void> {
  const compiler = join(process.cwd(), 'dist/bpfscript.js');
  const objects: string[] = [];
  const profiles: string[] = [];
  process.stdout.write(
    `medians of ${RUNS}, in turn\n\nscript        by         start: CPU ms       ms   memory MiB   end: ms\n`,
  );
  for (const start of STARTS) {
    const object = join(folder(), `start-${start.name.replaceAll(' ', '-')}.o`);
    const args = [compiler, 'build', '--no-warnings', '-e', start.script, '-o', object];
    execFileSync(process.execPath, args);
    objects.push(`${start.name} ${statSync(object).size}`);
    const peers = peersOf(start, object);
    const runs = peers.map((): Took[] => []);
    for (let round = 0; round < RUNS; round += 1)
      for (const [index, peer] of peers.entries()) runs[index]?.push(await once(peer, start.ends));
    for (const [index, peer] of peers.entries()) {
      const took = medians(runs[index] ?? []);
      const cell = (value: number, width: number): string =>
        (Number.isFinite(value) ? value.toFixed(1) : '-').padStart(width);
      process.stdout.write(
        `${(index === 0 ? start.name : '').padEnd(13)} ${peer.name.padEnd(10)} ${cell(took.cpuMs, 13)} ${cell(took.startMs, 8)} ${cell(took.memoryMiB, 12)} ${cell(took.endMs, 9)}\n`,
      );
    }
    if (!start.ends) profiles.push(`\n${start.name}\n${await profileStart(object, RUNS)}`);
  }
  const loader = statSync('loader/build/bpfload').size;
  process.stdout.write(`\nbytes: bpfload ${loader}, static; objects: ${objects.join(', ')}\n`);
  process.stdout.write(
    `\nbpfload, from exec to its first wait: CPU ms of one start, means of ${RUNS}\n${profiles.join('')}`,
  );
}
