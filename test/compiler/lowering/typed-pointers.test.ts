/** Arguments with types: what is read of them, and what helpers are given that want pointers of a type. */
import { describe, expect, it } from 'vitest';
import { build, compileText, kernelDescription } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';

const { types } = kernelDescription();

/** Where a member is in a struct, in bytes. */
function offsetOf(struct: string, name: string): number {
  const type = types.struct('struct', struct);
  const member = type && types.member(type, name);
  if (!member) throw new Error(`${struct} has no ${name}`);
  return member.bitOffset / 8;
}

/** A struct with pointers, or numbers as wide as them. */
function made(struct: string, members: Readonly<Record<string, bigint>>): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  for (const [name, value] of Object.entries(members))
    view.setBigUint64(offsetOf(struct, name), value, true);
  return bytes;
}

/** What typed programs are called with, and what iterators are: words. */
const words = (...values: readonly bigint[]): Uint8Array =>
  new Uint8Array(new BigUint64Array([...values, ...Array<bigint>(16).fill(0n)]).buffer);

describe('a helper that wants a pointer of a type is given', () => {
  const SOCKET = 0x5_0000_0040n;

  it.each([
    ['an argument', 'fentry:tcp_sendmsg', 'args.sk'],
    ['what a variable holds of it', 'fentry:tcp_sendmsg', '$s'],
    ['a numbered argument that is cast', 'rawtracepoint:net_dev_queue', '(struct sock *)arg0'],
    [
      'one that is cast twice',
      'rawtracepoint:net_dev_queue',
      '(struct sock *)(struct sk_buff *)arg0',
    ],
  ])('%s', (_, probe, pointer) => {
    const before = pointer === '$s' ? '$s = args.sk;' : '';
    const machine = interpret(build(`${probe} { ${before} @ = socket_cookie(${pointer}); }`));
    machine.run(undefined, words(SOCKET));
    expect(machine.value('@')).toBe(SOCKET);
    // The helper takes no NULL.
    machine.run(undefined, words(0n));
    expect(machine.value('@')).toBe(0n);
    expect(machine.calls.get('get_socket_cookie')).toBe(1);
  });

  it.each([
    ['args.skb.sk', ''],
    ['$b.sk', '$b = args.skb;'],
    ['$s', '$s = args.skb.sk;'],
  ])('what an argument leads to: %s', (pointer, before) => {
    const script = `rawtracepoint:net_dev_queue { ${before} @ = socket_cookie(${pointer}); }`;
    const machine = interpret(build(script));
    const skb = machine.memory.add(made('sk_buff', { sk: SOCKET }));
    machine.run(undefined, words(skb));
    expect(machine.value('@')).toBe(SOCKET);
    expect(machine.calls.get('probe_read_kernel')).toBeUndefined();
    for (const none of [0n, machine.memory.add(made('sk_buff', { sk: 0n }))]) {
      machine.run(undefined, words(none));
      expect(machine.value('@')).toBe(0n);
    }
    expect(machine.calls.get('get_socket_cookie')).toBe(1);
  });

  it.each([
    ['a pointer that was read', 'rawtracepoint:net_dev_queue', '((struct sk_buff *)arg0).sk'],
    ['one of two', 'fentry:tcp_sendmsg', '$s'],
    ['a number', 'fentry:tcp_sendmsg', '(struct sock *)args.size'],
  ])('nothing else, in one error: %s', (_, probe, pointer) => {
    const before = pointer === '$s' ? '$s = args.sk; $s = args.sk;' : '';
    const { diagnostics } = compileText(`${probe} { ${before} @ = socket_cookie(${pointer}); }`);
    expect(diagnostics.map(({ code }) => code)).toEqual(['untyped-pointer']);
  });
});

describe('a struct inside of another is given by where it stands', () => {
  const named = {
    path: (address: bigint) => `/at/${address.toString(16)}`,
  };
  const place = (file: bigint) => `/at/${(file + BigInt(offsetOf('file', 'f_path'))).toString(16)}`;

  it.each(['args.file.f_path', '$f.f_path'])('of an argument: %s', (expression) => {
    const script = `fentry:security_file_open { $f = args.file; @ = path(${expression}); @length = strlen(path(${expression})); }`;
    const machine = interpret(build(script), named);
    const file = machine.memory.add(new Uint8Array(4096));
    machine.run(undefined, words(file));
    expect(machine.value('@')).toBe(place(file));
    expect(machine.value('@length')).toBe(BigInt(place(file).length));
    machine.run(undefined, words(0n));
    expect(machine.value('@')).toBe('');
  });

  it.each([
    ['task_file', 'file', 'ctx.file.f_path'],
    ['task_vma', 'vma', 'ctx.vma.vm_file.f_path'],
  ])('of what an iterator goes over, and ends behind the last: %s', (iterator, member, path) => {
    const script = `iter:${iterator} { @ = path(${path}); @pid = ctx.task.pid; printf("%s %d", path(${path}), ctx.task.pid); }`;
    const machine = interpret(build(script), named);
    const { memory } = machine;
    const file = memory.add(new Uint8Array(4096));
    const object = member === 'file' ? file : memory.add(made('vm_area_struct', { vm_file: file }));
    const task = memory.add(made('task_struct', { pid: 77n }));
    const sequence = memory.add(new Uint8Array(8));
    const meta = memory.add(words(sequence));
    const context = made(`bpf_iter__${iterator}`, { meta, task, [member]: object });
    expect(machine.run(undefined, context)).toBe(0n);
    expect([machine.value('@'), machine.value('@pid')]).toEqual([place(file), 77n]);
    const written = Buffer.from(machine.written());
    expect(written.toString('latin1')).toContain(`${place(file)}\0`);
    expect(written.includes(Buffer.from([77, 0, 0, 0]))).toBe(true);
    // Where nothing is mapped there is no file.
    const bare = made(`bpf_iter__${iterator}`, {
      ...{ meta, task },
      [member]: member === 'file' ? 0n : memory.add(new Uint8Array(4096)),
    });
    expect(machine.run(undefined, bare)).toBe(0n);
    expect(machine.value('@')).toBe('');
    expect(machine.written().length).toBe(written.length);
    // The last call has no task.
    expect(machine.run(undefined, words(meta))).toBe(0n);
    expect(machine.written()).toHaveLength(0);
  });
});

describe('arguments of typed programs', () => {
  it('have their own width and sign, whatever stands above them', () => {
    const machine = interpret(
      build(`fentry:vfs_read { @count = args.count; @pos = (uint64)args.pos; @flags = args.file.f_flags; }
        fentry:do_nanosleep { @mode = args.mode; } fexit:vfs_read { @ret = retval; @file = (uint64)args.file; }
        rawtracepoint:sched_switch { @preempt = args.preempt; @state = args.prev_state; @raw = arg0; @second = arg3; }`),
    );
    const file = machine.memory.add(new Uint8Array(4096).fill(0x11));
    machine.run('fentry_vfs_read_1', words(file, 5n, 1n << 40n, 9n));
    expect(['@count', '@pos', '@flags'].map((name) => machine.value(name))).toEqual([
      ...[1n << 40n, 9n, 0x1111_1111n],
    ]);
    machine.run('fentry_do_nanosleep_2', words(1n, 0xdead_beef_ffff_ffffn));
    expect(machine.value('@mode')).toBe(0xffff_ffffn);
    machine.run('fexit_vfs_read_3', words(file, 5n, 6n, 9n, (1n << 64n) - 7n));
    expect([machine.value('@ret'), machine.value('@file')]).toEqual([-7n, file]);
    machine.run('rawtracepoint_sched_switch_4', words(0xff00n, 1n, 2n, 0x1_0000_0003n));
    expect(['@preempt', '@state', '@raw', '@second'].map((name) => machine.value(name))).toEqual([
      ...[false, 3n, 0xff00n, 0x1_0000_0003n],
    ]);
  });
});
