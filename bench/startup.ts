/**
 * What it takes to get going: from the start of a process to its first line or to the last attached probe, the
 * most memory it had until then, and from SIGINT to its end; and what is shipped.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './statistics.ts';

const RUNS = Number(process.env.BENCH_STARTS ?? 9);
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
}

const STARTS: readonly Start[] = [
  { name: 'hello', script: 'BEGIN { printf("hello\\n"); exit(); }', sign: 'hello', ends: true },
  {
    name: 'count',
    script: 'tracepoint:syscalls:sys_enter_read { @[comm] = count(); }',
    sign: NOTICE,
    ends: false,
  },
  {
    name: 'kernel types',
    script:
      'tracepoint:syscalls:sys_enter_read { @[((struct task_struct *)curtask)->real_parent->pid] = count(); }',
    sign: NOTICE,
    ends: false,
  },
];

interface Took {
  readonly startMs: number;
  readonly memoryKiB: number;
  readonly endMs: number;
}

function peakMemory(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
  } catch {
    // It has ended already.
    return Number.NaN;
  }
}

function once(command: string, args: readonly string[], start: Start): Promise<Took> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, [NOTICE]: '1' },
    });
    let seen = '';
    let going = 0;
    let ending = 0;
    let memoryKiB = Number.NaN;
    const look = (chunk: Buffer): void => {
      if (going > 0) return;
      seen += chunk.toString('latin1');
      if (!seen.includes(start.sign)) return;
      going = performance.now();
      memoryKiB = peakMemory(child.pid);
      if (start.ends) return;
      // bpftrace 0.17 does not hear a signal that comes before its loop.
      setTimeout(() => {
        ending = performance.now();
        child.kill('SIGINT');
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
        reject(new Error(`${command} ended without "${start.sign}":\n${seen}`));
        return;
      }
      resolve({ startMs: going - begun, memoryKiB, endMs: performance.now() - (ending || going) });
    });
  });
}

/** Medians over several starts; memory of those that were still there to be asked. */
async function measured(command: string, args: readonly string[], start: Start): Promise<Took> {
  const runs: Took[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await once(command, args, start));
  const memory = runs.map((run) => run.memoryKiB).filter(Number.isFinite);
  return {
    startMs: median(runs.map((run) => run.startMs)),
    memoryKiB: memory.length > 0 ? median(memory) : Number.NaN,
    endMs: median(runs.map((run) => run.endMs)),
  };
}

function cells(took: Took): string {
  const memory = Number.isFinite(took.memoryKiB) ? (took.memoryKiB / 1024).toFixed(1) : '-';
  return `${took.startMs.toFixed(1).padStart(8)} ${memory.padStart(8)} ${took.endMs.toFixed(1).padStart(8)}`;
}

/** Prints the table of starts; objects are written to `folder`. */
export async function reportStartup(folder: string): Promise<void> {
  const compiler = join(process.cwd(), 'dist/bpfscript.js');
  process.stdout.write(
    `\nstart in ms, peak memory in MiB, end in ms; medians of ${RUNS}\n\n` +
      'script         bpfload                       bpftrace                    build ms  object bytes\n',
  );
  for (const start of STARTS) {
    const object = join(folder, `start-${start.name.replaceAll(' ', '-')}.o`);
    const builds: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      const begun = performance.now();
      const args = [compiler, 'build', '--no-warnings', '-e', start.script, '-o', object];
      execFileSync(process.execPath, args);
      builds.push(performance.now() - begun);
    }
    // With its output elsewhere, bpftrace 0.17 says at once that it has attached.
    const output = start.ends ? [] : ['-o', '/dev/null'];
    const ours = await measured('loader/build/bpfload', ['-q', ...output, object], start);
    const theirs = await measured('bpftrace', [...output, '-e', start.script], start);
    process.stdout.write(
      `${start.name.padEnd(12)} ${cells(ours)}    ${cells(theirs)}   ${median(builds).toFixed(0).padStart(8)} ${String(statSync(object).size).padStart(13)}\n`,
    );
  }
  process.stdout.write(`\nbpfload: ${statSync('loader/build/bpfload').size} bytes, static\n`);
}
