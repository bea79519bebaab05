/** All of the loader in short, at functions that no other process has: it needs the kernel, but not for itself. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { answering } from '../support/metrics.ts';
import { needs } from '../support/needs.ts';
import { HANGS_MS } from '../support/patience.ts';
import { LOADER_ASAN, WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();
/** A copy: probes of its functions fire nowhere else. */
const program = join(folder, 'workload');
copyFileSync(WORKLOAD, program);

/** Without system calls that other tests trace in all processes. */
const WORK = 'call 6 10 5 text word shapes 2 comm other call 3 1 7 sleep 100';

let count = 0;

function object(script: string): string {
  count += 1;
  return writeObject(folder, `own${count}`, script.replaceAll('PROGRAM', program), {
    unsafe: true,
  });
}

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** Without what differs from one machine, build or run to the next. */
const MASKS: readonly (readonly [pattern: RegExp, as: string])[] = [
  [/own\d+\.o/g, 'OBJECT'],
  [/[^ "]*workload\.c(?=[:"])/g, 'SOURCE'],
  [/SOURCE:\d+/g, 'SOURCE:LINE'],
  [/(act|main)\+\d+/g, '$1+OFFSET'],
  [/("name": "(?:act|main)", "offset": )\d+/g, '$1OFFSET'],
  [/("address": )"0x[0-9a-f]+"/g, '$1ADDRESS'],
  [/("(?:build_id|file_offset)": )"[0-9a-fx]+"/g, '$1TEXT'],
  [/("(?:boot|line|column|cpu)": )\d+/g, '$1-1'],
  [/\(\d+ [a-z]+\)/g, '(TIME)'],
  [/("(?:wall|producer|kernel|architecture)": )"[^"]*"/g, '$1TEXT'],
];

const masked = (text: string): string =>
  MASKS.reduce(
    (kept, [pattern, as]) => kept.replaceAll(pattern, as),
    text.replaceAll(folder, 'FOLDER'),
  );

function load(...args: readonly string[]): Result {
  const { stdout, stderr, status } = spawnSync(LOADER_ASAN, args, {
    encoding: 'utf8',
    timeout: HANGS_MS,
    maxBuffer: 1 << 26,
  });
  return { stdout: masked(stdout), stderr: masked(stderr), status };
}

const digestOf = (file: string): string =>
  `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`;

const trace = (file: string, ...args: readonly string[]): Result =>
  load('-c', `${program} ${WORK}`, file, ...args);

needs('root').describe('a script that traces its own process', () => {
  const all = object(`
    begin { printf("begin %d %s %s\\n", $1, str($2), getopt("name", "nobody")); @kept = 3; }
    uprobe:PROGRAM:workload_target {
      @n = count(); @by[comm, arg0 % 2] = sum(arg1); @h = hist(arg0); @l = lhist(arg0, 0, 20, 5);
      @s = stats(arg0); @a = avg(arg0); @low[probe] = min(arg0); @high = max(arg0); @last[func] = (arg0, arg1);
      @stacks[ustack(1)] = count(); @task[curtask.tgid == pid, arg0 < 100] = count();
      $list = (struct list_head *)curtask; $copy = *$list; @copied[$copy.next == $list.next] = count();
      if (arg0 > 14) { printf("%s: %d %-4d|%04x|%c|%s\\n", comm, arg0, arg1, arg0, 65, probe); }
    }
    uretprobe:PROGRAM:workload_target { @returned = count(); }
    uprobe:PROGRAM:workload_text { printf("%r %s\\n", buf(arg0, 4), str(arg0)); }
    uprobe:PROGRAM:workload_sh* { @pattern[func, strcontains(func, "shapes")] = count(); }
    uprobe:PROGRAM:workload_shapes+0 { @deep[ustack(2)] = count(); }
    end { print(@n); print(@h); clear(@h); zero(@n); print(@by, 1); delete(@kept); printf("end\\n"); }`);

  it('shows values and maps as text', () => {
    expect(trace(all, '--', '7', 'text', '--name=me')).toMatchInlineSnapshot(`
      {
        "status": 0,
        "stderr": "Attached 7 probes
      ",
        "stdout": "begin 7 text me
      workload: 15 5   |000f|A|uprobe:FOLDER/workload:workload_target
      word word
      @n: 9
      @h:
      [1]                    1 |@@@@@@@@                                            |
      [2, 4)                 2 |@@@@@@@@@@@@@@@@@                                   |
      [4, 8)                 0 |                                                    |
      [8, 16)                6 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

      @by[workload, 1]: 15
      end


      @a: 9
      @by[other, 0]: 7
      @by[other, 1]: 14
      @by[workload, 0]: 15
      @by[workload, 1]: 15
      @copied[true]: 9
      @deep[
              workload_shapes+0 SOURCE:LINE
              main+OFFSET SOURCE:LINE
      ]: 2
      @high: 15
      @l:
      [0, 5)                 3 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@                     |
      [5, 10)                0 |                                                    |
      [10, 15)               5 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
      [15, 20)               1 |@@@@@@@@@@                                          |

      @last[workload_target]: (3, 7)
      @low[uprobe:FOLDER/workload:workload_target]: 1
      @n: 0
      @pattern[workload_shapes, true]: 2
      @returned: 9
      @s: { .count = 9, .average = 9, .total = 81 }
      @stacks[
              workload_target+0 SOURCE:LINE
      ]: 9
      @task[true, true]: 9
      ",
      }
    `);
  });

  it('shows the same as JSON', () => {
    expect(trace(all, '-f', 'json', '--', '7', 'text').stdout).toMatchInlineSnapshot(`
      "{"type": "attached_probes", "count": 7, "data": {"probes": 7}}
      {"type": "printf", "data": "begin 7 text nobody\\n"}
      {"type": "printf", "data": "workload: 15 5   |000f|A|uprobe:FOLDER/workload:workload_target\\n"}
      {"type": "printf", "data": "word word\\n"}
      {"type": "map", "data": {"@n": 9}}
      {"type": "hist", "data": {"@h": [{"min": 1, "max": 1, "count": 1},{"min": 2, "max": 3, "count": 2},{"min": 4, "max": 7, "count": 0},{"min": 8, "max": 15, "count": 6}]}}
      {"type": "map", "data": {"@by": {"workload,1": 15}}}
      {"type": "printf", "data": "end\\n"}
      {"type": "stats", "data": {"@a": 9}}
      {"type": "map", "data": {"@by": {"other,0": 7, "other,1": 14, "workload,0": 15, "workload,1": 15}}}
      {"type": "map", "data": {"@copied": {"true": 9}}}
      {"type": "map", "data": {"@deep": {"\\nworkload_shapes+0 SOURCE:LINE\\nmain+OFFSET SOURCE:LINE\\n": 2}}}
      {"type": "map", "data": {"@high": 15}}
      {"type": "hist", "data": {"@l": [{"min": 0, "max": 4, "count": 3},{"min": 5, "max": 9, "count": 0},{"min": 10, "max": 14, "count": 5},{"min": 15, "max": 19, "count": 1}]}}
      {"type": "map", "data": {"@last": {"workload_target": [3,7]}}}
      {"type": "map", "data": {"@low": {"uprobe:FOLDER/workload:workload_target": 1}}}
      {"type": "map", "data": {"@n": 0}}
      {"type": "map", "data": {"@pattern": {"workload_shapes,true": 2}}}
      {"type": "map", "data": {"@returned": 9}}
      {"type": "stats", "data": {"@s": {"count": 9, "average": 9, "total": 81}}}
      {"type": "map", "data": {"@stacks": {"\\nworkload_target+0 SOURCE:LINE\\n": 9}}}
      {"type": "map", "data": {"@task": {"true,true": 9}}}
      "
    `);
    expect(trace(all, '-f', 'json2', '--', '7', 'text').stdout).toMatchInlineSnapshot(`
      "{"type": "session", "boot": -1, "wall": TEXT, "schema": 2, "script": "stdin", "producer": TEXT, "kernel": TEXT, "architecture": TEXT}
      {"type": "attached_probes", "boot": -1, "wall": TEXT, "count": 7, "data": {"probes": 7}}
      {"type": "printf", "boot": -1, "wall": TEXT, "cpu": -1, "data": "begin 7 text nobody\\n", "values": [7, "text", "nobody"]}
      {"type": "printf", "boot": -1, "wall": TEXT, "cpu": -1, "data": "workload: 15 5   |000f|A|uprobe:FOLDER/workload:workload_target\\n", "values": ["workload", 15, 5, 15, 65, "uprobe:FOLDER/workload:workload_target"]}
      {"type": "printf", "boot": -1, "wall": TEXT, "cpu": -1, "data": "word word\\n", "values": [[119,111,114,100], "word"]}
      {"type": "map", "boot": -1, "wall": TEXT, "cpu": -1, "name": "@n", "key_types": [], "value_type": {"kind": "count"}, "data": [{"key": [], "value": 9}]}
      {"type": "map", "boot": -1, "wall": TEXT, "cpu": -1, "name": "@h", "key_types": [], "value_type": {"kind": "hist"}, "data": [{"key": [], "value": [{"min": 1, "max": 1, "count": 1},{"min": 2, "max": 3, "count": 2},{"min": 4, "max": 7, "count": 0},{"min": 8, "max": 15, "count": 6}]}]}
      {"type": "map", "boot": -1, "wall": TEXT, "cpu": -1, "name": "@by", "key_types": [{"kind": "string"}, {"kind": "int", "size": 8, "signed": false}], "value_type": {"kind": "sum"}, "data": [{"key": ["workload", 1], "value": 15}]}
      {"type": "printf", "boot": -1, "wall": TEXT, "cpu": -1, "data": "end\\n", "values": []}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@a", "key_types": [], "value_type": {"kind": "avg"}, "data": [{"key": [], "value": 9}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@by", "key_types": [{"kind": "string"}, {"kind": "int", "size": 8, "signed": false}], "value_type": {"kind": "sum"}, "data": [{"key": ["other", 0], "value": 7}, {"key": ["other", 1], "value": 14}, {"key": ["workload", 0], "value": 15}, {"key": ["workload", 1], "value": 15}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@copied", "key_types": [{"kind": "bool"}], "value_type": {"kind": "count"}, "data": [{"key": [true], "value": 9}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@deep", "key_types": [{"kind": "stack", "of": "user", "mode": "bpftrace"}], "value_type": {"kind": "count"}, "data": [{"key": [[{"address": ADDRESS, "name": "workload_shapes", "offset": 0, "module": "FOLDER/workload", "file": "SOURCE", "line": -1, "build_id": TEXT, "file_offset": TEXT}, {"address": ADDRESS, "name": "main", "offset": OFFSET, "module": "FOLDER/workload", "file": "SOURCE", "line": -1, "build_id": TEXT, "file_offset": TEXT}]], "value": 2}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@high", "key_types": [], "value_type": {"kind": "max"}, "data": [{"key": [], "value": 15}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@l", "key_types": [], "value_type": {"kind": "lhist", "min": 0, "max": 20, "step": 5}, "data": [{"key": [], "value": [{"min": 0, "max": 4, "count": 3},{"min": 5, "max": 9, "count": 0},{"min": 10, "max": 14, "count": 5},{"min": 15, "max": 19, "count": 1}]}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@last", "key_types": [{"kind": "probe"}], "value_type": {"kind": "tuple", "fields": [{"kind": "int", "size": 8, "signed": false}, {"kind": "int", "size": 8, "signed": false}]}, "data": [{"key": ["workload_target"], "value": [3, 7]}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@low", "key_types": [{"kind": "probe"}], "value_type": {"kind": "min"}, "data": [{"key": ["uprobe:FOLDER/workload:workload_target"], "value": 1}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@n", "key_types": [], "value_type": {"kind": "count"}, "data": [{"key": [], "value": 0}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@pattern", "key_types": [{"kind": "probe"}, {"kind": "bool"}], "value_type": {"kind": "count"}, "data": [{"key": ["workload_shapes", true], "value": 2}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@returned", "key_types": [], "value_type": {"kind": "count"}, "data": [{"key": [], "value": 9}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@s", "key_types": [], "value_type": {"kind": "stats"}, "data": [{"key": [], "value": {"count": 9, "average": 9, "total": 81}}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@stacks", "key_types": [{"kind": "stack", "of": "user", "mode": "bpftrace"}], "value_type": {"kind": "count"}, "data": [{"key": [[{"address": ADDRESS, "name": "workload_target", "offset": 0, "module": "FOLDER/workload", "file": "SOURCE", "line": -1, "build_id": TEXT, "file_offset": TEXT}]], "value": 9}]}
      {"type": "map", "boot": -1, "wall": TEXT, "name": "@task", "key_types": [{"kind": "bool"}, {"kind": "bool"}], "value_type": {"kind": "count"}, "data": [{"key": [true, true], "value": 9}]}
      "
    `);
  });

  it('shows stacks as folded lines', () => {
    expect(trace(all, '-f', 'folded', '--', '7', 'text')).toMatchInlineSnapshot(`
      {
        "status": 0,
        "stderr": "Attached 7 probes
      begin 7 text nobody
      workload: 15 5   |000f|A|uprobe:FOLDER/workload:workload_target
      word word
      @n: 9
      @h:
      [1]                    1 |@@@@@@@@                                            |
      [2, 4)                 2 |@@@@@@@@@@@@@@@@@                                   |
      [4, 8)                 0 |                                                    |
      [8, 16)                6 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

      @by[workload, 1]: 15
      end
      @a: 9
      @by[other, 0]: 7
      @by[other, 1]: 14
      @by[workload, 0]: 15
      @by[workload, 1]: 15
      @copied[true]: 9
      @high: 15
      @l:
      [0, 5)                 3 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@                     |
      [5, 10)                0 |                                                    |
      [10, 15)               5 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
      [15, 20)               1 |@@@@@@@@@@                                          |

      @last[workload_target]: (3, 7)
      @low[uprobe:FOLDER/workload:workload_target]: 1
      @n: 0
      @pattern[workload_shapes, true]: 2
      @returned: 9
      @s: { .count = 9, .average = 9, .total = 81 }
      @task[true, true]: 9
      ",
        "stdout": "@deep;main;workload_shapes 2
      @stacks;workload_target 9
      ",
      }
    `);
  });

  it('says the same when it was recorded', () => {
    const file = join(folder, 'all.rec');
    const recorded = load('record', '-o', file, '-c', `${program} ${WORK}`, all, '--', '7', 'text');
    expect(recorded).toMatchObject({ stdout: '', status: 0 });
    for (const form of ['text', 'json', 'json2'])
      expect(load('report', file, '-f', form).stdout).toBe(
        trace(all, '-f', form, '--', '7', 'text').stdout,
      );
    expect(load('symbolize', file).stdout).toBe(load('report', file).stdout);
  });

  it('writes to a file, and tells what it costs and what it was attached to', () => {
    const [output, report] = [join(folder, 'out'), join(folder, 'report')];
    const result = trace(all, '-o', output, '--report', report, '--cost', '--', '7', 'text');
    expect(result).toMatchObject({ stdout: '', status: 0 });
    expect(readFileSync(output, 'utf8')).toMatch(/^begin 7 text nobody\n/);
    expect(result.stderr).toMatch(/uprobe:FOLDER\/workload:workload_target +9 /);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
      type: 'start',
      time: expect.any(Number),
      status: 0,
      object: { script: 'stdin', digest: digestOf(all) },
      dry_run: false,
      probes: { attached: 7, left_out: 0 },
    });
  });

  it('is dumped as the kernel has it', () => {
    const { stdout, status } = load('--dry-run', '--dump', '-', all);
    expect(status).toBe(0);
    const dump = JSON.parse(stdout) as { programs: readonly { instructions?: unknown }[] };
    expect(Object.keys(dump)).toMatchInlineSnapshot(`
      [
        "type",
        "schema",
        "loader",
        "script",
        "kernel",
        "settings",
        "maps",
        "programs",
        "call_base",
        "symbols",
        "verifier",
      ]
    `);
    expect(dump.programs).toHaveLength(7);
  });

  it('sees the kernel, timers and counters', () => {
    const events = object(`
      tracepoint:syscalls:sys_enter_prctl /pid == cpid/ { printf("%d %s\\n", args.option, probe); }
      tracepoint:syscalls:sys_ex*t_prctl /pid == cpid/ { @pattern[probe] = count(); }
      rawtracepoint:sched_process_exit /pid == cpid/ { @exits[args.p.tgid == pid] = count(); }`);
    expect(trace(events)).toMatchInlineSnapshot(`
      {
        "status": 0,
        "stderr": "Attached 3 probes
      ",
        "stdout": "15 tracepoint:syscalls:sys_enter_prctl


      @exits[true]: 1
      @pattern[tracepoint:syscalls:sys_exit_prctl]: 1
      ",
      }
    `);
    for (const probe of ['interval:ms:5', 'profile:hz:99', 'software:cpu-clock:1000000']) {
      const timed = load('-q', object(`${probe} { @ = count(); @n++; if (@n == 3) { exit(); } }`));
      expect(timed).toMatchObject({ stderr: '', status: 0 });
      // It fires on until it is detached.
      expect(timed.stdout).toMatch(/^\n\n@: (\d+)\n@n: \1\n$/);
      expect(Number(/@n: (\d+)/.exec(timed.stdout)?.[1])).toBeGreaterThanOrEqual(3);
    }
  });

  it('answers Prometheus', async () => {
    const file = object(
      'uprobe:PROGRAM:workload_target { @calls = count(); @sizes[arg1] = sum(arg0); }',
    );
    await answering(file, [], async ({ scrape }) => {
      expect(spawnSync(program, WORK.split(' ')).status).toBe(0);
      expect(await scrape()).toMatch(/calls_total 9(?: \S+)?\n/);
      expect(await scrape('classic')).toMatch(/sizes\S*\{[^}]*"5"\} 75\n/);
    });
  });

  it('takes arguments of points', () => {
    const points = join(folder, 'points');
    execFileSync('gcc', ['-O1', '-o', points, join(import.meta.dirname, 'usdt/points.c')]);
    const script = `
      usdt:${points}:app:registers { printf("%ld %ld %lx %ld %ld %ld\\n", arg0, arg1, arg2, arg3, arg4, arg5); }
      usdt:${points}:app:con* { @[probe, arg0, arg1] = count(); }`;
    const { stdout, status } = load('-c', points, object(script));
    expect(status).toBe(0);
    // What the program itself prints may stand anywhere.
    expect(stdout).toContain('-5 4294967291 123456789abcdef 65 -16 -2\n');
    expect(stdout).toContain('@[usdt:FOLDER/points:app:constants, 17, 18446744073709551613]: 1\n');
    expect(load(object(`usdt:${folder}/po*:app:none { @ = 1; }`))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nothing matches usdt:FOLDER/po*:app:none.'),
    });
    expect(load(object(`usdt:${points}:app:none { @ = 1; }`))).toMatchInlineSnapshot(`
      {
        "status": 1,
        "stderr": "stdin:1:1: ERROR: No matches for usdt FOLDER/points:app:none.
      usdt:FOLDER/points:app:none { @ = 1; }
      ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
      HINT: If this is expected, set the 'missing_probes' config variable to 'warn'.
      ",
        "stdout": "",
      }
    `);
  });

  it('says which points of a file there are', () => {
    const points = join(folder, 'points');
    const said = (script: string, ...flags: readonly string[]) =>
      load(...flags, object(script)).stderr.replaceAll(/^(?:usdt|~).*\n/gm, '');
    expect(said(`usdt:${points}:constants { @ = 1; }`, '--probe-filter', 'nothing')).toBe(
      'ERROR: No probes to attach: --probe-filter matches none of 1.\n',
    );
    expect(said(`usdt:${points}:app:constant { @ = 1; }`)).toContain(
      "Did you mean 'app:constants'?",
    );
    expect(said(`usdt:${points}:stop { @ = 1; }`)).toContain("Did you mean 'step'?");
    expect(said(`usdt:${points}:s*p { @ = arg1; }`)).toContain('1 argument, but the script reads');
    expect(said(`usdt:${points}:odd { @ = arg1; }`)).toContain("'8@%xmm0' is not supported.");
    expect(said('usdt:PROGRAM:app:point { @ = 1; }')).toContain('The file has no USDT probes.');
    expect(said(`usdt:${import.meta.filename}:point { @ = 1; }`)).toContain(
      'is not a 64-bit ELF file.',
    );
  });

  it('follows a process that is there', async () => {
    const file = object('uprobe:PROGRAM:workload_target { @[pid == $1] = count(); }');
    const gate = join(folder, 'gate');
    const child = spawn(program, ['await', gate, ...WORK.split(' ')]);
    const pid = `${child.pid}`;
    const loader = spawn(LOADER_ASAN, ['-p', pid, file, '--', pid], {
      env: { ...process.env, __BPFTRACE_NOTIFY_PROBES_ATTACHED: '1' },
    });
    let stdout = '';
    loader.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('ATTACHED')) writeFileSync(gate, '');
    });
    expect(await new Promise((resolve) => loader.on('close', resolve))).toBe(0);
    expect(stdout).toContain('@[true]: 9\n');
  });

  it('ends where it is told to', () => {
    const many = object(
      'uprobe:PROGRAM:workload_target { printf("%d\\n", arg0); if (arg0 == 15) { exit(7); } }',
    );
    expect(trace(many)).toMatchObject({ stdout: '10\n11\n12\n13\n14\n15\n\n\n', status: 7 });
    expect(trace(many, '--max-events', '2')).toMatchObject({ stdout: '10\n11\n\n\n', status: 0 });
    expect(trace(many, '--probe-filter', 'nothing').status).toBe(1);
    expect(load('-q', '--timeout', '50ms', many)).toEqual({
      stdout: '\n\n',
      stderr: '',
      status: 0,
    });
  });

  it('is refused with the place of what is wrong', () => {
    const missing = object('begin { }\nuprobe:PROGRAM:no_such { @ = 1; }');
    expect(load(missing)).toMatchInlineSnapshot(`
      {
        "status": 1,
        "stderr": "stdin:2:1: ERROR: No matches for uprobe FOLDER/workload:no_such.
      uprobe:FOLDER/workload:no_such { @ = 1; }
      ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
      HINT: If this is expected, set the 'missing_probes' config variable to 'warn'.
      ",
        "stdout": "",
      }
    `);
    expect(load('-q', object('begin { system("echo x"); }'))).toMatchInlineSnapshot(`
      {
        "status": 1,
        "stderr": "ERROR: FOLDER/OBJECT: the script runs commands (echo x): allow that with --allow-run (or all with --unsafe)
      ",
        "stdout": "",
      }
    `);
    expect(
      load(
        object(
          'config = { missing_probes = "warn" }\nbegin { exit(); }\nuprobe:PROGRAM:no_such { @ = 1; }',
        ),
      ),
    ).toMatchInlineSnapshot(`
      {
        "status": 0,
        "stderr": "stdin:3:1: WARNING: No matches for uprobe FOLDER/workload:no_such. Skipping.
      uprobe:FOLDER/workload:no_such { @ = 1; }
      ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
      Attached 1 probe
      ",
        "stdout": "

      ",
      }
    `);
    expect(load(object('begin { print($1 + 1); exit(); }'), 'x')).toMatchInlineSnapshot(`
      {
        "status": 2,
        "stderr": "ERROR: Positional parameter $1 is used as a number, but "x" is none.
      ",
        "stdout": "",
      }
    `);
  });

  it('lists what there is to trace, and types', () => {
    const list = (...words: readonly string[]) => load('list', ...words).stdout;
    expect(list('struct', 'task_struct')).toBe('struct task_struct\n');
    expect(list('union bpf_attr,enum bpf_prog_type')).toBe('union bpf_attr\nenum bpf_prog_type\n');
    expect(list('-v', 'struct list_head')).toBe(
      'struct list_head {\n\tstruct list_head *next;\n\tstruct list_head *prev;\n};\n',
    );
    expect(list('-v', 'enum bpf_prog_type')).toContain('\n\tBPF_PROG_TYPE_KPROBE = 2,\n');
    // Of 64 bits.
    expect(list('-v', 'enum perf_callchain_context')).toMatch(
      /^enum perf_callchain_context \{\n\tPERF_CONTEXT_HV = 18446744073709551584,\n/,
    );
    expect(list('-v', 'iter:task')).toBe(
      'iter:task\n    struct bpf_iter_meta * meta\n    struct task_struct * task\n',
    );
    expect(list('-v', 'rawtracepoint:sched_switch')).toContain('\n    struct task_struct * next\n');
    expect(list('rawtracepoint:vmlinux:sched_process_f*')).toContain(
      'rawtracepoint:vmlinux:sched_process_fork\n',
    );
    expect(list('-v', 'tracepoint:sched:sched_process_exit')).toMatch(
      /^tracepoint:sched:sched_process_exit\n {4}char comm\[16\]\n {4}pid_t pid\n/,
    );
    expect(list('sched_process_for*')).toContain('tracepoint:sched:sched_process_fork\n');
  });

  it('runs commands, tests and benchmarks', () => {
    expect(load('--allow-run', object('begin { system("echo %d", 42); exit(); }'))).toMatchObject({
      stdout: '42\n\n\n',
      status: 0,
    });
    const tests = object(
      'test:good { assert(1 + 1 == 2, "sum"); } test:bad { assert(1 == 2, "odd"); }',
    );
    expect(load('--test', tests)).toMatchInlineSnapshot(`
      {
        "status": 1,
        "stderr": "",
        "stdout": "[==========] Running 2 tests.
      [ RUN      ] good
      [       OK ] good (TIME)
      [ RUN      ] bad
      assertions.bt:5:3-39: ERROR: assert failed: odd
      stdin:1:53-74: expanded from
      test:good { assert(1 + 1 == 2, "sum"); } test:bad { assert(1 == 2, "odd"); }
                                                          ~~~~~~~~~~~~~~~~~~~~~
      [  FAILED  ] bad (TIME)
      [==========] 2 tests ran.
      [  PASSED  ] 1 test.
      [  FAILED  ] 1 test, listed below:
      [  FAILED  ] bad
      ",
      }
    `);
    expect(load('--bench', object('bench:sum { @ = 1 + 1; }')).stdout).toMatch(/sum/);
  });
});
