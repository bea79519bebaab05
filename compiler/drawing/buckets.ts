/** Histograms as numbers: their labels, totals and percentiles. */
import type { Bucket } from './findings.ts';
import { grouped } from './svg.ts';

export const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999] as const;

/** [low, high], as the numbers that belong to the bucket. */
export function bucketLabel({ low, high }: Bucket): string {
  if (low === undefined) return `(..., ${high ?? ''}]`;
  if (high === undefined) return `[${low}, ...)`;
  return low === high ? String(low) : `[${low}, ${high}]`;
}

export function totalOf(buckets: readonly Bucket[]): number {
  return buckets.reduce((total, { count }) => total + count, 0);
}

/** The bucket that holds the value below or at which this part of all values is; undefined: there are none. */
export function quantile(buckets: readonly Bucket[], part: number): Bucket | undefined {
  const wanted = Math.ceil(totalOf(buckets) * part);
  let sum = 0;
  for (const bucket of buckets) {
    sum += bucket.count;
    if (bucket.count > 0 && sum >= wanted) return bucket;
  }
  return undefined;
}

/** A line of percentiles, each as the bucket that it is in. */
export function percentileText(buckets: readonly Bucket[]): string {
  const parts = QUANTILES.flatMap((part) => {
    const bucket = quantile(buckets, part);
    return bucket ? [`p${Number((part * 100).toFixed(1))} in ${bucketLabel(bucket)}`] : [];
  });
  return [`${grouped(totalOf(buckets))} values`, ...parts].join(', ');
}

/** What two prints have in common as one axis: all bounds, in order. */
export function sameBuckets(prints: readonly (readonly Bucket[])[]): readonly Bucket[] {
  const known = new Map<string, Bucket>();
  for (const buckets of prints)
    for (const bucket of buckets) known.set(bucketLabel(bucket), bucket);
  const from = ({ low, high }: Bucket): number => low ?? (high ?? 0) - Number.MAX_VALUE;
  return [...known.values()].sort((a, b) => from(a) - from(b));
}
