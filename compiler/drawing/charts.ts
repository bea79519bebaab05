/** Charts of maps without stacks. Each is a picture that says its numbers where the mouse is. */
import { bucketLabel, percentileText, sameBuckets, totalOf } from './buckets.ts';
import type { Amount, Bucket, Point } from './findings.ts';
import { element, grouped, picture, text, tip } from './svg.ts';

const WIDTH = 900;
const ROW = 20;
const HEAD = 34;
export const COLOURS = [
  '#3366cc',
  '#dc3912',
  '#109618',
  '#ff9900',
  '#990099',
  '#0099c6',
  '#b82e2e',
  '#66aa00',
  '#994499',
  '#8b6914',
  '#3b3eac',
  '#5a6b7b',
] as const;
/** Lines that can be told apart. */
export const MOST_LINES = COLOURS.length;
/** Rows of a chart that can be looked at. */
export const MOST_BARS = 100;
/** Columns of a heat map, and points of a line, that have a pixel each. */
export const MOST_COLUMNS = 1000;

/** The picture's ground, with what it is called. */
export function head(title: string, note = '', width: number = WIDTH): string {
  return (
    element('rect', { width: '100%', height: '100%', fill: 'hsl(210, 20%, 98%)' }) +
    text({ x: 10, y: 20, 'font-size': 14, 'font-weight': 'bold' }, title) +
    (note === '' ? '' : text({ x: width - 10, y: 20, 'text-anchor': 'end', fill: '#666' }, note))
  );
}

/** A label in at most so many characters. */
export function cut(label: string, most: number): string {
  return label.length <= most ? label : `${label.slice(0, most - 1)}\u2026`;
}

interface Bar {
  readonly label: string;
  readonly value: number;
  readonly shown: string;
}

function barRows(bars: readonly Bar[], left: number): string {
  const most = bars.reduce((greatest, { value }) => Math.max(greatest, Math.abs(value)), 0);
  const room = WIDTH - left - 130;
  return bars
    .map(({ label, value, shown }, index) => {
      const y = HEAD + index * ROW;
      const width = most === 0 ? 0 : (Math.abs(value) / most) * room;
      return element(
        'g',
        { class: 'row' },
        tip(`${label}: ${shown}`) +
          text(
            { x: left - 8, y: y + 14, 'text-anchor': 'end' },
            cut(label, Math.floor((left - 12) / 7.25)),
          ) +
          element('rect', {
            x: left,
            y: y + 2,
            width: value === 0 ? 0 : Math.max(1, width),
            height: ROW - 4,
            fill: value < 0 ? COLOURS[1] : COLOURS[0],
          }) +
          text({ x: left + width + 6, y: y + 14, fill: '#444' }, shown),
      );
    })
    .join('');
}

export function histogram(title: string, buckets: readonly Bucket[]): string {
  const total = totalOf(buckets);
  const bars = buckets.map((bucket) => ({
    label: bucketLabel(bucket),
    value: bucket.count,
    shown: `${grouped(bucket.count)} (${((100 * bucket.count) / (total || 1)).toFixed(1)}%)`,
  }));
  const height = HEAD + bars.length * ROW + 28;
  return picture(
    { width: WIDTH, height },
    { class: 'histogram' },
    head(title) +
      barRows(bars, 250) +
      text({ x: 10, y: height - 8, fill: '#444' }, percentileText(buckets)),
  );
}

/** The greatest first. */
export function barChart(
  title: string,
  rows: readonly { readonly key: string; readonly amount: Amount }[],
): string {
  const sorted = [...rows].sort((a, b) => b.amount.value - a.amount.value);
  const bars = sorted.slice(0, MOST_BARS).map(({ key, amount }) => ({
    label: key,
    value: amount.value,
    shown: grouped(amount.text),
  }));
  const rest = sorted.length - bars.length;
  return picture(
    { width: WIDTH, height: HEAD + bars.length * ROW + 10 },
    { class: 'bars' },
    head(title, rest > 0 ? `and ${grouped(rest)} smaller ones` : '') + barRows(bars, 330),
  );
}

/** One column a print, of which `label` says when; one row a bucket; the darker, the more. */
export function heatMap(
  title: string,
  columns: readonly { readonly label: string; readonly buckets: readonly Bucket[] }[],
): string {
  const shown = columns.slice(-MOST_COLUMNS);
  const axis = sameBuckets(shown.map(({ buckets }) => buckets));
  const rowOf = new Map(axis.map((bucket, index) => [bucketLabel(bucket), index]));
  const left = 250;
  const step = (WIDTH - left - 20) / Math.max(1, shown.length);
  const most = Math.max(0, ...shown.flatMap(({ buckets }) => buckets.map(({ count }) => count)));
  const bottom = HEAD + axis.length * ROW;
  const cells = shown.map(({ label, buckets }, column) =>
    buckets
      .filter(({ count }) => count > 0)
      .map((bucket) => {
        const row = rowOf.get(bucketLabel(bucket)) ?? 0;
        return element(
          'rect',
          {
            class: 'cell',
            x: left + column * step,
            y: bottom - (row + 1) * ROW,
            width: Math.max(0.5, step - (step > 4 ? 1 : 0)),
            height: ROW - 1,
            fill: `hsl(215, 85%, ${Math.round(90 - 65 * Math.sqrt(bucket.count / most))}%)`,
          },
          tip(`${label}, ${bucketLabel(bucket)}: ${grouped(bucket.count)}`),
        );
      })
      .join(''),
  );
  const labels = axis.map((bucket, row) =>
    text({ x: left - 8, y: bottom - row * ROW - 6, 'text-anchor': 'end' }, bucketLabel(bucket)),
  );
  return picture(
    { width: WIDTH, height: bottom + 26 },
    { class: 'heatmap' },
    head(title, columns.length > shown.length ? `the last ${shown.length} prints` : '') +
      labels.join('') +
      cells.join('') +
      text({ x: left, y: bottom + 18, fill: '#666' }, shown[0]?.label ?? '') +
      text(
        { x: WIDTH - 20, y: bottom + 18, 'text-anchor': 'end', fill: '#666' },
        shown.at(-1)?.label ?? '',
      ),
  );
}

export interface Line {
  readonly key: string;
  /** By the index on the common axis; undefined: no value there. */
  readonly points: readonly (Amount | undefined)[];
}

/** Lines over a common axis, whose `ticks` have the labels. The greatest lines are shown. */
export function lineChart(title: string, ticks: readonly string[], lines: readonly Line[]): string {
  const last = ticks.slice(-MOST_COLUMNS);
  const cutLines = lines.map(({ key, points }) => ({ key, points: points.slice(-MOST_COLUMNS) }));
  const greatest = ({ points }: Line): number =>
    points.reduce((most, point) => Math.max(most, point?.value ?? Number.NEGATIVE_INFINITY), 0);
  const shown = [...cutLines].sort((a, b) => greatest(b) - greatest(a)).slice(0, MOST_LINES);
  const values = shown.flatMap(({ points }) =>
    points.flatMap((point) => (point ? [point.value] : [])),
  );
  const top = values.reduce((most, value) => Math.max(most, value), 0);
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const plot = { left: 110, top: HEAD + 8, width: WIDTH - 140, height: 240 };
  const x = (index: number): number =>
    plot.left + (last.length < 2 ? plot.width / 2 : (index / (last.length - 1)) * plot.width);
  const y = (value: number): number =>
    plot.top + plot.height - ((value - low) / (top - low || 1)) * plot.height;
  const bottom = plot.top + plot.height;
  const grid = [low, (low + top) / 2, top].map(
    (value) =>
      element('line', {
        x1: plot.left,
        x2: plot.left + plot.width,
        y1: y(value),
        y2: y(value),
        stroke: '#ddd',
      }) +
      text(
        { x: plot.left - 8, y: y(value) + 4, 'text-anchor': 'end', fill: '#666' },
        shortNumber(value),
      ),
  );
  const drawn = shown.map(({ key, points }, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? COLOURS[0];
    const dots = points.flatMap((point, at) =>
      point
        ? [
            element(
              'circle',
              { class: 'dot', cx: x(at), cy: y(point.value), r: 2.5, fill: colour },
              tip(`${key === '' ? '' : `${key}, `}${last[at] ?? ''}: ${grouped(point.text)}`),
            ),
          ]
        : [],
    );
    return paths(points, x, y, colour) + dots.join('');
  });
  const legend = shown.map(({ key }, index) => {
    const row = bottom + 40 + index * ROW;
    const colour = COLOURS[index % COLOURS.length] ?? COLOURS[0];
    return key === ''
      ? ''
      : element('rect', { x: plot.left, y: row - 10, width: 12, height: 12, fill: colour }) +
          text({ x: plot.left + 18, y: row }, cut(key, 100));
  });
  const rest = lines.length - shown.length;
  return picture(
    { width: WIDTH, height: bottom + 44 + shown.length * ROW },
    { class: 'lines' },
    head(title, rest > 0 ? `and ${grouped(rest)} smaller ones` : '') +
      grid.join('') +
      drawn.join('') +
      text({ x: plot.left, y: bottom + 20, fill: '#666' }, last[0] ?? '') +
      text(
        { x: plot.left + plot.width, y: bottom + 20, 'text-anchor': 'end', fill: '#666' },
        last.at(-1) ?? '',
      ) +
      legend.join(''),
  );
}

/** Stretches without a gap. */
function paths(
  points: readonly (Amount | undefined)[],
  x: (index: number) => number,
  y: (value: number) => number,
  colour: string,
): string {
  let path = '';
  let inside = false;
  for (const [index, point] of points.entries()) {
    if (point) path += `${inside ? 'L' : 'M'}${x(index).toFixed(1)} ${y(point.value).toFixed(1)}`;
    inside = point !== undefined;
  }
  return element('path', { d: path, fill: 'none', stroke: colour, 'stroke-width': 1.5 });
}

function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(4))}G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))}k`;
  return String(Number(value.toPrecision(4)));
}

/** Values of a tseries(), a line for each key. */
export function seriesChart(
  title: string,
  rows: readonly { readonly key: string; readonly points: readonly Point[] }[],
): string {
  const ticks = [...new Set(rows.flatMap(({ points }) => points.map(({ at }) => at)))].sort();
  const lines = rows.map(({ key, points }) => {
    const byTime = new Map(points.map((point) => [point.at, point]));
    return { key, points: ticks.map((tick) => byTime.get(tick)) };
  });
  return lineChart(title, ticks, lines);
}
