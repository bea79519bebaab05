/** What programs look up that the loader tells them: operands of USDT points, numbers of system calls, names, threads' values. */
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build, kernelDescription } from '../../support/build.ts';
import { type Interpreter, interpret, type Value } from '../../support/interpreter.ts';
import type { World } from '../../support/interpreter-helpers.ts';

const { types } = kernelDescription();

function offsetOf(struct: string, ...names: readonly string[]): number {
  let type = types.struct('struct', struct);
  let bits = 0;
  for (const name of names) {
    const member = type && types.member(type, name);
    if (!member) throw new Error(`${struct} has no ${names.join('.')}`);
    bits += member.bitOffset;
    type = member.type.kind === 'struct' ? member.type : undefined;
  }
  return bits / 8;
}

const key = (index: number): Uint8Array => new Uint8Array(Uint32Array.of(index).buffer);

describe('an argument of a USDT point', () => {
  const [CONSTANT, REGISTER, MEMORY] = [0, 1, 2];
  const NONE = 0xffff;

  interface Operand {
    readonly kind: number;
    readonly value?: bigint;
    readonly base?: number;
    readonly index?: number;
    readonly scale?: number;
    readonly size: number;
    readonly signed?: boolean;
  }

  /** struct usdt_operand (loader/src/binary/usdt_operand.h) */
  function written({
    kind,
    value = 0n,
    base = NONE,
    index = NONE,
    scale = 0,
    size,
    signed,
  }: Operand) {
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64LE(BigInt.asIntN(64, value), 0);
    bytes.writeUInt16LE(base, 8);
    bytes.writeUInt16LE(index, 10);
    // What is above the bits that count is for others.
    bytes.set([kind, scale, size - 1, Number(signed ?? false)], 12);
    return bytes;
  }

  it.each<readonly [what: string, operand: Operand, wanted: bigint]>([
    ['a constant', { kind: CONSTANT, value: 0x1_2345_6789n, size: 8 }, 0x1_2345_6789n],
    ['a constant below zero', { kind: CONSTANT, value: -5n, size: 4, signed: true }, -5n],
    ['its lowest bytes', { kind: CONSTANT, value: 0x1_2345_6789n, size: 2 }, 0x6789n],
    [
      'a register',
      { kind: REGISTER, base: 40, size: 8 },
      BigInt.asIntN(64, 0x8182_8384_8586_8788n),
    ],
    ['four bytes of one', { kind: REGISTER, base: 40, size: 4 }, 0x8586_8788n],
    ['four with a sign', { kind: REGISTER, base: 40, size: 4, signed: true }, -0x7a79_7878n],
    ['one with a sign', { kind: REGISTER, base: 40, size: 1, signed: true }, -0x78n],
    ['one without', { kind: REGISTER, base: 40, size: 1 }, 0x88n],
    ['memory', { kind: MEMORY, base: 48, size: 8 }, 0x0706_0504_0302_0100n],
    ['memory behind', { kind: MEMORY, base: 48, value: 16n, size: 4 }, 0x1312_1110n],
    ['memory before', { kind: MEMORY, base: 56, value: -4n, size: 2 }, 0x1d1cn],
    [
      'an element',
      { kind: MEMORY, base: 48, index: 64, scale: 3, size: 8 },
      0x1f1e_1d1c_1b1a_1918n,
    ],
    [
      'one behind, with a sign',
      { kind: MEMORY, base: 48, index: 64, scale: 2, value: 0x7cn, size: 1, signed: true },
      -0x78n,
    ],
    ['memory that is not there', { kind: MEMORY, base: 72, size: 8 }, 0n],
    ['an address without registers', { kind: MEMORY, value: 8n, size: 8 }, 0n],
  ])('is %s', (_, operand, wanted) => {
    const machine = interpret(
      build('usdt:/x:p:n { @first = (int64)arg0; @ = (int64)arg2; @last = (int64)arg11; }'),
      { cookie: (3n << 32n) | 9n },
    );
    const bytes = Uint8Array.from({ length: 256 }, (__, at) => at);
    const address = machine.memory.add(bytes, 'user');
    const context = new Uint8Array(256);
    const view = new DataView(context.buffer);
    view.setBigUint64(40, 0x8182_8384_8586_8788n, true);
    view.setBigUint64(48, address, true);
    view.setBigUint64(56, address + 32n, true);
    view.setBigUint64(64, 3n, true);
    view.setBigUint64(72, address + 250n, true);
    const site = new Uint8Array(12 * 16);
    site.set(written({ kind: CONSTANT, value: 71n, size: 8 }), 0);
    site.set(written(operand), 2 * 16);
    site.set(written({ kind: CONSTANT, value: 72n, size: 8 }), 11 * 16);
    machine.put('usdt_sites', key(3), site);
    machine.run(undefined, context);
    expect(['@first', '@', '@last'].map((name) => machine.value(name))).toEqual([71n, wanted, 72n]);
  });

  it('is 0 at a point that nobody has described', () => {
    const machine = interpret(build('usdt:/x:p:n { @ = arg0 + 1; }'), { cookie: 5n << 32n });
    machine.run();
    expect(machine.value('@')).toBe(1n);
  });
});

describe('a pattern of system calls', () => {
  const STATUS = 2;

  function ran(script: string, calls: readonly (readonly [number: number, isCompat?: boolean])[]) {
    const task = new Uint8Array(16_384);
    const machine = interpret(build(script), { task });
    const { probes } = inspectObject(build(script)).manifest as Manifest;
    const table = machine.at('.rodata', probes[0]?.syscalls ?? -1);
    // The second name is that of 7, the third that of the last number of the table.
    machine.memory.store(table + 14n, 2, 2n);
    machine.memory.store(table + 2046n, 2, 3n);
    const status = offsetOf('task_struct', 'thread_info', 'status');
    return calls.map(([number, isCompat = false]) => {
      task[status] = isCompat ? STATUS : 0;
      const context = new Uint8Array(256);
      const view = new DataView(context.buffer);
      const registers = new Uint8Array(256);
      new DataView(registers.buffer).setBigInt64(
        offsetOf('pt_regs', 'orig_ax'),
        BigInt(number),
        true,
      );
      view.setBigUint64(0, machine.memory.add(registers), true);
      view.setBigInt64(8, BigInt(number), true);
      machine.run(undefined, context);
      return machine.sent().flatMap((event) => event.values);
    });
  }

  it.each(['enter', 'exit'])('runs for those that the loader has put into its table: %s', (end) => {
    const calls = [[7], [8], [1023], [1024], [-1], [7, true], [7]] as const;
    expect(ran(`tracepoint:syscalls:sys_${end}_* { print(probe); }`, calls)).toEqual([
      ...[[1n], [], [2n], [], [], [], [1n]],
    ]);
  });
});

describe('names', () => {
  it('are numbers of the table of names, by the lower half of cookies, and of functions by the upper', () => {
    const events = (script: string): readonly Value[] => {
      const machine = interpret(build(script), { cookie: (6n << 32n) | 9n });
      machine.run();
      return machine.sent().flatMap((event) => event.values);
    };
    expect(events('uprobe:/x:* { print(probe); print(func); }')).toEqual([9n, 6n]);
    expect(events('kprobe:vfs_* { print(probe); }')).toEqual([(6n << 32n) | 9n]);
    expect(events('usdt:/x:p:* { print(probe); }')).toEqual([9n]);
  });

  it('are texts where more is asked of them', () => {
    const machine = interpret(
      build(
        'kprobe:vfs_* { @ = probe == "kprobe:vfs_read"; @k[str_concat(probe, "!")] = 1; @length = strlen(probe); }',
      ),
      { cookie: 2n },
    );
    const seen = () => ['@', '@length'].map((name) => machine.value(name));
    machine.put(
      'probe_names',
      key(2),
      new Uint8Array(Buffer.from('kprobe:vfs_read'.padEnd(256, '\0'))),
    );
    machine.run();
    expect(seen()).toEqual([true, 15n]);
    machine.put(
      'probe_names',
      key(2),
      new Uint8Array(Buffer.from('kprobe:vfs_rea'.padEnd(256, '\0'))),
    );
    machine.run();
    expect(seen()).toEqual([false, 14n]);
    expect(machine.entries('@k').map(([name]) => name)).toEqual([
      'kprobe:vfs_read!',
      'kprobe:vfs_rea!',
    ]);
    const other = interpret(build('kprobe:vfs_* { @ = probe == ""; }'), { cookie: 3n });
    other.run();
    expect(other.value('@')).toBe(true);
  });
});

describe("a map of threads' values", () => {
  const SCRIPT = `
    tracepoint:syscalls:sys_enter_write { @had = has_key(@s, tid); @before = @s[tid]; @s[tid] = args.count; }
    tracepoint:syscalls:sys_enter_read { @s[tid]++; @s[tid] += args.count; @now = @s[tid]; }
    tracepoint:syscalls:sys_exit_write { @deleted = delete(@s, tid); @again = delete(@s, tid); @left = @s[tid]; }
    end { clear(@s); }`;
  const [WRITE, READ, EXIT] = ['sys_enter_write_1', 'sys_enter_read_2', 'sys_exit_write_3'].map(
    (name) => `tracepoint_syscalls_${name}`,
  );
  const context = (count: bigint): Uint8Array => {
    const bytes = new Uint8Array(256);
    new DataView(bytes.buffer).setBigUint64(32, count, true);
    return bytes;
  };
  const read = (machine: Interpreter, ...names: readonly string[]) =>
    names.map((name) => machine.value(name));

  /** Everything that is done with a value, in an order that finds it set, changed and gone. */
  function story(world: World): Interpreter {
    const machine = interpret(build(SCRIPT), world);
    machine.run(WRITE, context(40n));
    expect(read(machine, '@had', '@before')).toEqual([false, 0n]);
    machine.run(READ, context(2n));
    expect(read(machine, '@now')).toEqual([43n]);
    machine.run(WRITE, context(7n));
    expect(read(machine, '@had', '@before')).toEqual([true, 43n]);
    machine.run(EXIT);
    expect(read(machine, '@deleted', '@again', '@left')).toEqual([true, false, 0n]);
    machine.run(READ, context(5n));
    expect(read(machine, '@now')).toEqual([6n]);
    return machine;
  }
  const kept = { threadValues: 1n, threadsAlone: 1n };

  it('keeps them with the thread where the kernel can', () => {
    const machine = story({ shared: kept });
    expect(machine.elements('AT_s')).toEqual([]);
    expect(machine.calls.get('map_lookup_elem')).toBeUndefined();
  });

  it('keeps them in the hash map where it cannot', () => {
    const machine = story({ shared: { threadValues: 0n, threadsAlone: 0n } });
    expect(machine.elements('AT_s')).toHaveLength(1);
    expect(machine.calls.get('task_storage_get')).toBeUndefined();
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'keeps one in the hash map that the thread could not take, at the %d. time, and finds it from then on',
    (nth) => {
      let times = 0;
      // A thread that cannot be asked is not one that has nothing: only making an element fails.
      const world: World = {
        shared: kept,
        fails: (helper) => {
          if (helper !== 'task_storage_get') return undefined;
          times += 1;
          return times >= nth && times < nth + 2 ? 0n : undefined;
        },
      };
      const machine = interpret(build(SCRIPT), world);
      machine.run(READ, context(1n));
      machine.run(READ, context(1n));
      expect(read(machine, '@now')[0]).toBeTypeOf('bigint');
      times = Number.MIN_SAFE_INTEGER;
      machine.run(WRITE, context(7n));
      machine.run(READ, context(3n));
      expect(read(machine, '@now')).toEqual([11n]);
      machine.run(EXIT);
      expect(read(machine, '@deleted', '@again', '@left')).toEqual([true, false, 0n]);
      expect(machine.elements('AT_s')).toEqual([]);
    },
  );
});
