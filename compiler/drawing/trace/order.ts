/** A timeline as the sequence of what happens on each thread. */
import type { Instant, Slice, Timeline } from './timeline.ts';

export type Step =
  | { readonly kind: 'begin'; readonly at: bigint; readonly slice: Slice }
  | { readonly kind: 'end'; readonly at: bigint; readonly slice: Slice }
  | { readonly kind: 'instant'; readonly at: bigint; readonly instant: Instant };

/**
 * Beginnings and ends of each thread as they nest, and then its instants; readers sort by time and keep the order of what
 * is at one moment.
 */
export function steps({ threads, slices, instants }: Timeline): readonly Step[] {
  const byThread: Slice[][] = threads.map(() => []);
  for (const slice of slices) byThread[slice.thread]?.push(slice);
  const all: Step[] = [];
  for (const own of byThread) {
    const open: Slice[] = [];
    const end = (): void => {
      const slice = open.pop();
      if (slice) all.push({ kind: 'end', at: slice.end, slice });
    };
    for (const slice of own) {
      while (open.length > slice.depth) end();
      all.push({ kind: 'begin', at: slice.start, slice });
      open.push(slice);
    }
    while (open.length > 0) end();
  }
  for (const instant of instants) all.push({ kind: 'instant', at: instant.at, instant });
  return all;
}
