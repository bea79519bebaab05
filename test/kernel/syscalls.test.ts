/** Wildcards over the events of system calls: one program on the raw tracepoint that they share. */

import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../linker/inspect.ts';
import { build } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

describe('an object with a wildcard over system calls', () => {
  it('has one program for all of them, unless their arguments have to be typed', () => {
    const untyped = inspectObject(build('tracepoint:syscalls:sys_enter_* { @ = count(); }'));
    expect(untyped.programs.map(({ section }) => section)).toEqual(['tp_btf/sys_enter_*']);
    const typed = inspectObject(
      build('tracepoint:syscalls:sys_enter_pwrite* { @ = max(args.fd); }'),
    );
    expect(typed.programs.length).toBeGreaterThan(1);
  });
});

needs('root').describe('a wildcard over system calls', () => {
  it('counts every system call by name, and is detached at once [PRB-024]', async () => {
    const result = await run('tracepoint:syscalls:sys_enter_* { @calls[probe] = count(); }', {
      workload: 'comm many getppid 500 close 300 read 20 10 oldopen 7 /no/such/file',
    });
    const count = (name: string): number =>
      mapValue(result.stdout, '@calls', `tracepoint:syscalls:sys_enter_${name}`) ?? 0;
    expect(count('getppid')).toBeGreaterThanOrEqual(500);
    expect(count('close')).toBeGreaterThanOrEqual(300);
    expect(count('open')).toBeGreaterThanOrEqual(7);
    expect(Number(/^Attached (\d+) probes$/m.exec(result.stderr)?.[1])).toBeGreaterThan(300);
    expect(result.endedAfter).toBeLessThan(2000);
  });

  it('agrees with the single events, for both ends of a call', async () => {
    const result = await run(
      `tracepoint:syscalls:sys_enter_get*id /comm == "agree"/ { @[probe] = count(); }
       tracepoint:syscalls:sys_exit_getp* /comm == "agree"/ { @[probe] = count(); @who[pid == tid] = count(); }`,
      { workload: 'comm agree getppid 123 close 50' },
    );
    expect(mapEntries(result.stdout, '@')).toEqual([
      ['tracepoint:syscalls:sys_enter_getppid', 123],
      ['tracepoint:syscalls:sys_exit_getppid', 123],
    ]);
    expect(mapEntries(result.stdout, '@who')).toEqual([['true', 123]]);
  });

  it('means both ends where the pattern does, also inside loops', async () => {
    const result = await run(
      'tracepoint:syscalls:sys_*_getppid /comm == "both"/ { for $i : 0..3 { @[probe] = sum($i); } }',
      { workload: 'comm both getppid 10' },
    );
    expect(mapEntries(result.stdout, '@')).toEqual([
      ['tracepoint:syscalls:sys_enter_getppid', 30],
      ['tracepoint:syscalls:sys_exit_getppid', 30],
    ]);
  });
});
