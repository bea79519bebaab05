import { describe, expect, it } from 'vitest';
import { UINT64 } from '../../../compiler/types/type.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { interpret } from '../../support/interpreter.ts';
import { analysed, expectError } from '../analysis/expect.ts';
import { call, run } from './calls.ts';
import {
  first,
  firstCall,
  firstOfKernel,
  hints,
  KPROBE,
  RAW,
  TRACEPOINT,
  typeOf,
  UPROBE,
} from './uses.ts';

describe('args, as the analysis takes it', () => {
  it('[BLT-019] gives arguments where there are some', () => {
    expect(typeOf('arg0', KPROBE)).toBe('uint64');
    expect(typeOf('arg5', UPROBE)).toBe('uint64');
    expect(first(`${RAW} { $x = arg1; print($x); }`)).toMatchObject({
      kind: 'context-argument',
      index: 1,
      type: { kind: 'int', size: 8, signed: false },
    });
    expectError(`${KPROBE} { print(arg6) }`, 'arg6 is not available', 'arg6');
    expectError(`${RAW} { print(arg2) }`, 'arg2 is not available', 'arg2');
    expectError('print(arg0)', 'arg0 can not be used with "begin" probes', 'arg0');
    expectError(`${TRACEPOINT} { print(arg0) }`, 'arg0 can not be used with "tracepoint" probes');
  });

  it('[BLT-019] takes args as a whole for a record of all of them', () => {
    expect(firstCall(`${TRACEPOINT} { print(args) }`).args[0]?.type.kind).toBe('record');
    expectError('print(args)', 'args can not be used with "begin" probes', 'args');
  });

  it('[BLT-019] gives ctx as an address, but not in tracepoints', () => {
    expect(firstCall(`${KPROBE} { print(ctx) }`).args[0]?.type.kind).toBe('pointer');
    expectError(`${TRACEPOINT} { print(ctx) }`, 'Use args instead of ctx in tracepoint', 'ctx');
    expectError('print(ctx)', 'ctx can not be used with "begin" probes', 'ctx');
  });

  it('gives retval to return probes only', () => {
    expect(typeOf('retval', 'kretprobe:vfs_read')).toBe('uint64');
    expect(typeOf('retval', 'uretprobe:/bin/true:main')).toBe('uint64');
    expectError(`${KPROBE} { print(retval) }`, 'retval can not be used with "kprobe" probes');
  });

  it('says what to use instead', () => {
    expect(hints('uretprobe:/x:main { print(args); }')).toEqual([
      'When a function returns, its arguments are gone. Keep them in a map, in a uprobe.',
    ]);
    expect(hints('kprobe:vfs_* { print(args); }')).toEqual(['Use arg0 to arg5.']);
    expect(hints('begin { print(args); }')).toEqual([]);
    for (const probe of ['tracepoint:sched:sched_switch', 'tracepoint:syscalls:sys_exit_read'])
      expect(hints(`${probe} { print(arg0); }`)).toEqual(['Use args.NAME.']);
    for (const probe of ['begin', 'interval:s:1'])
      expect(hints(`${probe} { print(arg0); }`)).toEqual([]);
  });

  it('says which numbers a probe has', () => {
    const raw = 'rawtracepoint:net_dev_queue';
    expect(errors(`${raw} { print(arg0); }`)).toEqual([]);
    expect(errors(`${raw} { print(arg1); }`)).toEqual([
      `arg1 is not available: ${raw} has arg0 only @ arg1`,
    ]);
    expectError(`${RAW} { print(arg2) }`, `${RAW} has arg0 to arg1`, 'arg2');
    expect(errors('usdt:/x:p:n { print((arg0, arg11)); }')).toEqual([]);
  });

  it('is tied to an architecture by ctx, unless an iterator says what it is', () => {
    const ties = (script: string) =>
      (inspectObject(build(script)).manifest as Manifest).ties?.map(({ reason }) => reason);
    expect(ties('kprobe:vfs_read { print(ctx); }')).toEqual(['ctx is as x86_64 has it']);
    expect(ties('iter:task { printf("%p", ctx); }') ?? []).toEqual([]);
    expect(firstOfKernel('iter:task { $x = ctx; printf("%p", $x); }')?.type).toMatchObject({
      kind: 'pointer',
      to: { name: 'bpf_iter__task' },
      space: 'kernel',
    });
  });

  it('gives the address of the context', () => {
    const seen = (script: string) => {
      const machine = interpret(build(script));
      const context = new Uint8Array(256);
      context.set([1, 2, 3, 4]);
      machine.run(undefined, context);
      return machine.value('@');
    };
    expect(seen('kprobe:vfs_read { @ = *(uint32 *)ctx; }')).toBe(0x04030201n);
  });

  it('copies a parameter that programs may not load', () => {
    const copied = (script: string) => {
      const found = firstOfKernel(script);
      return found?.kind === 'context-argument' ? found.isCopied : found?.kind;
    };
    // A pointer to struct cgroup, and one to characters.
    expect(copied('rawtracepoint:cgroup_attach_task { $x = arg0; print($x); }')).toBeUndefined();
    expect(copied('rawtracepoint:cgroup_attach_task { $x = arg1; print($x); }')).toBe(true);
    expect(copied('fexit:vfs_read { $x = retval; print($x); }')).toBeUndefined();
    expect(copied('fexit:d_path { $x = retval; print($x); }')).toBe(true);
  });

  it('keeps the context out of loops', () => {
    for (const name of ['args', 'retval'])
      expect(errors(`fexit:vfs_read { for $i : 0..20 { print(${name}); } }`)).toEqual([
        `'${name}' builtin is not allowed in a for-loop @ ${name}`,
      ]);
    for (const name of ['arg0', 'ctx', 'usermode', 'reg("ip")', 'func']) {
      expectError(
        `${KPROBE} { for $i : 0..20 { print(${name}) } }`,
        `'${name.replace(/\(.*/, '')}' builtin is not allowed in a for-loop`,
        name,
      );
    }
  });
});

describe('args, as it runs', () => {
  it('reads arguments and the return value by their roles', () => {
    const registers = { arg0: 10n, arg5: 15n, retval: 77n };
    expect(run(call('arg0', UINT64), { registers })).toBe(10n);
    expect(run(call('arg5', UINT64), { registers })).toBe(15n);
    expect(run(call('retval', UINT64), { registers })).toBe(77n);
    const all = Array.from({ length: 6 }, (_, index) => `arg${index}`);
    const each = Object.fromEntries(all.map((name, index) => [name, 100n + BigInt(index)]));
    for (const name of all) expect(run(call(name, UINT64), { registers: each })).toBe(each[name]);
  });
});

describe('retval', () => {
  it('is an error where functions begin, and in events [PRB-067]', () => {
    for (const probe of ['kprobe:vfs_read', 'uprobe:/bin/sh:main', 'tracepoint:sched:sched_switch'])
      expect(errors(`${probe} { print(retval); }`)).toEqual([
        `retval can not be used with "${probe.slice(0, probe.indexOf(':'))}" probes @ retval`,
      ]);
    expect(errors('kretprobe:vfs_read, uretprobe:/bin/sh:main { print(retval); }')).toEqual([]);
  });

  it('says where results are', () => {
    for (const [probe, wanted] of [
      ['kprobe:vfs_read', ['A function has a result when it returns: use kretprobe.']],
      ['uprobe:/x:main', ['A function has a result when it returns: use uretprobe.']],
      ['fentry:vfs_read', ['A function has a result when it returns: use fexit.']],
      ['tracepoint:syscalls:sys_exit_read', ['Use args.ret.']],
      ['tracepoint:sched:sched_switch', []],
      ['begin', []],
    ] as const)
      expect([probe, hints(`${probe} { print(retval); }`)]).toEqual([probe, wanted]);
  });

  it('has the type of the function where that is known, behind its arguments', () => {
    expect(firstOfKernel('fexit:vfs_read { $x = retval; print($x); }')).toMatchObject({
      kind: 'context-argument',
      index: 4,
      type: { kind: 'int', size: 8, signed: true },
      host: { type: expect.any(Number) },
    });
    const machine = interpret(build('fexit:vfs_read { @ = retval; }'));
    machine.run(undefined, new Uint8Array(new BigInt64Array([1n, 2n, 3n, 4n, -9n, 6n]).buffer));
    expect(machine.value('@')).toBe(-9n);
  });

  it('is of the context, which callbacks of loops do not have', () => {
    expect(firstCall('kretprobe:vfs_read { $x = retval; print($x); }').traits).toMatchObject({
      readsContext: true,
    });
  });

  it('has no sign of its own: below zero wants a cast', () => {
    const advice = (script: string) =>
      analysed(script).diagnostics.flatMap((one) => one.hints ?? []);
    expect(advice('kretprobe:vfs_read { if (retval < 0) { print(1); } }')).toEqual([
      'Cast it: (int32) where the function gives an int, (int64) where it gives a long.',
    ]);
    expect(advice('kretprobe:vfs_read { if (retval == 0) { print(1); } }')).toEqual([]);
  });
});
