import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { kernelDescription } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { expectError, expectWarning } from '../analysis/expect.ts';
import { firstCall, firstOfKernel } from './uses.ts';

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

describe('stacks by unwind tables', () => {
  const config = 'config = { unstable_dw_ustack = enable }';

  it('are of user code, on x86-64, where there are registers to begin with', () => {
    const stack = (use: string) =>
      firstOfKernel(`${config} profile:hz:9 { $x = ${use}; print($x); }`)?.type;
    const user = { kind: 'stack', space: 'user' };
    expect(stack('dw_ustack')).toEqual({ ...user, mode: 'bpftrace', limit: 127 });
    expect(stack('dw_ustack(perf, 3)')).toEqual({ ...user, mode: 'perf', limit: 3 });
    expect(errors(`${config} profile:hz:9 { print(dw_ustack(build_id)); }`)).toEqual([
      'build_id is a mode of ustack only @ build_id',
    ]);
    expect(errors(`${config} begin { print(dw_ustack); }`)).toEqual([
      'dw_ustack can not be used with "begin" probes @ dw_ustack',
    ]);
    expect(
      errors('config = { unstable_dw_ustack = error } profile:hz:9 { print(dw_ustack); }'),
    ).toHaveLength(1);
    const arm64 = { ...kernelDescription(), arch: 'aarch64' };
    const { diagnostics } = compile(
      { name: 'stdin', text: `${config} profile:hz:9 { print(dw_ustack); }` },
      { kernel: arm64, unsafe: false, environment: {} },
    );
    expect(diagnostics.map(({ message }) => message)).toContain(
      'dw_ustack is not available on aarch64',
    );
  });

  it('have the mode of the config, but for build ids', () => {
    const mode = (stackMode: string) => {
      const both = `config = { unstable_dw_ustack = enable; stack_mode = ${stackMode} }`;
      return firstOfKernel(`${both} profile:hz:9 { $x = dw_ustack; print($x); }`)?.type;
    };
    expect(mode('perf')).toMatchObject({ mode: 'perf' });
    expect(mode('build_id')).toMatchObject({ mode: 'bpftrace' });
  });
});

describe('the limit of a stack', () => {
  it('may be a parameter, which the loader takes', () => {
    expect(firstCall('$x = kstack($2); print($x);').type).toMatchObject({
      limit: { parameter: 2 },
    });
    expect(firstCall('$x = ustack(raw, $1); print($x);').type).toMatchObject({
      ...{ mode: 'raw', limit: { parameter: 1 } },
    });
    for (const limit of [1, 1024])
      expect(firstCall(`$x = kstack(${limit}); print($x);`).type).toMatchObject({ limit });
  });
});
