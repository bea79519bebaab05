import { describe, expect, it } from 'vitest';
import { int } from '../../../compiler/types/type.ts';
import { expectError } from '../analysis/expect.ts';
import { call, number, run } from './calls.ts';
import { typeOf } from './uses.ts';

describe('bswap, as the analysis takes it', () => {
  it('[FUN-036] swaps integers only', () => {
    expect(typeOf('bswap((int16)1)')).toBe('uint16');
    expect(typeOf('bswap(nsecs)')).toBe('uint64');
    expectError('print(bswap(comm));', 'bswap() expects an integer (string provided)');
  });
});

describe('bswap, as it runs', () => {
  it('[FUN-036] swaps the bytes of each width', () => {
    const swap = (value: bigint, size: 1 | 2 | 4 | 8) =>
      run(call('bswap', int(size, false), [number(value, int(size, true))]));
    expect(swap(0x12n, 1)).toBe(0x12n);
    expect(swap(0x1234n, 2)).toBe(0x3412n);
    expect(swap(0x12345678n, 4)).toBe(0x78563412n);
    expect(swap(-2n, 2)).toBe(0xfeffn);
    expect(swap(0x0102030405060708n, 8)).toBe(0x0807060504030201n);
  });
});
