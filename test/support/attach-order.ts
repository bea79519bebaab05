/** Blocks on one event, and the order in which they ran. */
import { expect } from 'vitest';

/** A block for each attach point, which prints its number. */
export function blocksInOrder(points: readonly string[], filter = ''): string {
  return points
    .map((point, index) => `${point} ${filter} { printf("${index + 1}\\n"); }`)
    .join('\n');
}

export function thrice(point: string): readonly string[] {
  return [point, point, point];
}

/** The numbers that were printed, a line each: each of so many events has all of them in their order. */
export function expectOrder(stdout: string, count: number, events: number): void {
  const numbers = stdout.trim().split('\n').filter(Boolean);
  const one = Array.from({ length: count }, (_unused, index) => String(index + 1));
  expect(numbers).toEqual(Array.from({ length: events }, () => one).flat());
}
