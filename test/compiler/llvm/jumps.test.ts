import { describe, expect, it } from 'vitest';
import { farJumps } from '../../../compiler/llvm/jumps.ts';

/** A function whose first instruction jumps over `count` others. */
function assembly(count: number, instruction = 'r1 = 0'): string {
  return [
    'near:',
    '\tif r1 == 0 goto LBB0_1',
    'LBB0_1:',
    '\texit',
    'far_1:                                  # @far_1',
    '\tif r1 == 0 goto LBB1_1',
    ...Array.from({ length: count }, () => `\t${instruction}   # comment`),
    'LBB1_1:',
    '\texit',
  ].join('\n');
}

describe('jumps', () => {
  it('may span 32,767 instructions, and not one more', () => {
    expect(farJumps(assembly(32767))).toEqual([]);
    expect(farJumps(assembly(32768))).toEqual(['far_1']);
  });

  it('count 64-bit immediates as two', () => {
    expect(farJumps(assembly(16384, 'r1 = 81985529216486895 ll'))).toEqual(['far_1']);
  });
});
