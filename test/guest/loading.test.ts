/** What the loader decides by the kernel that it meets: order of attaching, -p, missing probes and features. */

import { describe, expect, it } from 'vitest';
import { blocksInOrder, expectOrder, thrice } from '../support/attach-order.ts';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { runInGuest } from '../support/guest.ts';
import {
  type GuestScript,
  LOADER_PID,
  SUPPORTED,
  scriptsInGuest,
} from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const READS = 'comm ordered read 3 10 comm none';
const FILTER = '/comm == "ordered"/';

const ORDERS = {
  entry: thrice('kprobe:vfs_read'),
  return: thrice('kretprobe:vfs_read'),
  pattern: thrice('kprobe:vfs_rea*'),
  patternReturn: thrice('kretprobe:vfs_rea*'),
  mixed: ['kprobe:vfs_rea*', 'kprobe:vfs_read', 'kprobe:vfs_rea*', 'kprobe:vfs_read'],
  tracepoint: thrice('tracepoint:syscalls:sys_enter_read'),
  tracepoints: thrice('tracepoint:syscalls:sys_enter_rea*'),
  both: ['kprobe:vfs_read', 'kretprobe:vfs_read'],
  bothPatterns: ['kprobe:vfs_rea*', 'kretprobe:vfs_rea*'],
} as const;

/** One process is traced; another does the same before. */
const ONE_PROCESS = `
/workload read 5 10 getppid 5 call 5 1 1
: >/tmp/go
`;

const POLICIES = ['error', 'warn', 'ignore'] as const;

function missing(policy: (typeof POLICIES)[number]): string {
  return `config = { missing_probes = "${policy}" }
    kprobe:no_such_function { @a = 1; }
    kretprobe:no_such_return { @b = 1; }
    kprobe:no_such_module:f { @d = 1; }
    tracepoint:$1:$2 { @e = 1; }
    uprobe:/no/such/file:f { @f = 1; }
    uprobe:/workload:no_such_function { @g = 1; }
    usdt:/workload:no:point { @h = 1; }
    usdt:/no/such/file:no:point { @i = 1; }
    kprobe:vfs_read ${FILTER} { @there = count(); }`;
}

const COMMANDS: Readonly<Record<string, GuestScript>> = {
  ...Object.fromEntries(
    Object.entries(ORDERS).map(([name, points]) => [
      `order_${name}`,
      { text: blocksInOrder(points, FILTER), workload: READS },
    ]),
  ),
  ...Object.fromEntries(
    POLICIES.map((policy) => [
      `missing_${policy}`,
      {
        text: missing(policy),
        parameters: 'no_such category',
        workload: READS,
        endsItself: policy === 'error',
      },
    ]),
  ),
  process: {
    text: `kprobe:vfs_read { @entry = count(); } kretprobe:vfs_rea* { @return = count(); }
      kprobe:ksys_read { @pair = count(); } kretprobe:ksys_read { @pairReturn = count(); }
      tracepoint:syscalls:sys_enter_getppid { @tracepoint = count(); }
      rawtracepoint:sys_enter /args.id == 110/ { @raw = count(); }
      uprobe:/workload:workload_target { @user = count(); }`,
    flags:
      '-p $(/workload await /tmp/go read 7 10 getppid 7 call 7 1 1 sleep 500 >/dev/null & echo $!)',
    script: ONE_PROCESS,
    endsItself: true,
  },
  events: {
    text: 'tracepoint:sched:sched_process_* /comm == "forker"/ { @ = count(); }',
    script: `/workload comm forker fork 5 comm child
echo raw: $(cat /proc/${LOADER_PID}/fdinfo/* | grep -c raw_tracepoint)
`,
  },
  eventNames: {
    text: 'tracepoint:sched:sched_process_* /comm == "forker"/ { @[probe] = count(); }',
    workload: 'comm forker fork 5 comm child',
  },
  cpus: { text: 'BEGIN { print(ncpus); }', endsItself: true },
};

describe.each(SUPPORTED)('On Linux %s', (series) => {
  const of = scriptsInGuest(series, COMMANDS);

  const test = needs(`Linux ${series}`).it;

  test.each(Object.entries(ORDERS))(
    'blocks on one function or event run in the order of the script: %s [PRB-061]',
    (name, points) => {
      const { stdout, stderr } = of(`order_${name}`);
      expect(stderr).not.toContain('ERROR');
      expectOrder(stdout, points.length, 3);
    },
  );

  test('-p limits probes of the kernel and of programs to one process [PRB-058] [PRB-059]', () => {
    const { stdout, stderr, status } = of('process');
    expect(stderr).not.toContain('ERROR');
    for (const map of ['@entry', '@return', '@pair', '@pairReturn', '@tracepoint', '@raw', '@user'])
      expect(mapValue(stdout, map), map).toBe(7);
    expect(status).toBe(0);
  });

  test('probes that are not there are an error, a warning or nothing, and the others go on [CFG-017] [AOT-024]', () => {
    const error = of('missing_error');
    expect(error.stdout).toBe('');
    expect(error.status).toBe(1);
    const [warn, ignore] = [of('missing_warn'), of('missing_ignore')];
    for (const { stdout, status } of [warn, ignore]) {
      expect(mapEntries(stdout, '@there')).toEqual([['', 3]]);
      expect(status).toBe(0);
    }
    expect(warn.stderr.match(/WARNING: .* Skipping\.$/gm)).toHaveLength(8);
    expect(ignore.stderr).toBe('Attached 1 probe\n');
  });

  test('patterns of tracepoints see their events by raw tracepoints', () => {
    expect(mapValue(of('events').stdout, '@'), of('events').stderr).toBeGreaterThanOrEqual(10);
    expect(Number(/^raw: (\d+)$/m.exec(of('events').stdout)?.[1])).toBeGreaterThan(4);
    expect(mapValue(of('eventNames').stdout, '@', 'tracepoint:sched:sched_process_fork')).toBe(5);
  });

  test('the number of CPUs is that of the guest [AOT-009]', () => {
    expect(of('cpus').stdout).toBe('1\n\n\n');
  });
});

needs('Linux 5.10').describe('On Linux 5.10, which is older than what is supported', () => {
  it('the helper that a script needs is named, with the kernel that brings it [AOT-015]', async () => {
    const folder = temporaryFolder();
    writeObject(folder, 'loop', 'BEGIN { for $i : 0..$1 { printf("%d\\n", $i); } }');
    writeObject(folder, 'plain', 'BEGIN { printf("%d\\n", 1 + $1); }');
    writeObject(folder, 'tai', 'BEGIN {\n  if ($1) { printf("%d", nsecs(tai)); }\n}');
    writeObject(
      folder,
      'keys',
      'BEGIN {\n  @[str($1), comm] = 1;\n}\nEND { for ($k : @) { print($k); } }',
    );
    const [loop, tai, plain, keys] = await runInGuest('5.10', folder, [
      { object: 'loop.o', parameters: '3', endsItself: true },
      { object: 'tai.o', parameters: '3', endsItself: true },
      { object: 'plain.o', parameters: '3', endsItself: true },
      { object: 'keys.o', parameters: 'x' },
    ]);
    expect(keys?.stderr).toMatch(
      /^\S+:4:7: ERROR: This kernel \(\S+\) lacks bpf_for_each_map_elem, .*\.\nThis kernel \(\S+\) lacks keys of more than 512 bytes, which the script needs and Linux 5\.11 brings \(\S+:2\)\.\nEND { for /,
    );
    expect(loop?.stderr).toMatch(
      /This kernel \(5\.10\S*\) lacks bpf_loop, which the script needs and Linux 5\.17 brings\.\nBEGIN { for .*\n {8}~~~\n/,
    );
    expect(tai?.stderr).toMatch(
      /^\S+:2:26: ERROR: This kernel \(5\.10\S*\) lacks bpf_ktime_get_tai_ns, .*\n.*\n {25}~+\n/,
    );
    expect(loop?.stderr).toMatch(/^\S+:1:9: ERROR: /);
    expect(loop).toMatchObject({ stdout: '', status: 3 });
    expect(plain).toMatchObject({ stdout: '4\n\n\n', status: 0 });
  });
});
