/** What the functions that compare, convert, name and complain accept, and what they say otherwise. */
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../compiler/builtins/addresses.ts';
import { typeName } from '../../../compiler/types/names.ts';
import { diagnose } from '../../support/build.ts';
import { expectError, expectTypes, typed } from '../analysis/expect.ts';

function typeOf(expression: string): string {
  const program = typed(`begin { $result = ${expression}; print($result); }`);
  const variable = program.probes[0]?.variables.find(({ name }) => name === '$result');
  return variable ? typeName(variable.type) : 'none';
}

/** Messages of a script that the whole compiler sees: macros of the library are part of it. */
function messages(block: string): readonly string[] {
  return diagnose(`begin { ${block} }`).map(({ message }) => message);
}

describe('types of functions', () => {
  it.each([
    ['ntop(1)', 'inet'],
    ['ntop(2, 1)', 'inet'],
    ['pton("1.2.3.4")', 'uint8[4]'],
    ['pton("::")', 'uint8[16]'],
    ['macaddr(comm)', 'macaddr'],
    ['username', 'username'],
    ['strerror(2)', 'strerror'],
    ['signal_name(2)', 'signal_name'],
    ['syscall_name(2)', 'syscall_name'],
    ['cgroup_path(1)', 'cgroup_path'],
    ['memcmp("a", "b", 1)', 'int64'],
    ['str_concat("ab", comm)', 'string[18]'],
  ])('%s has type %s', (expression, type) => {
    expect(typeOf(expression)).toBe(type);
  });
});

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

describe('arguments', () => {
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

  it('[FUN-079] have to be of the right type', () => {
    for (const name of ['strerror', 'signal_name', 'syscall_name', 'cgroup_path']) {
      expectError(
        `print(${name}(comm));`,
        `${name}() expects an integer${name === 'cgroup_path' ? ' as id' : ''} (string provided)`,
        'comm',
      );
    }
    expectError(
      'print(str_concat(1, "a"));',
      'str_concat() expects a string as left (integer provided)',
      '1',
    );
    expectError(
      'print(memcmp(1, "a", 1));',
      'memcmp() expects a string, an array or a pointer as left (integer provided)',
      '1',
    );
  });

  it('[FUN-080] memcmp takes a literal number that both sides have', () => {
    expectError(
      'print(memcmp("abc", comm, 5));',
      'memcmp() cannot compare 5 bytes: it has to be 0 to 4 here',
      '5',
    );
    expectError('print(memcmp("abc", comm, -1));', 'memcmp() cannot compare -1 bytes', '-1');
    expectError('print(memcmp("abc", comm, pid));', 'literal', 'pid');
    expectError('$f = "x"; print(cgroup_path(1, $f));', 'literal', '$f');
  });

  it.each([
    'ntop()',
    'ntop(1, 2, 3)',
    'pton()',
    'macaddr()',
    'memcmp(1, 2)',
    'str_concat("a")',
    'strerror()',
    'signal_name(1, 2)',
    'syscall_name()',
    'username(1)',
    'cgroup_path()',
    'errorf()',
    'warnf()',
    'fail()',
  ])('[FUN-078] are counted: %s', (use) => {
    expectError(`print(${use});`, 'argument', use);
  });
});

describe('errorf and warnf', () => {
  it('[FUN-008] check their formats as printf does', () => {
    expectError('errorf("%d %d", 1);', 'errorf: Not enough arguments', 'errorf("%d %d", 1)');
    expectError(
      'warnf("%d", comm);',
      "warnf: unsupported format specifier for type 'string",
      'comm',
    );
    expectTypes('errorf("%s", comm); warnf("x");', {});
  });
});

describe('fail', () => {
  it('[FUN-009] is an error where the compiler reaches it', () => {
    expect(messages('fail("no %s, %d times %04d %#x %%", "way", 3, 7, 255);')).toEqual([
      'no way, 3 times 0007 0xff %',
    ]);
    expect(messages('if comptime (1 == 2) { fail("never"); } print(1);')).toEqual([]);
    expect(messages('if comptime (1 == 1) { fail("now"); } print(1);')).toEqual(['now']);
  });

  it('[FUN-080] takes literals only', () => {
    expectError('fail("%d", pid);', 'fail: expects literals', 'pid');
    expectError('fail("%d");', 'fail: Not enough arguments', 'fail("%d")');
  });
});

describe('static_assert', () => {
  it('[FUN-010] is an error if its condition is false', () => {
    expect(messages('static_assert(1 + 1 == 2, "odd"); print(1);')).toEqual([]);
    expect(messages('static_assert(sizeof(uint64) == 4, "too wide"); print(1);')).toEqual([
      'static_assert failed: too wide',
    ]);
  });

  it('[FUN-010] needs a condition that the compiler knows', () => {
    expect(messages('static_assert(pid == 4, "who"); print(1);').length).toBe(1);
  });
});
