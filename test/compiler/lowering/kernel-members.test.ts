/** Members of structs of the kernel are read from where the description has them, and as wide as they are. */
import { describe, expect, it } from 'vitest';
import type { StructType } from '../../../compiler/types/type.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { build, compileText, kernelDescription } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';

const { types } = kernelDescription();

/** Memory that says at each place where it is: words of 32 bits. */
function ruler(size: number): Uint8Array {
  const words = Uint32Array.from({ length: size / 4 }, (_, index) => index * 4);
  return new Uint8Array(words.buffer);
}

/** Where a way of members ends, in bytes. */
function offsetOf(struct: string, ...names: readonly string[]): bigint {
  let type: StructType | undefined = types.struct('struct', struct);
  let bits = 0;
  for (const name of names) {
    const member = type && types.member(type, name);
    if (!member) throw new Error(`${struct} has no ${names.join('.')}`);
    bits += member.bitOffset;
    type = member.type.kind === 'struct' ? member.type : undefined;
  }
  return BigInt(bits / 8);
}

const wide = (offset: bigint): bigint => offset | ((offset + 4n) << 32n);

describe('the task', () => {
  it('is read by its members, of members and of structs without a name too', () => {
    const machine = interpret(
      build(`begin {
        @pid = curtask.pid; @nested = curtask.se.load.inv_weight; @wide = curtask.utime;
        $i = curtask.sched_info; @copied = $i.last_queued;
        @pointer = (uint64)curtask.mm; @first = curtask.thread_info.flags;
      }`),
      { task: ruler(16_384) },
    );
    machine.run();
    const task = (...names: readonly string[]) => offsetOf('task_struct', ...names);
    expect(machine.value('@pid')).toBe(task('pid'));
    expect(machine.value('@nested')).toBe(task('se', 'load', 'inv_weight'));
    expect(machine.value('@wide')).toBe(wide(task('utime')));
    expect(machine.value('@copied')).toBe(wide(task('sched_info', 'last_queued')));
    expect(machine.value('@pointer')).toBe(wide(task('mm')));
    expect(machine.value('@first')).toBe(wide(task('thread_info', 'flags')));
  });

  it('is loaded from where that is known, and members of unions by a helper, as verifiers want it', () => {
    const reads = (expression: string): number => {
      const machine = interpret(build(`begin { @ = (uint64)${expression}; }`));
      machine.run();
      return machine.calls.get('probe_read_kernel') ?? 0;
    };
    expect(['pid', 'se.load.inv_weight', 'mm'].map((name) => reads(`curtask.${name}`))).toEqual([
      0, 0, 0,
    ]);
    expect(types.struct('union', 'rcu_special')).toBeDefined();
    expect(reads('curtask.rcu_read_unlock_special.s')).toBe(1);
  });

  it('has bitfields, of which each is its own bits', () => {
    const bytes = new Uint8Array(16_384);
    const task = types.struct('struct', 'task_struct');
    const names = ['in_execve', 'in_iowait', 'sched_reset_on_fork', 'sched_contributes_to_load'];
    for (const set of names) {
      bytes.fill(0);
      const { bitOffset = 0 } = (task && types.member(task, set)) ?? {};
      bytes[bitOffset >> 3] = 1 << (bitOffset & 7);
      const machine = interpret(
        build(`begin { ${names.map((name) => `@${name} = curtask.${name};`).join(' ')} }`),
        { task: bytes },
      );
      machine.run();
      expect(names.filter((name) => machine.value(`@${name}`) === 1n)).toEqual([set]);
    }
  });
});

describe("an array of the kernel's", () => {
  it('has as many elements as the host says, and the first where an index is none of them', () => {
    const script = (index: string) => `kprobe:vfs_read { @ = curtask.comm[${index}]; }`;
    const task = new Uint8Array(16_384);
    const comm = Number(offsetOf('task_struct', 'comm'));
    task.set(
      Array.from({ length: 17 }, (_, at) => 65 + at),
      comm,
    );
    for (const [index, wanted] of [
      [0n, 65n],
      [15n, 80n],
      [16n, 65n],
      [(1n << 64n) - 1n, 65n],
    ] as const) {
      const machine = interpret(build(script('arg0')), { task });
      const context = new Uint8Array(256);
      new DataView(context.buffer).setBigUint64(112, index, true);
      machine.run(undefined, context);
      expect([index, machine.value('@')]).toEqual([index, wanted]);
      expect(machine.sent()).toHaveLength(wanted === 65n && index !== 0n ? 1 : 0);
    }
  });

  it('is measured on the host where its index is computed, and reached by its element where not', () => {
    const adapted = (script: string): ReadonlySet<string> =>
      new Set(
        inspectObject(build(script)).relocations.flatMap((one) =>
          one.by === 'core' ? [`${one.kind} ${one.of}`] : [],
        ),
      );
    const kernels = (index: string) => adapted(`kprobe:vfs_read { @ = curtask.comm[${index}]; }`);
    expect(kernels('arg0')).toEqual(
      new Set([
        ...['field_byte_size task_struct.comm', 'field_byte_size task_struct.comm[0]'],
        'field_byte_offset task_struct.comm[0]',
      ]),
    );
    expect(kernels('3')).toEqual(
      new Set(['field_byte_offset task_struct.comm[3]', 'field_byte_size task_struct.comm[3]']),
    );
    const own = 'struct row { char cells[4]; }';
    expect(adapted(`${own} kprobe:f { @ = ((struct row *)arg0).cells[arg1]; }`)).toEqual(new Set());
  });
});

describe('a pointer that was cast', () => {
  it('leads to members, to structs without a name and over other pointers', () => {
    const machine = interpret(
      build(`kprobe:tcp_sendmsg {
        $sk = (struct sock *)arg0; $b = $sk.sk_backlog;
        @len = $b.len; @whole = $sk.sk_backlog.len; @family = $sk.__sk_common.skc_family;
        @next = ((struct sock *)$sk.sk_user_data).sk_rcvbuf;
        @none = ((struct sock *)arg1).sk_rcvbuf;
      }`),
    );
    const sock = ruler(4096);
    const [address, second] = [machine.memory.add(sock), machine.memory.add(ruler(4096))];
    const view = new DataView(sock.buffer);
    view.setBigUint64(Number(offsetOf('sock', 'sk_user_data')), second, true);
    const context = new Uint8Array(256);
    new DataView(context.buffer).setBigUint64(112, address, true);
    machine.run(undefined, context);
    const length = offsetOf('sock', 'sk_backlog', 'len');
    expect([machine.value('@len'), machine.value('@whole')]).toEqual([length, length]);
    const family = offsetOf('sock', '__sk_common', 'skc_family');
    expect(machine.value('@family')).toBe(family % 4n === 0n ? family & 0xffffn : 0n);
    expect(machine.value('@next')).toBe(offsetOf('sock', 'sk_rcvbuf'));
    // No memory is there: 0, and a warning.
    expect(machine.value('@none')).toBe(0n);
  });
});

describe('fields of tracepoints', () => {
  it('have their own width and sign, and take no instruction where they are as they should be', () => {
    const script =
      'tracepoint:sched:sched_switch { @prio = args.prev_prio; @state = args.prev_state; @next = args.next_comm; }';
    const machine = interpret(build(script));
    const kernel = kernelDescription();
    const fields = kernel.tracepoint('sched', 'sched_switch') ?? [];
    const at = (name: string): number => fields.find((field) => field.name === name)?.offset ?? -1;
    const context = new Uint8Array(256);
    const view = new DataView(context.buffer);
    view.setInt32(at('prev_prio'), -5, true);
    view.setBigInt64(at('prev_state'), -(1n << 40n), true);
    context.set(Buffer.from('next one\0'), at('next_comm'));
    expect(machine.run(undefined, context)).toBe(1n);
    expect(['@prio', '@state', '@next'].map((name) => machine.value(name))).toEqual([
      ...[-5n, -(1n << 40n), 'next one'],
    ]);
  });

  it('of 32 bits without a sign are taken as they are loaded', () => {
    const lines = (
      compileText('tracepoint:block:block_rq_issue { @ = (uint64)args.nr_sector; }').assembly?.() ??
      ''
    ).split('\n');
    const load = lines.findIndex((line) => /r\d = \*\(u32 \*\)\(r\d \+ \d+\)/.test(line));
    expect(load).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toMatch(/<<= 32|&= -1|w(\d) = w\1\b/);
  });
});
