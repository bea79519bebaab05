/** Blocks on one event run in the order of the script, and begin and end around all of them. */

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { blocksInOrder, expectOrder, thrice } from '../support/attach-order.ts';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, type RunResult, run, WORKLOAD } from '../support/run.ts';

needs('root').describe('blocks on one event run in the order of the script', () => {
  const filter = '/comm == "ordered"/';
  const workload = 'comm ordered getppid 3 comm none';

  it.each([
    ['tracepoint', thrice('tracepoint:syscalls:sys_enter_getppid')],
    [
      'tracepoints by pattern',
      [...thrice('tracepoint:syscalls:sys_enter_getpp*'), 'tracepoint:syscalls:sys_enter_*ppid'],
    ],
    ['uprobe', thrice(`uprobe:${WORKLOAD}:workload_target`)],
    ['uretprobe', thrice(`uretprobe:${WORKLOAD}:workload_target`)],
    ['uprobes by pattern', thrice(`uprobe:${WORKLOAD}:workload_t*et`)],
    [
      'uprobes, single and by pattern',
      [
        `uprobe:${WORKLOAD}:workload_target`,
        `uprobe:${WORKLOAD}:workload_t*et`,
        `uprobe:${WORKLOAD}:workload_target`,
      ],
    ],
  ])('%s [PRB-061]', async (kind, points) => {
    const calls = kind.startsWith('u');
    const result = await run(blocksInOrder(points, calls ? '' : filter), {
      workload: calls ? 'call 3 1 1' : workload,
    });
    expect(result.stderr).not.toContain('ERROR');
    expectOrder(result.stdout, points.length, 3);
  });

  it('rawtracepoint [PRB-061]', async () => {
    const points = thrice('rawtracepoint:sys_enter');
    const result = await run(blocksInOrder(points, '/comm == "ordered" && args.id == 110/'), {
      workload,
    });
    expectOrder(result.stdout, 3, 3);
  });

  it('begin before anything is attached, end when nothing is any more', async () => {
    const result = await run(
      `BEGIN { printf("begin 1\\n"); } END { printf("end 1\\n"); }
       tracepoint:raw_syscalls:sys_enter /comm == "ordered"/ { @seen = 1; if (@first == 0) { @first = 1; printf("event\\n"); } }
       BEGIN { printf("begin 2\\n"); } END { printf("end 2\\n"); clear(@seen); clear(@first); }`,
      { workload },
    );
    expect(result.stdout).toBe('begin 1\nbegin 2\nevent\nend 1\nend 2\n\n\n');
  });
});

needs('root').describe('what is said of attaching, and how it ends', () => {
  const load = (script: string, ...flags: readonly string[]): Promise<RunResult> =>
    run(script, { flags, signal: 'none', loader: LOADER_ASAN });

  it('one probe or many, on standard error [OUT-001]', async () => {
    expect((await load('BEGIN { exit(); }')).stderr).toBe('Attached 1 probe\n');
    const several = await load('BEGIN { exit(); } END { } interval:1s { }');
    expect(several.stderr).toBe('Attached 3 probes\n');
    expect(several.stdout).toBe('\n\n');
  });

  it('nothing with -q [OUT-002]', async () => {
    expect(await load('BEGIN { printf("x\\n"); }', '-q')).toMatchObject({
      stdout: 'x\n\n\n',
      stderr: '',
    });
  });

  it('with 0, 1 for errors, or what exit() says [OUT-057]', async () => {
    expect((await load('BEGIN { }')).status).toBe(0);
    expect((await load('BEGIN { exit(); }')).status).toBe(0);
    expect((await load('BEGIN { exit(42); }')).status).toBe(42);
    expect((await load('interval:ms:10 { exit(255); }')).status).toBe(255);
    expect((await load('uprobe:/bin/sh:no_such_function { }')).status).toBe(1);
    expect(bpfscript(['-e', 'BEGIN { exit(7); }']).status).toBe(7);
    expect(bpfscript(['-e', 'BEGIN { nothing(); }']).status).toBe(1);
  });

  it('with 1 when there is nothing to attach to [OUT-058]', async () => {
    const result = await load(
      'config = { missing_probes = "ignore" } uprobe:/bin/sh:no_such_function { @ = 1; }',
    );
    expect(result).toMatchObject({
      stdout: '',
      stderr: 'ERROR: No probes to attach.\n',
      status: 1,
    });
  });
});

describe('parameters of a script', () => {
  const script = 'BEGIN { printf("%d %s %d\\n", $1, str($2), $#); }';

  needs('root').it('are patched into the object when it is loaded [AOT-012]', () => {
    const object = writeObject(temporaryFolder(), 'parameters', script);
    const load = (...words: readonly string[]): string =>
      spawnSync(LOADER_ASAN, [object, ...words], { encoding: 'utf8' }).stdout;
    expect(load('7', 'seven')).toBe('7 seven 2\n\n\n');
    expect(load('--', '-8', 'eight', 'more')).toBe('-8 eight 3\n\n\n');
  });
});
