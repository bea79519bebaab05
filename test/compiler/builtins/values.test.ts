import { describe, expect, it } from 'vitest';
import { arityOf } from '../../../compiler/analysis/parameters.ts';
import { builtins } from '../../../compiler/builtins/builtins.ts';
import { UINT32, UINT64 } from '../../../compiler/types/type.ts';
import { expectError } from '../analysis/expect.ts';
import { call, run } from './calls.ts';
import { typeOf } from './uses.ts';

describe('values of the task', () => {
  it.each([
    ['pid', 'uint32'],
    ['tid', 'uint32'],
    ['pid()', 'uint32'],
    ['pid(init)', 'uint32'],
    ['tid(curr_ns)', 'uint32'],
    ['uid', 'uint64'],
    ['gid', 'uint64'],
    ['comm', 'string[16]'],
    ['cgroup', 'uint64'],
    ['curtask', 'struct task_struct *'],
    ['ppid', 'uint32'],
    ['cpid', 'uint32'],
    ['has_cpid', 'bool'],
    ['cpu', 'uint64'],
    ['ncpus', 'uint64'],
    ['numaid', 'uint32'],
    ['nsecs', 'uint64'],
    ['nsecs(monotonic)', 'uint64'],
    ['nsecs(tai)', 'uint64'],
    ['elapsed', 'uint64'],
    ['jiffies', 'uint64'],
    ['rand', 'uint32'],
  ])('%s has type %s', (expression, type) => {
    expect(typeOf(expression)).toBe(type);
  });
});

describe('the number of arguments', () => {
  const called = (name: string, count: number) =>
    `print(${name}(${new Array(count).fill('1').join(', ')}));`;

  it.each(builtins.map(({ name, parameters }) => [name, ...arityOf(parameters)] as const))(
    'of %s is checked',
    (name, least, most) => {
      if (least > 0) expectError(called(name, least - 1), `${name}() requires `);
      if (Number.isFinite(most)) expectError(called(name, most + 1), `${name}() requires `);
    },
  );

  it('is named in the message', () => {
    expectError('print(pid(1, 2));', 'pid() requires at most 1 argument (2 provided)');
    expectError('print(cpu(1));', 'cpu() requires no arguments (1 provided)');
    expectError('print(has_key());', 'has_key() requires 2 arguments (0 provided)');
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

  it('asks a helper for each of the simple values', () => {
    expect(run(call('jiffies', UINT64), { helpers })).toBe(4n);
    expect(run(call('rand', UINT32), { helpers })).toBe(5n);
    expect(run(call('cpu', UINT64), { helpers })).toBe(6n);
    expect(run(call('numaid', UINT32), { helpers })).toBe(1n);
    expect(run(call('cgroup', UINT64), { helpers })).toBe(99n);
    expect(run(call('ncpus', UINT64), { shared: { cpus: [12n] } })).toBe(12n);
  });
});

describe('types of functions', () => {
  it.each([
    ['ntop(1)', 'inet'],
    ['ntop(2, 1)', 'inet'],
    ['pton("1.2.3.4")', 'uint8[4]'],
    ['pton("::")', 'uint8[16]'],
    ['macaddr(comm)', 'macaddr'],
    ['username', 'username'],
    ['strerror(2)', 'strerror'],
    ['signal_name(2)', 'signal_name'],
    ['syscall_name(2)', 'syscall_name'],
    ['cgroup_path(1)', 'cgroup_path'],
    ['memcmp("a", "b", 1)', 'int64'],
    ['str_concat("ab", comm)', 'string[18]'],
  ])('%s has type %s', (expression, type) => {
    expect(typeOf(expression)).toBe(type);
  });
});

describe('arguments', () => {
  it.each([
    'ntop()',
    'ntop(1, 2, 3)',
    'pton()',
    'macaddr()',
    'memcmp(1, 2)',
    'str_concat("a")',
    'strerror()',
    'signal_name(1, 2)',
    'syscall_name()',
    'username(1)',
    'cgroup_path()',
    'errorf()',
    'warnf()',
    'fail()',
  ])('[FUN-078] are counted: %s', (use) => {
    expectError(`print(${use});`, 'argument', use);
  });
});
