/**
 * Zeroing and copying memory without llvm.memset and llvm.memcpy, which the BPF back end turns into byte
 * accesses or calls to functions that do not exist.
 */
import type { FunctionBuilder, IrPointer, IrValue, Width } from './ir.ts';

type Basis = Pick<
  FunctionBuilder,
  'constant' | 'op' | 'compare' | 'load' | 'store' | 'offset' | 'while_' | 'alloca'
>;

/** Beyond so many accesses a loop is shorter, and the verifier has less to remember than with one of 1 KiB. */
const LARGEST_UNROLLED = 64;
/** Accesses in one turn of a loop. */
const STRIDE = 8;

export function createMemory(ir: Basis): Pick<FunctionBuilder, 'zero' | 'copy'> {
  return {
    zero: (pointer, size, align = 8) => {
      const zero = ir.constant(0);
      inChunks(ir, size, align, (offset, width, base) => {
        ir.store(base ? ir.offset(pointer, base) : pointer, offset, width, zero);
      });
    },
    copy: (to, from, size, align = 8) => {
      inChunks(ir, size, align, (offset, width, base) => {
        const at = (pointer: IrPointer) => (base ? ir.offset(pointer, base) : pointer);
        ir.store(at(to), offset, width, ir.load(at(from), offset, width, false));
      });
    },
  };
}

/** Calls `access` for pieces that cover `size` bytes, as wide as the alignment allows. */
function inChunks(
  ir: Basis,
  size: number,
  align: Width,
  access: (offset: number, width: Width, base: IrValue | undefined) => void,
): void {
  let offset = 0;
  if (size > LARGEST_UNROLLED * align) {
    const turn = STRIDE * align;
    const end = size - (size % turn);
    const counter = ir.alloca(8, 8);
    ir.store(counter, 0, 8, ir.constant(0));
    ir.while_(
      () => ir.compare('ult', ir.load(counter, 0, 8), ir.constant(end)),
      () => {
        const base = ir.load(counter, 0, 8);
        for (let piece = 0; piece < turn; piece += align) access(piece, align, base);
        ir.store(counter, 0, 8, ir.op('add', base, ir.constant(turn)));
      },
    );
    offset = end;
  }
  for (let width = align; offset < size; ) {
    if (offset + width > size) {
      width = (width / 2) as Width;
      continue;
    }
    access(offset, width, undefined);
    offset += width;
  }
}
