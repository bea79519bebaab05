/** Metrics of a loader, as OTLP has them. */
import type { Family, Sample } from './openmetrics.ts';
import {
  CUMULATIVE,
  type HistogramPoint,
  type KeyValue,
  type Metric,
  type NumberPoint,
  type SummaryPoint,
  textAttribute,
} from './otlp.ts';

/** What has to be remembered from one reading to the next: since when each series counts. */
export interface Readings {
  /** When the loader began, in nanoseconds since 1970. */
  readonly began: bigint;
  readonly at: bigint;
  readonly series: ReadonlyMap<string, { readonly since: bigint; readonly count: number }>;
}

/** Units as UCUM writes them. */
const UNITS: Readonly<Record<string, string>> = { seconds: 's', bytes: 'By', ratio: '1' };
const INTEGER = /^-?\d{1,19}$/;
const LARGEST = (1n << 63n) - 1n;

/** The metrics of one reading at `at`, and what the next one takes. */
export function convertMetrics(
  families: readonly Family[],
  at: bigint,
  before: Readings | undefined,
): { readonly metrics: readonly Metric[]; readonly readings: Readings } {
  const began = beginning(families) ?? before?.began ?? at;
  const known = before?.began === began ? before : undefined;
  const series = new Map<string, { readonly since: bigint; readonly count: number }>();
  // A series that counts less than before has begun anew, at some time since.
  const since: Since = (key, count) => {
    const last = known?.series.get(key);
    const start = !last ? began : count < last.count ? (known?.at ?? began) : last.since;
    series.set(key, { since: start, count });
    return String(start);
  };
  const metrics = families
    .filter(({ samples }) => samples.length > 0)
    .map((family) => convert(family, String(at), since));
  return { metrics, readings: { began, at, series } };
}

/** Since when a series counts, which counts so much now. */
type Since = (key: string, count: number) => string;

/** In nanoseconds, to the last digit. */
function beginning(families: readonly Family[]): bigint | undefined {
  const text = families.find(({ name }) => name === 'bpfload_start_time_seconds')?.samples[0]
    ?.value;
  const [, seconds, fraction = ''] = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text ?? '') ?? [];
  return seconds === undefined ? undefined : BigInt(seconds + fraction.padEnd(9, '0'));
}

function convert(family: Family, at: string, since: Since): Metric {
  const about = {
    name: family.type === 'info' ? `${family.name}_info` : family.name,
    ...(family.help ? { description: family.help } : {}),
    ...(family.unit ? { unit: UNITS[family.unit] ?? family.unit } : {}),
  };
  switch (family.type) {
    case 'counter':
      return {
        ...about,
        sum: {
          dataPoints: numbers(family, at, since),
          aggregationTemporality: CUMULATIVE,
          isMonotonic: true,
        },
      };
    case 'histogram':
      return {
        ...about,
        histogram: {
          dataPoints: histograms(family, at, since),
          aggregationTemporality: CUMULATIVE,
        },
      };
    case 'summary':
      return { ...about, summary: { dataPoints: summaries(family, at, since) } };
    default:
      return { ...about, gauge: { dataPoints: numbers(family, at) } };
  }
}

function keyOf(family: Family, labels: Sample['labels']): string {
  return JSON.stringify([family.name, labels]);
}

function attributes(labels: Sample['labels']): readonly KeyValue[] {
  return labels.map(([name, value]) => textAttribute(name, value));
}

/** Integers as such, to the last digit; all of a family are of one type, as far as 64 bits go. */
function numbers(family: Family, at: string, since?: Since): readonly NumberPoint[] {
  const whole =
    !['seconds', 'ratio'].includes(family.unit) &&
    family.samples.every(({ value }) => INTEGER.test(value) || /^\d+$/.test(value));
  return family.samples.map(({ labels, value }) => ({
    attributes: attributes(labels),
    ...(since ? { startTimeUnixNano: since(keyOf(family, labels), Number(value)) } : {}),
    timeUnixNano: at,
    ...(whole && INTEGER.test(value) && BigInt(value) <= LARGEST
      ? { asInt: value }
      : { asDouble: Number(value) }),
  }));
}

/** Samples by their labels, without the one that is given. */
function grouped(family: Family, without: string): ReadonlyMap<string, readonly Sample[]> {
  const groups = new Map<string, Sample[]>();
  for (const sample of family.samples) {
    const key = keyOf(
      family,
      sample.labels.filter(([name]) => name !== without),
    );
    const group = groups.get(key);
    if (group) group.push(sample);
    else groups.set(key, [sample]);
  }
  return groups;
}

/** Buckets count those of the ones below no more. Nobody knows the sum, which may be absent. */
function histograms(family: Family, at: string, since: Since): readonly HistogramPoint[] {
  return [...grouped(family, 'le')].map(([key, samples]) => {
    const buckets = samples
      .filter(({ suffix }) => suffix === '_bucket')
      .map(({ labels, value }) => ({
        bound: labels.find(([name]) => name === 'le')?.[1] ?? '',
        count: BigInt(value),
      }));
    const count = buckets.at(-1)?.count ?? 0n;
    return {
      attributes: attributes((samples[0]?.labels ?? []).filter(([name]) => name !== 'le')),
      startTimeUnixNano: since(key, Number(count)),
      timeUnixNano: at,
      count: String(count),
      bucketCounts: buckets.map((bucket, index) =>
        String(bucket.count - (buckets[index - 1]?.count ?? 0n)),
      ),
      explicitBounds: buckets.slice(0, -1).map(({ bound }) => Number(bound)),
    };
  });
}

function summaries(family: Family, at: string, since: Since): readonly SummaryPoint[] {
  return [...grouped(family, 'quantile')].map(([key, samples]) => {
    const of = (wanted: string) => samples.find(({ suffix }) => suffix === wanted)?.value ?? '0';
    return {
      attributes: attributes(samples[0]?.labels ?? []),
      startTimeUnixNano: since(key, Number(of('_count'))),
      timeUnixNano: at,
      count: of('_count'),
      sum: Number(of('_sum')),
    };
  });
}
