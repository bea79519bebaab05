/** Flags that choose what is attached, and how, when an object is loaded. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run, WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();

/** Runs a script that nobody has to end, under sanitizers. */
function ended(script: string, ...flags: readonly string[]): ReturnType<typeof run> {
  return run(script, { flags, signal: 'none', loader: LOADER_ASAN });
}

needs('root').describe('--dry-run', () => {
  const script =
    'BEGIN { printf("begun\\n"); @ = 1; } tracepoint:sched:sched_switch { @n = count(); } END { printf("ended\\n"); }';

  it('loads and attaches, and runs nothing [CLI-019]', async () => {
    expect(await ended(script, '--dry-run')).toMatchObject({ stdout: '', stderr: '', status: 0 });
    const missing = await ended(`${script} uprobe:/bin/sh:no_such { @ = 2; }`, '--dry-run');
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain(':no_such.');
  });

  it('does not start the command of -c', async () => {
    const file = join(folder, 'started');
    const result = await ended(script, '--dry-run', '-c', `touch ${file}`);
    expect(result).toMatchObject({ stdout: '', status: 0 });
    expect(() => writeFileSync(file, '', { flag: 'wx' })).not.toThrow();
  });

  it('is a flag of the command that compiles, too', () => {
    const result = bpfscript(['--dry-run', '-e', script]);
    expect(result).toEqual({ stdout: '', stderr: '', status: 0 });
  });
});

needs('root').describe('--probe-filter', () => {
  const filtered = (script: string, filter: string, workload: string) =>
    run(script, { flags: ['--probe-filter', filter], workload, loader: LOADER_ASAN });

  it('attaches probes whose full name matches, and runs begin and end [CLI-025] [PRB-064]', async () => {
    const result = await filtered(
      `BEGIN { printf("begun\\n"); } END { printf("ended\\n"); }
       tracepoint:raw_syscalls:sys_enter /comm == "filtered"/ { @[probe] = count(); }
       rawtracepoint:sys_enter /comm == "filtered"/ { @[probe] = count(); }
       interval:hz:1000 { @[probe] = count(); }`,
      '^raw.*enter$',
      'comm filtered getppid 20 comm none',
    );
    expect(mapEntries(result.stdout, '@').map(([key]) => key)).toEqual(['rawtracepoint:sys_enter']);
    expect(result.stdout).toMatch(/^begun\nended\n/);
    expect(result.stderr).toBe('Attached 3 probes\n');
  });

  it('applies to each match of a pattern', async () => {
    const result = await filtered(
      `tracepoint:raw_syscalls:sys_* /comm == "filtered"/ { @[probe] = count(); }
       tracepoint:syscalls:sys_*_get*id /comm == "filtered"/ { @[probe] = count(); }
       uprobe:${WORKLOAD}:workload_* { @[probe] = count(); }`,
      'sys_exit$|enter_getppid|_target$',
      'comm filtered getppid 20 call 7 1 1',
    );
    const workload = `uprobe:${WORKLOAD}:workload_target`;
    expect(mapValue(result.stdout, '@', workload)).toBe(7);
    expect(mapValue(result.stdout, '@', 'tracepoint:syscalls:sys_enter_getppid')).toBe(20);
    expect(
      mapEntries(result.stdout, '@')
        .map(([key]) => key)
        .sort(),
    ).toEqual([
      'tracepoint:raw_syscalls:sys_exit',
      'tracepoint:syscalls:sys_enter_getppid',
      workload,
    ]);
    expect(result.stderr).toBe('Attached 3 probes\n');
  });

  it('leaves probes alone that are not there, and blocks whose patterns match nothing', async () => {
    const result = await filtered(
      `uprobe:/bin/sh:no_such_function { @ = count(); }
       uprobe:${WORKLOAD}:workload_text*, uprobe:${WORKLOAD}:no_such* { @ = count(); }
       uprobe:${WORKLOAD}:workload_target { @n = count(); }`,
      'target',
      'call 7 1 1',
    );
    expect(mapValue(result.stdout, '@n')).toBe(7);
    expect(result.stderr).toBe('Attached 1 probe\n');
  });

  it('has to leave a probe', async () => {
    const result = await ended(
      'BEGIN { @ = 1; } tracepoint:raw_syscalls:* { @ = 2; }',
      '--probe-filter',
      'x$',
    );
    expect(result).toMatchObject({ stdout: '', status: 1 });
    expect(result.stderr).toBe('ERROR: No probes to attach: --probe-filter matches none of 2.\n');
    const special = await ended('BEGIN { printf("begun\\n"); }', '--probe-filter', 'x$');
    expect(special).toMatchObject({ stdout: 'begun\n\n\n', status: 0 });
  });

  it('is an extended regular expression, given once', async () => {
    const wrong = await ended('BEGIN { }', '--probe-filter', '(');
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('--probe-filter is no regular expression (Unmatched');
    const twice = await ended('BEGIN { }', '--probe-filter', 'a', '--probe-filter', 'b');
    expect(twice.status).toBe(2);
    const passed = bpfscript(['--probe-filter', 'none', '-e', 'interval:1s { }']);
    expect(passed.status).toBe(1);
    expect(passed.stderr).toContain('--probe-filter matches none of 1.');
  });
});

needs('root').describe('--no-feature', () => {
  it('attaches many uprobes one by one [CLI-024]', async () => {
    const links = async (...flags: readonly string[]) => {
      const result = await run(`uprobe:${WORKLOAD}:workload_* { @[func] = count(); }`, {
        flags,
        workload: 'call 5 1 1',
      });
      expect(mapValue(result.stdout, '@', 'workload_target')).toBe(5);
      return result.stderr;
    };
    const every = 'kprobe_multi,kprobe_session,uprobe_multi,task_storage';
    expect(await links('--no-feature', every)).toBe(await links());
  });

  it('knows four features, and says which', async () => {
    for (const list of ['', 'kprobe', 'kprobe_multi,', 'uprobe_multi,fentry']) {
      const result = await ended('BEGIN { }', '--no-feature', list);
      expect(result.status).toBe(2);
      expect(result.stderr).toContain(
        `--no-feature takes kprobe_multi, kprobe_session, uprobe_multi and task_storage (separated by commas), not ${list}\n`,
      );
    }
    expect(bpfscript(['--no-feature', 'x', '-e', 'BEGIN { }']).status).toBe(2);
    expect(bpfscript(['--no-feature', 'uprobe_multi', '-e', 'BEGIN { }']).status).toBe(0);
  });
});

needs('root').describe('flags without an effect here', () => {
  it('--usdt-file-activation is accepted [CLI-027]', async () => {
    expect((await ended('BEGIN { }', '--usdt-file-activation')).status).toBe(0);
    expect(bpfscript(['--usdt-file-activation', '-e', 'BEGIN { }']).status).toBe(0);
  });
});

needs('root').describe('--traceable-functions', () => {
  const attach = (list: string) =>
    ended('kprobe:vfs_* { @ = count(); }', '--traceable-functions', list);

  it('names the list that cannot be read', async () => {
    const result = await attach('/no/such/list');
    expect(result.status).toBe(1);
    expect(result.stderr).toContain('Cannot read /no/such/list: No such file or directory.');
  });

  it('tells when a pattern matches nothing in it', async () => {
    const list = join(folder, 'functions');
    writeFileSync(list, 'do_sys_open\next4_read [ext4]\n');
    const result = await attach(list);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain('nothing matches kprobe:vfs_*.');
  });
});
