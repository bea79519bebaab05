/** reg("name") and usermode: registers of the context beyond arguments and return value. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { text } from '../analysis/parameters.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { int, UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { constant, refusedInLoop, unavailable } from './use.ts';

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

function lowerRegister(lowering: Lowering, offset: number, what: string): IrValue {
  lowering.tie(what);
  return lowering.ir.load(lowering.context, offset, 8);
}

export const reg: Builtin = defineBuiltin({
  name: 'reg',
  traits: { notInSession: true, readsContext: true },
  parameters: { name: text },
  needsProbe: true,
  summary: 'A register of the probed context by its name, such as reg("ip").',
  analyse({ name }, use, scope) {
    if (!available(use, scope)) return undefined;
    const { arch } = scope.kernel;
    const offset = registerOffset(arch, name.value);
    if (offset !== undefined)
      return typed(UINT64, {
        plan: { offset, tie: `reg("${name.value}") is a register of ${arch}` },
      });
    const message = `'${name.value}' is not a valid register on this architecture (${arch})`;
    scope.error('argument-value', message, name.range);
    return undefined;
  },
  lower: ({ plan }, lowering) => lowerRegister(lowering, plan.offset, plan.tie),
});

/**
 * Where the level of privilege is, and what it is in user code. CS of x86 is 0 in the kernel and 3 there; PSTATE of arm64
 * is 0 in its lowest four bits, PSR_MODE_EL0t, also in code of 32 bits (user_mode, arch/arm64/include/asm/ptrace.h).
 */
const LEVELS: Readonly<
  Record<string, { readonly register: string; readonly mask: number; readonly user: number }>
> = {
  x86_64: { register: 'cs', mask: 3, user: 3 },
  aarch64: { register: 'pstate', mask: 15, user: 0 },
};

export const usermode: Builtin = defineBuiltin({
  name: 'usermode',
  traits: { readsContext: true },
  needsProbe: true,
  summary: 'Whether user code was interrupted (1) or the kernel (0).',
  analyse(_given, use, scope) {
    // The loader's own code runs them.
    const { provider } = scope.probe;
    if (provider === 'begin' || provider === 'end') return constant(1n, int(1, false), use);
    if (!available(use, scope)) return undefined;
    const { arch } = scope.kernel;
    const level = LEVELS[arch];
    const offset = level && registerOffset(arch, level.register);
    if (level && offset !== undefined) {
      const { mask, user } = level;
      const tie = `usermode is in a register of ${arch}`;
      return typed(int(1, false), { plan: { offset, mask, user, tie } });
    }
    scope.error('kernel-lacks', `usermode is not available on ${arch}`, use.range);
    return undefined;
  },
  lower({ plan }, lowering) {
    const { ir } = lowering;
    const word = lowerRegister(lowering, plan.offset, plan.tie);
    const level = ir.op('and', word, ir.constant(plan.mask));
    return ir.fromBool(ir.compare('eq', level, ir.constant(plan.user)));
  },
});
