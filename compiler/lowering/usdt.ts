/**
 * Arguments of USDT probe points. Where an argument is kept is known on the host only, so the loader describes the
 * operands of each attached point in an element of the array `usdt_sites`, and the program follows the description.
 */
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import type { FunctionState } from './state.ts';

/** Operands of a point; as many as there are `argN`. */
const OPERANDS = 12;

/** struct usdt_operand (loader/src/binary/usdt_operand.h). */
const OPERAND = {
  size: 16,
  /** i64: the constant, or what is added to the address. */
  value: 0,
  /** u16: offset of a register in the context, or NO_REGISTER. */
  base: 8,
  /** u16: the same for another one. */
  index: 10,
  /** u8: 0 constant, 1 register, 2 memory. */
  kind: 12,
  /** u8: by how many bits the index register is shifted. */
  scale: 13,
  /** u8: the argument's last byte: its size less 1. */
  last: 14,
  /** u8 */
  signed: 15,
} as const;
const KIND_CONSTANT = 0;
const KIND_MEMORY = 2;
const NO_REGISTER = 0xffff;

export const USDT_SITE_SIZE = OPERANDS * OPERAND.size;

/** The attach cookie is the number of the name (as of any wildcard), and above it the number of the site. */
const SITE_SHIFT = 32;

/** arg0 => the operand's value, extended to 64 bits by its size and sign. */
export function lowerUsdtArgument(fn: FunctionState, index: number): IrValue {
  const { ir, lowering, memory } = fn;
  return memory.scope(() => {
    const word = memory.take(8);
    const cookie = lowering.call('get_attach_cookie', fn.context);
    ir.store(word, 0, 4, ir.op('lshr', cookie, ir.constant(SITE_SHIFT)));
    const site = lowering.callPointer('map_lookup_elem', lowering.runtimeMap('usdt_sites'), word);
    return ir.ifValue(
      ir.isNull(site),
      () => ir.constant(0),
      () => extendOperand(fn, ir.offset(site, index * OPERAND.size), word),
    );
  });
}

function extendOperand(fn: FunctionState, operand: IrPointer, word: IrPointer): IrValue {
  const { ir } = fn;
  const value = lowerOperand(fn, operand, word);
  const bits = ir.op('shl', sizeOf(fn, operand), ir.constant(3));
  const unused = ir.op('sub', ir.constant(64), bits);
  const high = ir.op('shl', value, unused);
  return ir.ifValue(
    ir.toBool(ir.load(operand, OPERAND.signed, 1, false)),
    () => ir.op('ashr', high, unused),
    () => ir.op('lshr', high, unused),
  );
}

function lowerOperand(fn: FunctionState, operand: IrPointer, word: IrPointer): IrValue {
  const { ir, lowering } = fn;
  const value = (): IrValue => ir.load(operand, OPERAND.value, 8);
  const kind = ir.load(operand, OPERAND.kind, 1, false);
  return ir.ifValue(ir.compare('eq', kind, ir.constant(KIND_CONSTANT)), value, () => {
    const base = readRegister(fn, operand, OPERAND.base, word);
    return ir.ifValue(
      ir.compare('eq', kind, ir.constant(KIND_MEMORY)),
      () => {
        const scale = ir.op('and', ir.load(operand, OPERAND.scale, 1, false), ir.constant(3));
        const scaled = ir.op('shl', readRegister(fn, operand, OPERAND.index, word), scale);
        const address = ir.op('add', ir.op('add', base, scaled), value());
        // What cannot be read is zero; bytes above the operand's own are cut off later.
        ir.store(word, 0, 8, ir.constant(0));
        lowering.probeRead(word, sizeOf(fn, operand), address, 'user');
        return ir.load(word, 0, 8);
      },
      () => base,
    );
  });
}

/** From 1 to 8, as the mask tells the verifier. */
function sizeOf(fn: FunctionState, operand: IrPointer): IrValue {
  const { ir } = fn;
  const last = ir.opaque(ir.load(operand, OPERAND.last, 1, false));
  return ir.op('add', ir.op('and', last, ir.constant(7)), ir.constant(1));
}

/**
 * A register of an operand, 0 where it has none. The verifier takes no variable offset in a load from the context
 * (kernel/bpf/verifier.c, check_ctx_access), so it is read as memory.
 */
function readRegister(
  fn: FunctionState,
  operand: IrPointer,
  field: number,
  word: IrPointer,
): IrValue {
  const { ir, lowering } = fn;
  const offset = ir.load(operand, field, 2, false);
  return ir.ifValue(
    ir.compare('eq', offset, ir.constant(NO_REGISTER)),
    () => ir.constant(0),
    () => {
      const from = ir.op('add', ir.pointerToInt(fn.context), offset);
      lowering.probeRead(word, 8, from, 'kernel');
      return ir.load(word, 0, 8);
    },
  );
}
