/** A timeline as a picture: a row for each thread and depth, a box for each slice. */
import { COLOURS, cut, head } from '../charts.ts';
import { element, grouped, picture, text, tip } from '../svg.ts';
import type { Slice, Thread, Timeline } from './timeline.ts';

const WIDTH = 1200;
const LEFT = 160;
const ROW = 16;
const TOP = 34;
/** What is narrower is drawn where it does not hide under another. */
const LEAST = 0.5;
/** Threads that can be looked at. */
export const MOST_THREADS = 60;

/** Names that come one after the other have colours of their own. */
function colours(slices: readonly Slice[]): ReadonlyMap<string, string> {
  const names = [...new Set(slices.map(({ name }) => name))];
  return new Map(names.map((name, index) => [name, COLOURS[index % COLOURS.length] ?? COLOURS[0]]));
}

/** So many nanoseconds in the unit that fits. */
export function duration(ns: bigint): string {
  const units = [
    ['s', 1e9],
    ['ms', 1e6],
    ['\u00b5s', 1e3],
  ] as const;
  for (const [unit, size] of units)
    if (ns >= BigInt(size)) return `${Number((Number(ns) / size).toPrecision(4))} ${unit}`;
  return `${ns} ns`;
}

function threadName({ pid, tid, name }: Thread): string {
  const id = pid === tid ? String(tid) : `${pid}/${tid}`;
  return name === undefined ? id : `${name} ${id}`;
}

export function timelinePicture(title: string, timeline: Timeline): string {
  const { threads, slices, instants, flows } = timeline;
  const times = [
    ...slices.flatMap(({ start, end }) => [start, end]),
    ...instants.map(({ at }) => at),
  ];
  let first = times[0] ?? 0n;
  let last = first;
  for (const at of times) {
    if (at < first) first = at;
    if (at > last) last = at;
  }
  const span = Number(last - first) || 1;
  const x = (at: bigint): number => LEFT + (Number(at - first) / span) * (WIDTH - LEFT - 10);
  const shown = threads.slice(0, MOST_THREADS);
  const depths = shown.map(() => 1);
  for (const { thread, depth } of slices)
    if (thread < shown.length) depths[thread] = Math.max(depths[thread] ?? 1, depth + 1);
  let next = TOP;
  const tops = depths.map((depth) => {
    const top = next;
    next += depth * ROW + 8;
    return top;
  });
  const labels = shown.map((thread, index) =>
    text(
      { x: LEFT - 8, y: (tops[index] ?? 0) + 12, 'text-anchor': 'end' },
      cut(threadName(thread), 20),
    ),
  );
  // Where the last box of each row ends: what would hide behind it is left out.
  const ends = new Map<string, number>();
  const colour = colours(slices);
  const boxes = slices.map((slice) => box(slice, colour.get(slice.name) ?? '', x, tops, ends));
  const marks = instants.map(({ thread, name, at }) => {
    const y = tops[thread];
    if (y === undefined) return '';
    return element(
      'path',
      { class: 'mark', d: `M${x(at).toFixed(2)} ${y - 3}l3 -4h-6z`, fill: '#333' },
      tip(`${name}, +${duration(at - first)}`),
    );
  });
  const rest = threads.length - shown.length;
  const notes = [
    duration(last - first),
    `${grouped(slices.length)} slices`,
    ...(flows.length > 0 ? [`${grouped(flows.length)} flows`] : []),
    ...(rest > 0 ? [`and ${grouped(rest)} more threads`] : []),
  ];
  return picture(
    { width: WIDTH, height: next + 6 },
    { class: 'timeline' },
    head(title, notes.join(', '), WIDTH) + labels.join('') + boxes.join('') + marks.join(''),
  );
}

function box(
  { thread, depth, name, start, end, details }: Slice,
  fill: string,
  x: (at: bigint) => number,
  tops: readonly number[],
  ends: Map<string, number>,
): string {
  const top = tops[thread];
  if (top === undefined) return '';
  const row = `${thread} ${depth}`;
  const from = x(start);
  const width = Math.max(LEAST, x(end) - from);
  if (from + width <= (ends.get(row) ?? 0) + LEAST / 2) return '';
  ends.set(row, from + width);
  const room = Math.floor((width - 4) / 7.25);
  const y = top + depth * ROW;
  const more = [...details].map(([key, value]) => `, ${key} ${value}`).join('');
  return element(
    'g',
    { class: 'slice' },
    tip(`${name}: ${duration(end - start)}${more}`) +
      element('rect', {
        x: from,
        y,
        width,
        height: ROW - 1,
        fill,
        'fill-opacity': 0.6,
      }) +
      (room < 3 ? '' : text({ x: from + 2, y: y + 12 }, cut(name, room))),
  );
}
