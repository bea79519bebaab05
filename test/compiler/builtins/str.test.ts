import { describe, expect, it } from 'vitest';
import type { TypedExpression } from '../../../compiler/analysis/typed.ts';
import { codeOf } from '../../../compiler/builtins/builtins.ts';
import { int, type Type, UINT64 } from '../../../compiler/types/type.ts';
import { expectError, expectNoWarnings, expectWarning, typed } from '../analysis/expect.ts';
import { address, call, number, stored, string, text } from './calls.ts';
import { createMachine, cstring, GARBAGE, type World } from './machine.ts';
import { first, firstCall, hints, KPROBE, typeOf, UPROBE } from './uses.ts';

describe('str, as the analysis takes it', () => {
  it('[FUN-019] has max_strlen bytes without a length', () => {
    expect(typeOf('str(arg0)', UPROBE)).toBe('string[1024]');
    const script = `config = { max_strlen = 64 } ${UPROBE} { $x = str(arg0); print($x); }`;
    expect(firstCall(script)).toMatchObject({
      type: { size: 64 },
      plan: { reads: 64, showsCut: true },
    });
  });

  it('[FUN-022] does not show a cut from 1024 bytes on', () => {
    expect(firstCall(`${UPROBE} { $x = str(arg0); print($x); }`).plan).toEqual({
      reads: 1024,
      showsCut: false,
      skip: 0,
    });
  });

  it('[FUN-020] reads n bytes with the NUL', () => {
    expect(firstCall(`${UPROBE} { $x = str(arg0, 16); print($x); }`)).toMatchObject({
      type: { size: 17 },
      plan: { reads: 16, showsCut: false },
    });
    expect(typeOf('str(arg0, arg1)', UPROBE)).toBe('string[1024]');
  });

  it('reads user memory in user probes, kernel memory elsewhere, and what the type says', () => {
    const space = (script: string) => firstCall(script).args[0]?.type;
    expect(space(`${UPROBE} { $x = str(arg0); print($x); }`)).toMatchObject({ space: 'user' });
    expect(space(`${KPROBE} { $x = str(arg0); print($x); }`)).toMatchObject({ space: 'kernel' });
    expect(space(`${KPROBE} { $x = str(uptr(arg0)); print($x); }`)).toMatchObject({
      space: 'user',
    });
    expect(
      space('tracepoint:syscalls:sys_enter_openat { $x = str(args.filename); print($x); }'),
    ).toMatchObject({ space: 'user' });
    expect(space('interval:s:1 { $x = str(0); print($x); }')).toMatchObject({ space: 'kernel' });
  });

  it('gives text as it is', () => {
    expect(first('$x = str("abc"); print($x);')).toMatchObject({ kind: 'string', value: 'abc' });
    expect(first('$x = str("abcdef", 4); print($x);')).toMatchObject({ value: 'abc' });
    expect(first('$x = str($1); print($x);')).toMatchObject({
      kind: 'parameter',
      index: 1,
      type: { kind: 'string' },
    });
    expect(firstCall('$x = str($1 + 2); print($x);')).toMatchObject({
      args: [{ kind: 'parameter', type: { kind: 'string' } }],
      plan: { reads: 1024, skip: 2 },
    });
    expect(typed('print(str($2));').params).toEqual([{ index: 2, as: 'string' }]);
  });

  it('[FUN-020] is as long as it is asked to be, up to max_strlen', () => {
    const str = (length: string, most = 64) => {
      const config = `config = { max_strlen = ${most} }`;
      return firstCall(`${config} ${UPROBE} { $x = str(arg0, ${length}); print($x); }`);
    };
    for (const [length, size, reads, showsCut] of [
      ['0', 1, 0, false],
      ['1', 2, 1, false],
      ['63', 64, 63, false],
      ['64', 64, 64, false],
      ['65', 64, 64, true],
    ] as const)
      expect(str(length)).toMatchObject({ type: { size }, plan: { reads, showsCut, skip: 0 } });
    expect(str('2000', 1023).plan).toMatchObject({ showsCut: true });
    expect(str('2000', 1024).plan).toMatchObject({ showsCut: false });
    expect(str('arg1', 1023)).toMatchObject({ type: { size: 1023 }, plan: { showsCut: true } });
    expect(str('arg1', 1024)).toMatchObject({ plan: { reads: 1024, showsCut: false } });
    expect(str('arg1').args[1]).toMatchObject({ kind: 'cast', type: { size: 8, signed: false } });
    const warned = (length: number) =>
      `config = { max_strlen = 64 } ${UPROBE} { print(str(arg0, ${length})); }`;
    expectNoWarnings(warned(63));
    expectWarning(
      warned(64),
      'length param (64) is too long and will be shortened to 64 bytes',
      '64',
    );
    expect(hints(warned(64))).toEqual(['Raise max_strlen in the config block.']);
  });

  it('takes text that is there for as long as it is, or as is asked', () => {
    const str = (use: string) => first(`$x = str(${use}); print($x);`);
    expect(str('curtask->bytes')).toMatchObject({
      type: { size: 5 },
      plan: { reads: 5, showsCut: false, skip: 0 },
    });
    expect(str('curtask->bytes, 3')).toMatchObject({ type: { size: 4 }, plan: { reads: 3 } });
    expect(str('comm')).toMatchObject({ kind: 'call', builtin: 'comm' });
    expect(str('comm, 5')).toMatchObject({ builtin: 'str', type: { size: 6 }, plan: { reads: 5 } });
    expect(str('comm, pid')).toMatchObject({ builtin: 'str', args: [{ builtin: 'comm' }, {}] });
    for (const [length, value] of [
      ['0', ''],
      ['1', ''],
      ['2', 'a'],
      ['9', 'abc'],
    ] as const)
      expect(str(`"abc", ${length}`)).toMatchObject({
        ...{ kind: 'string', value, type: { size: value.length + 1 } },
      });
    expect(str('$1 + 2, 4')).toMatchObject({ type: { size: 5 }, plan: { reads: 4, skip: 2 } });
    for (const other of ['$1 - 2', '2 + $1', '$1 + $2'])
      expect(first(`$x = str(${other}); print($x);`)).not.toMatchObject({
        args: [{ kind: 'parameter', type: { kind: 'string' } }],
      });
    expectError('print(str(curtask->words));', 'str() expects an integer or a pointer as source');
  });

  it('does not show a cut of what is cut again', () => {
    const cut = `config = { max_strlen = 64 } ${UPROBE} { $x = str(arg0); @[$x == "abc"] = 1; }`;
    expect(firstCall(cut).plan).toMatchObject({ showsCut: true });
    const { shortened } = codeOf('str');
    expect(shortened?.(firstCall(cut), 8)).toMatchObject({
      ...{ type: { kind: 'string', size: 8 }, plan: { reads: 64, showsCut: false, skip: 0 } },
    });
  });

  it('checks the address and the length', () => {
    expectError('print(str(kstack));', 'str() expects an integer or a pointer as source');
    expectError('print(str(0, -1));', 'str() cannot use negative length (-1)', '-1');
    expectError('print(str(0, "a"));', 'str() expects an integer as length (string provided)');
    expectError('print(str());', 'str() requires at least 1 argument (0 provided)');
    expectWarning('print(str(0, 2000));', 'length param (2000) is too long', '2000');
  });
});

describe('str', () => {
  const kernel = new Map([[0x5000n, cstring('hello world')]]);
  const user = new Map([[0x5000n, cstring('user text')]]);
  const world: World = { kernel, user };
  const str = (
    source: TypedExpression,
    size: number,
    { reads, showsCut = false, skip = 0 }: { reads: number; showsCut?: boolean; skip?: number },
    length?: TypedExpression,
  ) =>
    call('str', { kind: 'string', size }, length ? [source, length] : [source], {
      ...{ reads, showsCut, skip },
    });

  it('[FUN-019] reads from the memory that the pointer belongs to', () => {
    const machine = createMachine(world);
    expect(string(machine.bytes(str(address(0x5000n, 'kernel'), 64, { reads: 64 }), false))).toBe(
      'hello world',
    );
    expect(string(machine.bytes(str(address(0x5000n, 'user'), 64, { reads: 64 }), false))).toBe(
      'user text',
    );
  });

  it('[FUN-020] gives n - 1 characters, ended by a NUL', () => {
    const bytes = createMachine(world).bytes(
      str(address(0x5000n, 'kernel'), 6, { reads: 5 }),
      true,
    );
    expect([...bytes]).toEqual([...cstring('hell'), 0]);
  });

  it('leaves an empty string where the read fails', () => {
    const bytes = createMachine(world).bytes(str(address(0x10n, 'user'), 16, { reads: 16 }), false);
    expect(string(bytes)).toBe('');
  });

  it('zeroes what follows the NUL only where somebody looks at it', () => {
    const read = (padded: boolean) =>
      createMachine(world).bytes(str(address(0x5000n, 'user'), 32, { reads: 32 }), padded);
    expect([...read(true).subarray(9)]).toEqual(new Array(23).fill(0));
    expect([...read(false).subarray(10)]).toEqual(new Array(22).fill(GARBAGE));
  });

  it('[FUN-021] leaves no NUL in a string that a short max_strlen cuts', () => {
    const cut = createMachine(world).bytes(
      str(address(0x5000n, 'kernel'), 5, { reads: 5, showsCut: true }),
      false,
    );
    expect(Buffer.from(cut).toString()).toBe('hello');
    const exact = createMachine(world).bytes(
      str(address(0x5000n, 'kernel'), 12, { reads: 12, showsCut: true }),
      false,
    );
    expect(string(exact)).toBe('hello world');
    expect(exact[11]).toBe(0);
  });

  it('[FUN-020] takes a length at run time, and bounds it by the size of the string', () => {
    const machine = createMachine(world);
    const read = (length: bigint, showsCut = false) =>
      machine.bytes(
        str(address(0x5000n, 'kernel'), 8, { reads: 8, showsCut }, number(length, UINT64)),
        false,
      );
    expect(string(read(4n))).toBe('hel');
    expect(string(read(0n))).toBe('');
    expect(string(read(100n))).toBe('hello w');
    expect(string(read(-1n))).toBe('hello w');
    expect(string(read(8n, true))).toBe('hello w');
    expect(Buffer.from(read(9n, true)).toString()).toBe('hello wo');
  });

  it('skips characters of text that the program holds', () => {
    const machine = createMachine();
    expect(
      string(machine.bytes(str(text('parameter', 16), 16, { reads: 16, skip: 5 }), true)),
    ).toBe('eter');
    expect(string(machine.bytes(str(text('ab', 4), 4, { reads: 4, skip: 9 }), true))).toBe('');
    expect(string(machine.bytes(str(text('parameter', 16), 5, { reads: 4 }), true))).toBe('par');
  });

  it('ends an array that has no NUL', () => {
    const type: Type = { kind: 'array', element: int(1, false), count: 3 };
    const machine = createMachine({ variables: new Map([[1, Uint8Array.of(97, 98, 99)]]) });
    expect(string(machine.bytes(str(stored(1, type), 4, { reads: 4 }), true))).toBe('abc');
  });

  it('reads nothing where nothing is asked for', () => {
    for (const [source, plan] of [
      [address(0x5000n, 'kernel'), { reads: 0 }],
      [text('ab', 3), { reads: 3, skip: 3 }],
    ] as const)
      expect(string(createMachine(world).bytes(str(source, 1, plan), false))).toBe('');
    const machine = createMachine({ ...world, helpers: {} });
    expect(machine.value(str(text('ab', 3), 1, { reads: 0 }))).toBe(0n);
  });
});
