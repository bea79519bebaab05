/** Memory of a kernel by addresses: what is in a segment, whole, and nothing else. */
import { describe, expect, it } from 'vitest';
import { createMemory } from '../../../compiler/image/memory.ts';

const HIGH = 0xffffffff80000000n;
const memory = createMemory([
  { start: 0x1000n, data: Buffer.from('first\0second') },
  { start: HIGH, data: Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9]) },
]);

describe('memory', () => {
  it('is read where all of what is asked for stands', () => {
    expect(memory.at(0x1000n, 5)?.toString()).toBe('first');
    expect(memory.at(0x1000n, 12)?.length).toBe(12);
    expect(memory.at(0x1000n, 13)).toBeUndefined();
    expect(memory.at(0x100bn, 1)?.toString()).toBe('d');
    expect(memory.at(0x100cn, 0)?.length).toBe(0);
    expect(memory.at(0x100cn, 1)).toBeUndefined();
    expect(memory.at(0xfffn, 1)).toBeUndefined();
  });

  it('has numbers of 32 and 64 bits, little end first', () => {
    expect(memory.u32(HIGH)).toBe(0x04030201);
    expect(memory.u32(HIGH + 5n)).toBe(0x09080706);
    expect(memory.u32(HIGH + 6n)).toBeUndefined();
    expect(memory.u64(HIGH + 1n)).toBe(0x0908070605040302n);
    expect(memory.u64(HIGH + 2n)).toBeUndefined();
    expect(memory.u64(HIGH - 1n)).toBeUndefined();
  });

  it('has texts that end', () => {
    expect(memory.text(0x1000n)).toBe('first');
    expect(memory.text(0x1003n)).toBe('st');
    expect(memory.text(0x1005n)).toBe('');
    expect(memory.text(0x1006n)).toBeUndefined();
    expect(memory.text(0x100cn)).toBeUndefined();
    expect(memory.text(0xfffn)).toBeUndefined();
  });

  it('has texts of 4096 characters, and no longer ones', () => {
    const long = createMemory([{ start: 0n, data: Buffer.from(`${'x'.repeat(4097)}\0`) }]);
    expect(long.text(1n)).toHaveLength(4096);
    expect(long.text(0n)).toBeUndefined();
  });
});
