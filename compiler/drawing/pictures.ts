/** From what was found to pictures: which map becomes which. */
import { barChart, heatMap, histogram, type Line, lineChart, seriesChart } from './charts.ts';
import type { Bucket, FoundMap, Print, Problem, Row, Stack } from './findings.ts';
import { isProblem } from './findings.ts';
import type { FlameOptions } from './flame.ts';
import { type FlameTree, flameTree } from './flame-tree.ts';
import { grouped } from './svg.ts';

export type Picture =
  | {
      readonly kind: 'flame';
      readonly map: string;
      readonly tree: FlameTree;
      readonly options: FlameOptions;
    }
  | { readonly kind: 'chart'; readonly map: string; readonly svg: string };

export interface PictureOptions {
  /** Instead of the map's name. */
  readonly title?: string;
  readonly icicle: boolean;
  /** Stacks of all prints of a map, instead of the last. */
  readonly sum: boolean;
  /** Charts of histograms: what came since the print before. */
  readonly increments: boolean;
  /** Maps to compare with, by name. */
  readonly before?: readonly FoundMap[];
}

/** Rows of one kind of value, each with its value. */
function rowsOf<Kind extends Row['value']['kind']>(
  print: Print | undefined,
  kind: Kind,
): readonly { readonly key: string; readonly value: Extract<Row['value'], { kind: Kind }> }[] {
  return (print?.rows ?? []).flatMap(({ key, value }) =>
    value.kind === kind ? [{ key, value: value as Extract<Row['value'], { kind: Kind }> }] : [],
  );
}

function named(map: string, key: string): string {
  return key === '' ? map : `${map}[${key}]`;
}

/** Prints without stacks or rows are those of an empty map. */
export function stacksOf(map: FoundMap, sum: boolean): readonly Stack[] {
  const printed = map.prints.filter(({ stacks }) => stacks.length > 0);
  return sum ? printed.flatMap(({ stacks }) => stacks) : (printed.at(-1)?.stacks ?? []);
}

function flame(map: FoundMap, options: PictureOptions): Picture | Problem | undefined {
  const prints = map.prints.filter(({ stacks }) => stacks.length > 0).length;
  if (prints === 0) return undefined;
  const other = options.before?.find(({ name }) => name === map.name) ?? options.before?.[0];
  if (options.before && !other) return { problem: 'there are no stacks to compare with' };
  const tree = flameTree(
    stacksOf(map, options.sum),
    other ? stacksOf(other, options.sum) : undefined,
  );
  if (isProblem(tree)) return tree;
  const count = `${grouped(tree.count[0] ?? 0)} in all`;
  const compared = tree.before
    ? `, before ${grouped(tree.before[0] ?? 0)}; red grew, blue shrank`
    : '';
  const which =
    prints === 1 ? '' : options.sum ? `, of ${prints} prints` : `, print ${prints} of ${prints}`;
  const title = options.title ?? (map.name === '' ? 'Flame graph' : map.name);
  return {
    kind: 'flame',
    map: map.name,
    tree,
    options: { title, note: count + which + compared, icicle: options.icicle },
  };
}

/** Seconds since the first print, or which print it was. */
function labels(prints: readonly Print[]): readonly string[] {
  const first = prints[0]?.time;
  return prints.map(({ time }, index) =>
    time === undefined || first === undefined
      ? `print ${index + 1}`
      : `+${((time - first) / 1e9).toFixed(2)} s`,
  );
}

/** What came since the print before; where a bucket has less, the map was emptied between. */
function since(
  buckets: readonly Bucket[],
  before: readonly Bucket[] | undefined,
): readonly Bucket[] {
  const old = new Map(
    (before ?? []).map((bucket) => [`${bucket.low} ${bucket.high}`, bucket.count]),
  );
  const less = buckets.map((bucket) => ({
    ...bucket,
    count: bucket.count - (old.get(`${bucket.low} ${bucket.high}`) ?? 0),
  }));
  return less.some(({ count }) => count < 0) ? buckets : less;
}

function keysOf(map: FoundMap, kind: Row['value']['kind']): readonly string[] {
  return [...new Set(map.prints.flatMap((print) => rowsOf(print, kind).map(({ key }) => key)))];
}

/** Histograms and heat maps of so many keys; the others are named in a note of the page. */
const MOST_HISTOGRAMS = 50;

function histograms(map: FoundMap, options: PictureOptions): readonly string[] {
  const last = map.prints.filter((print) => rowsOf(print, 'buckets').length > 0).at(-1);
  const single = [...rowsOf(last, 'buckets')]
    .reverse()
    .slice(0, MOST_HISTOGRAMS)
    .map(({ key, value }) => histogram(named(map.name, key), value.buckets));
  const prints = map.prints.filter((print) => rowsOf(print, 'buckets').length > 0);
  if (prints.length < 2) return single;
  const times = labels(prints);
  const heat = keysOf(map, 'buckets')
    .slice(0, MOST_HISTOGRAMS)
    .map((key) => {
      const all = prints.map(
        (print) => rowsOf(print, 'buckets').find((row) => row.key === key)?.value.buckets ?? [],
      );
      const columns = all.map((buckets, index) => ({
        label: times[index] ?? '',
        buckets: options.increments ? since(buckets, all[index - 1]) : buckets,
      }));
      return heatMap(`${named(map.name, key)} over time`, columns);
    });
  return [...heat, ...single];
}

function numbers(map: FoundMap): readonly string[] {
  const prints = map.prints.filter((print) => rowsOf(print, 'amount').length > 0);
  const last = prints.at(-1);
  if (!last) return [];
  const bars = barChart(
    map.name,
    rowsOf(last, 'amount').map(({ key, value }) => ({ key, amount: value.amount })),
  );
  if (prints.length < 2) return [bars];
  const byPrint = prints.map(
    (print) => new Map(rowsOf(print, 'amount').map(({ key, value }) => [key, value.amount])),
  );
  const lines: readonly Line[] = keysOf(map, 'amount').map((key) => ({
    key,
    points: byPrint.map((print) => print.get(key)),
  }));
  return [lineChart(`${map.name} over time`, labels(prints), lines), bars];
}

function series(map: FoundMap): readonly string[] {
  const last = map.prints.filter((print) => rowsOf(print, 'points').length > 0).at(-1);
  const rows = rowsOf(last, 'points').map(({ key, value }) => ({ key, points: value.points }));
  return rows.length === 0 ? [] : [seriesChart(map.name, rows)];
}

/** All pictures of the maps, in their order. */
export function pictures(
  maps: readonly FoundMap[],
  options: PictureOptions,
): readonly Picture[] | Problem {
  const all: Picture[] = [];
  for (const map of maps) {
    const graph = flame(map, options);
    if (graph && isProblem(graph)) return graph;
    if (graph) all.push(graph);
    const charts = [...series(map), ...histograms(map, options), ...numbers(map)];
    for (const svg of charts) all.push({ kind: 'chart', map: map.name, svg });
  }
  return all.length > 0
    ? all
    : { problem: 'there is nothing in it that can be drawn: no map with numbers' };
}
