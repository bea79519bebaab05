/** LLVM's disassemblers of x86-64 and arm64, in an addon of their own: whoever compiles does not open it. */
import { createRequire } from 'node:module';
import { InstallationError, nativeFile } from '../paths.ts';

/** Machines as `uname -m` calls them. */
export const MACHINES = ['x86_64', 'aarch64'] as const;
export type Machine = (typeof MACHINES)[number];

export interface NativeInstruction {
  /** From the start of the code, in bytes. */
  readonly offset: number;
  readonly size: number;
  /** As GNU's assembler writes it; targets of branches are `at.` and an address in hexadecimal. Undefined: it is none. */
  readonly text: string | undefined;
}

interface Addon {
  disassemble(machine: Machine, code: Buffer, address: bigint): string;
}

/** Code that is at an address. Throws InstallationError where this installation has no disassembler. */
export function disassemble(
  machine: Machine,
  code: Uint8Array,
  address: bigint,
): readonly NativeInstruction[] {
  const lines = load().disassemble(machine, Buffer.from(code), BigInt.asUintN(64, address));
  let offset = 0;
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const blank = line.indexOf(' ');
      const size = Number(line.slice(0, blank));
      const text = line
        .slice(blank + 1)
        .trim()
        .replace(/\t/g, ' ');
      offset += size;
      return { offset: offset - size, size, text: text === '' ? undefined : text };
    });
}

function load(): Addon {
  const file = nativeFile('disassembler.node');
  try {
    return createRequire(import.meta.filename)(file) as Addon;
  } catch (error) {
    throw new InstallationError(
      `cannot load ${file}: ${error instanceof Error ? error.message : String(error)}`,
      'Native code can be shown where it can be loaded.',
    );
  }
}
