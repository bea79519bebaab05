/** A timeline as Chrome's JSON, which magic-trace, Perfetto and speedscope read. Times are microseconds there. */
import type { Member } from '../findings.ts';
import { steps } from './order.ts';
import type { Slice, Timeline } from './timeline.ts';

/** From the first event on: a double has room for nanoseconds then. */
function microseconds(at: bigint, origin: bigint): number {
  return Number(at - origin) / 1000;
}

/** Math.min takes no bigint. */
function first(times: readonly bigint[]): bigint {
  let least = times[0] ?? 0n;
  for (const at of times) if (at < least) least = at;
  return least;
}

function shown(details: ReadonlyMap<string, Member>): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    [...details].map(([name, member]) => [
      name,
      typeof member === 'bigint' && Number.isSafeInteger(Number(member))
        ? Number(member)
        : String(member),
    ]),
  );
}

export function chromeTrace(timeline: Timeline): string {
  const { threads, counters } = timeline;
  const all = steps(timeline);
  const times = [
    ...all.map(({ at }) => at),
    ...counters.flatMap(({ points }) => points.map(({ at }) => at)),
  ];
  const origin = first(times);
  const of = (thread: number): object => {
    const { pid, tid } = threads[thread] ?? { pid: 0, tid: 0 };
    return { pid, tid };
  };
  const names = threads.flatMap(({ pid, tid, name }) =>
    name === undefined
      ? []
      : [
          { ph: 'M', name: 'thread_name', pid, tid, args: { name } },
          ...(pid === tid ? [{ ph: 'M', name: 'process_name', pid, tid, args: { name } }] : []),
        ],
  );
  const events = all.map((step) => {
    const ts = microseconds(step.at, origin);
    if (step.kind === 'instant') {
      const { thread, name, details } = step.instant;
      return { ph: 'i', s: 't', ts, ...of(thread), name, args: shown(details) };
    }
    const { thread, name, details } = step.slice;
    if (step.kind === 'end') return { ph: 'E', ts, ...of(thread), name };
    return { ph: 'B', ts, ...of(thread), name, args: shown(details) };
  });
  const values = counters.flatMap(({ name, points }) =>
    points.map(({ at, value }) => ({
      ph: 'C',
      ts: microseconds(at, origin),
      pid: 0,
      name,
      args: { value: Number(value) },
    })),
  );
  const arrows = flowsOf(timeline).flatMap((slices, id) =>
    slices.map(({ thread, start }, place) => ({
      ph: place === 0 ? 's' : place === slices.length - 1 ? 'f' : 't',
      ...(place === slices.length - 1 ? { bp: 'e' } : {}),
      cat: 'flow',
      name: 'flow',
      id: id + 1,
      ts: microseconds(start, origin),
      ...of(thread),
    })),
  );
  const traceEvents = [...names, ...events, ...values, ...arrows];
  return `${JSON.stringify({ displayTimeUnit: 'ns', otherData: { origin: String(origin) }, traceEvents })}\n`;
}

/** The slices of each flow, by their starts. */
function flowsOf({ slices, flows }: Timeline): readonly (readonly Slice[])[] {
  const all: Slice[][] = flows.map(() => []);
  for (const slice of slices) if (slice.flow !== undefined) all[slice.flow]?.push(slice);
  for (const own of all) own.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  return all;
}
