/** Registers of the architectures that objects are built for: names, numbers of arguments, places in the context. */
import { describe, expect, it } from 'vitest';
import { registerOffset } from '../../../compiler/builtins/registers.ts';
import { compile } from '../../../compiler/compile.ts';
import { withTypes } from '../../../compiler/kernel/layer.ts';
import { kernelDescription } from '../../support/build.ts';

function compileFor(arch: string, script: string): ReturnType<typeof compile> {
  const kernel = kernelDescription();
  return compile(
    { name: 'stdin', text: script },
    { kernel: { ...withTypes(kernel, kernel.types), arch }, unsafe: true, environment: {} },
  );
}

function errors(arch: string, script: string): readonly string[] {
  return compileFor(arch, script).diagnostics.map(({ message }) => message);
}

/** Offsets at which the program of a script loads 8 bytes of its context (r1), in the assembly. */
function contextOffsets(arch: string, script: string): readonly number[] {
  const assembly = compileFor(arch, script).assembly?.() ?? '';
  return [...assembly.matchAll(/= \*\(u64 \*\)\(r[0-9] \+ ([0-9]+)\)/g)].map(([, at]) =>
    Number(at),
  );
}

describe('registers of an architecture', () => {
  it('have the arguments that its calling convention passes in them [PRB-065] [AOT-020]', () => {
    const read = (count: number): string =>
      Array.from({ length: count }, (_, index) => `@[arg${index}] = ${index};`).join(' ');
    for (const attach of ['kprobe:vfs_read', 'uprobe:/bin/sh:main']) {
      expect(errors('x86_64', `${attach} { ${read(6)} }`)).toEqual([]);
      expect(errors('x86_64', `${attach} { print(arg6); }`)).toEqual([
        `arg6 is not available: ${attach} has arg0 to arg5`,
      ]);
      expect(errors('aarch64', `${attach} { ${read(8)} }`)).toEqual([]);
      expect(errors('aarch64', `${attach} { print(arg8); }`)).toEqual([
        `arg8 is not available: ${attach} has arg0 to arg7`,
      ]);
    }
  });

  it.each([
    // struct pt_regs of x86-64: rdi, rsi, rdx, rcx, r8, r9; struct user_pt_regs of arm64: x0 to x7.
    ['x86_64', [112, 104, 96, 88, 72, 64], 80],
    ['aarch64', [0, 8, 16, 24, 32, 40, 48, 56], 0],
  ] as const)(
    'stand where the kernel keeps them: %s [AOT-020] [PRB-065]',
    (arch, places, result) => {
      places.forEach((place, index) => {
        const script = `kprobe:vfs_read { @ = arg${index}; }`;
        expect(contextOffsets(arch, script), `arg${index}`).toContain(place);
      });
      expect(contextOffsets(arch, 'kretprobe:vfs_read { @ = retval; }')).toContain(result);
    },
  );

  it('have the names of that architecture only [PRB-069] [AOT-020]', () => {
    const asks = (arch: string, name: string): readonly string[] =>
      errors(arch, `kprobe:vfs_read { @ = reg("${name}"); }`);
    const x86 = [
      'r15',
      'bp',
      'bx',
      'ax',
      'cx',
      'dx',
      'si',
      'di',
      'orig_ax',
      'ip',
      'pc',
      'cs',
      'sp',
      'ss',
    ];
    for (const name of x86.filter((each) => each !== 'orig_ax'))
      expect(asks('x86_64', name)).toEqual([]);
    for (const name of ['r0', 'r30', 'sp', 'pc', 'pstate'])
      expect(asks('aarch64', name)).toEqual([]);
    expect(asks('x86_64', 'r0')).toEqual([
      "'r0' is not a valid register on this architecture (x86_64)",
    ]);
    for (const name of ['ax', 'r31', 'R0', ''])
      expect(asks('aarch64', name)).toEqual([
        `'${name}' is not a valid register on this architecture (aarch64)`,
      ]);
    expect([registerOffset('x86_64', 'ip'), registerOffset('x86_64', 'pc')]).toEqual([128, 128]);
    expect([registerOffset('aarch64', 'r30'), registerOffset('aarch64', 'pc')]).toEqual([240, 256]);
    expect(registerOffset('riscv64', 'pc')).toBeUndefined();
  });

  it('tell user code from the kernel [PRB-069]', () => {
    expect(errors('x86_64', 'kprobe:vfs_read { @ = usermode; }')).toEqual([]);
    expect(errors('aarch64', 'kprobe:vfs_read { @ = usermode; }')).toEqual([]);
    // pstate, the last member of struct user_pt_regs.
    expect(contextOffsets('aarch64', 'kprobe:vfs_read { @ = usermode; }')).toContain(264);
  });
});
