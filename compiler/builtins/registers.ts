/** reg("name") and usermode: registers of the context beyond arguments and return value. */
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { int, UINT64 } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { intLiteral, refusedInLoop, typedCall, unavailable } from './use.ts';

/** struct pt_regs of arch/x86/include/uapi/asm/ptrace.h, in order of its 8-byte members. */
const X86_64 =
  'r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_rax ip cs flags sp ss'.split(' ');

/** struct user_pt_regs of arch/arm64/include/uapi/asm/ptrace.h. */
const ARM64 = [...Array.from({ length: 31 }, (_, index) => `r${index}`), 'sp', 'pc', 'pstate'];

/** Offset in the context of a register of an architecture (as `uname -m` says); undefined if it has none such. */
export function registerOffset(arch: string, name: string): number | undefined {
  const names = arch === 'x86_64' ? X86_64 : arch === 'aarch64' ? ARM64 : [];
  const canonical = arch === 'x86_64' && name === 'pc' ? 'ip' : name;
  const index = names.indexOf(canonical);
  return index === -1 ? undefined : 8 * index;
}

/** Contexts of kprobes and uprobes are pt_regs, those of perf events begin with them. */
function hasRegisters(scope: AnalysisScope): boolean {
  return scope.probe.context === 'registers' || scope.probe.context === 'perf-event';
}

function available(use: BuiltinUse, scope: AnalysisScope): boolean {
  if (!hasRegisters(scope)) {
    unavailable(use, scope);
    return false;
  }
  return !refusedInLoop(use, scope);
}

function lowerRegister(lowering: Lowering, offset: number): IrValue {
  return lowering.ir.load(lowering.context, offset, 8, false);
}

export const reg: Builtin = {
  name: 'reg',
  arity: [1, 1],
  needsProbe: true,
  summary: 'A register of the probed context by its name, such as reg("ip").',
  analyse(use, scope) {
    const name = scope.stringLiteral(use.args[0], use);
    if (name === undefined || !available(use, scope)) return undefined;
    const offset = registerOffset(scope.kernel.arch, name);
    if (offset === undefined) {
      scope.error(
        `'${name}' is not a valid register on this architecture (${scope.kernel.arch})`,
        use.args[0]?.range ?? use.range,
      );
      return undefined;
    }
    return typedCall('reg', use, UINT64, { literals: [BigInt(offset)] });
  },
  lower: (call, lowering) => lowerRegister(lowering, Number(intLiteral(call, 0) ?? 0n)),
};

export const usermode: Builtin = {
  name: 'usermode',
  arity: [0, 0],
  needsProbe: true,
  summary: 'Whether user code was interrupted (1) or the kernel (0). x86-64 only.',
  analyse(use, scope) {
    if (!available(use, scope)) return undefined;
    const offset =
      scope.kernel.arch === 'x86_64' ? registerOffset(scope.kernel.arch, 'cs') : undefined;
    if (offset === undefined) {
      scope.error(`usermode is not available on ${scope.kernel.arch}`, use.range);
      return undefined;
    }
    return typedCall('usermode', use, int(1, false), { literals: [BigInt(offset)] });
  },
  /** The low two bits of CS are the privilege level: 0 in the kernel, 3 in user code. */
  lower(call, lowering) {
    const { ir } = lowering;
    const cs = lowerRegister(lowering, Number(intLiteral(call, 0) ?? 0n));
    const level = ir.op('and', cs, ir.constant(3));
    return ir.fromBool(ir.compare('ne', level, ir.constant(0)));
  },
};
