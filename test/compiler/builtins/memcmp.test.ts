import { describe, expect, it } from 'vitest';
import { INT64 } from '../../../compiler/types/type.ts';
import { createRandom } from '../../support/random.ts';
import { expectError } from '../analysis/expect.ts';
import { address, call, run, text } from './calls.ts';
import { firstCall } from './uses.ts';

describe('memcmp, as the analysis takes it', () => {
  it('[FUN-080] memcmp takes a literal number that both sides have', () => {
    expectError(
      'print(memcmp("abc", comm, 5));',
      'memcmp() cannot compare 5 bytes: it has to be 0 to 4 here',
      '5',
    );
    const last = (call: string) => firstCall(`$x = memcmp(${call}); print($x);`).plan;
    expect(last('"abc", comm, 4')).toEqual({ size: 4 });
    expect(last('curtask, kptr(5), 1024')).toEqual({ size: 1024 });
    expectError('print(memcmp(curtask, kptr(5), 1025));', 'it has to be 0 to 1024 here', '1025');
    expectError('print(memcmp(curtask, comm, 17));', 'it has to be 0 to 16 here', '17');
    expect(run(call('memcmp', INT64, [text('a'), text('b')], { size: 0 }))).toBe(0n);
    expectError('print(memcmp("abc", comm, -1));', 'memcmp() cannot compare -1 bytes', '-1');
    expectError('print(memcmp("abc", comm, pid));', 'literal', 'pid');
    expectError('$f = "x"; print(cgroup_path(1, $f));', 'literal', '$f');
  });
});

describe('memcmp, as it runs', () => {
  it('[FUN-080] gives the difference of the first bytes that differ, whatever the bytes', () => {
    const random = createRandom(5);
    for (let round = 0; round < 200; round++) {
      const length = random.below(9);
      const bytes = () =>
        Array.from({ length }, () =>
          String.fromCharCode([0, 1, 127, 128, 255][random.below(5)] ?? 0),
        ).join('');
      const [left, right] = [bytes(), round % 3 === 0 ? bytes().slice(0, 0) : bytes()];
      const size = random.below(length + 1);
      const other = right === '' ? left : right;
      const at = [...left].findIndex((each, index) => index < size && each !== other[index]);
      const expected = at === -1 ? 0 : left.charCodeAt(at) - other.charCodeAt(at);
      const value = run(call('memcmp', INT64, [text(left, 16), text(other, 16)], { size }));
      expect([left, other, size, BigInt.asIntN(64, value)]).toEqual([
        left,
        other,
        size,
        BigInt(expected),
      ]);
    }
  });

  it('[FUN-080] reads what pointers lead to, each in its memory', () => {
    const compared = (space: 'kernel' | 'user', there: string) =>
      BigInt.asIntN(
        64,
        run(call('memcmp', INT64, [address(0x100n, space), text('abd', 4)], { size: 3 }), {
          kernel: new Map([[0x100n, Buffer.from(space === 'kernel' ? there : 'zzz')]]),
          user: new Map([[0x100n, Buffer.from(space === 'user' ? there : 'zzz')]]),
        }),
      );
    for (const space of ['kernel', 'user'] as const) {
      expect(compared(space, 'abd')).toBe(0n);
      expect(compared(space, 'abc')).toBe(-1n);
      expect(compared(space, 'bbd')).toBe(1n);
    }
  });
});
