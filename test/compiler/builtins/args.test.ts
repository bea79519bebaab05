import { describe, expect, it } from 'vitest';
import { UINT64 } from '../../../compiler/types/type.ts';
import { errors } from '../../support/diagnostics.ts';
import { analysed, expectError } from '../analysis/expect.ts';
import { call, run } from './calls.ts';
import { first, firstCall, KPROBE, RAW, TRACEPOINT, typeOf, UPROBE } from './uses.ts';

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

  it('keeps the context out of loops', () => {
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

  it('is of the context, which callbacks of loops do not have', () => {
    expect(firstCall('kretprobe:vfs_read { $x = retval; print($x); }').traits).toMatchObject({
      readsContext: true,
    });
  });

  it('has no sign of its own: below zero wants a cast', () => {
    const hints = (script: string) =>
      analysed(script).diagnostics.flatMap((one) => one.hints ?? []);
    expect(hints('kretprobe:vfs_read { if (retval < 0) { print(1); } }')).toEqual([
      'Cast it: (int32) where the function gives an int, (int64) where it gives a long.',
    ]);
    expect(hints('kretprobe:vfs_read { if (retval == 0) { print(1); } }')).toEqual([]);
  });
});
