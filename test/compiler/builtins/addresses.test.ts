import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../compiler/builtins/addresses.ts';
import { expectError } from '../analysis/expect.ts';

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
});
