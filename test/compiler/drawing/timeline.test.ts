/** Timelines: slices nest, none is lost, and what is written is read again as it was. */
import { gunzipSync } from 'node:zlib';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type Findings, isProblem, type Stack } from '../../../compiler/drawing/findings.ts';
import { readFindings } from '../../../compiler/drawing/read.ts';
import { chromeTrace } from '../../../compiler/drawing/trace/chrome.ts';
import { perfettoTrace } from '../../../compiler/drawing/trace/perfetto.ts';
import { type TracePacket, TraceSchema } from '../../../compiler/drawing/trace/perfetto_pb.ts';
import { duration, timelinePicture } from '../../../compiler/drawing/trace/picture.ts';
import { pprofProfile } from '../../../compiler/drawing/trace/pprof.ts';
import { ProfileSchema } from '../../../compiler/drawing/trace/pprof_pb.ts';
import { type Timeline, timelineOf } from '../../../compiler/drawing/trace/timeline.ts';
import { createRandom } from '../../support/random.ts';

type Data = Readonly<Record<string, string | number>>;

function findings(...lines: readonly object[]): Findings {
  const found = readFindings(Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n')));
  if (isProblem(found)) throw new Error(found.problem);
  return found;
}

const value = (data: Data): object => ({ type: 'value', data });

function timeline(...records: readonly Data[]): Timeline {
  const made = timelineOf(findings(...records.map(value)));
  if (isProblem(made)) throw new Error(made.problem);
  return made;
}

/** `name start-end depth` of each slice. */
const shown = ({ slices }: Timeline): readonly string[] =>
  slices.map(({ name, start, end, depth }) => `${name} ${start}-${end} ${depth}`);

const on = (thread: number, ts: number, ph: string, name: string, more: Data = {}): Data => ({
  ts,
  ph,
  name,
  thread,
  ...more,
});

describe('slices', () => {
  it('are pairs of begin and end of one thread, and nest', () => {
    const made = timeline(
      on(1, 10, 'B', 'a'),
      on(2, 11, 'B', 'a'),
      on(1, 12, 'B', 'b'),
      on(1, 15, 'E', 'b'),
      on(2, 16, 'E', 'a'),
      on(1, 20, 'E', 'a'),
    );
    expect(shown(made)).toEqual(['a 10-20 0', 'a 11-16 0', 'b 12-15 1']);
    expect([made.endless, made.open]).toEqual([0, 0]);
  });

  it('are put together from what probes call themselves', () => {
    const at = (ts: number, point: string): Data => ({ ts, point, thread: 5 });
    const made = timeline(
      at(1, 'tracepoint:syscalls:sys_enter_read'),
      at(2, 'kprobe:vfs_read'),
      at(3, 'uprobe:/bin/x:ns::work(int, char)'),
      at(4, 'uretprobe:/bin/x:ns::work(int, char)'),
      at(5, 'fentry:vmlinux:rw_verify_area'),
      at(6, 'fexit:vmlinux:rw_verify_area'),
      at(7, 'kretprobe:vfs_read'),
      at(8, 'tracepoint:syscalls:sys_exit_read'),
      at(9, 'usdt:/bin/x:gc__begin'),
      at(10, 'usdt:/bin/x:gc__end'),
      at(11, 'tracepoint:sched:sched_switch'),
    );
    expect(shown(made)).toEqual([
      'read 1-8 0',
      'vfs_read 2-7 1',
      'work(int, char) 3-4 2',
      'rw_verify_area 5-6 2',
      'gc 9-10 0',
    ]);
    expect(made.instants.map(({ name }) => name)).toEqual(['tracepoint:sched:sched_switch']);
  });

  it('are in the order of their times, however the CPUs sent them', () => {
    expect(shown(timeline(on(1, 20, 'E', 'a'), on(1, 10, 'B', 'a')))).toEqual(['a 10-20 0']);
  });

  it('of a function that calls itself end from the inside out', () => {
    const made = timeline(
      on(1, 1, 'B', 'f'),
      on(1, 2, 'B', 'f'),
      on(1, 3, 'E', 'f'),
      on(1, 9, 'E', 'f'),
    );
    expect(shown(made)).toEqual(['f 1-9 0', 'f 2-3 1']);
  });

  it('whose end was lost end with what is around them, or with the last event; ends without beginning are left out', () => {
    const made = timeline(
      on(1, 1, 'E', 'before'),
      on(1, 2, 'B', 'a'),
      on(1, 3, 'B', 'lost'),
      on(1, 4, 'E', 'a'),
      on(1, 5, 'B', 'open'),
      on(2, 9, 'i', 'last'),
    );
    expect(shown(made)).toEqual(['a 2-4 0', 'lost 3-4 1', 'open 5-9 0']);
    expect([made.endless, made.open]).toEqual([1, 2]);
  });

  it('have the other members of both ends', () => {
    const [slice] = timeline(
      on(1, 1, 'B', 'a', { fd: 3, path: 'x', task: 'cat' }),
      on(1, 2, 'E', 'a', { ret: -1 }),
    ).slices;
    expect([...(slice?.details ?? [])]).toEqual([
      ['fd', 3n],
      ['path', 'x'],
      ['ret', -1n],
    ]);
  });

  it('keep nanoseconds that a double cannot hold', () => {
    const ts = '9007199254740993';
    const made = timelineOf(
      findings(value({ ...on(1, 0, 'B', 'a'), ts }), value({ ...on(1, 0, 'E', 'a'), ts })),
    );
    expect(isProblem(made) || shown(made)).toEqual([`a ${ts}-${ts} 0`]);
  });

  it.each([
    [{ ts: 'now' }, 'no time'],
    [{ ts: -1 }, 'no time'],
    [{ ts: 1, ph: 'X' }, '`ph`'],
    [{ ts: 1, thread: -1 }, '`thread`'],
    [{ ts: 1, process: 'x' }, '`process`'],
    [{ ts: 1, ph: 'C', name: 'c' }, 'no `value`'],
    [{ ts: 1, ph: 'C', value: '18446744073709551615' }, 'more than 63 bits'],
  ])('are refused for %j, with the line', (data, why) => {
    expect(timelineOf(findings(value({ x: 1 }), value(data)))).toEqual({
      line: 2,
      problem: expect.stringContaining(why),
    });
  });

  it('are not there where nothing has a time', () => {
    expect(timelineOf(findings(value({ x: 1 })))).toMatchObject({
      problem: expect.stringContaining('ts = nsecs'),
    });
  });
});

/** What a trace of Perfetto says, track by track, in the order in which a reader takes it. */
function decoded(bytes: Uint8Array): {
  readonly slices: readonly string[];
  readonly counters: readonly string[];
  readonly flows: ReadonlyMap<bigint, number>;
  readonly packets: readonly TracePacket[];
} {
  const { packet } = fromBinary(TraceSchema, bytes);
  const events = packet
    .map(({ timestamp, trackEvent }, index) => ({ timestamp, trackEvent, index }))
    .sort((a, b) => Number(a.timestamp - b.timestamp) || a.index - b.index);
  const open = new Map<bigint, { name: string; start: bigint; place: number }[]>();
  const slices: string[] = [];
  const counters: string[] = [];
  const flows = new Map<bigint, number>();
  for (const { timestamp, trackEvent } of events) {
    if (!trackEvent) continue;
    const stack = open.get(trackEvent.trackUuid) ?? [];
    open.set(trackEvent.trackUuid, stack);
    if (trackEvent.type === 1) {
      stack.push({ name: trackEvent.name, start: timestamp, place: slices.push('') - 1 });
      for (const id of trackEvent.flowIds) flows.set(id, (flows.get(id) ?? 0) + 1);
    } else if (trackEvent.type === 2) {
      const top = stack.pop();
      if (!top) throw new Error('an end without a beginning');
      expect(timestamp).toBeGreaterThanOrEqual(top.start);
      slices[top.place] = `${top.name} ${top.start}-${timestamp} ${stack.length}`;
    } else if (trackEvent.type === 4) {
      counters.push(`${timestamp} ${trackEvent.counterValue}`);
    }
  }
  for (const stack of open.values()) expect(stack).toEqual([]);
  return { slices, counters, flows, packets: packet };
}

describe('a trace', () => {
  it('of random events has a slice for each pair, nested, and connected flows', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { below } = createRandom(seed);
      const records: Data[] = [];
      const open: string[][] = [[], [], []];
      const flows = new Map<number, number>();
      let pairs = 0;
      for (let ts = 1000, count = below(60); count >= 0; count--) {
        ts += below(3);
        const thread = below(3);
        const stack = open[thread] ?? [];
        if (below(2) === 0 && stack.length > 0) {
          records.push(on(thread, ts, 'E', stack.pop() ?? ''));
        } else {
          const name = `f${below(4)}`;
          const flow = below(4);
          stack.push(name);
          pairs += 1;
          if (flow > 0) flows.set(flow, (flows.get(flow) ?? 0) + 1);
          records.push(on(thread, ts, 'B', name, flow > 0 ? { flow } : {}));
        }
      }
      const made = timeline(...records);
      expect(made.slices).toHaveLength(pairs);
      expect(made.endless).toBe(0);
      expect(made.open).toBe(open.flat().length);
      const trace = decoded(perfettoTrace(made));
      expect([...trace.slices].sort()).toEqual([...shown(made)].sort());
      const linked = [...flows.values()].filter((count) => count > 1).sort();
      expect([...trace.flows.values()].sort()).toEqual(linked);
      // Chrome's JSON says the same.
      const { traceEvents } = JSON.parse(chromeTrace(made)) as {
        traceEvents: readonly { ph: string; ts: number }[];
      };
      const count = (ph: string): number => traceEvents.filter((event) => event.ph === ph).length;
      expect([count('B'), count('E')]).toEqual([pairs, pairs]);
      expect([count('s'), count('f')]).toEqual([linked.length, linked.length]);
      expect(Math.min(...traceEvents.filter(({ ph }) => ph !== 'M').map(({ ts }) => ts))).toBe(0);
    }
  });

  it('has processes and threads by name, their tracks, clocks, and counters of maps', () => {
    const print = (boot: number, count: number): object => ({
      type: 'map',
      boot,
      wall: '',
      name: '@n',
      key_types: [{ kind: 'string' }],
      data: [{ key: ['a'], value: count }],
    });
    const made = timelineOf(
      findings(
        {
          type: 'session',
          boot: 5_000_000_000,
          wall: '2026-01-31T12:00:00.123456789Z',
          schema: 2,
          script: 'x',
        },
        value(on(7, 10, 'B', '<b>', { process: 6, task: 'worker' })),
        value(on(7, 11, 'E', '<b>', { process: 6 })),
        value(on(6, 12, 'i', 'mark', { process: 6, task: 'main' })),
        value(on(0, 13, 'C', 'depth', { value: -4 })),
        print(20, 3),
        print(30, 5),
      ),
    );
    if (isProblem(made)) throw new Error(made.problem);
    const { packets, counters } = decoded(perfettoTrace(made));
    expect(counters).toEqual(['13 -4', '20 3', '30 5']);
    expect(packets[0]?.clockSnapshot).toMatchObject({
      primaryTraceClock: 6,
      clocks: [
        { clockId: 6, timestamp: 5_000_000_000n },
        { clockId: 1, timestamp: 1_769_860_800_123_456_789n },
      ],
    });
    const tracks = packets.flatMap(({ trackDescriptor }) => trackDescriptor ?? []);
    expect(tracks).toMatchObject([
      { uuid: 1n, process: { pid: 6, processName: 'main' } },
      { uuid: 2n, parentUuid: 1n, thread: { pid: 6, tid: 7, threadName: 'worker' } },
      { uuid: 3n, parentUuid: 1n, thread: { pid: 6, tid: 6, threadName: 'main' } },
      { uuid: 4n, name: 'depth' },
      { uuid: 5n, name: '@n[a]' },
    ]);
    expect(
      packets
        .filter(({ trackEvent }) => trackEvent)
        .every(({ timestampClockId }) => timestampClockId === 6),
    ).toBe(true);
  });
});

describe('a picture of a timeline', () => {
  it('has a box for each slice, as long as it lasted, in the row of its thread and depth', () => {
    const svg = timelinePicture(
      '<t>',
      timeline(
        on(1, 1000, 'B', '<a>', { task: 'cat' }),
        on(1, 2000, 'B', 'b', { fd: 3 }),
        on(1, 3000, 'E', 'b'),
        on(2, 4000, 'i', 'mark'),
        on(1, 5000, 'E', '<a>'),
      ),
    );
    const tips = [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, tip]) => tip);
    expect(tips).toEqual(['&lt;a&gt;: 4 \u00b5s', 'b: 1 \u00b5s, fd 3', 'mark, +3 \u00b5s']);
    const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g)];
    const [outer, inner] = boxes.map(([, ...numbers]) => numbers.map(Number));
    // Four times as long, and one row above.
    expect((outer?.[2] ?? 0) / (inner?.[2] ?? 1)).toBeCloseTo(4, 2);
    expect((inner?.[0] ?? 0) - (outer?.[0] ?? 0)).toBeCloseTo(inner?.[2] ?? 0, 1);
    expect((inner?.[1] ?? 0) - (outer?.[1] ?? 0)).toBe(16);
    expect(svg).toContain('cat 1</text>');
    expect(svg).toContain('4 \u00b5s, 2 slices');
  });

  it('leaves out what would hide behind another box', () => {
    const records = Array.from({ length: 10_000 }, (_, index) => [
      on(1, index * 10, 'B', 'a'),
      on(1, index * 10 + 5, 'E', 'a'),
    ]).flat();
    const boxes = timelinePicture('', timeline(...records)).match(/class="slice"/g) ?? [];
    expect(boxes.length).toBeGreaterThan(500);
    expect(boxes.length).toBeLessThan(5000);
  });

  it('says how long something took in the unit that fits', () => {
    expect([999n, 1000n, 1_234_567n, 5_000_000_000n].map(duration)).toEqual([
      '999 ns',
      '1 \u00b5s',
      '1.235 ms',
      '5 s',
    ]);
  });
});

describe('a profile of pprof', () => {
  const stack = (count: number, ...names: readonly string[]): Stack => ({
    frames: names.map((name) => ({ name, kind: 'user' })),
    count,
    line: 1,
  });

  it('has the stacks, the innermost first, and their sum', () => {
    const made = pprofProfile([stack(3, 'main', 'read'), stack(4, 'main')]);
    if (isProblem(made)) throw new Error(made.problem);
    const profile = fromBinary(ProfileSchema, gunzipSync(made));
    const names = new Map(
      profile.function.map(({ id, name }) => [id, profile.stringTable[Number(name)]]),
    );
    const located = new Map(
      profile.location.map(({ id, line }) => [id, names.get(line[0]?.functionId ?? 0n)]),
    );
    expect(
      profile.sample.map(({ locationId, value: [count] }) => [
        ...locationId.map((id) => located.get(id)),
        count,
      ]),
    ).toEqual([
      ['read', 'main', 3n],
      ['main', 4n],
    ]);
    expect(profile.stringTable[0]).toBe('');
  });

  it('has no numbers that it cannot have', () => {
    expect(pprofProfile([stack(-1, 'main')])).toMatchObject({ line: 1 });
  });
});
