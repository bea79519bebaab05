import { describe, expect, it } from 'vitest';
import type { TypedExpression } from '../../../compiler/analysis/typed.ts';
import { addressOf } from '../../../compiler/builtins/addresses.ts';
import { int, type Type, UINT32 } from '../../../compiler/types/type.ts';
import { expectError, expectTypes } from '../analysis/expect.ts';
import { address, call, number, stored } from './calls.ts';
import { createMachine, type World } from './machine.ts';
import { firstCall } from './uses.ts';

describe('pton', () => {
  it('[FUN-033] refuses what is no address', () => {
    for (const text of ['', '1.2.3', '1.2.3.256', '::g', '1:2', 'fe80::1%eth0', 'localhost']) {
      expectError(
        `$a = pton("${text}"); print($a);`,
        `pton() expects a valid IPv4/IPv6 address, got ${text}`,
        `"${text}"`,
      );
    }
  });

  it('[FUN-080] takes a literal only', () => {
    expectError('$s = "::1"; print(pton($s));', 'literal', '$s');
  });

  it('[FUN-034] gives the bytes in the order of the network', () => {
    expect(addressOf('10.0.0.255')).toEqual([10, 0, 0, 255]);
    expect(addressOf('1:2:3:4:5:6:7:ffff')).toEqual([
      0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 255, 255,
    ]);
    expect(addressOf('64:ff9b::1.2.3.4')).toEqual([
      0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4,
    ]);
  });
});

describe('addresses, as the analysis takes it', () => {
  it('[FUN-035] macaddr needs six bytes of the right kind', () => {
    expectError(
      '$b = (uint8[4])1; print(macaddr($b));',
      'macaddr() argument must be at least 6 bytes in size',
      '$b',
    );
    expectError('print(macaddr("abcdef"));', 'macaddr() takes no literal', '"abcdef"');
    expectError(
      'print(macaddr(5));',
      'macaddr() expects an array, a string or a pointer (integer provided)',
      '5',
    );
  });

  it('[FUN-031] [FUN-032] ntop needs 4 or 16 bytes, and 16 for IPv6', () => {
    expectError(
      '$b = (uint8[8])1; print(ntop($b));',
      'ntop() argument must be 4 or 16 bytes in size, not 8',
      '$b',
    );
    expectError(
      'print(ntop(comm));',
      'ntop() expects an integer or an array as address (string provided)',
      'comm',
    );
    expectError(
      'print(ntop(comm, 1));',
      'ntop() expects an integer as family (string provided)',
      'comm',
    );
    expectError('print(ntop(10, 1));', 'ntop() needs 16 bytes for an address of IPv6', '1');
  });

  it('[FUN-031] ntop takes the family of the size, or the one that is given', () => {
    const family = (address: string) =>
      firstCall(`struct s { uint8_t b[16]; }; begin { $a = ntop(${address}); print($a); }`).args[0];
    expect(family('1')).toMatchObject({ kind: 'int', value: 2n });
    expect(family('((struct s *)curtask)->b')).toMatchObject({ kind: 'int', value: 10n });
    expect(family('2, ((struct s *)curtask)->b')).toMatchObject({ kind: 'int', value: 2n });
    expect(family('10, ((struct s *)curtask)->b')).toMatchObject({ kind: 'int', value: 10n });
  });

  it('[FUN-035] macaddr takes six bytes or more, text, and what pointers lead to', () => {
    expectTypes(
      '$b = (uint8[6])1; $c = (uint8[8])1; $s = comm; $m = macaddr($b); $n = macaddr($c); $o = macaddr($s); print(($m, $n, $o));',
      { $m: 'macaddr', $n: 'macaddr', $o: 'macaddr' },
    );
    expectTypes('$m = macaddr((uint8 *)curtask); print($m);', { $m: 'macaddr' });
    expectError(
      'struct w { uint16_t b[6]; }; begin { print(macaddr(((struct w *)curtask)->b)); }',
      'macaddr() expects an array of bytes',
    );
  });
});

describe('addresses, as they run', () => {
  const memory = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
  const array = (count: number): Type => ({ kind: 'array', element: int(1, false), count });
  const world: World = {
    variables: new Map([
      [4, memory.slice(0, 4)],
      [8, memory.slice(0, 8)],
      [16, memory],
    ]),
    user: new Map([[0x100n, memory]]),
    kernel: new Map([[0x100n, memory.map((byte) => byte + 100)]]),
  };
  const bytes = (expression: TypedExpression) => [...createMachine(world).bytes(expression, true)];

  it('[FUN-031] are a family and sixteen bytes, of which four have zeros behind them', () => {
    const ntop = (family: bigint, from: TypedExpression) =>
      bytes(call('ntop', { kind: 'inet' }, [number(family, UINT32), from]));
    const none = new Array<number>(12).fill(0);
    expect(ntop(2n, number(0x0403_0201n, UINT32))).toEqual([2, 0, 0, 0, 1, 2, 3, 4, ...none]);
    expect(ntop(2n, stored(4, array(4)))).toEqual([2, 0, 0, 0, 1, 2, 3, 4, ...none]);
    expect(ntop(10n, stored(16, array(16)))).toEqual([10, 0, 0, 0, ...memory]);
  });

  it('[FUN-034] are the bytes of a text', () => {
    expect(bytes(call('pton', array(4), [], { bytes: [10, 0, 0, 255] }))).toEqual([10, 0, 0, 255]);
  });

  it('[FUN-035] of hardware are six bytes of an array, or of the memory that a pointer is for', () => {
    const macaddr = (from: TypedExpression) => bytes(call('macaddr', { kind: 'macaddr' }, [from]));
    expect(macaddr(stored(8, array(8)))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(macaddr(address(0x100n, 'user'))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(macaddr(address(0x100n, 'kernel'))).toEqual([101, 102, 103, 104, 105, 106]);
  });
});
