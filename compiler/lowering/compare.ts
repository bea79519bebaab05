/** `==` on values in memory: strings up to their NUL, everything else byte by byte. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrBool, IrValue, Width } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import { loadUnaligned, locate } from './expressions.ts';
import type { FunctionState } from './state.ts';
import { type Aligned, chunks, chunkValue } from './strings.ts';

/** Up to here words are compared in a row; longer strings in a loop. */
const LARGEST_UNROLLED = 64;

export function lowerMemoryComparison(
  fn: FunctionState,
  left: TypedExpression,
  right: TypedExpression,
): IrBool {
  if (left.type.kind === 'string' && right.type.kind === 'string') {
    if (right.kind === 'string') return compareWithLiteral(fn, left, right.value);
    if (left.kind === 'string') return compareWithLiteral(fn, right, left.value);
    return compareStrings(fn, left, right);
  }
  const { size } = layoutOf(left.type);
  const first = locate(fn, left, true);
  const second = locate(fn, right, true);
  return equalChunks(
    fn,
    chunks(size, Math.min(first.align, second.align) as Width),
    first,
    (offset, width) => fn.ir.load(second.pointer, offset, width, false),
  );
}

/** Compares the literal and its NUL, and reads no more of the other string than that. */
function compareWithLiteral(fn: FunctionState, string: TypedExpression, text: string): IrBool {
  const { ir } = fn;
  const capacity = layoutOf(string.type).size;
  const needed = Math.min(text.length + 1, capacity);
  const { pointer, align } = locate(fn, shortened(fn, string, text.length + 2), false);
  return equalChunks(fn, chunks(needed, align), { pointer, align }, (offset, width) =>
    ir.constant(chunkValue(text, offset, width)),
  );
}

/** A string that is read from elsewhere need not be read in full. */
function shortened(fn: FunctionState, string: TypedExpression, size: number): TypedExpression {
  const { type } = string;
  if (string.kind !== 'call' || type.kind !== 'string' || type.size <= size) return string;
  return fn.unit.builtins(string.builtin).shortened?.(string, size) ?? string;
}

function equalChunks(
  fn: FunctionState,
  parts: readonly (readonly [number, Width])[],
  left: Aligned,
  right: (offset: number, width: Width) => IrValue,
): IrBool {
  const { ir } = fn;
  const from = (index: number): IrBool => {
    const part = parts[index];
    if (!part) return ir.toBool(ir.constant(1));
    const [offset, width] = part;
    const equal = ir.compare(
      'eq',
      ir.load(left.pointer, offset, width, false),
      right(offset, width),
    );
    if (index === parts.length - 1) return equal;
    return ir.ifBool(
      equal,
      () => from(index + 1),
      () => ir.toBool(ir.constant(0)),
    );
  };
  return from(0);
}

/**
 * Two strings of which neither is known: equal when they agree up to a NUL, or all along the shorter one.
 * What stands behind a NUL is zero on both sides (`padded`), so words compare whole.
 */
function compareStrings(fn: FunctionState, left: TypedExpression, right: TypedExpression): IrBool {
  const { ir } = fn;
  const size = Math.min(layoutOf(left.type).size, layoutOf(right.type).size);
  const first = locate(fn, left, true);
  const second = locate(fn, right, true);
  const align = Math.min(first.align, second.align) as Width;
  if (size <= LARGEST_UNROLLED) {
    return equalChunks(fn, chunks(size, align), first, (offset, width) =>
      ir.load(second.pointer, offset, width, false),
    );
  }
  return compareLong(fn, first, second, size, align);
}

const WORD = 8;
/** How a comparison word by word ended. */
const DIFFERENT = 0;
const AGREED = 1;
const EQUAL = 2;

/** Not 0 for a word that holds a zero byte: (w - 0x01..01) & ~w & 0x80..80. */
function zeroByteMark(fn: FunctionState, word: IrValue): IrValue {
  const { ir } = fn;
  const ones = 0x0101010101010101n;
  const low = ir.op('sub', word, ir.constant(ones));
  return ir.op(
    'and',
    ir.op('and', low, ir.op('xor', word, ir.constant(-1))),
    ir.constant(ones << 7n),
  );
}

function compareLong(
  fn: FunctionState,
  left: Aligned,
  right: Aligned,
  size: number,
  align: Width,
): IrBool {
  const { ir } = fn;
  const whole = Math.floor(size / WORD) * WORD;
  return fn.memory.scope(() => {
    // {offset, result}: registers once LLVM has seen them.
    const offset = ir.alloca(8, 8);
    const result = ir.alloca(8, 8);
    ir.store(offset, 0, 8, ir.constant(0));
    ir.store(result, 0, 8, ir.constant(AGREED));
    ir.while_(
      () => ir.compare('ult', ir.load(offset, 0, 8), ir.constant(whole)),
      (loop) => {
        const at = ir.load(offset, 0, 8);
        const a = loadUnaligned(fn, ir.offset(left.pointer, at), align, WORD, false);
        const b = loadUnaligned(fn, ir.offset(right.pointer, at), align, WORD, false);
        const differs = ir.op('xor', a, b);
        // One branch a round for both reasons to stop: each costs the verifier a state to come back to.
        ir.if_(ir.toBool(ir.op('or', differs, zeroByteMark(fn, a))), () => {
          ir.store(
            result,
            0,
            8,
            ir.select(ir.toBool(differs), ir.constant(DIFFERENT), ir.constant(EQUAL)),
          );
          loop.break_();
        });
        ir.store(offset, 0, 8, ir.op('add', at, ir.constant(WORD)));
      },
    );
    const verdict = ir.load(result, 0, 8);
    const rest = chunks(size - whole, 1);
    if (rest.length === 0) return ir.toBool(verdict);
    // Agreed so far and without a NUL: the last bytes decide.
    const tail = () =>
      ir.fromBool(
        equalChunks(fn, rest, { pointer: ir.offset(left.pointer, whole), align: 1 }, (at, width) =>
          ir.load(right.pointer, whole + at, width, false),
        ),
      );
    return ir.toBool(
      ir.ifValue(ir.compare('eq', verdict, ir.constant(AGREED)), tail, () => verdict),
    );
  });
}
