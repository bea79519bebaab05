/** Runs objects on this kernel, against workloads that start once everything is attached. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type BuildOptions, temporaryFolder, writeObject } from './build.ts';

const root = join(import.meta.dirname, '../..');
/** A loader with a fault in it (test/mutants) is built elsewhere. */
const build = join(root, process.env.BPFSCRIPT_LOADER_BUILD ?? 'loader/build');
export const LOADER = join(build, 'bpfload');
export const LOADER_ASAN = join(build, 'bpfload-asan');
export const WORKLOAD = join(root, 'test/workload/build/workload');
const NOTICE = '__BPFTRACE_NOTIFY_PROBES_ATTACHED';

export interface RunOptions extends BuildOptions {
  /** Arguments of the workload program, or anything else to do while the script traces. */
  readonly workload?: string | ((pid: number) => void | Promise<void>);
  readonly parameters?: readonly string[];
  readonly flags?: readonly string[];
  /** Sent once the workload has ended; none when the script ends by itself. */
  readonly signal?: NodeJS.Signals | 'none';
  /** Milliseconds between the workload's end and the signal. */
  readonly settle?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly loader?: string;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
  /** Milliseconds from the signal to the exit. */
  readonly endedAfter: number;
}

/** Of the test file that runs: the next one has another. */
let folder = '';
let count = 0;
const objects = new Map<string, string>();

/** A name in the folder that nothing has yet. */
function fresh(name: string): string {
  if (!existsSync(folder)) {
    folder = temporaryFolder();
    objects.clear();
  }
  count += 1;
  return join(folder, `${name}${count}`);
}

/** Scripts that are compiled by what other files hold at that moment. */
const BY_FILES = /\b(u|ur|uprobe|uretprobe|usdt|U|import|include)\b/;

/** The object of a script, which is compiled once however many times a test file runs it with the same options. */
function objectOf(script: string, options: BuildOptions): string {
  const { kernel, unsafe, environment, path, debugFolders } = options;
  const key = JSON.stringify([script, kernel, unsafe, environment, debugFolders]);
  const place = fresh('script');
  const known = objects.get(key);
  if (known !== undefined) return known;
  const object = writeObject(dirname(place), basename(place), script, options);
  if (path === undefined && !BY_FILES.test(script)) objects.set(key, object);
  return object;
}

/** Compiles a script, loads it, runs the workload, ends the tracing, and gives what it printed. */
export async function run(script: string, options: RunOptions = {}): Promise<RunResult> {
  return runObject(objectOf(script, options), options);
}

export async function runObject(object: string, options: RunOptions = {}): Promise<RunResult> {
  const child = spawn(
    options.loader ?? LOADER,
    [...(options.flags ?? []), object, '--', ...(options.parameters ?? [])],
    {
      env: { ...process.env, ...options.environment, [NOTICE]: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const output = collect(child);
  let signalled = 0;
  const attached = await Promise.race([output.attached, output.exited.then(() => false as const)]);
  if (attached) {
    if (typeof options.workload === 'string') {
      await runWorkload(options.workload);
    } else {
      await options.workload?.(child.pid ?? 0);
    }
    if ((options.signal ?? 'SIGINT') !== 'none') {
      await new Promise((resolve) => setTimeout(resolve, options.settle ?? 50));
      signalled = performance.now();
      child.kill(
        options.signal === undefined || options.signal === 'none' ? 'SIGINT' : options.signal,
      );
    }
  }
  const status = await output.exited;
  return { ...output.text(), status, endedAfter: signalled ? performance.now() - signalled : 0 };
}

/** Runs the workload program to its end. */
export async function runWorkload(words: string): Promise<string> {
  const child = spawn(WORKLOAD, words.split(' '), { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`workload ${words} ended with ${status}`);
  return text;
}

/** A process of the workload program that is there before the tracing, and waits. */
export interface Waiting {
  readonly pid: string;
  /** Lets it do what it is for, and waits for its end. */
  readonly go: () => Promise<void>;
}

/** Starts the workload program, which acts when it is told to: once everything is attached, however long that takes. */
export function waiting(words: string): Waiting {
  const signal = fresh('go');
  const child = spawn(WORKLOAD, ['await', signal, ...words.split(' ')], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  return {
    pid: String(child.pid),
    go: async () => {
      writeFileSync(signal, '');
      const status = await ended;
      if (status !== 0) throw new Error(`workload ${words} ended with ${status}`);
    },
  };
}

function collect(child: ChildProcess): {
  readonly attached: Promise<true>;
  readonly exited: Promise<number | null>;
  text(): { stdout: string; stderr: string };
} {
  let stdout = '';
  let stderr = '';
  let isAttached = false;
  let announce: (value: true) => void = () => undefined;
  const attached = new Promise<true>((resolve) => {
    announce = resolve;
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('latin1');
    // Once: megabytes may follow, in many pieces.
    if (isAttached || !stdout.includes(`${NOTICE}\n`)) return;
    isAttached = true;
    announce(true);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1');
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code));
  });
  return { attached, exited, text: () => ({ stdout: stdout.replace(`${NOTICE}\n`, ''), stderr }) };
}
