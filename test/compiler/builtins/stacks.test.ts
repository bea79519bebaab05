import { describe, expect, it } from 'vitest';
import { expectError, expectWarning } from '../analysis/expect.ts';
import { firstCall } from './uses.ts';

describe('stacks', () => {
  it('[FUN-055] takes a mode and a limit, in that order, each of them optional', () => {
    const stack = (expression: string) => firstCall(`$x = ${expression}; print($x);`).type;
    const kernel = { kind: 'stack', space: 'kernel' };
    expect(stack('kstack')).toEqual({ ...kernel, mode: 'bpftrace', limit: 127 });
    expect(stack('kstack()')).toEqual({ ...kernel, mode: 'bpftrace', limit: 127 });
    expect(stack('kstack(5)')).toEqual({ ...kernel, mode: 'bpftrace', limit: 5 });
    expect(stack('kstack(perf)')).toEqual({ ...kernel, mode: 'perf', limit: 127 });
    expect(stack('kstack(raw, 1024)')).toEqual({ ...kernel, mode: 'raw', limit: 1024 });
  });

  it('[FUN-056] reads build ids of user stacks only', () => {
    expect(firstCall('$x = ustack(build_id, 3); print($x);').type).toEqual({
      kind: 'stack',
      space: 'user',
      mode: 'build_id',
      limit: 3,
    });
    expectError('print(kstack(build_id));', 'build_id is a mode of ustack only', 'build_id');
  });

  it('refuses unknown modes and limits out of range', () => {
    expectError(
      'print(kstack(fancy));',
      'kstack() expects bpftrace, perf, raw or build_id as mode (fancy provided)',
      'fancy',
    );
    expectError('print(ustack(perf, 0));', 'from 1 to 1024 as limit (0 provided)', '0');
    expectError(
      'print(ustack(1025));',
      'ustack() expects an integer literal from 1 to 1024 as limit (1025 provided)',
      '1025',
    );
    expectError('print(ustack(pid(), 3));', 'as mode (a call expression provided)', 'pid()');
    expectError('print(ustack(perf, pid));', 'ustack() expects an integer literal', 'pid');
  });

  it('takes the mode of the config, but no build ids for the kernel', () => {
    const config = 'config = { stack_mode = build_id }';
    expect(firstCall(`${config} begin { $x = ustack; print($x); }`).type).toMatchObject({
      mode: 'build_id',
    });
    expect(firstCall(`${config} begin { $x = kstack; print($x); }`).type).toMatchObject({
      mode: 'bpftrace',
    });
  });

  it('accepts the older names with a warning', () => {
    expectWarning('print(stack);', 'stack is deprecated', 'stack');
    expectWarning('print(name);', 'name is deprecated', 'name');
  });
});
