/** The three ways to run a body: ours, hand-written C, the installed bpftrace. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Body } from './bodies.ts';
import { folder } from './settings.ts';

export interface Tool {
  readonly name: 'C' | 'bpfscript' | 'bpftrace';
  /** Starts tracing; resolves once everything is attached. */
  start(body: Body): Promise<ChildProcess>;
  readonly stopSignal: NodeJS.Signals;
}

const root = process.cwd();

function started(
  command: string,
  args: readonly string[],
  sign: string,
  options: { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    let seen = '';
    const look = (chunk: Buffer): void => {
      if (seen === undefined) return;
      seen += chunk.toString('latin1');
      if (seen.includes(sign)) {
        child.stdout.removeListener('data', look);
        child.stderr.removeListener('data', look);
        child.stdout.resume();
        child.stderr.resume();
        resolve(child);
      }
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('error', reject);
    child.on('exit', (code) =>
      reject(new Error(`${command} ended with ${code} before it was attached:\n${seen}`)),
    );
  });
}

const NOTICE = '__BPFTRACE_NOTIFY_PROBES_ATTACHED';

export const TOOLS: readonly Tool[] = [
  {
    name: 'C',
    stopSignal: 'SIGTERM',
    start: (body) => started('bench/build/load', [`bench/build/${body.name}.bpf.o`], 'attached\n'),
  },
  {
    name: 'bpfscript',
    stopSignal: 'SIGINT',
    start(body) {
      const object = join(folder(), `${body.name}.o`);
      execFileSync(process.execPath, [
        join(root, 'dist/bpfscript.js'),
        'build',
        '--no-warnings',
        '-e',
        body.script,
        '-o',
        object,
      ]);
      return started('loader/build/bpfload', ['-q', '-o', '/dev/null', object], NOTICE, {
        env: { [NOTICE]: '1' },
      });
    },
  },
  {
    name: 'bpftrace',
    stopSignal: 'SIGINT',
    start: (body) =>
      started('bpftrace', ['-o', '/dev/null', '-e', body.script], NOTICE, {
        env: { [NOTICE]: '1' },
      }),
  },
];
