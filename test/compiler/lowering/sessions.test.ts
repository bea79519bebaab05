/** Which kprobes and kretprobes have a program for both. */
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import { build, compileText } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';

function sessions(script: string): readonly (readonly string[])[] {
  return inspectObject(build(script, { unsafe: true }))
    .programs.filter(({ name }) => name.endsWith('_session'))
    .map(({ probes }) => probes);
}

describe('a session', () => {
  it('is made of a kprobe and a kretprobe of the same function or pattern [PRB-014]', () => {
    expect(sessions('kprobe:f { @ = 1; } kretprobe:f { @ = 2; }')).toEqual([
      ['kprobe:f', 'kretprobe:f'],
    ]);
    expect(
      sessions(
        'kretprobe:f* { @ = 1; } kprobe:g { @ = 2; } kprobe:f* { @ = 3; } kretprobe:g { @ = 4; }',
      ),
    ).toEqual([
      ['kretprobe:f*', 'kprobe:f*'],
      ['kprobe:g', 'kretprobe:g'],
    ]);
    expect(sessions('a=kprobe:$1 { @ = 1; } b=kretprobe:$1 { @ = 2; }')).toEqual([['a', 'b']]);
  });

  it.each([
    ['another function', 'kprobe:f { @ = 1; } kretprobe:g { @ = 2; }'],
    [
      'a second block at the return',
      'kprobe:f { @ = 1; } kretprobe:f { @ = 2; } kretprobe:f { @ = 3; }',
    ],
    [
      'a second block at the entry',
      'kprobe:f { @ = 1; } kprobe:f { @ = 2; } kretprobe:f { @ = 3; }',
    ],
    ['other attach points', 'kprobe:f, kprobe:g { @ = 1; } kretprobe:f { @ = 2; }'],
    ['both ends in one block', 'kprobe:f, kretprobe:f { @ = 1; }'],
    ['an offset', 'kprobe:f+4 { @ = 1; } kretprobe:f { @ = 2; }'],
    ['a module', 'kprobe:m:f { @ = 1; } kretprobe:m:f { @ = 2; }'],
    ['an address', 'kprobe:0xffff { @ = 1; } kretprobe:f { @ = 2; }'],
    ['registers', 'kprobe:f { @ = reg("bx"); } kretprobe:f { @ = 2; }'],
    ['uprobes', 'uprobe:/bin/sh:f { @ = 1; } uretprobe:/bin/sh:f { @ = 2; }'],
  ])('is not made with %s [PRB-075]', (_what, script) => {
    expect(sessions(script)).toEqual([]);
  });

  it('shows the instruction that the loader replaces', () => {
    const { relocations, functions } = inspectObject(
      build('kprobe:f { @ = count(); } kretprobe:f { @r[retval] = count(); }'),
    );
    expect(relocations).toEqual([
      {
        function: 'kprobe_f_1_session',
        instruction: 1,
        by: 'session',
        kind: 'call',
        of: 'bpf_session_is_return',
      },
    ]);
    const halves = functions.filter(({ name }) => name.startsWith('kprobe_f_1_session_'));
    expect(halves.map(({ name }) => name)).toEqual([
      'kprobe_f_1_session_entry',
      'kprobe_f_1_session_exit',
    ]);
  });
});

describe('the program of a session', () => {
  it('runs the block of the entry where no loader has said that this is a return', () => {
    const object = build(`kprobe:vfs_read { @entry[arg0] = 1; return 7; }
      kretprobe:vfs_read { @exit[retval] = 1; }`);
    const program = inspectObject(object).programs.find(({ name }) => name.endsWith('_session'));
    const machine = interpret(object);
    const context = new Uint8Array(256);
    new DataView(context.buffer).setBigUint64(112, 11n, true);
    // Not what the block says: the kernel would not run the return.
    expect(machine.run(program?.name, context)).toBe(0n);
    expect(machine.entries('@entry')).toEqual([[11n, 1n]]);
    expect(machine.entries('@exit')).toEqual([]);
  });

  it('hands the context to both blocks, behind the call that the loader puts there', () => {
    const ir =
      compileText(
        'kprobe:vfs_read { @[arg0] = 1; } kretprobe:vfs_read { @ret[retval] = 1; }',
      ).ir?.() ?? '';
    const calls = [...ir.matchAll(/ call \S+ @"?\w+_session_(entry|exit)"?\(([^)]*)\)/g)];
    expect(calls.map(([, half]) => half).toSorted()).toEqual(['entry', 'exit']);
    for (const [, , given] of calls) expect(given).toMatch(/^ptr %[\w.]+$/);
  });
});
