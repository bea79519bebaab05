import { describe, expect, it } from 'vitest';
import { diagnose } from '../../support/build.ts';
import { expectError } from '../analysis/expect.ts';

/** Messages of a script that the whole compiler sees: macros of the library are part of it. */
function messages(block: string): readonly string[] {
  return diagnose(`begin { ${block} }`).map(({ message }) => message);
}

describe('fail', () => {
  it('[FUN-009] is an error where the compiler reaches it', () => {
    expect(messages('fail("no %s, %d times %04d %#x %%", "way", 3, 7, 255);')).toEqual([
      'no way, 3 times 0007 0xff %',
    ]);
    expect(messages('if comptime (1 == 2) { fail("never"); } print(1);')).toEqual([]);
    expect(messages('if comptime (1 == 1) { fail("now"); } print(1);')).toEqual(['now']);
  });

  it('[FUN-009] has the text that printf would print', () => {
    expect(messages('fail("%.3d|%+d|%#o|%-4x|%5.1s|%c", 5, 5, 8, 10, "ab", 65);')).toEqual([
      '005|+5|010|a   |    a|A',
    ]);
    expect(messages('fail("%u %x %lx", -1, -1, -1);')).toEqual([
      '4294967295 ffffffff ffffffffffffffff',
    ]);
    expect(messages('fail("%s %d %s", true, true, -5);')).toEqual(['true 1 -5']);
    expect(messages('fail("grün %3s 100%%", "ü");')).toEqual(['grün  ü 100%']);
    expect(messages('fail("%99999999999d", 5);')).toEqual([`${' '.repeat(4095)}5`]);
  });

  it('[FUN-080] takes literals only', () => {
    expectError('fail("%d", pid);', 'fail: expects literals', 'pid');
    expectError('fail("%gr", 1);', 'fail: expects literals', '1');
    expectError(
      'fail("%d %d", 1, "text");',
      "fail: unsupported format specifier for type 'string[5]': d",
      '"text"',
    );
    expectError('fail("%s", comm);', 'fail: expects literals', 'comm');
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
