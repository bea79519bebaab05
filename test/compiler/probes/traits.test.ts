/** What is known of a probe before it is loaded, and which may run inside of helpers. */
import { describe, expect, it } from 'vitest';
import {
  isFunctionKnown,
  isInBpfProgram,
  isInKernelFunction,
  isNameKnown,
  type ProbeTarget,
} from '../../../compiler/probes/probe.ts';
import { dangerousFunctions, mayRecurse } from '../../../compiler/probes/recursion.ts';
import { target } from './support.ts';

describe('the name of a probe', () => {
  it.each([
    ['kprobe:f', true],
    ['kprobe:vfs_*', false],
    ['kprobe:$1', false],
    ['uprobe:/a:f', true],
    ['uprobe:$1:f', false],
    ['n=kprobe:vfs_*', true],
    ['n=kprobe:$1', true],
    ['tracepoint:sched:sched_switch', true],
    ['tracepoint:sched:sched_*', false],
    ['begin', true],
  ])('of %s is known when it is compiled: %s', (probe, known) => {
    expect(isNameKnown(target(probe))).toBe(known);
  });
});

describe('the function of a probe', () => {
  it.each([
    ['kprobe:vfs_read', true],
    ['kprobe:vfs_*', false],
    ['kretprobe:$1', false],
    ['fentry:vfs_read', true],
    ['uprobe:/a:f', true],
    ['uprobe:/a:f*', false],
    ['uretprobe:/a:$1', false],
    // There is none.
    ['begin', true],
    ['tracepoint:sched:sched_*', true],
    ['fentry:bpf:12:f*', true],
  ])('of %s is known when it is compiled: %s', (probe, known) => {
    expect(isFunctionKnown(target(probe))).toBe(known);
  });

  it.each([
    ['kprobe:f', true, false],
    ['kretprobe:f', true, false],
    ['fentry:vfs_read', true, false],
    ['fexit:vfs_read', true, false],
    ['fentry:bpf:12:f', false, true],
    ['uprobe:/a:f', false, false],
    ['tracepoint:sched:sched_switch', false, false],
  ])('of %s is the kernel’s own: %s, of a BPF program: %s', (probe, kernel, program) => {
    const found = target(probe);
    expect([isInKernelFunction(found), isInBpfProgram(found)]).toEqual([kernel, program]);
  });
});

describe('functions that helpers call under locks', () => {
  const entry = (
    name: string,
    more: Partial<Extract<ProbeTarget['target'], { provider: 'fentry' | 'fexit' }>> = {},
  ): ProbeTarget => ({
    ...target('fentry:vfs_read'),
    target: { provider: 'fentry', function: name, ...more },
  });

  it('are told by name and by pattern', () => {
    expect(dangerousFunctions(entry('_raw_spin_lock'))).toEqual(['_raw_spin_lock']);
    expect(dangerousFunctions(entry('_raw_spin_lock*'))).toEqual([
      '_raw_spin_lock',
      '_raw_spin_lock_irqsave',
    ]);
    expect(dangerousFunctions(entry('*'))).toHaveLength(5);
    expect(dangerousFunctions(entry('_raw_spin_lock_irq'))).toEqual([]);
  });

  it('are the kernel’s own, at fentry and fexit alone', () => {
    const name = '_raw_spin_lock';
    expect(dangerousFunctions(entry(name, { provider: 'fexit' }))).toEqual([name]);
    expect(
      dangerousFunctions({
        ...target('kprobe:f'),
        target: { provider: 'kprobe', function: name, offset: 0 },
      }),
    ).toEqual([]);
    expect(dangerousFunctions(entry(name, { module: 'm' }))).toEqual([]);
    expect(dangerousFunctions(entry(name, { program: '12' }))).toEqual([]);
    expect(dangerousFunctions(target('begin'))).toEqual([]);
  });

  it('may be what a parameter names', () => {
    expect(mayRecurse(entry('vfs_read'))).toBe(false);
    expect(mayRecurse(entry('_raw_spin_unlock_irqrestore'))).toBe(true);
    for (const name of ['$1', '_raw_spin_lock$1']) {
      const open = { ...entry(name), parameterised: true };
      expect(dangerousFunctions(open)).toEqual([]);
      expect(mayRecurse(open)).toBe(true);
    }
    expect(mayRecurse(target('kprobe:$1'))).toBe(false);
    expect(mayRecurse(target('tracepoint:sched:$1'))).toBe(false);
  });
});
