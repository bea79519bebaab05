/**
 * Programs of iterators. Their context is {struct bpf_iter_meta *meta, the object, ...}, all of them pointers or u64;
 * what they print goes to the seq_file of `meta`, which the loader reads: nothing is lost, however much it is.
 */
import type { IrPointer } from '../llvm/ir.ts';
import type { FunctionState } from './state.ts';

const OBJECT = 8;

/** After the last object the kernel runs the program once more, without one (kernel/bpf/bpf_iter.c, seq_ops->stop). */
export function skipEnd(fn: FunctionState): void {
  const { ir } = fn;
  const object = ir.load(fn.context, OBJECT, 8);
  ir.if_(ir.compare('eq', object, ir.constant(0)), () => ir.return_(ir.constant(0)));
}

/** Appends memory to the seq_file. What overflows its buffer is written anew when the kernel has emptied that. */
export function writeToSequence(
  fn: FunctionState,
  record: { readonly pointer: IrPointer; readonly size: number },
): void {
  const { ir, lowering } = fn;
  lowering.call('seq_write', sequenceOf(fn), record.pointer, ir.constant(record.size));
}

/** The seq_file: the first member of struct bpf_iter_meta (include/linux/bpf.h). */
export function sequenceOf({ ir, context }: FunctionState): IrPointer {
  const meta = ir.intToPointer(ir.load(context, 0, 8));
  return ir.intToPointer(ir.load(meta, 0, 8));
}
