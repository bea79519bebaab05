/** The loader on this kernel, with objects that do not depend on the compiler. */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Manifest, ManifestProbe } from '../../../linker/manifest/manifest.ts';
import { needs } from '../../support/needs.ts';
import { HANGS_MS, HANGS_SECONDS } from '../../support/patience.ts';
import { LOADER } from '../../support/run.ts';
import {
  BEGIN,
  closeWorkshop,
  END,
  FLOOD,
  manifestOf,
  openWorkshop,
  probe,
  SYSCALLS,
  TICK,
  uprobe,
  writeScript,
} from './script.ts';

const root = join(import.meta.dirname, '../../..');
const NOTICE = '__BPFTRACE_NOTIFY_PROBES_ATTACHED';

const workshop = openWorkshop();
afterAll(() => closeWorkshop(workshop));
const config = manifestOf(workshop, []).config;
/** getpgid(0), 30 times, then the output of `ready`. */
const CALLS = 'for (1..30) { syscall(121, 0) } print "called\\n"';

let count = 0;

function object(probes: readonly ManifestProbe[], more: Partial<Manifest> = {}): string {
  count += 1;
  return writeScript(workshop, `run${count}`, manifestOf(workshop, probes, more));
}

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function load(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Result {
  const result = spawnSync(LOADER, args, {
    encoding: 'latin1',
    timeout: HANGS_MS,
    env: { ...process.env, ...environment },
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** Starts the loader, does `work` once it is attached, sends the signals, and waits for its end. */
async function trace(
  args: readonly string[],
  work: (pid: number) => void | Promise<void>,
  ...signals: readonly NodeJS.Signals[]
): Promise<Result> {
  const child = spawn(LOADER, args, { env: { ...process.env, [NOTICE]: '1' } });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1');
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const attached = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('latin1');
      if (stdout.includes(`${NOTICE}\n`)) resolve();
    });
  });
  await Promise.race([attached, ended]);
  await work(child.pid ?? 0);
  for (const signal of signals) {
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const status = await ended;
  return { status, stdout: stdout.replace(`${NOTICE}\n`, ''), stderr };
}

describe('the command line of bpfload', () => {
  const good = object([BEGIN]);

  it('gives help with examples, and its version [CLI-029]', () => {
    const help = load(['--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('Examples:');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    expect(load(['--version'])).toMatchObject({ status: 0, stdout: `bpfload ${version}\n` });
  });

  it('refuses what it does not know with status 2, on stderr [CLI-030]', () => {
    const wrong = [
      [],
      ['--no-such-option', good],
      ['-x', good],
      ['-o'],
      ['-p', '0', good],
      ['-p', '4194305', good],
      ['-p', 'abc', good],
      ['-p', '1', '-c', 'true', good],
    ];
    for (const args of wrong) {
      const result = load(args);
      expect(result, args.join(' ')).toMatchObject({ status: 2, stdout: '' });
      expect(result.stderr).toMatch(/^ERROR: /);
    }
  });

  it('refuses files that cannot be read with status 1', () => {
    expect(load(['/no/such/object.o'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^ERROR: .*No such file/),
    });
  });

  it('refuses files that are no objects with status 5', () => {
    expect(load(['/etc/passwd'])).toMatchObject({
      status: 5,
      stderr: 'ERROR: /etc/passwd: not an object file: no ELF magic\n',
    });
    expect(load(['/bin/sh']).stderr).toContain('not a BPF object');
    expect(load([workshop.plain]).stderr).toContain('no digest');
  });

  it('runs unsafe scripts only when told to [CLI-016]', () => {
    const refused = load([object([BEGIN], { unsafe: true })]);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('--unsafe');
  });
});

needs('root').describe('bpfload', () => {
  it('runs begin and end and ends by itself [PRB-001]', () => {
    expect(load([object([BEGIN, END]), '5', 'hello', 'third'])).toEqual({
      status: 0,
      stdout: 'n 5\nn 104\nn 3\nn 1000000\n\n\n',
      stderr: 'Attached 2 probes\n',
    });
  });

  it('says nothing but the output with -q [CLI-008]', () => {
    expect(load(['-q', object([BEGIN]), '1', 'x'])).toEqual({
      status: 0,
      stdout: 'n 1\nn 120\nn 2\n\n\n',
      stderr: '',
    });
  });

  it('takes parameters behind -- and right behind the object [CLI-032] [AOT-007]', () => {
    const script = object([BEGIN]);
    for (const args of [
      [script, '-0x10', 'a'],
      [script, '--', '-0x10', 'a'],
    ])
      expect(load(args).stdout).toBe('n -16\nn 97\nn 2\n\n\n');
  });

  it('warns of missing parameters, unless told not to [CLI-012]', () => {
    const script = object([BEGIN]);
    expect(load([script])).toEqual({
      status: 0,
      stdout: 'n 0\nn 0\nn 0\n\n\n',
      stderr:
        'WARNING: Positional parameter $1 is empty or not provided.\n' +
        'WARNING: Positional parameter $2 is empty or not provided.\n' +
        'Attached 1 probe\n',
    });
    expect(load(['--no-warnings', script]).stderr).toBe('Attached 1 probe\n');
  });

  it('names the parameter that has to be a number', () => {
    expect(load([object([BEGIN]), 'many'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'ERROR: Positional parameter $1 is used as a number, but "many" is none.\n',
    });
  });

  it('passes the code of exit() through, and drops what is queued behind it [FUN-073]', () => {
    expect(load([object([BEGIN, TICK]), '1', 'x'])).toMatchObject({
      status: 7,
      stdout: 'n 1\nn 120\nn 2\n\n\n',
    });
  });

  it('does not lose exit() when the ring is full, and counts what it lost [OUT-055]', () => {
    const result = load([object([FLOOD, END], { config: { ...config, perfRbPages: 256 } })]);
    const delivered = result.stdout.match(/^n \d+$/gm)?.length ?? 0;
    const lost = Number(/Total lost event count: (\d+)/.exec(result.stderr)?.[1]);
    expect(result.status).toBe(9);
    // One of those delivered is of `end`.
    expect(delivered - 1 + lost).toBe(1 << 20);
  });

  it('patches field offsets from the format of this host [AOT-004]', async () => {
    const result = await trace(
      [object([SYSCALLS])],
      () => {
        execFileSync('perl', ['-e', CALLS]);
      },
      'SIGINT',
    );
    expect(result).toMatchObject({ status: 0, stdout: '\n\n@calls: 30\n' });
  });

  it('traces one process with -p, and ends with it [CLI-003] [AOT-008]', async () => {
    const child = spawn('perl', ['-e', `$| = 1; <STDIN>; ${CALLS}`]);
    const result = await trace(['-p', `${child.pid}`, object([SYSCALLS])], () => {
      execFileSync('perl', ['-e', CALLS]);
      child.stdin.end('go\n');
    });
    expect(result).toMatchObject({ status: 0, stdout: '\n\n@calls: 30\n' });
    expect(load(['-p', '4194304', object([SYSCALLS])])).toMatchObject({ status: 1 });
  });

  it('lets the child of -c run once all is attached, and ends with it [CLI-004] [CLI-035]', () => {
    const result = load(['-c', `perl -e '${CALLS}'`, object([SYSCALLS])]);
    expect(result).toMatchObject({ status: 0, stdout: 'called\n\n\n@calls: 30\n' });
    expect(load(['-c', '/no/such/command', object([SYSCALLS])]).status).toBe(1);
  });

  it('fails when the command of -c turns out to be no program', () => {
    const file = join(workshop.folder, 'no-program');
    writeFileSync(file, 'text', { mode: 0o755 });
    const result = load(['-c', file, object([SYSCALLS])]);
    expect(result.stderr).toContain(`Cannot run ${file}: Exec format error.`);
    expect(result.status).toBe(1);
  });

  it('sees the child of -c end also where its parent ignores such ends', () => {
    const words = ['-c', `trap '' CHLD; exec timeout ${HANGS_SECONDS} "$@"`, 'sh', LOADER];
    const result = spawnSync('sh', [...words, '-c', 'true', object([SYSCALLS])]);
    expect(result.status).toBe(0);
  });

  it('ends the child of -c when it ends itself [CLI-034]', async () => {
    const result = await trace(
      ['-c', 'sleep 61.25', object([SYSCALLS])],
      () => undefined,
      'SIGTERM',
    );
    expect(result).toMatchObject({ status: 0 });
    expect(spawnSync('pgrep', ['-f', 'sleep 61.25']).status).toBe(1);
  });

  it('prints all maps at SIGUSR1 and goes on', async () => {
    const result = await trace(
      [object([SYSCALLS])],
      () => {
        execFileSync('perl', ['-e', CALLS]);
      },
      'SIGUSR1',
      'SIGINT',
    );
    expect(result).toMatchObject({ status: 0, stdout: '@calls: 30\n\n\n@calls: 30\n' });
  });

  it('attaches uprobes to functions of programs and libraries [PRB-025] [AOT-006]', async () => {
    for (const target of ['libc', 'libc.so.6']) {
      const result = await trace(
        [object([uprobe(target, 'getpgid')])],
        () => {
          execFileSync('perl', ['-e', 'for (1..12) { getpgrp($$) }']);
        },
        'SIGINT',
      );
      expect(result).toMatchObject({ status: 0, stdout: '\n\n@calls: 12\n' });
    }
  });

  it('puts parameters in attach points', () => {
    const script = object([uprobe('$2', '$1', { parameters: true, line: 12 })], { params: [] });
    const result = load([script, 'nothing_there', 'libc']);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(
      /^script\.bt:12: ERROR: No matches for uprobe \/\S*libc\.so\.6:nothing_there\.\n/,
    );
  });

  const missing = probe(
    'syscalls',
    { provider: 'tracepoint', category: 'syscalls', event: 'sys_enter_zzz' },
    { line: 7 },
  );

  it('fails for a probe that is not there, and names its line [PRB-066]', () => {
    const result = load([object([BEGIN, missing], { fixups: [] }), '1', 'x']);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toContain(
      'script.bt:7: ERROR: No matches for tracepoint syscalls:sys_enter_zzz.\n',
    );
  });

  it('goes on without it when missing_probes allows [CFG-017] [AOT-024]', () => {
    for (const [policy, warning] of [
      [
        'warn',
        'script.bt:7: WARNING: No matches for tracepoint syscalls:sys_enter_zzz. Skipping.\n',
      ],
      ['ignore', ''],
    ] as const) {
      const changed = { fixups: [], config: { ...config, missingProbes: policy } };
      expect(load([object([BEGIN, missing], changed), '1', 'x'])).toEqual({
        status: 0,
        stdout: 'n 1\nn 120\nn 2\n\n\n',
        stderr: `${warning}Attached 1 probe\n`,
      });
      expect(load([object([missing], changed)])).toMatchObject({ status: 1, stdout: '' });
    }
  });

  it('attaches wildcards to every event that matches, and fails where none does [AOT-005]', async () => {
    const wildcard = (event: string): ManifestProbe =>
      probe('syscalls', { provider: 'tracepoint', category: 'raw_syscalls', event });
    const result = await trace([object([wildcard('sys_*')])], () => undefined, 'SIGINT');
    expect(result.status).toBe(0);
    expect(result.stderr).toContain('Attached 2 probes\n');
    const none = load([object([wildcard('zzz*')])]);
    expect(none.status).toBe(1);
    expect(none.stderr).toContain('Probe has no valid attach points');
    // Without its fixup the program reads where the shorter of the records has ended.
    const beyond = load([object([wildcard('sys_*')], { fixups: [] })]);
    expect(beyond.status).toBe(1);
    expect(beyond.stderr).toMatch(/to raw_syscalls:sys_\w+: the program reads beyond/);
    const limited = load([object([wildcard('sys_*')], { config: { ...config, maxProbes: 1 } })]);
    expect(limited.status).toBe(1);
    expect(limited.stderr).toContain('max_probes');
  });

  it('names a field that this kernel lacks, or has in another size [AOT-004]', () => {
    const manifest = manifestOf(workshop, [SYSCALLS]);
    const change = (field: string, size: number): Partial<Manifest> => ({
      fixups: manifest.fixups.map(({ tracepoint, ...fixup }) =>
        tracepoint ? { ...fixup, tracepoint: { ...tracepoint, field, size } } : fixup,
      ),
    });
    const absent = load([object([SYSCALLS], change('nothing', 8))]);
    expect(absent).toMatchObject({ status: 3, stdout: '' });
    expect(absent.stderr).toContain("raw_syscalls:sys_enter has no field 'nothing'");
    const other = load([object([SYSCALLS], change('id', 4))]);
    expect(other).toMatchObject({ status: 3, stdout: '' });
    expect(other.stderr).toContain("Field 'id' of tracepoint raw_syscalls:sys_enter has 8 bytes");
  });

  it('refuses an object for another architecture', () => {
    const result = load([object([BEGIN], { kernel: { release: '6.12', arch: 'sparc64' } })]);
    expect(result).toMatchObject({ status: 3, stdout: '' });
    expect(result.stderr).toMatch(
      /^ERROR: \S+: the object was built for sparc64, and this machine is \w+\.\nHINT: Build the script with --kernel/,
    );
  });

  it('says what in the script ties an object to another architecture, and runs one that nothing ties', () => {
    const of = (ties: Manifest['ties']) =>
      load([
        object([BEGIN], {
          kernel: { release: '6.12', arch: 'sparc64' },
          ...(ties ? { ties } : {}),
        }),
      ]);
    const { status, stderr } = of([
      { reason: 'arg2 is in a register of sparc64', line: 7, file: 'lib.bt' },
      { reason: 'it is odd', line: 9 },
    ]);
    expect(status).toBe(3);
    expect(stderr).toMatch(
      /^lib\.bt:7: ERROR: The object was built for sparc64, and this machine is \w+: arg2 is in a register of sparc64\.\n/,
    );
    expect(of([{ reason: 'it is odd' }]).stderr).toMatch(
      /^ERROR: \S+: the object .*: it is odd\.\n/,
    );
    expect(of([]).status).toBe(0);
  });

  it('shows what the verifier says and where, and all of its log with -v [AOT-023]', () => {
    const target = { provider: 'tracepoint', category: 'raw_syscalls', event: 'sys_exit' } as const;
    const script = object([probe('refused', target)]);
    const result = load([script]);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toMatch(
      /ERROR: This kernel's verifier refuses the script: .*access off=16000 size=8/,
    );
    expect(result.stderr).toContain('access off=16000 size=8');
    expect(result.stderr).not.toContain('BEGIN PROG LOAD LOG');
    expect(load(['-v', script]).stderr).toContain('BEGIN PROG LOAD LOG');
  });

  it('shows as much of the end of the verifier log as log_size says [CFG-011]', () => {
    const target = { provider: 'tracepoint', category: 'raw_syscalls', event: 'sys_exit' } as const;
    const refused = probe('refused', target);
    const whole = load(['-v', object([refused])]).stderr;
    const script = object([refused], { config: { ...config, logSize: 300 } });
    for (const shown of [
      load(['-v', script]).stderr,
      load(['-v', object([refused])], { BPFTRACE_LOG_SIZE: '300' }).stderr,
    ]) {
      const [, left, log] =
        /^\((\d+) bytes left out; log_size is 300\)\n([\s\S]*-- END PROG LOAD LOG --\n)/m.exec(
          shown,
        ) ?? [];
      expect(log?.length).toBeLessThanOrEqual(300);
      expect(Number(left)).toBeGreaterThan(0);
      expect(whole).toContain(log);
      expect(whole.length).toBeGreaterThan(shown.length);
    }
    expect(load([script]).stderr).toContain('access off=16000 size=8');
  });

  it('refuses a timer that never fires', () => {
    const target = { provider: 'interval', period: '0' } as const;
    const result = load([object([probe('tick', target, { line: 4 })])]);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toContain('script.bt:4: ERROR: interval frequency should be a positive');
  });

  it('names the capability that it lacks [CLI-036]', () => {
    const script = object([BEGIN]);
    const loader = join(workshop.folder, 'bpfload');
    chmodSync(workshop.folder, 0o755);
    copyFileSync(LOADER, loader);
    const args = ['--reuid=65534', '--regid=65534', '--clear-groups', loader, script];
    const result = spawnSync('setpriv', args, { encoding: 'utf8' });
    expect(result).toMatchObject({ status: 4, stdout: '' });
    expect(result.stderr).toContain('CAP_BPF, CAP_PERFMON');
  });

  it('ends with status 1 when its output can take no more', () => {
    const result = load(['-o', '/dev/full', object([BEGIN]), '1', 'x']);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/No space left on device/);
  });

  it('ends with status 1 when its standard output is closed', () => {
    const words = [
      '-c',
      `exec timeout ${HANGS_SECONDS} "$@" >&-`,
      'sh',
      LOADER,
      object([BEGIN]),
      '1',
      'x',
    ];
    const result = spawnSync('sh', words, { encoding: 'latin1' });
    expect(result.stderr).toContain('cannot write the output: Bad file descriptor');
    expect(result.status).toBe(1);
  });

  it('obeys signals while nobody reads its output, and gives the rest to a reader who comes back', async () => {
    const script = object([FLOOD, TICK, END], { config: { ...config, perfRbPages: 4096 } });
    const stuck = async () => {
      const child = spawn(LOADER, [script], { stdio: ['ignore', 'pipe', 'ignore'] });
      const ended = new Promise<NodeJS.Signals | number | null>((resolve) =>
        child.on('exit', (code, signal) => resolve(signal ?? code)),
      );
      // What comes first is taken, and the rest of it, which does not fit, is not.
      await new Promise((resolve) => child.stdout.once('readable', resolve));
      await new Promise((resolve) => setTimeout(resolve, 400));
      child.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { child, ended };
    };
    const patient = await stuck();
    let text = '';
    patient.child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    const read = new Promise((resolve) => patient.child.stdout.on('end', resolve));
    expect(await patient.ended).toBe(0);
    await read;
    expect(text).toMatch(/^n 0\nn 1\n/);
    // The last number is of `end`, and behind whole lines.
    expect(text).toMatch(/^(n \d+\n)+n 1000000\n\n\n/);

    const hasty = await stuck();
    hasty.child.kill('SIGTERM');
    expect(await hasty.ended).toBe('SIGTERM');
    hasty.child.stdout.destroy();
  });

  it('writes the output to a file [CLI-005]', () => {
    const file = join(workshop.folder, 'output');
    writeFileSync(file, 'old');
    expect(load(['-o', file, object([BEGIN]), '1', 'x'])).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(file, 'utf8')).toBe('n 1\nn 120\nn 2\n\n\n');
  });

  it('uses no CPU time while nothing happens', async () => {
    let quiet = false;
    const ticks = (pid: number): number =>
      Number(
        readFileSync(`/proc/${pid}/status`, 'utf8').match(
          /^voluntary_ctxt_switches:\s*(\d+)/m,
        )?.[1],
      );
    await trace(
      [object([SYSCALLS, BEGIN]), '1', 'x'],
      async (pid) => {
        expect(ticks(pid)).not.toBeNaN();
        // It may have something left to do at first, for whoever does not let it.
        for (let tries = 0; !quiet && tries < 20; tries += 1) {
          const before = ticks(pid);
          await new Promise((resolve) => setTimeout(resolve, 500));
          quiet = ticks(pid) === before;
        }
      },
      'SIGINT',
    );
    expect(quiet).toBe(true);
  });
});
