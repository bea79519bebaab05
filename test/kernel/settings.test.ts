/** Settings that are decided when an object is loaded: by the environment, and by what the host is. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { mapEntries } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import {
  LOADER_ASAN,
  type RunOptions,
  type RunResult,
  runObject,
  WORKLOAD,
} from '../support/run.ts';

const folder = temporaryFolder();

function ended(
  script: string,
  environment: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<RunResult> {
  return load(script, { signal: 'none', loader: LOADER_ASAN, flags, ...settings(environment) });
}

let count = 0;

/** Builds the script without what the loader's environment holds. */
function load(script: string, options: RunOptions): Promise<RunResult> {
  count += 1;
  return runObject(writeObject(folder, `script${count}`, script), options);
}

function settings(environment: Readonly<Record<string, string>>) {
  return {
    environment: Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [`BPFTRACE_${name}`, value]),
    ),
  };
}

/** What the kernel says of the maps that a process holds: type and size. */
function mapsOf(pid: number): readonly { readonly type: number; readonly size: number }[] {
  const base = `/proc/${pid}/fdinfo`;
  return readdirSync(base).flatMap((fd) => {
    const text = readFileSync(join(base, fd), 'utf8');
    const type = /^map_type:\s*(\d+)$/m.exec(text)?.[1];
    const size = /^max_entries:\s*(\d+)$/m.exec(text)?.[1];
    return type && size ? [{ type: Number(type), size: Number(size) }] : [];
  });
}

const RINGBUF = 27;
const EVENTS = 'tracepoint:syscalls:sys_enter_getppid /comm == "ring"/ { printf("%d\\n", pid); }';

async function ringSize(
  script: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  let size: number | undefined;
  await load(script, {
    ...settings(environment),
    workload: (pid) => {
      size = mapsOf(pid).find(({ type }) => type === RINGBUF)?.size;
    },
  });
  return size;
}

needs('root').describe('the ring', () => {
  it('is a thousandth of the memory that the host has to spare, from 1 to 16 MiB [AOT-013]', async () => {
    const available = Number(
      /^MemAvailable:\s*(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1],
    );
    const size = (await ringSize(EVENTS)) ?? 0;
    const bounded = (bytes: number) => Math.min(Math.max(bytes, 1 << 20), 16 << 20);
    // A thousandth of KiB is a byte each; another test may take or give memory meanwhile.
    expect(size).toBeGreaterThanOrEqual(bounded(available / 4));
    expect(size).toBeLessThanOrEqual(bounded(available * 2));
    expect(Math.log2(size) % 1).toBe(0);
  });

  it('is as large as the script or the environment says [AOT-013] [CFG-019]', async () => {
    expect(await ringSize(`config = { perf_rb_pages = 60 } ${EVENTS}`)).toBe(64 * 4096);
    expect(await ringSize(EVENTS, { PERF_RB_PAGES: '100' })).toBe(128 * 4096);
  });
});

needs('root').describe('maps', () => {
  const script = `let @sized = hash(5); let @scalar = hash(1);
    BEGIN { for $i : 0..100 { @m[$i] = 1; @c[comm, $i] = count(); @sized[$i] = 1; } @n = 1; delete(@n); @n = 2; @scalar = 1; exit(); }
    END { printf("%d %d %d %d\\n", len(@m), len(@c), len(@sized), @n); clear(@m); clear(@c); clear(@sized); }`;

  it('are as large as the environment says, unless the script sizes them [AOT-022] [CFG-014]', async () => {
    const built = await ended(script, {}, '--no-warnings');
    expect(built.stdout).toMatch(/^100 100 5 2\n/);
    const small = await ended(script, { MAX_MAP_KEYS: '20' }, '--no-warnings');
    expect(small.stdout).toMatch(/^20 20 5 2\n/);
  });

  it('can be larger than they were built', async () => {
    const result = await ended(
      'config = { max_map_keys = 3 } BEGIN { for $i : 0..9 { @m[$i] = 1; } printf("%d\\n", len(@m)); clear(@m); }',
      { MAX_MAP_KEYS: '1000' },
    );
    expect(result.stderr).toBe('Attached 1 probe\n');
    expect(result.stdout).toMatch(/^9\n/);
  });
});

needs('root').describe('max_probes', () => {
  const refusal =
    "Can't attach to 3 probes or more because it exceeds the current limit of 2 probes. The config variable max_probes raises it.";
  const probes = {
    uprobes: `uprobe:${WORKLOAD}:workload_* { @ = count(); }`,
    tracepoints: 'tracepoint:raw_syscalls:sys_*, tracepoint:sched:sched_switch { @ = count(); }',
    'system calls':
      'tracepoint:syscalls:sys_enter_getp*id, tracepoint:syscalls:sys_exit_getppid { @ = count(); }',
    several:
      'rawtracepoint:sys_enter { @ = count(); } interval:1s { @ = count(); } profile:hz:9 { @ = count(); }',
  };

  it.each(Object.entries(probes))('limits %s [PRB-062] [CFG-015]', async (_kind, script) => {
    const limited = await ended(`config = { max_probes = 2 } ${script}`, {});
    expect(limited).toMatchObject({ stdout: '', status: 1 });
    expect(limited.stderr.replace(/attach to \d+/, 'attach to 3')).toContain(refusal);
    expect((await ended(script, { MAX_PROBES: '2' })).status).toBe(1);
    const raised = await ended(
      `config = { max_probes = 2 } ${script}`,
      { MAX_PROBES: '100' },
      '--dry-run',
    );
    expect(raised).toMatchObject({ stderr: '', status: 0 });
  });

  it('counts what --probe-filter leaves', async () => {
    const result = await ended(
      probes.uprobes,
      { MAX_PROBES: '2' },
      '--dry-run',
      '--probe-filter',
      'target',
    );
    expect(result).toMatchObject({ stderr: '', status: 0 });
  });
});

needs('root').describe('other settings of the environment', () => {
  it('go before those of the object', async () => {
    const script =
      'config = { missing_probes = "error" } BEGIN { @a = 1; @s = str($1, 4); } uprobe:/bin/sh:nothing { @b = 2; }';
    expect((await ended(script, {})).status).toBe(1);
    const warned = await ended(script, { MISSING_PROBES: 'warn' });
    expect(warned.status).toBe(0);
    expect(warned.stderr).toContain('nothing. Skipping.');
    const quiet = await ended(script, { MISSING_PROBES: 'ignore', PRINT_MAPS_ON_EXIT: 'off' });
    expect(quiet).toMatchObject({ stdout: '\n\n', status: 0 });
    expect(quiet.stderr).not.toContain('nothing.');
    expect(mapEntries(warned.stdout, '@a')).toEqual([['', 1]]);
  });

  it.each([
    ['MAX_MAP_KEYS', '0', 'a number from 1'],
    ['MAX_PROBES', '-1', 'a number'],
    ['PERF_RB_PAGES', '262145', 'a number up to 262144'],
    ['MISSING_PROBES', 'maybe', 'error, warn or ignore'],
    ['PRINT_MAPS_ON_EXIT', '2', 'true or false'],
    ['LOG_SIZE', '1k', 'a number of bytes'],
    ['CACHE_USER_SYMBOLS', 'all', 'PER_PID, PER_PROGRAM or NONE'],
  ])('%s=%s is an error of usage', async (name, value, expected) => {
    expect(await ended('BEGIN { }', { [name]: value })).toMatchObject({
      stdout: '',
      stderr: `ERROR: BPFTRACE_${name}: invalid value '${value}', expected ${expected}\n`,
      status: 2,
    });
  });
});

needs('root').describe('the number of CPUs', () => {
  it('is that of the host, not of the build [AOT-009]', async () => {
    const range = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim();
    const last = Number(range.split('-').at(-1));
    expect((await ended('BEGIN { print(ncpus); }', {})).stdout).toBe(`${last + 1}\n\n\n`);
  });
});
