import { describe, expect, it } from 'vitest';
import { compileText } from '../../support/build.ts';

/** Each question with what it is true of. */
const TRUE_OF: Readonly<Record<string, readonly string[]>> = {
  is_str: ['"text"', 'comm'],
  is_ptr: ['curtask', '(int8 *)0'],
  is_array: ['(uint8[4])1'],
  is_integer: ['5', '-5', 'pid', '(int16)pid', '(uint8)pid'],
  is_unsigned_integer: ['pid', '(uint8)pid'],
  is_literal: ['5', '-5', '"text"'],
};
const ALL = [...new Set([...Object.values(TRUE_OF).flat(), '(1, 2)', 'kstack'])];

describe('what the compiler knows of an expression', () => {
  it.each(Object.entries(TRUE_OF))('%s', (name, those) => {
    const taken = ALL.filter((expression) => {
      const { diagnostics, typed } = compileText(
        `kprobe:vfs_read { if comptime (${name}(${expression})) { print(1); } else { print(2); } }`,
      );
      expect(diagnostics).toEqual([]);
      return JSON.stringify(typed?.probes[0]?.body, (_, part) =>
        typeof part === 'bigint' ? `${part}` : part,
      ).includes('"value":"1"');
    });
    expect(new Set(taken)).toEqual(new Set(those));
  });
});
