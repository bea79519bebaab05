import { describe, expect, it } from 'vitest';
import { int } from '../../../compiler/types/type.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { interpret } from '../../support/interpreter.ts';
import { expectError } from '../analysis/expect.ts';
import { call, run } from './calls.ts';
import type { World } from './machine.ts';
import { firstCall, firstOfKernel, KPROBE, TRACEPOINT } from './uses.ts';

describe('registers, as the analysis takes it', () => {
  it('[FUN-029] knows registers by the names of the architecture', () => {
    expect(firstCall(`${KPROBE} { $x = reg("ip"); print($x); }`).plan).toMatchObject({
      offset: 128,
    });
    expect(firstCall(`${KPROBE} { $x = reg("r15"); print($x); }`).plan).toMatchObject({
      offset: 0,
    });
    expectError(
      `${KPROBE} { print(reg("x0")) }`,
      "'x0' is not a valid register on this architecture (x86_64)",
      '"x0"',
    );
    expectError(`${TRACEPOINT} { print(reg("ip")) }`, 'reg can not be used with "tracepoint"');
  });
});

describe('usermode, as the analysis takes it', () => {
  it('[BLT-024] is 1 in what runs in the loader, and wants registers elsewhere', () => {
    for (const probe of ['begin', 'end'])
      expect(firstOfKernel(`${probe} { $x = usermode; print($x); }`)).toMatchObject({
        ...{ kind: 'int', value: 1n, type: { size: 1, signed: false } },
      });
    for (const probe of ['kprobe:vfs_read', 'uprobe:/x:f', 'profile:hz:9', 'software:cpu:1'])
      expect(firstOfKernel(`${probe} { $x = usermode; print($x); }`)).toMatchObject({
        plan: { offset: 136, mask: 3, user: 3, tie: 'usermode is in a register of x86_64' },
      });
    expect(errors('tracepoint:sched:sched_switch { print(usermode); }')).toEqual([
      'usermode can not be used with "tracepoint" probes @ usermode',
    ]);
    expect(errors('profile:hz:9 { for $i : 0..9 { print(usermode); } }')).toHaveLength(1);
  });

  it('ties the object to the architecture, as registers do', () => {
    const ties = (script: string) =>
      (inspectObject(build(script)).manifest as Manifest).ties?.map(({ reason }) => reason);
    expect(ties('kprobe:vfs_read { print(usermode); }')).toEqual([
      'usermode is in a register of x86_64',
    ]);
    expect(ties('kprobe:vfs_read { print(reg("cx")); }')).toEqual([
      'reg("cx") is a register of x86_64',
    ]);
  });
});

describe('registers, as it runs', () => {
  it('[FUN-029] reads the word of that name', () => {
    const machine = interpret(
      build('profile:hz:9 { @ip = reg("ip"); @r15 = reg("r15"); @ss = reg("ss"); }'),
    );
    const context = new BigUint64Array(32).map((_, index) => BigInt(index) << 40n);
    machine.run(undefined, new Uint8Array(context.buffer));
    expect(['@ip', '@r15', '@ss'].map((name) => machine.value(name))).toEqual([
      ...[16n << 40n, 0n, 20n << 40n],
    ]);
  });

  it('[BLT-024] tells user code by the privilege level in cs', () => {
    const withCs = (cs: number): World => {
      const context = new Uint8Array(256);
      context.set([cs & 255, cs >> 8], 136);
      return { context };
    };
    const plan = { offset: 136, mask: 3, user: 3, tie: '' };
    const usermode = call('usermode', int(1, false), [], plan);
    expect(run(usermode, withCs(0x33))).toBe(1n);
    for (const kernel of [0x10, 1, 2]) expect(run(usermode, withCs(kernel))).toBe(0n);
    const arm64 = call('usermode', int(1, false), [], { offset: 136, mask: 15, user: 0, tie: '' });
    expect([0x10, 0x60, 5, 0x3c9].map((pstate) => run(arm64, withCs(pstate)))).toEqual([
      ...[1n, 1n, 0n, 0n],
    ]);
  });
});
