import { describe, expect, it } from 'vitest';
import type { Traits } from '../../../compiler/analysis/traits.ts';
import type { TypedCall, TypedExpression } from '../../../compiler/analysis/typed.ts';
import { table } from '../../../compiler/builtins/builtins.ts';
import type { Type } from '../../../compiler/types/type.ts';
import { INT8, INT64, int, UINT32, UINT64, VOID } from '../../../compiler/types/type.ts';
import { createMachine, cstring, GARBAGE, type World } from './machine.ts';

const range = { start: 0, end: 0 };

function call(
  builtin: string,
  type: Type,
  args: readonly TypedExpression[] = [],
  plan?: unknown,
  traits: Traits = table.find(builtin)?.builtin.traits ?? {},
): TypedCall {
  return { kind: 'call', builtin, type, traits, range, args, plan };
}

const number = (value: bigint, type: Type = INT64): TypedExpression => ({
  kind: 'int',
  value,
  flexible: false,
  type,
  range,
});

const text = (value: string, size = value.length + 1): TypedExpression => ({
  kind: 'string',
  value,
  type: { kind: 'string', size },
  range,
});

const address = (value: bigint, space: 'kernel' | 'user'): TypedExpression => ({
  kind: 'cast',
  type: { kind: 'pointer', to: INT8, space },
  operand: number(value, UINT64),
  range,
});

const stored = (id: number, type: Type): TypedExpression => ({
  kind: 'variable',
  variable: { id, name: `$v${id}`, type },
  type,
  range,
});

const run = (expression: TypedExpression, world?: World) => createMachine(world).value(expression);

const string = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString('latin1');
};

describe('ids of the current task', () => {
  const world: World = {
    helpers: {
      get_current_pid_tgid: (1000n << 32n) | 1001n,
      get_current_uid_gid: (50n << 32n) | 60n,
    },
    namespaceIds: { pid: 7, tid: 8 },
  };
  const inNamespace: World = { ...world, shared: { pidNamespace: [4n, 4026531836n] } };

  it('[BLT-001] gives the process id as pid and the thread id as tid', () => {
    expect(run(call('pid', UINT32, [], { namespace: 'curr_ns' }), world)).toBe(1000n);
    expect(run(call('tid', UINT32, [], { namespace: 'curr_ns' }), world)).toBe(1001n);
  });

  it('[BLT-001] gives the ids of the namespace of the loader, unless the initial ones are asked for', () => {
    expect(run(call('pid', UINT32, [], { namespace: 'curr_ns' }), inNamespace)).toBe(7n);
    expect(run(call('tid', UINT32, [], { namespace: 'curr_ns' }), inNamespace)).toBe(8n);
    expect(run(call('pid', UINT32, [], { namespace: 'init' }), inNamespace)).toBe(1000n);
    expect(run(call('tid', UINT32, [], { namespace: 'init' }), inNamespace)).toBe(1001n);
  });

  it('[BLT-002] gives the user id as uid and the group id as gid', () => {
    expect(run(call('uid', UINT64), world)).toBe(60n);
    expect(run(call('gid', UINT64), world)).toBe(50n);
  });

  it('[BLT-003] reads comm into place', () => {
    const bytes = createMachine({ comm: 'bash' }).bytes(
      call('comm', { kind: 'string', size: 16 }),
      true,
    );
    expect(string(bytes)).toBe('bash');
    expect([...bytes.subarray(4)]).toEqual(new Array(12).fill(0));
  });
});

describe('clocks and numbers', () => {
  const helpers = {
    ktime_get_ns: 1n,
    ktime_get_boot_ns: 500n,
    ktime_get_tai_ns: 3n,
    jiffies64: 4n,
    get_prandom_u32: 5n,
    get_smp_processor_id: 6n,
    get_numa_node_id: 1n,
    get_current_cgroup_id: 99n,
  };

  it('[BLT-012] asks the clock that the mode names', () => {
    const clock = (mode: string) => run(call('nsecs', UINT64, [], { clock: mode }), { helpers });
    expect(clock('monotonic')).toBe(1n);
    expect(clock('boot')).toBe(500n);
    expect(clock('tai')).toBe(3n);
  });

  it('[BLT-013] counts elapsed from the start of tracing', () => {
    expect(run(call('elapsed', UINT64), { helpers, shared: { start: [480n] } })).toBe(20n);
  });

  it('asks a helper for each of the simple values', () => {
    expect(run(call('jiffies', UINT64), { helpers })).toBe(4n);
    expect(run(call('rand', UINT32), { helpers })).toBe(5n);
    expect(run(call('cpu', UINT64), { helpers })).toBe(6n);
    expect(run(call('numaid', UINT32), { helpers })).toBe(1n);
    expect(run(call('cgroup', UINT64), { helpers })).toBe(99n);
    expect(run(call('ncpus', UINT64), { shared: { cpus: [12n] } })).toBe(12n);
  });

  it('[BLT-018] warns when cpid is used without a command', () => {
    const without = createMachine({ shared: { childPid: [0n] } });
    expect(without.value(call('cpid', UINT32))).toBe(0n);
    expect(without.events.map(({ spec }) => spec.kind)).toEqual(['warning']);
    const withChild = createMachine({ shared: { childPid: [33n] } });
    expect(withChild.value(call('cpid', UINT32))).toBe(33n);
    expect(withChild.events).toEqual([]);
    expect(withChild.value(call('has_cpid', { kind: 'bool' }))).toBe(1n);
    expect(without.value(call('has_cpid', { kind: 'bool' }))).toBe(0n);
  });
});

describe('registers', () => {
  it('reads arguments and the return value by their roles', () => {
    const registers = { arg0: 10n, arg5: 15n, retval: 77n };
    expect(run(call('arg0', UINT64), { registers })).toBe(10n);
    expect(run(call('arg5', UINT64), { registers })).toBe(15n);
    expect(run(call('retval', UINT64), { registers })).toBe(77n);
  });

  it('[BLT-024] tells user code by the privilege level in cs', () => {
    const withCs = (cs: number): World => {
      const context = new Uint8Array(256);
      context[136] = cs;
      return { context };
    };
    const usermode = call('usermode', int(1, false), [], { offset: 136 });
    expect(run(usermode, withCs(0x33))).toBe(1n);
    expect(run(usermode, withCs(0x10))).toBe(0n);
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

describe('events', () => {
  it('sends the arguments of printf as they are, and its format in the manifest', () => {
    const machine = createMachine();
    machine.value(
      call('printf', VOID, [number(-5n, int(2, true)), text('abc')], { format: '%d %s\n' }),
    );
    expect(machine.events).toMatchObject([{ spec: { kind: 'printf', format: '%d %s\n' } }]);
    expect(machine.events[0]?.fields.map((field) => [...field])).toEqual([
      [0xfb, 0xff],
      [...cstring('abc')],
    ]);
  });

  it('names the map to print, with top and div', () => {
    const machine = createMachine();
    machine.value({ ...call('print', VOID, [], { top: 3, div: 10 }), map: '@m' });
    machine.value({ ...call('print', VOID, [], {}), map: '@m' });
    expect(machine.events.map(({ spec: { range: _range, ...spec } }) => spec)).toEqual([
      { kind: 'print-map', fields: [], map: '@m', top: 3, div: 10 },
      { kind: 'print-map', fields: [], map: '@m' },
    ]);
  });

  it('sends the low byte of the exit code and ends the program', () => {
    const machine = createMachine();
    machine.value(call('exit', VOID, [number(-1n)]));
    expect(machine.events[0]?.fields).toEqual([Uint8Array.of(255)]);
    expect(machine.left).toBe(true);
  });

  it('asks the loader to clear or zero a map', () => {
    const machine = createMachine();
    machine.value({ ...call('clear', VOID), map: '@a' });
    machine.value({ ...call('zero', VOID), map: '@b' });
    expect(machine.events.map(({ spec }) => [spec.kind, spec.map])).toEqual([
      ['clear', '@a'],
      ['zero', '@b'],
    ]);
  });

  it('[FUN-016] joins strings until the array ends', () => {
    const pointers = new Uint8Array(new BigUint64Array([0x100n, 0x200n, 0n, 0x100n]).buffer);
    const user = new Map([
      [0x4000n, pointers],
      [0x100n, cstring('ls')],
      [0x200n, cstring('-l')],
    ]);
    const machine = createMachine({ user });
    machine.value(call('join', VOID, [address(0x4000n, 'user')], { separator: ',' }));
    const [event] = machine.events;
    const [count, strings] = event?.fields ?? [];
    expect(event?.spec.format).toBe(',');
    expect(count && [...count]).toEqual([2, 0, 0, 0]);
    expect(strings && string(strings.subarray(0, 1024))).toBe('ls');
    expect(strings && string(strings.subarray(1024))).toBe('-l');
  });

  it('[FUN-016] joins sixteen strings at most', () => {
    const pointers = new Uint8Array(new BigUint64Array(20).fill(0x100n).buffer);
    const user = new Map([
      [0x4000n, pointers],
      [0x100n, cstring('x')],
    ]);
    const machine = createMachine({ user });
    machine.value(call('join', VOID, [address(0x4000n, 'user')], { separator: ' ' }));
    expect(machine.events[0]?.fields[0]).toEqual(Uint8Array.of(16, 0, 0, 0));
  });
});

describe('tokens that the loader resolves', () => {
  it('makes a timestamp of a time and a format', () => {
    const machine = createMachine();
    const bytes = machine.bytes(
      call('strftime', { kind: 'timestamp' }, [number(258n, UINT64)], { format: '%H' }),
      true,
    );
    expect([...bytes]).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(machine.formats).toEqual(['%H']);
  });

  it('keeps the process with a user address', () => {
    const machine = createMachine({ helpers: { get_current_pid_tgid: (5n << 32n) | 6n } });
    const bytes = machine.bytes(call('usym', { kind: 'usym' }, [number(1n, UINT64)]), true);
    expect([...bytes]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
    expect(machine.value(call('ksym', { kind: 'ksym' }, [number(9n, UINT64)]))).toBe(9n);
  });
});

describe('strings and integers', () => {
  const strlen = (value: TypedExpression) => run(call('strlen', UINT64, [value]));
  const strncmp = (a: TypedExpression, b: TypedExpression, n: bigint) =>
    run(call('strncmp', UINT64, [a, b], { count: n }));
  const strstr = (a: TypedExpression, b: TypedExpression) =>
    BigInt.asIntN(64, run(call('strstr', INT64, [a, b])));

  it('[FUN-039] measures a string up to its NUL, or all of it', () => {
    expect(strlen(text('hello', 16))).toBe(5n);
    expect(strlen(text('', 4))).toBe(0n);
    const full = createMachine({ variables: new Map([[1, Uint8Array.of(97, 98)]]) });
    expect(full.value(call('strlen', UINT64, [stored(1, { kind: 'string', size: 2 })]))).toBe(2n);
  });

  it('[FUN-040] compares the first n characters', () => {
    expect(strncmp(text('abcd', 8), text('abxx', 8), 2n)).toBe(0n);
    expect(strncmp(text('abcd', 8), text('abxx', 8), 3n)).toBe(1n);
    expect(strncmp(text('ab', 8), text('ab', 4), 4n)).toBe(0n);
    expect(strncmp(text('ab', 8), text('abc', 8), 4n)).toBe(1n);
  });

  it('[FUN-041] finds where one string stands in another', () => {
    expect(strstr(text('hello', 16), text('l', 8))).toBe(2n);
    expect(strstr(text('aaab', 16), text('ab', 8))).toBe(2n);
    expect(strstr(text('hello', 16), text('', 8))).toBe(0n);
    expect(strstr(text('', 16), text('a', 8))).toBe(-1n);
    expect(strstr(text('abc', 4), text('bcd', 4))).toBe(-1n);
    const contains = call('strcontains', { kind: 'bool' }, [text('hello', 8), text('ell', 4)]);
    expect(run(contains)).toBe(1n);
  });

  it('[FUN-036] swaps the bytes of each width', () => {
    const swap = (value: bigint, size: 1 | 2 | 4 | 8) =>
      run(call('bswap', int(size, false), [number(value, int(size, true))]));
    expect(swap(0x12n, 1)).toBe(0x12n);
    expect(swap(0x1234n, 2)).toBe(0x3412n);
    expect(swap(0x12345678n, 4)).toBe(0x78563412n);
    expect(swap(-2n, 2)).toBe(0xfeffn);
    expect(swap(0x0102030405060708n, 8)).toBe(0x0807060504030201n);
  });

  it('[FUN-058] counts the frames of a stack', () => {
    const token = new Uint8Array(16);
    token[12] = 42;
    const machine = createMachine({ variables: new Map([[1, token]]) });
    const stack: Type = { kind: 'stack', space: 'kernel', mode: 'bpftrace', limit: 127 };
    expect(machine.value(call('len', INT64, [stored(1, stack)]))).toBe(42n);
    expect(machine.value({ ...call('len', INT64), map: '@m' })).toBe(7n);
  });
});
