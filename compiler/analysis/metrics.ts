/**
 * What maps are as metrics, as comments of the script say it: `// bpfscript: metric @usecs read_latency_seconds
 * "Time of read(2)." in us labels comm`. Behind the map stands the metric's name, then clauses in any order: a type, a
 * help text, `in UNIT` (of the script's numbers), `labels A, B` (of the parts of the key), `buckets LOW..HIGH` (bounds
 * that are shown, in the script's numbers), `containers A` (that label is a cgroup's id, and the loader names what
 * runs in it).
 */
import type { ManifestMetric } from '../../linker/manifest/manifest.ts';
import { closest, meaning } from '../source/closest.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type { MetricComment, MetricWord } from '../syntax/metric-comments.ts';
import type { Type } from '../types/type.ts';
import type { MapSymbol } from './typed.ts';

type MetricType = ManifestMetric['type'];

/** Names of metrics and labels, as the text formats have them. */
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Labels that the formats, or the loader, use themselves. */
const TAKEN = new Set(['le', 'quantile']);
/** Labels that `containers` brings. */
const CONTAINER = new Set(['container', 'container_id', 'pod', 'pod_uid', 'namespace', 'unit']);
const SUFFIXES = /_(?:total|created|bucket|count|sum|info)$/;
const INTEGER = /^-?\d+$/;

/** What a script's number is, in base units: times `factor`, divided by ten to the power of `decimals`. */
const UNITS: ReadonlyMap<string, Pick<ManifestMetric, 'unit' | 'factor' | 'decimals'>> = new Map([
  ['ns', { unit: 'seconds', decimals: 9 }],
  ['us', { unit: 'seconds', decimals: 6 }],
  ['ms', { unit: 'seconds', decimals: 3 }],
  ['s', { unit: 'seconds' }],
  ['bytes', { unit: 'bytes' }],
  ['KiB', { unit: 'bytes', factor: 1024 }],
  ['MiB', { unit: 'bytes', factor: 1_048_576 }],
  ['GiB', { unit: 'bytes', factor: 1_073_741_824 }],
  ['percent', { unit: 'ratio', decimals: 2 }],
]);

/** Types that a value can have as a metric, the one that nobody has to say first; none: it cannot be one. */
function metricTypes(value: Type): readonly MetricType[] {
  switch (value.kind) {
    case 'int':
      return ['gauge', 'counter'];
    case 'count':
      return ['counter', 'gauge'];
    case 'sum':
      return value.signed ? ['gauge', 'counter'] : ['counter', 'gauge'];
    case 'min':
    case 'max':
      return ['gauge'];
    case 'avg':
    case 'stats':
      return value.signed ? ['gauge', 'summary'] : ['summary', 'gauge'];
    case 'hist':
    case 'lhist':
      return ['histogram'];
    default:
      return [];
  }
}

/** How many labels a key has. */
function partsOf(key: Type | undefined): number {
  if (!key) return 0;
  return key.kind === 'tuple' ? key.elements.length : key.kind === 'record' ? key.fields.length : 1;
}

/** Metrics by the names of their maps. Ranges of the comments count in the space of `diagnostics`. */
export function readMetrics(
  comments: readonly MetricComment[],
  maps: readonly MapSymbol[],
  diagnostics: Diagnostics,
): ReadonlyMap<string, ManifestMetric> {
  const metrics = new Map<string, ManifestMetric>();
  const names = new Set<string>();
  for (const comment of comments) {
    const reader = createReader(comment, diagnostics);
    const map = readMap(reader, maps, metrics);
    const metric = map && readMetric(reader, map);
    if (!metric) continue;
    if (names.has(metric.name)) {
      reader.wrong(`another map is the metric ${metric.name} already`);
      continue;
    }
    names.add(metric.name);
    metrics.set(map.name, metric);
  }
  return metrics;
}

interface Reader {
  /** The next word, which is taken; undefined at the end. */
  take(): MetricWord | undefined;
  peek(): MetricWord | undefined;
  wrong(message: string, at?: Range, ...hints: readonly string[]): undefined;
}

function createReader(comment: MetricComment, diagnostics: Diagnostics): Reader {
  let next = 0;
  return {
    take: () => comment.words[next++],
    peek: () => comment.words[next],
    wrong(message, at = comment.range, ...hints) {
      diagnostics.error('invalid-metric', message, at, ...hints);
    },
  };
}

function readMap(
  reader: Reader,
  maps: readonly MapSymbol[],
  metrics: ReadonlyMap<string, unknown>,
): MapSymbol | undefined {
  const word = reader.take();
  if (!word?.text.startsWith('@'))
    return reader.wrong('a metric begins with its map: metric @reads reads_total', word?.range);
  const map = maps.find(({ name }) => name === word.text);
  if (!map) {
    const near = closest(
      word.text,
      maps.map(({ name }) => name),
    );
    return reader.wrong(
      `the script has no map ${word.text}`,
      word.range,
      ...(near.length > 0 ? [meaning(near)] : []),
    );
  }
  if (metrics.has(map.name)) return reader.wrong(`${map.name} is a metric already`, word.range);
  return map;
}

/** What clauses said so far. */
interface Clauses {
  type?: { readonly word: MetricType; readonly range: Range };
  help?: string;
  unit?: { readonly name: string; readonly range: Range };
  labels?: { readonly names: readonly string[]; readonly range: Range };
  containers?: { readonly label: string; readonly range: Range };
  buckets?: { readonly least: number; readonly most: number; readonly range: Range };
}

function readMetric(reader: Reader, map: MapSymbol): ManifestMetric | undefined {
  const allowed = metricTypes(map.value);
  if (allowed.length === 0)
    return reader.wrong(
      `the values of ${map.name} are no metric`,
      undefined,
      'Metrics are integers, and what count, sum, min, max, avg, stats, hist and lhist make.',
    );
  const name = reader.take();
  if (!name || name.quoted || !NAME.test(name.text))
    return reader.wrong(
      'behind the map stands the name of the metric, of letters, digits, _ and :',
      name?.range,
    );
  const clauses: Clauses = {};
  while (reader.peek()) if (!readClause(reader, clauses)) return undefined;
  const type = clauses.type?.word ?? allowed[0] ?? 'gauge';
  if (!allowed.includes(type))
    return reader.wrong(
      `${map.name} cannot be a ${type}, but a ${allowed.join(' or a ')}`,
      clauses.type?.range,
    );
  const scale = clauses.unit && UNITS.get(clauses.unit.name);
  const family = type === 'counter' ? name.text.replace(/_total$/, '') : name.text;
  if (SUFFIXES.test(family) || family === '')
    return reader.wrong(
      `a ${type} cannot be called ${name.text}: the end of the name means something else`,
      name.range,
    );
  if (scale?.unit && !family.endsWith(`_${scale.unit}`))
    return reader.wrong(
      `the name of a metric in ${scale.unit} ends with _${scale.unit}`,
      name.range,
      `${family}_${scale.unit}${type === 'counter' ? '_total' : ''} is one.`,
    );
  const labels = labelsOf(reader, map, clauses);
  if (!labels) return undefined;
  const cgroup = cgroupOf(reader, map, labels, clauses);
  if (clauses.containers && cgroup === undefined) return undefined;
  if (clauses.buckets && type !== 'histogram')
    return reader.wrong('only a histogram has buckets', clauses.buckets.range);
  return {
    name: family,
    type,
    ...(clauses.help === undefined ? {} : { help: clauses.help }),
    ...scale,
    ...(clauses.buckets ? { least: clauses.buckets.least, most: clauses.buckets.most } : {}),
    labels,
    ...(cgroup === undefined ? {} : { cgroup }),
  };
}

/** Which part of the key is the id of a cgroup; undefined without the clause, and where it is wrong. */
function cgroupOf(
  reader: Reader,
  map: MapSymbol,
  labels: readonly string[],
  { containers }: Clauses,
): number | undefined {
  if (!containers) return undefined;
  const index = labels.indexOf(containers.label);
  if (index < 0)
    return reader.wrong(
      `${map.name} has no label ${containers.label}`,
      containers.range,
      ...(labels.length > 0 ? [`Its labels are ${labels.join(', ')}.`] : []),
    );
  const type = partType(map.key, index);
  if (type?.kind !== 'int' || type.size !== 8)
    return reader.wrong(
      `${containers.label} is no id of a cgroup, which is a number of 64 bits, as cgroup is`,
      containers.range,
    );
  const taken = labels.find((label) => CONTAINER.has(label));
  if (taken !== undefined)
    return reader.wrong(
      `containers brings a label ${taken} of its own`,
      containers.range,
      'Another name for that part of the key tells them apart.',
    );
  return index;
}

function partType(key: Type | undefined, index: number): Type | undefined {
  if (key?.kind === 'tuple') return key.elements[index];
  return key?.kind === 'record' ? key.fields[index]?.type : key;
}

function labelsOf(
  reader: Reader,
  map: MapSymbol,
  { labels }: Clauses,
): readonly string[] | undefined {
  const parts = partsOf(map.key);
  if (labels && labels.names.length !== parts)
    return reader.wrong(
      `the key of ${map.name} has ${parts === 1 ? '1 part' : `${parts} parts`}, and ${labels.names.length === 1 ? '1 label is' : `${labels.names.length} labels are`} named`,
      labels.range,
    );
  if (labels) return labels.names;
  if (parts === 1) return ['key'];
  if (map.key?.kind === 'record') return map.key.fields.map((field) => field.name);
  return Array.from({ length: parts }, (_, index) => `key_${index + 1}`);
}

function readClause(reader: Reader, clauses: Clauses): boolean {
  const word = reader.take();
  if (!word) return false;
  const again = (name: string, known: unknown): boolean => {
    if (known === undefined) return true;
    reader.wrong(`${name} is said twice`, word.range);
    return false;
  };
  if (word.quoted) {
    if (!again('the help text', clauses.help)) return false;
    // The loader's texts end there, and its reader of manifests refuses them.
    if (word.text.includes('\0')) {
      reader.wrong('a help text cannot hold a NUL', word.range);
      return false;
    }
    clauses.help = word.text;
    return true;
  }
  switch (word.text) {
    case 'counter':
    case 'gauge':
    case 'summary':
    case 'histogram':
      if (!again('the type', clauses.type)) return false;
      clauses.type = { word: word.text, range: word.range };
      return true;
    case 'in':
      return again('the unit', clauses.unit) && readUnit(reader, word, clauses);
    case 'labels':
      return again('labels', clauses.labels) && readLabels(reader, word, clauses);
    case 'containers':
      return again('containers', clauses.containers) && readContainers(reader, word, clauses);
    case 'buckets':
      return again('buckets', clauses.buckets) && readBuckets(reader, word, clauses);
    default:
      reader.wrong(
        `'${word.text}' means nothing here`,
        word.range,
        'Behind the name stand a type, a "help text", in UNIT, labels NAME, ..., containers LABEL and buckets LOW..HIGH.',
      );
      return false;
  }
}

function readUnit(reader: Reader, word: MetricWord, clauses: Clauses): boolean {
  const unit = reader.take();
  if (unit && UNITS.has(unit.text)) {
    clauses.unit = { name: unit.text, range: unit.range };
    return true;
  }
  reader.wrong(
    `behind 'in' stands what the script's numbers are: ${[...UNITS.keys()].join(', ')}`,
    unit?.range ?? word.range,
  );
  return false;
}

function readLabels(reader: Reader, word: MetricWord, clauses: Clauses): boolean {
  const names: string[] = [];
  let end = word.range.end;
  do {
    const name = reader.take();
    if (!name || name.quoted || !LABEL.test(name.text) || TAKEN.has(name.text)) {
      reader.wrong(
        name && TAKEN.has(name.text)
          ? `the label ${name.text} is taken by the format`
          : 'labels are names of letters, digits and _ that do not begin with __, with commas between them',
        name?.range ?? word.range,
      );
      return false;
    }
    if (names.includes(name.text)) {
      reader.wrong(`the label ${name.text} is there twice`, name.range);
      return false;
    }
    names.push(name.text);
    end = name.range.end;
  } while (reader.peek()?.text === ',' && reader.take());
  clauses.labels = { names, range: { start: word.range.start, end } };
  return true;
}

function readContainers(reader: Reader, word: MetricWord, clauses: Clauses): boolean {
  const label = reader.take();
  if (label && !label.quoted && LABEL.test(label.text)) {
    clauses.containers = { label: label.text, range: label.range };
    return true;
  }
  reader.wrong(
    "behind 'containers' stands the label whose numbers are ids of cgroups",
    label?.range ?? word.range,
  );
  return false;
}

function readBuckets(reader: Reader, word: MetricWord, clauses: Clauses): boolean {
  const bounds = reader.take();
  const [least = '', most = ''] = bounds?.text.split('..') ?? [];
  const right =
    INTEGER.test(least) &&
    INTEGER.test(most) &&
    Number.isSafeInteger(Number(least)) &&
    Number.isSafeInteger(Number(most)) &&
    Number(least) < Number(most);
  if (!right) {
    reader.wrong(
      "behind 'buckets' stand the least and the greatest bound, as in 1000..1000000",
      bounds?.range ?? word.range,
    );
    return false;
  }
  const range = { start: word.range.start, end: bounds?.range.end ?? word.range.end };
  clauses.buckets = { least: Number(least), most: Number(most), range };
  return true;
}
