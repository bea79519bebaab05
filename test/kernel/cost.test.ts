/** What probes cost, as the kernel measures it, and what is done about those that cost too much. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { mapValue } from '../support/expect.ts';
import { jsonLines, typedLines } from '../support/json.ts';
import { needs } from '../support/needs.ts';
import { LOADER, run, WORKLOAD } from '../support/run.ts';

const CALLS = `${WORKLOAD} comm measured getppid 5000`;
/** Takes some ten microseconds a call. */
const SLOW = `tracepoint:syscalls:sys_enter_getppid /comm == "measured"/ {
  $sum = 0; for ($i : 0..5000) { $sum += $i * (uint64)rand; } @last = $sum; @slow = count(); }`;
const QUICK =
  'tracepoint:syscalls:sys_enter_close /comm == "workload" && args.fd == 0xfffffff7/ { @quick = count(); }';
/** Calls for three seconds; the slow probe takes most of a CPU. */
const THREE_SECONDS = `sh -c 'for i in 1 2 3 4 5 6 7; do timeout 0.5 ${WORKLOAD} comm measured getppid 100000000; ${WORKLOAD} comm workload close 3; done'`;

interface Cost {
  readonly type: string;
  readonly data: readonly {
    readonly probe: string;
    readonly events: number;
    readonly ns: number;
  }[];
  readonly elapsed: number;
  readonly loader: number;
}

needs('root').describe('the cost of probes', () => {
  it('is told at the end, with as many events as there were', async () => {
    const { stdout, stderr, status } = await run(
      `${SLOW} tracepoint:syscalls:sys_enter_geteuid /comm == "measured"/ { @never = count(); }`,
      { flags: ['--cost', '-c', CALLS], signal: 'none' },
    );
    expect(status).toBe(0);
    expect(mapValue(stdout, '@slow')).toBe(5000);
    const [, events, each] =
      /^tracepoint:syscalls:sys_enter_getppid +(\d+) +(\d+) +\d+\.\d\d$/m.exec(stderr) ?? [];
    expect(Number(events), stderr).toBeGreaterThanOrEqual(5000);
    // Of 5,000 rounds none is free; calls of other processes only come to the predicate.
    expect(Number(events) * Number(each)).toBeGreaterThan(5000 * 500);
    expect(stderr).toMatch(/^tracepoint:syscalls:sys_enter_geteuid +\d+ +(-|\d+) +0\.\d\d$/m);
    expect(stderr).toMatch(/^bpfload itself +- +- +\d+\.\d\d$/m);
  });

  it.each(['json', 'json2'])(
    'is a line of %s, and the sum of all that a pattern stands at',
    async (form) => {
      const { stdout } = await run(
        `tracepoint:syscalls:sys_enter_*pp*d,tracepoint:syscalls:sys_enter_close /comm == "measured"/ { @[probe] = count(); }`,
        {
          flags: [
            '--cost',
            '-f',
            form,
            '-c',
            `sh -c '${CALLS}; ${WORKLOAD} comm measured close 700'`,
          ],
          signal: 'none',
        },
      );
      const lines = form === 'json' ? jsonLines(stdout) : typedLines(stdout);
      const cost = JSON.parse(lines.at(-1) ?? '') as Cost;
      expect(cost.type).toBe('cost');
      expect(cost.data.map(({ probe }) => probe)).toEqual([
        'tracepoint:syscalls:sys_enter_*pp*d',
        'tracepoint:syscalls:sys_enter_close',
      ]);
      expect(cost.data[0]?.events).toBeGreaterThanOrEqual(5000);
      expect(cost.data[1]?.events).toBeGreaterThanOrEqual(700);
      for (const { ns } of cost.data) {
        expect(ns).toBeGreaterThan(0);
        expect(ns).toBeLessThan(cost.elapsed);
      }
      expect(cost.loader).toBeGreaterThan(0);
    },
  );

  /** Shell: waits until the loader has taken the signal. */
  const UNTIL_HEARD = 'while grep -q "^ShdPnd:.*[1-9a-f]" /proc/$PPID/status; do :; done';

  it('is told when SIGUSR2 comes, and tracing goes on', async () => {
    const { stdout, stderr } = await run(QUICK, {
      flags: [
        '--cost',
        '-c',
        `sh -c '${WORKLOAD} comm workload close 10; kill -USR2 $PPID; ${UNTIL_HEARD}; ${WORKLOAD} comm workload close 20'`,
      ],
      signal: 'none',
    });
    expect(mapValue(stdout, '@quick')).toBe(30);
    expect(stderr.match(/^probe +events +ns each +% of CPU$/gm)).toHaveLength(2);
  });

  it('detaches the probe that takes most, and the others go on', async () => {
    const { stdout, stderr, status } = await run(`${SLOW} ${QUICK}`, {
      flags: ['--cost', '--max-overhead', '5', '-c', THREE_SECONDS],
      signal: 'none',
    });
    expect(status).toBe(0);
    const [first, second] = [...stderr.matchAll(/^WARNING: Tracing takes .*$/gm)].map(String);
    expect(first).toMatch(
      /^WARNING: Tracing takes \d+\.\d\d % of (one CPU|the traced process's time), more than --max-overhead 5; most of it takes tracepoint:syscalls:sys_enter_getppid: \d+\.\d\d %, \d+ events of \d+ ns each in a second\.$/,
    );
    expect(second).toMatch(/sys_enter_getppid: .* in a second\. It is detached\.$/);
    expect(stderr).toMatch(/^tracepoint:syscalls:sys_enter_getppid \(detached\) /m);
    // What was collected stays, and the probe that costs little has seen all.
    expect(mapValue(stdout, '@slow')).toBeGreaterThan(0);
    expect(mapValue(stdout, '@quick')).toBe(21);
  });

  it('ends tracing with all results where that is wanted', async () => {
    const { stdout, stderr, status } = await run(`${SLOW} end { printf("the end\\n"); }`, {
      flags: ['--max-overhead', '5%', '--on-overhead', 'end', '-c', THREE_SECONDS],
      signal: 'none',
    });
    expect(stderr).toMatch(/^ERROR: Tracing takes .* in a second\. Tracing ends\.$/m);
    expect(stdout).toContain('the end\n');
    expect(mapValue(stdout, '@slow')).toBeGreaterThan(0);
    expect(status).toBe(1);
  });

  it('only warns where that is wanted, and below the limit says nothing', async () => {
    const warned = await run(SLOW, {
      flags: ['--max-overhead', '5', '--on-overhead', 'warn', '-c', THREE_SECONDS],
      signal: 'none',
    });
    expect(warned.stderr.match(/^WARNING: Tracing takes/gm)).toHaveLength(1);
    expect(warned.stderr).not.toContain('detached');
    const quiet = await run(QUICK, {
      flags: ['--max-overhead', '90', '-c', THREE_SECONDS],
      signal: 'none',
    });
    expect(quiet.stderr).not.toContain('Tracing takes');
    expect(mapValue(quiet.stdout, '@quick')).toBe(21);
  });

  it('wants CAP_SYS_ADMIN, and says so', () => {
    const folder = temporaryFolder();
    writeObject(folder, 'quick', QUICK);
    const { stderr, status } = spawnSync(
      'setpriv',
      ['--bounding-set', '-sys_admin', LOADER, '--cost', join(folder, 'quick.o')],
      { encoding: 'utf8' },
    );
    expect(stderr).toContain('ERROR: --cost: permission denied, CAP_SYS_ADMIN is missing.');
    expect(status).toBe(4);
  });
});

needs('root').describe('the memory of tracing', () => {
  it('keeps a script from starting that takes more, and names what does', async () => {
    const { stdout, stderr, status } = await run(
      'config = { max_map_keys = 500000 } begin { printf("began\\n"); } interval:s:9 { @many[rand] = 1; }',
      { flags: ['--max-memory', '4M'], signal: 'none' },
    );
    expect(stderr).toMatch(
      /^ERROR: Tracing holds \d+\.\d MiB of memory, more than --max-memory 4M; most of it takes @many: \d+\.\d MiB\.\nHINT: max_map_keys and perf_rb_pages /m,
    );
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });

  it('ends tracing with all results when it grows beyond the limit', async () => {
    // The kernel's symbols are read when the first of them is printed.
    const script =
      'config = { print_maps_on_exit = 0 } begin { @n = 7; } interval:ms:100 { print(kstack); } end { print(@n); }';
    const held = await run(script, { flags: ['--max-memory', '1K'], signal: 'none' });
    const loaded = Number(/holds (\d+\.\d) MiB/.exec(held.stderr)?.[1]);
    expect(loaded).toBeGreaterThan(1);
    const { stdout, stderr, status } = await run(script, {
      flags: ['--max-memory', `${Math.ceil((loaded + 1) * 1024)}K`],
      signal: 'none',
    });
    expect(stderr).toMatch(/^WARNING: Tracing holds .* of memory, more than --max-memory \d+K;/m);
    expect(stderr).toMatch(/^ERROR: Tracing holds .* MiB\. Tracing ends\.$/m);
    expect(mapValue(stdout, '@n')).toBe(7);
    expect(status).toBe(1);
  });
});

it('takes no limits that mean nothing', () => {
  for (const [option, value, message] of [
    ['--max-overhead', '0', 'takes a percentage of one CPU above 0, such as 2.5, not 0'],
    ['--max-overhead', 'much', 'takes a percentage of one CPU above 0, such as 2.5, not much'],
    ['--max-overhead', '-1', 'takes a percentage of one CPU above 0, such as 2.5, not -1'],
    ['--on-overhead', 'stop', 'takes detach, end or warn, not stop'],
    ['--max-memory', '0', 'takes a size such as 64M (K, M or G: 1024 bytes and so on), not 0'],
    ['--max-memory', '5X', 'takes a size such as 64M (K, M or G: 1024 bytes and so on), not 5X'],
    ['--max-memory', '99999999999G', 'not 99999999999G'],
  ] as const) {
    const { stderr, status } = spawnSync(LOADER, [option, value, 'x.o'], { encoding: 'utf8' });
    expect(stderr).toContain(message);
    expect(stderr).toContain(`ERROR: ${option}`);
    expect(status).toBe(2);
  }
});
