/** Registers of the probed code, as they stand in the context of kprobes, uprobes and perf events. */
import type { IrValue } from '../llvm/ir.ts';
import { tie } from './architecture.ts';
import type { FunctionState } from './state.ts';

export type RegisterRole =
  | 'arg0'
  | 'arg1'
  | 'arg2'
  | 'arg3'
  | 'arg4'
  | 'arg5'
  | 'arg6'
  | 'arg7'
  | 'retval'
  | 'ip'
  | 'sp';

type Offsets = Readonly<Partial<Record<RegisterRole, number>>>;

/** Offsets into struct pt_regs (arch/x86/include/uapi/asm/ptrace.h), arguments by the System V ABI. */
const X86_64: Offsets = {
  arg0: 112,
  arg1: 104,
  arg2: 96,
  arg3: 88,
  arg4: 72,
  arg5: 64,
  retval: 80,
  ip: 128,
  sp: 152,
};

/** struct user_pt_regs (arch/arm64/include/uapi/asm/ptrace.h): x0 to x30, sp, pc. */
const AARCH64: Offsets = {
  arg0: 0,
  arg1: 8,
  arg2: 16,
  arg3: 24,
  arg4: 32,
  arg5: 40,
  arg6: 48,
  arg7: 56,
  retval: 0,
  ip: 256,
  sp: 248,
};

const BY_ARCH: Readonly<Record<string, Offsets>> = {
  x86_64: X86_64,
  aarch64: AARCH64,
};

const NAMES: Readonly<Partial<Record<RegisterRole, string>>> = {
  ip: 'the address of the instruction',
  sp: 'the address of the stack',
};

export function lowerRegister(fn: FunctionState, role: RegisterRole): IrValue {
  const { kernel } = fn.unit;
  const offset = BY_ARCH[kernel.arch]?.[role];
  if (offset === undefined) throw new Error(`${role} of ${kernel.arch} is not known`);
  tie(fn, `${NAMES[role] ?? role} is in a register of ${kernel.arch}`);
  return fn.ir.load(fn.context, offset, 8);
}
