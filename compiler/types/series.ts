/** Sizes of `tseries` in memory. */
import type { SeriesType } from './type.ts';

/** PCPU_MIN_UNIT_SIZE (include/linux/percpu.h): no per-CPU value is larger. */
const LARGEST_PERCPU_VALUE = 32 << 10;

/**
 * A slot: u64 1 + number of the interval since the epoch (0: never used), u64 value, and for `avg` the u64 number of
 * values, for `last` the u64 time in nanoseconds.
 */
export function seriesSlotSize(type: SeriesType): number {
  return type.aggregation === 'avg' || type.aggregation === 'last' ? 24 : 16;
}

/** Why elements of a hash map cannot hold the series, if they cannot. */
export function tooLongForHash(type: SeriesType): string | undefined {
  const most = Math.floor(LARGEST_PERCPU_VALUE / seriesSlotSize(type));
  if (type.count <= most) return undefined;
  return `tseries() num_intervals must be <= ${most} in a hash map (${type.count} provided)`;
}

export const KEYLESS =
  'A map without keys that is neither declared nor deleted holds up to 1000000 intervals.';
