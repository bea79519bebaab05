import { describe, expect, it } from 'vitest';
import { diagnose } from '../../support/build.ts';

const messages = (block: string): readonly string[] =>
  diagnose(`kprobe:vfs_read { ${block} }`, { unsafe: true })
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);

describe('write_user, as the analysis takes it', () => {
  it('writes from 1 byte to all of a value, or 1024 of what a pointer leads to', () => {
    for (const [source, room, of] of [
      ['pid', 4, "'uint32'"],
      ['(uint64)pid', 8, "'uint64'"],
      ['comm', 16, "'string[16]'"],
      ['(uint8[4])pid', 4, "'uint8[4]'"],
      ['curtask', 1024, 'a pointer'],
    ] as const) {
      expect(messages(`print(write_user(arg1, ${source}, 1));`)).toEqual([]);
      expect(messages(`print(write_user(arg1, ${source}, ${room}));`)).toEqual([]);
      for (const length of [0, room + 1])
        expect(messages(`print(write_user(arg1, ${source}, ${length}));`)).toEqual([
          `write_user() expects a length from 1 to ${room} for ${of} (${length} provided)`,
        ]);
    }
  });

  it('refuses what is no value', () => {
    expect(messages('print(write_user(arg1, ctx, 4));')).toEqual([
      'write_user() cannot write a context',
    ]);
    expect(messages('print(write_user(arg1, print(1), 4));')).toEqual([
      'write_user() cannot write a none',
    ]);
  });
});
