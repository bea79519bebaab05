/** Reads of one element by a predicate and by the body behind it. */

import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { kernelDescription } from '../support/build.ts';
import { mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const WRITE = 'tracepoint:syscalls:sys_enter_write';
const EXIT = 'tracepoint:syscalls:sys_exit_write';

/** How often a script's code calls a helper, by its number in include/uapi/linux/bpf.h. */
function calls(script: string, helper: number): number {
  const compilation = compile(
    { name: 'stdin', text: script },
    { kernel: kernelDescription(), unsafe: false, environment: {} },
  );
  const assembly = compilation.assembly?.() ?? '';
  return assembly.split('\n').filter((line) => line.trim() === `call ${helper}`).length;
}

describe('repeated reads', () => {
  const start = `${WRITE} { @start[tid] = nsecs; }`;

  it('look an element up once for the predicate and the body', () => {
    const lookups = (change: string): number =>
      calls(`${start} ${EXIT} /@start[tid]/ { ${change} @ = sum(nsecs - @start[tid]); }`, 1);
    expect(lookups('@start[tid] = 0;')).toBe(lookups('@other[tid] = 0;') + 1);
  });

  it('ask for pid and tid with one call on the way without a filter', () => {
    // The second call belongs to the filter of -p.
    expect(calls(`${WRITE} { @[pid, tid] = count(); @b[tid] = 1; }`, 14)).toBe(2);
  });
});

needs('root').describe('repeated reads on the kernel', () => {
  it('see what the body changed', async () => {
    const result = await run(
      `${WRITE} /comm == "repeats" && @n[tid] < 100/ {
         $before = @n[tid]; @n[tid] += 1; $after = @n[tid];
         @ok[(uint8)($before + 1 == $after)] = count();
       }
       ${EXIT} /@n[tid] > 0/ {
         if (@n[tid] % 2 == 0) { @even += 1; delete(@n, tid); @gone += (int64)(@n[tid] == 0); }
         @times = count();
       }`,
      { workload: 'comm repeats writetext 40 abc' },
    );
    expect(mapValue(result.stdout, '@ok', '1')).toBeGreaterThanOrEqual(40);
    expect(mapValue(result.stdout, '@ok', '0')).toBeUndefined();
    const even = mapValue(result.stdout, '@even');
    expect(even).toBeGreaterThanOrEqual(20);
    expect(mapValue(result.stdout, '@gone')).toBe(even);
  });
});
