import { describe, expect, it } from 'vitest';
import { int, type Type, UINT64 } from '../../../compiler/types/type.ts';
import { expectError, expectNoWarnings, expectWarning } from '../analysis/expect.ts';
import { address, call, number, stored } from './calls.ts';
import { createMachine, type World } from './machine.ts';
import { firstCall, hints, typeOf, UPROBE } from './uses.ts';

describe('buf, as the analysis takes it', () => {
  it('[FUN-023] takes the size of a buffer from its length or its array', () => {
    expect(typeOf('buf(arg0, 16)', UPROBE)).toBe('buffer[16]');
    expect(typeOf('buf(arg0, arg1)', UPROBE)).toBe('buffer[1020]');
    expect(typeOf('buf(curtask->words)')).toBe('buffer[8]');
    expect(typeOf('buf(curtask->words, 3)')).toBe('buffer[3]');
  });

  it('[FUN-024] shortens buffers to what max_strlen allows', () => {
    expectWarning('print(buf(0, 5000));', 'buf() length (5000) is too long', '5000');
    expect(firstCall('$x = buf(0, 5000); print($x);').type).toMatchObject({ size: 1020 });
    expectWarning('print(buf(0, 1021));', 'buf() length (1021) is too long', '1021');
    expectNoWarnings('print(buf(0, 1020));');
  });

  it('needs room for a byte', () => {
    const config = (size: number) => `config = { max_strlen = ${size} }`;
    expectError(
      `${config(4)} begin { print(buf(0, 1)); }`,
      'buf() needs a max_strlen of at least 5',
      'buf(0, 1)',
    );
    expectNoWarnings(`${config(5)} begin { print(buf(0, 1)); }`);
    expect(firstCall(`${config(5)} begin { $x = buf(0, pid); print($x); }`).type).toMatchObject({
      size: 1,
    });
    expect(hints('begin { print(buf(0, 5000)); }')).toEqual([
      'Raise max_strlen in the config block.',
    ]);
  });

  it('has no more than the array that it is made of', () => {
    expectNoWarnings('print(buf(curtask->words, 9));');
    for (const [length, size] of [
      [0, 0],
      [7, 7],
      [8, 8],
      [9, 8],
    ] as const)
      expect(typeOf(`buf(curtask->words, ${length})`)).toBe(`buffer[${size}]`);
    expect(typeOf('buf(curtask->words, pid)')).toBe('buffer[8]');
    expectWarning(
      'config = { max_strlen = 8 } begin { print(buf(curtask->words)); }',
      'buf() length (8) is too long and will be shortened to 4 bytes',
      'curtask->words',
    );
    expect(firstCall('$x = buf(curtask->words); print($x);').args).toHaveLength(1);
    expect(firstCall('$x = buf(curtask->words, pid); print($x);').args).toHaveLength(2);
  });

  it('checks the arguments of buf', () => {
    expectError('print(buf(0));', 'buf() expects a length argument for non-array type');
    expectError('print(buf(0, -1));', 'buf() cannot use negative length (-1)', '-1');
    expectError(
      'print(buf(kstack, 1));',
      'buf() expects an integer, a pointer, a string or an array as data',
    );
    expectError('print(buf(0, "a"));', 'buf() expects an integer as length', '"a"');
  });
});

describe('buf', () => {
  const world: World = { user: new Map([[0x9000n, Uint8Array.of(1, 2, 3, 4, 5, 6)]]) };
  const buffer = (size: number): Type => ({ kind: 'buffer', size });

  it('[FUN-023] puts the length before the bytes', () => {
    const bytes = createMachine(world).bytes(
      call('buf', buffer(4), [address(0x9000n, 'user')]),
      false,
    );
    expect([...bytes]).toEqual([4, 0, 0, 0, 1, 2, 3, 4]);
  });

  it('[FUN-023] bounds a length at run time, and pads keys', () => {
    const read = (length: bigint) =>
      createMachine(world).bytes(
        call('buf', buffer(5), [address(0x9000n, 'user'), number(length, UINT64)]),
        true,
      );
    expect([...read(2n)]).toEqual([2, 0, 0, 0, 1, 2, 0, 0, 0]);
    expect([...read(500n)]).toEqual([5, 0, 0, 0, 1, 2, 3, 4, 5]);
    const [source, length] = [address(0x9000n, 'user'), number(500n, UINT64)];
    const least = call('buf', buffer(5), [source, length, number(3n, UINT64)]);
    expect([...createMachine(world).bytes(least, true)]).toEqual([3, 0, 0, 0, 1, 2, 3, 0, 0]);
  });

  it('[FUN-023] takes the bytes of an array', () => {
    const type: Type = { kind: 'array', element: int(2, false), count: 2 };
    const machine = createMachine({ variables: new Map([[1, Uint8Array.of(9, 8, 7, 6)]]) });
    expect([...machine.bytes(call('buf', buffer(4), [stored(1, type)]), true)]).toEqual([
      4, 0, 0, 0, 9, 8, 7, 6,
    ]);
    expect([
      ...machine.bytes(call('buf', buffer(4), [stored(1, type), number(3n, UINT64)]), true),
    ]).toEqual([3, 0, 0, 0, 9, 8, 7, 0]);
  });
});

describe('a buffer of no bytes', () => {
  it('reads nothing', () => {
    const empty = call('buf', { kind: 'buffer', size: 0 }, [address(1n, 'user')]);
    expect([...createMachine().bytes(empty, false)]).toEqual([0, 0, 0, 0]);
  });
});
