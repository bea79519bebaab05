/**
 * What recordings show, in every form: made by hand, so that each byte of what is printed is known, whatever this
 * machine is. The expected texts stand in `replay/`.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { build, temporaryFolder } from '../../support/build.ts';
import { answers, number, Recorder, signed, text } from '../../support/recording.ts';
import { LOADER_ASAN } from '../../support/run.ts';

const FORMS = ['text', 'json', 'json2', 'folded'] as const;
/** From the boot clock to 2024-02-29 23:59:58.123456789 UTC. */
const CLOCK = 1_709_251_198_123_456_789n;
const folder = temporaryFolder();

interface Shown {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function report(bytes: Uint8Array, ...flags: readonly string[]): Shown {
  const file = join(folder, 'tool.rec');
  writeFileSync(file, bytes);
  const { status, stdout, stderr } = spawnSync(LOADER_ASAN, ['report', file, ...flags], {
    encoding: 'utf8',
  });
  return { status, stdout: stdout.replace(/"producer": "[^"]*"/, '"producer": ""'), stderr };
}

/** A test for each form. The recording is made once. */
function shows(title: string, name: string, recorded: () => Uint8Array): void {
  let bytes: Uint8Array | undefined;
  it.each(FORMS)(`${title}: %s`, async (form) => {
    bytes ??= recorded();
    const { status, stdout, stderr } = report(bytes, '-f', form);
    expect(status, stderr).toBe(0);
    await expect(`${stdout}---- standard error\n${stderr}`).toMatchFileSnapshot(
      `replay/${name}.${form}.out`,
    );
  });
}

const VALUES = `config = { print_maps_on_exit = false }
enum colour { RED = 1, GREEN = -2 }
struct pair { int a; uint8_t low : 3; int sign : 4; char name[8]; int list[3]; }
begin {
  $p = (struct pair *)0;
  print($p->a); print(*$p); print((uint64)1); print(true);
  print(str(0, 15)); print(buf(0, 8)); print((enum colour)1); print(macaddr($p->name)); print(ntop(1));
  print(cgroup_path(5, "x*")); print(username); print(strerror(3)); print(signal_name(9)); print(syscall_name(1));
  print((void *)1); print(strftime("%H:%M:%S.%f %F %Z %z", nsecs));
  print((1, (true, (2, str(0, 15))))); print((a = 1, b = (c = 2))); print($p->list);
  printf("%d|%5u|%-5x|%s|%c|%p|%r\\n", 1, (uint32)2, 3, str(0, 15), 65, 66, buf(0, 4));
  errorf("e %s", str(0, 15)); warnf("w %d", 1); time("%H:%M:%S %z\\n"); join((uint8 **)0, "-"); cat("/none");
}`;

/** A struct pair in memory. */
function pair(a: number, bits: number, name: string, list: readonly number[]): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeInt32LE(a);
  bytes.writeUInt8(bits, 4);
  bytes.write(name, 5);
  list.forEach((each, at) => {
    bytes.writeInt32LE(each, 16 + 4 * at);
  });
  return bytes;
}

const NAMES = [
  ['plain', 'abc'],
  ['with what JSON escapes', 'a"b\\c\n\r\t\x01\x1f\x7f'],
  ['in UTF-8', 'é€😀'],
  ['that is no UTF-8', '\xc3('],
] as const;

shows('values of every type', 'values', () => {
  const recorder = new Recorder(build(VALUES));
  recorder.add(answers.zone(1_899_168, 3600, false, 'CET'), [
    'A',
    Buffer.concat([number(0), number(2)]),
  ]);
  const values = [
    [-5],
    [pair(-2_147_483_648, 5 | (9 << 3), 'na"me!!!', [1, -1, 2])],
    [18_446_744_073_709_551_615n],
    [true],
  ] as const;
  values.forEach((each, which) => {
    recorder.event('print-value', which, each as never, which);
  });
  for (const [, name] of NAMES) {
    const bytes = Buffer.alloc(16);
    bytes.write(name, name.startsWith('\xc3') ? 'latin1' : 'utf8');
    recorder.event('print-value', 4, [bytes], 1000);
  }
  recorder
    .event('print-value', 4, [Buffer.from('sixteen of bytes')])
    .event('print-value', 5, [Buffer.from([8, 0, 0, 0, 0, 31, 32, 126, 127, 255, 34, 92])])
    .event('print-value', 5, [Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])])
    .event('print-value', 5, [Buffer.alloc(12)])
    .event('print-value', 6, [1])
    .event('print-value', 6, [-2])
    .event('print-value', 6, [-3])
    .event('print-value', 7, [Buffer.from([0, 1, 0x9f, 0xa0, 0xff, 0x10])])
    .event('print-value', 8, [Buffer.from([2, 0, 0, 0, 192, 0, 2, 255, ...Buffer.alloc(12, 9)])])
    .event('print-value', 8, [
      Buffer.from([10, 0, 0, 0, 0x20, 1, 0xd, 0xb8, ...Buffer.alloc(11), 1]),
    ])
    .add(answers.cgroup(77, 0, 'unified:/a/x'), answers.name('user', 1000, 'wolf'))
    .event('print-value', 9, [[77, 0]])
    .event('print-value', 9, [[78, 0]])
    .event('print-value', 10, [1000])
    .event('print-value', 10, [1001])
    .event('print-value', 11, [2])
    .event('print-value', 11, [99_999])
    .event('print-value', 12, [9])
    .event('print-value', 12, [999])
    .add(answers.name('syscall', 1, 'write'))
    .event('print-value', 13, [1])
    .event('print-value', 14, [0xdead_beef_0000n])
    .event('print-value', 15, [[2_000_000_000, 1]])
    .add(answers.zone(1_899_168, -12_600, true, 'NST'))
    .event('print-value', 15, [[1_876_543_212, 1]])
    .event('print-value', 16, [[-1, [true, [2, 'in']]]])
    .event('print-value', 17, [[-1, [3]]])
    .event('print-value', 18, [[1, -2, 3]])
    .event('printf', 0, [-1, 22, 0x33, 'x"y', 65, 0x7f, Buffer.from([2, 0, 0, 0, 65, 7, 9, 9])])
    .event('errorf', 0, ['bad\n"'])
    .event('warnf', 0, [-7])
    .event('time', 0, [], 7_000_000_000)
    .add(['T', Buffer.from('what a file "holds"\n')])
    .event('cat', 0, []);
  return recorder.file(CLOCK);
});

const STACKS = `config = { print_maps_on_exit = false }
begin {
  print(kstack); print(ustack); print(kstack(perf)); print(ustack(perf)); print(kstack(raw)); print(ustack(raw));
  print(ustack(build_id)); print(ksym(1)); print(usym(1)); print(ustack(2));
  @k[kstack, comm] = count(); @u[ustack, kstack] = sum((int64)-1); @raw[ustack(raw)] = count(); @ids[ustack(build_id)] = 1;
  @nothing[comm] = count(); @p[usym(1), ksym(1)] = avg(3);
  print(@k); print(@u, 3, 2); print(@raw); print(@ids); print(@nothing); print(@p);
  $name = probe; print(probe);
}
tracepoint:sched:sched_*, tracepoint:irq:* { print(probe); @by[probe] = count(); print(@by); }`;

const KERNEL = 0xffff_ffff_8100_0010n;
const USER = 0x5555_0000_1234n;
const ID = Buffer.from('0123456789abcdef0123456789abcdef01234567', 'hex');

/** A frame with a build id: status, build id, offset. */
function idFrame(status: number, offset: bigint): Buffer {
  const frame = Buffer.alloc(32);
  frame.writeInt32LE(status);
  ID.copy(frame, 4);
  frame.writeBigUInt64LE(offset, 24);
  return frame;
}

shows('stacks and symbols', 'stacks', () => {
  const recorder = new Recorder(build(STACKS));
  recorder.add(
    answers.kernel(KERNEL, { name: 'vfs_read', offset: 16 }),
    answers.kernel(KERNEL + 1n, { name: 'nf_hook', offset: 0, module: 'nf_tables' }),
    answers.user(42, USER, 'name', { name: 'main', offset: 4, module: '/bin/tool' }),
    answers.user(42, USER, 'source', {
      name: 'main',
      offset: 4,
      module: '/bin/tool',
      frames: [
        ['inner', 'tool.c:7'],
        [undefined, 'tool.h:1'],
        ['main', 'tool.c:70'],
      ],
    }),
    answers.user(42, USER + 1n, 'call', { name: 'a;b\n', offset: 1, module: '[jit]' }),
    answers.user(42, USER + 2n, 'call', { module: '/lib/libc.so' }),
    answers.user(42, USER + 3n, 'call', { module: '[vdso]' }),
    answers.place(42, USER, '/bin/tool', 0x1234, 0x40_1234, ID),
    answers.place(42, USER + 2n, '/lib/libc.so', 0x99, undefined),
    answers.stack(1, [KERNEL, KERNEL + 1n, 0x10n]),
    answers.stack(2, [USER, USER + 1n, USER + 2n, USER + 3n, 0x20n, 0xffff_ffff_ffff_ffffn]),
    answers.stack(3, Buffer.concat([idFrame(1, 0x77n), idFrame(2, USER), idFrame(2, 0x20n)])),
    answers.probe(0, 'begin'),
  );
  [1, 2, 1, 2, 1, 2, 3].forEach((id, which) => {
    recorder.event('print-value', which, [[id, 42, id === 1 ? 3 : id === 2 ? 6 : 3]], 10);
  });
  recorder
    .event('print-value', 0, [[0, 42, 3]])
    .event('print-value', 0, [[9, 42, 3]])
    .event('print-value', 7, [KERNEL + 1n])
    .event('print-value', 7, [0x11])
    .event('print-value', 8, [[USER, 42]])
    .event('print-value', 8, [[0x11, 42]])
    .event('print-value', 9, [[2, 42, 6]])
    .rows('@k', [
      [[[1, 42, 3], 'b'], 5],
      [[[1, 42, 2], 'a;'], 7],
      [[[0, 42, 0], ''], 1],
    ])
    .event('print-map', 0, [])
    .rows('@u', [
      [
        [
          [2, 42, 6],
          [1, 0, 1],
        ],
        -9,
      ],
      [
        [
          [2, 42, 2],
          [1, 0, 1],
        ],
        -8,
      ],
      [
        [
          [2, 42, 1],
          [1, 0, 1],
        ],
        7,
      ],
      [
        [
          [2, 42, 1],
          [1, 0, 2],
        ],
        100,
      ],
    ])
    .event('print-map', 1, [])
    .rows('@raw', [[[2, 42, 3], 1]])
    .event('print-map', 2, [])
    .rows('@ids', [[[3, 42, 3], 4]])
    .event('print-map', 3, [])
    .rows('@nothing', [['x', 3]])
    .event('print-map', 4, [])
    .rows('@p', [
      [
        [[USER, 42], KERNEL],
        [10, 4],
      ],
    ])
    .event('print-map', 5, []);
  return recorder.file(CLOCK);
});

const MAPS = `config = { unstable_tseries = enable; print_maps_on_exit = false }
/* metric: name tool_bytes; unit bytes; help what "it" was; labels who, cpu */
begin {
  @c = count(); @n[pid] = count(); @s[comm, pid] = sum((int64)1); @us = sum((uint64)1);
  @min[pid] = min((int64)1); @max = max((uint64)1); @a[pid] = avg((int64)1); @st[pid] = stats((int64)1); @ust = stats((uint64)1);
  @h = hist(1); @h2[comm] = hist(1, 2); @l[pid] = lhist(1, -10, 20, 10);
  @t = tseries((int64)1, 1s, 3, "avg"); @tm[pid] = tseries((uint64)1, 100ms, 2, "max");
  @v[comm] = str(0, 15); @rec = (a = pid, b = comm); @flag[true] = 1; @empty[pid] = 1; @i = (int64)1;
  print(@c); print(@n, 2, 10); print(@s); print(@us, 0, 3); print(@min, 0, 2); print(@max); print(@a, 0, 3); print(@st, 0, 3); print(@ust);
  print(@h, 0, 2); print(@h2); print(@l, 0, 3); print(@t, 0, 2); print(@tm); print(@v); print(@rec); print(@flag); print(@empty); print(@i, 0, 2);
}`;

const buckets = (count: number, of: Readonly<Record<number, number | bigint>>) =>
  Array.from({ length: count }, (_, index) => of[index] ?? 0);

/** A series of so many intervals: of some their number, their value, and how many values that is of. */
function slots(count: number, of: readonly (readonly (number | bigint)[])[]) {
  const all: (number | bigint)[] = Array.from({ length: 3 * count }, () => 0);
  for (const [interval = 0, value = 0, times = 0] of of)
    all.splice(
      3 * Number(BigInt(interval) % BigInt(count)),
      3,
      BigInt(interval) + 1n,
      value,
      times,
    );
  return all;
}

shows('maps of every kind', 'maps', () => {
  const recorder = new Recorder(build(MAPS));
  const show = (which: number) => recorder.event('print-map', which, [], 1_000_000);
  /** Seconds of the wall clock. */
  const now = CLOCK / 1_000_000_000n;
  recorder.add(answers.zone(1_899_168, 0, false, 'UTC'), answers.zone(1_899_167, 0, false, 'UTC'));
  recorder.rows('@c', [[0, 12]]);
  show(0);
  recorder.rows('@n', [
    [3, 100],
    [1, 300],
    [2, 200],
  ]);
  show(1);
  recorder.rows('@s', [
    [['b', 1], 5],
    [['a', 2], 5],
    [['a', 1], -7],
  ]);
  show(2);
  recorder.rows('@us', [[0, 18_446_744_073_709_551_615n]]);
  show(3);
  recorder.rows('@min', [
    [7, [-9, 1]],
    [8, [-4, 1]],
  ]);
  show(4);
  recorder.rows('@max', [[0, [18_446_744_073_709_551_614n, 1]]]);
  show(5);
  recorder.rows('@a', [
    [1, [-100, 7]],
    [2, [50, 0]],
    [3, [-20, 2]],
  ]);
  show(6);
  recorder.rows('@st', [
    [1, [-100, 7]],
    [2, [1_000_003, 10]],
  ]);
  show(7);
  recorder.rows('@ust', [[0, [18_446_744_073_709_551_615n, 2]]]);
  show(8);
  recorder.rows('@h', [[0, buckets(65, { 0: 3, 1: 4, 2: 10, 12: 5, 22: 1 })]]);
  show(9);
  recorder.rows('@h2', [
    ['x', buckets(249, { 5: 1, 9: 7, 20: 3 })],
    ['w', buckets(249, { 3: 2 })],
  ]);
  show(10);
  recorder.rows('@l', [
    [1, buckets(5, { 0: 2, 1: 1, 3: 9, 4: 4 })],
    [2, buckets(5, { 2: 1 })],
  ]);
  show(11);
  recorder.rows('@t', [
    [
      0,
      slots(3, [
        [now, -10, 4],
        [now - 1n, 7, 2],
      ]),
    ],
  ]);
  show(12);
  recorder.rows('@tm', [[1, [0, 0, 0, 0]]]);
  show(13);
  recorder.rows('@v', [
    ['k', 'v"'],
    ['a', 'sixteen of bytes'],
  ]);
  show(14);
  recorder.rows('@rec', [[0, [7, 'seven']]]);
  show(15);
  recorder.rows('@flag', [
    [true, 1],
    [false, -1],
  ]);
  show(16);
  recorder.rows('@empty', []);
  show(17);
  recorder.rows('@i', [[0, -9_007_199_254_740_995n]]);
  show(18);
  return recorder.file(CLOCK);
});

const TROUBLE = `config = { print_maps_on_exit = false; max_map_keys = 5 }
macro add(@m, key) { @m[key] = 1 }
begin { add(@m, 1); add(@m, 2); delete(@m, 3); printf("%d\\n", 1); print(@m); time("%s"); print(7 / (pid - pid)); }
end { @last[comm] = count(); clear(@last); }`;

shows('what went wrong', 'trouble', () => {
  const recorder = new Recorder(build(TROUBLE));
  const { events } = recorder.manifest;
  const warnings = events.filter(({ kind }) => kind === 'warning');
  recorder.add(['A', Buffer.concat([number(0), number(1)])]);
  warnings.forEach((warning, which) => {
    recorder.event('warning', which, warning.fields.length > 0 ? [-7] : []);
    if (which === 0)
      for (const code of [-2, -1, -4095, -4096, 5]) recorder.event('warning', which, [code]);
    recorder.repeated(which, -7, which + 1);
  });
  const print = events.findIndex(({ kind }) => kind === 'print-map');
  recorder
    .rows('@m', [[1, 1]])
    .add(['C', Buffer.concat([number(5), number(print)])])
    .lost('L', ['printf', 0, 3])
    .lost('L', ['printf', 0, 4], ['print-map', 0, 18])
    .add(['Z', number(1)])
    .rows('@last', [['x', 2]])
    .map('@last')
    .add(
      cost(2_000_000_000, 10_000_000, ['begin', 1, 700, 0], ['end', 0, 0, 0]),
      cost(0, 5, ['begin', 3, 10, 1]),
      cost(1_000_000_000, 0, [`${'long '.repeat(13)}name`, 18_446_744_073_709_551_615n, 1, 0]),
    )
    .lost('l', ['printf', 0, 7], ['print-map', 0, 18])
    .add(['m', Buffer.concat([0, 1, 12, 0, 18_446_744_073_709_551_615n].map(number))]);
  return recorder.file(CLOCK);
});

/** What --cost says: elapsed, the loader's own time, and of each probe name, events, time, and whether it was detached. */
function cost(
  elapsed: number,
  loader: number,
  ...rows: readonly (readonly [string, number | bigint, number, number])[]
) {
  const table = rows.flatMap(([probe, events, ns, isDetached]) => [
    text(probe),
    number(events),
    number(ns),
    number(isDetached),
  ]);
  return ['$', Buffer.concat([number(0), number(elapsed), number(loader), ...table])] as const;
}

const SMALL =
  'config = { print_maps_on_exit = false } begin { printf("%d\\n", 1); @m[comm] = count(); print(@m); warnf("w"); @s = 1; }';
const small = build(SMALL);
const recorder = () => new Recorder(small);

it('of what is asked for alone', () => {
  const file = recorder()
    .add(['A', Buffer.concat([number(0), number(1)])])
    .event('printf', 0, [5])
    .event('warnf', 0, [])
    .file(CLOCK);
  expect(report(file)).toEqual({
    status: 0,
    stdout: '5\n',
    stderr: expect.stringMatching(/^Attached 1 probe\nstdin:1:\d+-\d+: WARNING: w\n$/),
  });
  expect(report(file, '-q', '--no-warnings')).toEqual({ status: 0, stdout: '5\n', stderr: '' });
});

it('of an answer, the last one, until it is forgotten', () => {
  const named = new Recorder(build('begin { print(username); }'));
  named
    .add(answers.name('user', 7, 'first'), answers.name('user', 7, 'second'))
    .event('print-value', 0, [7])
    .add(['f', Buffer.of()])
    .event('print-value', 0, [7])
    .add(answers.name('user', 7, 'third'))
    .event('print-value', 0, [7]);
  expect(report(named.file(CLOCK)).stdout).toBe('second\n\nthird\n');
});

it('of a text and of rows that nobody took, nothing: they were for what came next', () => {
  const taking = new Recorder(
    build(
      'config = { print_maps_on_exit = false } begin { printf("%d\\n", 1); cat("/none"); @m[comm] = count(); print(@m); }',
    ),
  );
  const said = ['T', Buffer.from('of a file\n')] as const;
  taking
    .add(said)
    .event('printf', 0, [5])
    .event('cat', 0, [])
    .rows('@m', [['of no print', 1]])
    .event('printf', 0, [6])
    .event('print-map', 0, [])
    .rows('@m', [['x', 2]])
    .event('print-map', 0, [])
    .event('print-map', 0, [])
    .add(said)
    .event('cat', 0, [])
    .event('cat', 0, []);
  expect(report(taking.file(CLOCK))).toMatchObject({
    status: 0,
    stdout: '5\n6\n@m[x]: 2\nof a file\n',
  });
});

it('up to where a recording was interrupted, with status 1', () => {
  const { status, stdout, stderr } = report(
    recorder().event('printf', 0, [5]).file(CLOCK, { hasEnd: false }),
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: '5\n' });
  expect(stderr).toContain(
    'the recording has no end: it was interrupted, or is cut, after 1 events',
  );
  const whole = recorder().event('printf', 0, [5]).file(CLOCK);
  expect(report(whole.subarray(0, -1))).toMatchObject({ status: 1, stdout: '5\n' });
});

describe('A damaged recording is refused at the part that is wrong', () => {
  const moment = number(0);
  const join = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);
  const rows = (map: number, ...rest: readonly Uint8Array[]) =>
    ['R', join(number(map), ...rest)] as const;
  const printf = recorder().manifest.events.findIndex(({ kind }) => kind === 'printf');
  const exit = ['E', join(moment, number(printf), number(3), Buffer.of(1, 5))] as const;

  it('and its neighbour is not', () => {
    expect(report(recorder().add(exit).file(CLOCK))).toMatchObject({ status: 0, stdout: '5\n' });
    const ends = rows(0, number(1), number(1), Buffer.of(0x02, 0x61, 0x62), Buffer.of(0x01, 3));
    const shown = recorder().add(ends).event('print-map', 0, []).file(CLOCK);
    expect(report(shown)).toMatchObject({ status: 0, stdout: '@m[ab]: 3\n' });
  });

  it.each<readonly [string, readonly [string, Uint8Array]]>([
    ['an unknown part', ['?', moment]],
    ['a second beginning', ['s', moment]],
    ['an enum too late', ['e', join(text('e'), number(0))]],
    ['an event that the script has not', ['E', join(moment, number(99), number(3))]],
    ['an event of no CPU', ['E', join(moment, number(printf))]],
    ['an event that is cut', ['E', join(moment, number(printf), number(3))]],
    ['an event with more behind it', ['E', join(exit[1], Buffer.of(0))]],
    ['a lost event with fields', ['C', join(moment, number(printf))]],
    ['a lost event that is none', ['C', join(moment, number(99))]],
    ['a clock without a time', ['c', Buffer.of()]],
    ['a clock with two', ['c', Buffer.of(1, 1)]],
    ['an answer that is shorter than its question', ['a', Buffer.of(9, 1)]],
    ['rows of a map that the script has not', rows(9, number(0))],
    ['rows that end behind the last', rows(0, number(1), number(2), Buffer.of(1, 97, 1, 3))],
    ['rows that end before the last', rows(0, number(1), number(0), Buffer.of(1, 97, 1, 3))],
    ['rows that are not there', rows(0, number(1000), number(1000), Buffer.of(1, 97))],
    ['rows with more behind them', rows(0, number(1), number(1), Buffer.of(1, 97, 1, 3, 0))],
    ['a scalar of two rows', rows(1, number(2), number(2), Buffer.of(0, 0))],
    ['a map that the script has not', ['M', join(moment, number(2))]],
    ['a map with more behind it', ['M', join(moment, number(0), number(0))]],
    ['probes without a number', ['A', moment]],
    ['losses of no event', ['L', join(moment, number(99), number(1))]],
    ['losses without a number', ['l', join(moment, number(printf))]],
    [
      'a repetition of what is no warning',
      ['w', join(moment, number(printf), signed(0), number(1))],
    ],
    ['costs of no probe', ['$', join(moment, number(1), number(1), number(0), number(1))]],
    ['costs that are cut', ['$', join(moment, number(1), number(1), text('begin'), number(1))]],
    ['misses of no probe', ['m', join(moment, number(1), number(1))]],
    ['misses without a number', ['m', join(moment, number(0))]],
    ['more misses than probes', ['m', join(moment, ...[0, 1, 0, 1].map(number))]],
    ['an end with more behind it', ['Z', join(moment, number(0))]],
  ])('%s', (_, part) => {
    const { length } = recorder().file(CLOCK, { hasEnd: false });
    const file = recorder().add(part).file(CLOCK);
    expect(report(file)).toMatchObject({
      status: 5,
      stdout: '',
      stderr: expect.stringContaining(`the recording is damaged at byte ${length}\n`),
    });
  });

  it.each<readonly [string, (file: Buffer) => Buffer, string]>([
    [
      'other bytes',
      (file) => join(Buffer.from('x'), file) as Buffer,
      'it is no recording of bpfload',
    ],
    ['nothing', () => Buffer.of(), 'it is no recording of bpfload'],
    ['no byte order', (file) => patched(file, 8, 9), 'it is no recording of bpfload'],
    ['the other byte order', (file) => patched(file, 8, 1, 2, 3, 4), 'of the other byte order'],
    [
      'another version',
      (file) => patched(file, 12, 2),
      'it is of version 2, and this bpfload reads version 1',
    ],
    ['a part before the session', (file) => patched(file, 17, 120), 'is damaged at byte 16'],
  ])('%s', (_, damage, message) => {
    const { status, stdout, stderr } = report(damage(recorder().file(CLOCK)));
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect(stderr).toContain(message);
  });
});

it('A recording is shown with status 5 where something stands behind its end', () => {
  const file = recorder().file(CLOCK);
  const whole = report(file);
  expect(whole).toMatchObject({ status: 0 });
  for (const more of [Buffer.of(0), Buffer.from('more than a byte of it'), file]) {
    const { status, stdout, stderr } = report(Buffer.concat([file, more]));
    expect({ status, stdout }).toEqual({ status: 5, stdout: whole.stdout });
    expect(stderr).toContain(`the recording goes on behind its end, at byte ${file.length}\n`);
  }
});

function patched(file: Buffer, at: number, ...bytes: readonly number[]): Buffer {
  const copy = Buffer.from(file);
  copy.set(bytes, at);
  return copy;
}

it('of stacks as many frames as a stack of that host has room for', () => {
  const stack = new Recorder(build('begin { print(kstack(raw)); }'));
  stack.add(answers.stack(1, [1n, 2n, 3n])).event('print-value', 0, [[1, 0, 3]]);
  expect(report(stack.file(CLOCK, { stackRoom: 24 })).stdout).toBe('\n1\n2\n3\n\n');
  expect(report(stack.file(CLOCK, { stackRoom: 23 })).stdout).toBe('\n1\n2\n\n');
  expect(report(stack.file(CLOCK, { stackRoom: 65_537 })).status).toBe(5);
});
