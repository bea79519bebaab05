import { describe, expect, it } from 'vitest';
import { build, diagnose } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';

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

describe('write_user, as it runs', () => {
  const UNSAFE = { unsafe: true };

  /** Runs a script whose arg0 is where to write, and arg1 where something stands. */
  function ran(script: string, space: 'kernel' | 'user' = 'user') {
    const machine = interpret(build(script, UNSAFE));
    const target = new Uint8Array(16).fill(9);
    const source = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const context = new Uint8Array(256);
    const view = new DataView(context.buffer);
    view.setBigUint64(112, machine.memory.add(target, 'user'), true);
    view.setBigUint64(104, machine.memory.add(source, space), true);
    machine.run(undefined, context);
    return { written: [...target], worked: machine.value('@'), calls: machine.calls };
  }
  const nines = (count: number) => new Array<number>(count).fill(9);

  it('writes the first bytes of a value', () => {
    expect(ran('kprobe:vfs_read { @ = write_user(arg0, (uint32)0x04030201, 3); }')).toMatchObject({
      ...{ written: [1, 2, 3, ...nines(13)], worked: true },
    });
    const text = 'kprobe:vfs_read { $s = (string[8])"ab"; @ = write_user(arg0, $s, 8); }';
    expect(ran(text).written).toEqual([97, 98, 0, 0, 0, 0, 0, 0, ...nines(8)]);
  });

  it('writes what a pointer leads to, of the memory that it is for', () => {
    for (const [probe, pointer, space] of [
      ['kprobe:vfs_read', '(uint8 *)arg1', 'kernel'],
      ['kprobe:vfs_read', 'uptr((uint8 *)arg1)', 'user'],
      ['uprobe:/x:f', '(uint8 *)arg1', 'user'],
    ] as const)
      expect(ran(`${probe} { @ = write_user(arg0, ${pointer}, 4); }`, space)).toMatchObject({
        ...{ written: [1, 2, 3, 4, ...nines(12)], worked: true },
      });
  });

  it('writes nothing where that cannot be read, and says what failed', () => {
    const unread = ran('kprobe:vfs_read { @ = write_user(arg0, kptr((uint8 *)5), 4); }');
    expect(unread).toMatchObject({ written: nines(16), worked: false });
    expect(unread.calls.get('probe_write_user')).toBeUndefined();
    const unwritten = ran('kprobe:vfs_read { @ = write_user(7, pid, 4); }');
    expect(unwritten).toMatchObject({ written: nines(16), worked: false });
  });
});
