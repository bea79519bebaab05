/** A kernel that refuses what attaching takes, to root too: it is said of which probe, with status 4, or done otherwise. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, WORKLOAD } from '../support/run.ts';

/** Numbers of x86-64, commands of bpf(2), and errors. */
const PERF_EVENT_OPEN = [298, -1] as const;
const RAW_TRACEPOINT_OPEN = [321, 17] as const;
const LINK_CREATE = [321, 28] as const;
const EPERM = 1;
const EACCES = 13;
/** Root is not told to get capabilities. */
const FILTERED = 'The loader has the capabilities for it, and a seccomp filter on it';
const CALLS = `/pid == cpid/ { @calls = count(); }`;
const UPROBE = `uprobe:${WORKLOAD}:workload_target`;

needs('root').describe('a kernel that refuses', () => {
  const folder = temporaryFolder();
  const refusing = join(folder, 'refusing');
  let count = 0;

  beforeAll(() => {
    const source = join(import.meta.dirname, 'refusing.c');
    execFileSync('gcc', ['-Wall', '-Werror', '-o', refusing, source]);
  });

  const load = (
    [number, first]: readonly [number, number],
    error: number,
    script: string,
    ...flags: readonly string[]
  ) => {
    count += 1;
    const object = writeObject(folder, `script${count}`, script);
    const command = `${WORKLOAD} getppid 3 call 3 1 1`;
    const words = [`${number}`, `${error}`, `${first}`, LOADER_ASAN, '-c', command, ...flags];
    return spawnSync(refusing, [...words, object], { encoding: 'latin1' });
  };

  it.each([
    ['perf events', PERF_EVENT_OPEN, EPERM, 'tracepoint:syscalls:sys_enter_getppid'],
    ['perf events', PERF_EVENT_OPEN, EACCES, 'interval:ms:50'],
    ['perf events', PERF_EVENT_OPEN, EACCES, 'profile:hz:99'],
    ['perf events', PERF_EVENT_OPEN, EPERM, 'software:cpu-clock:1000'],
    ['perf events', PERF_EVENT_OPEN, EPERM, UPROBE],
    ['links', LINK_CREATE, EPERM, 'rawtracepoint:sys_enter'],
    ['links', LINK_CREATE, EACCES, 'iter:task'],
    ['raw tracepoints', RAW_TRACEPOINT_OPEN, EACCES, 'tracepoint:sched:sched_sw*'],
  ] as const)(
    '%s (%j) with %i: %s is refused, even where probes may be missing',
    (_what, call, error, probe) => {
      // Scripts with begin attach something in any case; iterators are alone.
      const begin = probe === 'iter:task' ? '' : 'begin { }';
      const script = `config = { missing_probes = "ignore" } ${begin} ${probe} { @calls = count(); }`;
      const { stdout, stderr, status } = load(call, error, script, '--no-feature', 'uprobe_multi');
      const why = error === EPERM ? 'Operation not permitted' : 'Permission denied';
      expect(stderr).toContain(`ERROR: No permission to attach ${probe}: ${why}. ${FILTERED}`);
      expect(stdout).toBe('');
      expect(status).toBe(4);
    },
  );

  it.each([
    ['all of bpf()', [321, -1], 'interval:ms:50'],
    ['new maps', [321, 0], 'interval:ms:50'],
    ['programs', [321, 5], 'interval:ms:50'],
    ['programs', [321, 5], 'fentry:vfs_read'],
  ] as const)('%s (%j): nothing of %s is loaded', (_what, call, probe) => {
    const { stdout, stderr, status } = load(call, EPERM, `${probe} { @calls = count(); }`);
    expect(stderr).toContain(
      `ERROR: No permission to load programs: Operation not permitted. ${FILTERED}`,
    );
    expect(stdout).toBe('');
    expect(status).toBe(4);
  });

  it('bpf() is told so by --info', () => {
    const shown = spawnSync(refusing, ['321', `${EPERM}`, '-1', LOADER_ASAN, '--info']);
    expect(shown.status).toBe(0);
    expect(shown.stdout.toString()).toContain('\n  bpf_loop: unknown (bpf() is forbidden)\n');
    expect(shown.stdout.toString()).toContain('\n  ring buffer: unknown (bpf() is forbidden)\n');
  });

  it.each([
    ['links', LINK_CREATE, 'tracepoint:syscalls:sys_enter_getppid'],
    ['links', LINK_CREATE, UPROBE],
    ['raw tracepoints', RAW_TRACEPOINT_OPEN, 'tracepoint:syscalls:sys_enter_getppid'],
  ] as const)('%s (%j) alone: %s is attached in another way', (_what, call, probe) => {
    const { stdout, stderr, status } = load(call, EPERM, `${probe} ${CALLS}`);
    expect(stderr).toBe('Attached 1 probe\n');
    expect(stdout).toBe('\n\n@calls: 3\n');
    expect(status).toBe(0);
  });
});
