import { describe, expect, it } from 'vitest';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import type { Member } from '../../../compiler/kernel/types.ts';

const kernel = loadKernelDescription('default');
const { types } = kernel;

function member(struct: string, name: string): Member {
  const type = types.struct('struct', struct);
  const found = type && types.member(type, name);
  if (!found) throw new Error(`struct ${struct} has no ${name}`);
  return found;
}

describe('the embedded description', () => {
  it('is of a 6.12 kernel for x86_64', () => {
    expect(kernel.release).toMatch(/^6\.12\./);
    expect(kernel.arch).toBe('x86_64');
  });

  it('knows the fields of task_struct, with comm as string[16]', () => {
    expect(member('task_struct', 'comm').type).toEqual({ kind: 'string', size: 16 });
    expect(member('task_struct', 'pid').type).toEqual({ kind: 'int', size: 4, signed: true });
    expect(member('task_struct', 'real_parent').type).toMatchObject({
      kind: 'pointer',
      space: 'kernel',
      to: { kind: 'struct', name: 'task_struct', id: types.struct('struct', 'task_struct')?.id },
    });
    expect(member('task_struct', 'comm').indexes).toHaveLength(1);
    expect(member('task_struct', 'comm').bitOffset % 8).toBe(0);
  });

  it('reads bitfields with their place and size', () => {
    expect(member('task_struct', 'in_execve')).toMatchObject({ bitSize: 1, type: { size: 4 } });
    expect(member('sock_common', 'skc_ipv6only')).toMatchObject({ bitSize: 1, type: { size: 1 } });
    expect(member('sock_common', 'skc_reuse').bitSize).toBe(4);
    expect(member('sock_common', 'skc_state').bitSize).toBe(0);
  });

  it('flattens anonymous members with the way through them', () => {
    const mapping = member('page', 'mapping');
    expect(mapping.indexes.length).toBeGreaterThan(1);
    expect(mapping.bitOffset).toBe(192);
    expect(member('page', 'compound_head').bitOffset).toBe(64);
    const port = member('sock_common', 'skc_dport');
    expect(port).toMatchObject({ bitOffset: 96, type: { kind: 'int', size: 2, signed: false } });
    expect(port.indexes).toHaveLength(3);
  });

  it('lists members as it finds them', () => {
    const page = types.struct('struct', 'page');
    const all = page ? types.members(page) : [];
    expect(all.length).toBeGreaterThan(15);
    for (const found of all) expect(member('page', found.name)).toEqual(found);
    expect(page && types.member(page, 'no_such_member')).toBeUndefined();
  });

  it.each([
    ['pid_t', 4, true],
    ['u32', 4, false],
    ['size_t', 8, false],
    ['uint64_t', 8, false],
    ['__u8', 1, false],
    ['loff_t', 8, true],
  ])('knows the typedef %s', (name, size, signed) => {
    expect(types.typedef(name)).toEqual({ kind: 'int', size, signed });
  });

  it('knows enums, unions and enumerators', () => {
    expect(types.enum('pid_type')).toMatchObject({ kind: 'enum', name: 'pid_type', size: 4 });
    expect(types.enumerator('PIDTYPE_TGID')?.value).toBe(1n);
    expect(types.enumerator('TASK_COMM_LEN')?.value).toBe(16n);
    expect(types.struct('union', 'nf_inet_addr')).toMatchObject({ aggregate: 'union', size: 16 });
    expect(types.struct('struct', 'no_such_struct')).toBeUndefined();
    expect(types.typedef('no_such_type')).toBeUndefined();
  });

  it('[PRB-028] names the parameters of raw tracepoints', () => {
    expect(kernel.rawTracepoint('sched_switch')).toMatchObject([
      { name: 'preempt', type: { kind: 'bool' } },
      { name: 'prev', type: { kind: 'pointer', to: { name: 'task_struct' } } },
      { name: 'next', type: { kind: 'pointer', to: { name: 'task_struct' } } },
      { name: 'prev_state', type: { kind: 'int', size: 4, signed: false } },
    ]);
    expect(kernel.rawTracepoint('no_such_event')).toBeUndefined();
  });

  it('[PRB-023] knows the fields of sched_switch', () => {
    const fields = kernel.tracepoint('sched', 'sched_switch');
    expect(fields?.map(({ name, ctype, offset, size }) => [name, ctype, offset, size])).toEqual([
      ['prev_comm', 'char[16]', 8, 16],
      ['prev_pid', 'pid_t', 24, 4],
      ['prev_prio', 'int', 28, 4],
      ['prev_state', 'long', 32, 8],
      ['next_comm', 'char[16]', 40, 16],
      ['next_pid', 'pid_t', 56, 4],
      ['next_prio', 'int', 60, 4],
    ]);
    expect(fields?.[0]?.type).toEqual({ kind: 'string', size: 16 });
    expect(fields?.[1]?.type).toEqual({ kind: 'int', size: 4, signed: true });
  });

  it('has the pointers of system calls in user space, and integers as the kernel uses them', () => {
    const fields = kernel.tracepoint('syscalls', 'sys_enter_read');
    expect(fields?.map(({ name, size, type }) => [name, size, type])).toEqual([
      ['__syscall_nr', 4, { kind: 'int', size: 4, signed: true }],
      ['fd', 8, { kind: 'int', size: 4, signed: false }],
      ['buf', 8, { kind: 'pointer', to: { kind: 'int', size: 1, signed: true }, space: 'user' }],
      ['count', 8, { kind: 'int', size: 8, signed: false }],
    ]);
  });

  it('marks dynamic arrays and points them into the record', () => {
    const [filename] = kernel.tracepoint('sched', 'sched_process_exec') ?? [];
    expect(filename).toMatchObject({ name: 'filename', dataLoc: true, size: 4 });
    expect(filename?.type).toMatchObject({ kind: 'pointer', space: 'kernel' });
  });

  it('leaves out what all events have in common', () => {
    const names = kernel.tracepoint('sched', 'sched_wakeup')?.map(({ name }) => name);
    expect(names).toContain('pid');
    expect(names?.filter((name) => name.startsWith('common_'))).toEqual([]);
  });

  it('matches events and categories by pattern, sorted', () => {
    const calls = kernel.matchTracepoints('syscalls', 'sys_enter_*');
    expect(calls.length).toBeGreaterThan(300);
    expect(calls).toContain('syscalls:sys_enter_openat');
    expect([...calls].sort()).toEqual(calls);
    expect(kernel.matchTracepoints('sched', 'sched_switch')).toEqual(['sched:sched_switch']);
    expect(kernel.matchTracepoints('sch*', '*_switch')).toEqual(['sched:sched_switch']);
    expect(kernel.matchTracepoints('sched', 'sched')).toEqual([]);
    expect(kernel.matchTracepoints('sche.', 'sched_switch')).toEqual([]);
    expect(kernel.matchTracepoints('*', '*').length).toBeGreaterThan(1000);
  });

  it('does not know other events', () => {
    expect(kernel.tracepoint('sched', 'sched_switc')).toBeUndefined();
    expect(kernel.tracepoint('ched', 'sched_switch')).toBeUndefined();
    expect(kernel.tracepoint('', '')).toBeUndefined();
  });

  it('gives each field of each event a type', () => {
    for (const name of kernel.matchTracepoints('*', '*')) {
      const [category = '', event = ''] = name.split(':');
      for (const field of kernel.tracepoint(category, event) ?? []) {
        expect(field.type.kind, `${name} ${field.ctype}`).not.toBe('void');
        expect(field.name, name).toMatch(/^\w+$/);
      }
    }
  });

  it('matches functions and numbers system calls', () => {
    expect(kernel.matchFunctions('vfs_rea*')).toContain('vfs_read');
    expect(kernel.matchFunctions('no_such_function')).toEqual([]);
    expect(kernel.syscalls().get('openat')).toBe(257);
  });
});
