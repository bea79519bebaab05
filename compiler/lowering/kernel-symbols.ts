/** Variables and functions of the kernel that programs refer to: libbpf finds them when it loads the object. */
import { signed, type TypeDescription } from '../../linker/btf/types.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { FunctionState } from './state.ts';

const TASK: TypeDescription = {
  kind: 'pointer',
  // libbpf compares types by their kinds and names.
  to: { kind: 'struct', name: 'task_struct', size: 0, members: [] },
};

/** Functions that are called, as the kernel declares them (kernel/bpf/helpers.c). */
const FUNCTIONS = {
  bpf_task_from_pid: { parameters: [{ name: 'pid', type: signed(4) }], returns: TASK },
  bpf_task_release: { parameters: [{ name: 'p', type: TASK }], returns: { kind: 'void' } },
} as const;

export type KernelFunctionName = keyof typeof FUNCTIONS;

/**
 * Calls a function of the kernel. One that the kernel does not have, or not for this program, must stand in a branch
 * that is never taken (`hostValue`).
 */
export function callKernel(
  fn: FunctionState,
  name: KernelFunctionName,
  args: readonly IrValue[],
): IrValue {
  fn.unit.kernelSymbol({ kind: 'function', symbol: name, ...FUNCTIONS[name] });
  return fn.ir.callLinked(name, args);
}

/** Address of a per-CPU variable, whose type has that id in the kernel's BTF. Without `cpu` that of this CPU. */
export function lowerPercpu(
  fn: FunctionState,
  name: string,
  type: number,
  cpu: IrValue | undefined,
): IrValue {
  const { ir, lowering } = fn;
  fn.unit.kernelSymbol({ kind: 'variable', symbol: name, type });
  const variable = ir.global(name);
  if (cpu === undefined) return ir.pointerToInt(lowering.callPointer('this_cpu_ptr', variable));
  const found = ir.pointerToInt(lowering.callPointer('per_cpu_ptr', variable, cpu));
  // The verifier lets nobody compute with a pointer that may be NULL; LLVM would see that nothing changes.
  return ir.ifValue(
    ir.compare('ne', found, ir.constant(0)),
    () => ir.opaque(found),
    () => ir.constant(0),
  );
}
