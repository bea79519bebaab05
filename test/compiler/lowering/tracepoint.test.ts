import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { KernelDescriptionError } from '../../../compiler/kernel/error.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import type { KernelDescription } from '../../../compiler/kernel/types.ts';
import { compileText } from '../../support/build.ts';

describe('The program of a tracepoint', () => {
  /** Numbers that `r0` is set to last before each exit of the program. */
  function results(script: string): readonly string[] {
    const lines = (compileText(script).assembly?.().toString() ?? '').split('\n');
    return lines.flatMap((line, index) => {
      if (line.trim() !== 'exit') return [];
      const before = lines.slice(0, index).findLast((one) => /^\s+[rw]0 = /.test(one));
      return [before?.trim() ?? ''];
    });
  }

  it('returns 1, for others who use the same event [PRB-026]', () => {
    const found = results('tracepoint:sched:sched_switch { @ = count(); }');
    expect(found.length).toBeGreaterThan(0);
    for (const result of found) expect(result).toMatch(/^[rw]0 = 1$/);
    for (const result of results('rawtracepoint:sched_switch { @ = count(); }'))
      expect(result).toMatch(/^[rw]0 = 0$/);
  });
});

it('says of a description that it cannot tell system calls by it', () => {
  const kernel = loadKernelDescription('default');
  const { types } = kernel;
  const without: KernelDescription = {
    ...kernel,
    types: {
      ...types,
      member: (struct, name) => (name === 'orig_ax' ? undefined : types.member(struct, name)),
    },
  };
  const source = {
    name: 'stdin',
    text: 'tracepoint:syscalls:sys_exit_* { @[probe] = count(); }',
  };
  expect(() => compile(source, { kernel: without, unsafe: false, environment: {} })).toThrow(
    KernelDescriptionError,
  );
});
