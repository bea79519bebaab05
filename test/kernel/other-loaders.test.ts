/** Probes of one literal target: libbpf attaches them by their sections alone, without the manifest. */
import { expect } from 'vitest';
import { findBinaries } from '../../compiler/binary/paths.ts';
import { compile } from '../../compiler/compile.ts';
import { kernelDescription } from '../support/build.ts';
import { attached } from '../support/kernel.ts';
import { needs } from '../support/needs.ts';

const LIBC = findBinaries('libc')[0]?.path ?? '';

/** What a script counts, one 8-byte number a CPU, while attach.c calls getppid ten times; others call it, too. */
function counted(probe: string): bigint {
  const text = `${probe} /comm == "attach"/ { @ = count(); }`;
  const { object, diagnostics } = compile(
    { name: 'stdin', text },
    { kernel: kernelDescription('default'), unsafe: false, environment: {} },
  );
  if (!object) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  const slots = attached(object(), 'AT_');
  return Array.from({ length: slots.length / 16 }, (_, cpu) =>
    slots.readBigUInt64LE(16 * cpu),
  ).reduce((sum, each) => sum + each, 0n);
}

needs('root').describe('libbpf alone', () => {
  needs('root').it.each([
    [`uprobe:${LIBC}:getppid`],
    [`uretprobe:${LIBC}:getppid`],
    ['tracepoint:syscalls:sys_enter_getppid'],
  ])('attaches and runs %s', (probe) => {
    expect(counted(probe)).toBe(10n);
  });

  needs('root').it('attaches and runs a raw tracepoint', () => {
    expect(counted('rawtracepoint:sys_enter')).toBeGreaterThanOrEqual(10n);
  });
});
