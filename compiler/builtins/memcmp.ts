/** memcmp: the order of bytes. */
import { number, value } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { layoutOf } from '../types/layout.ts';
import { INT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { addressArgument, argument, spaceOfPointer } from './use.ts';

/** Bytes behind an address are copied to be compared: as many as a string may have. */
const MOST_BYTES = 1024;

/** Bytes that stand in the program's own memory; those behind a pointer are as many as one asks for. */
function bytesOf({ type }: TypedExpression): number {
  return type.kind === 'pointer' ? MOST_BYTES : layoutOf(type).size;
}

const bytes = value('string', 'array', 'pointer');

export const memcmp: Builtin = defineBuiltin({
  name: 'memcmp',
  parameters: { left: bytes, right: bytes, count: number() },
  summary: 'Less than, equal to or more than 0, as the first n bytes of two places compare.',
  analyse({ left, right, count: { value: count, range } }, _use, scope) {
    const room = Math.min(MOST_BYTES, bytesOf(left), bytesOf(right));
    if (count < 0n || count > BigInt(room)) {
      const message = `memcmp() cannot compare ${count} bytes: it has to be 0 to ${room} here`;
      scope.error('argument-value', message, range);
      return undefined;
    }
    const args = [left, right].map((operand) =>
      operand.type.kind === 'pointer' ? addressArgument(operand, scope) : operand,
    );
    return typed(INT64, { args, plan: { size: Number(count) } });
  },
  /** Steps to the first bytes that differ: their difference is the result. */
  lower(call, lowering) {
    const { ir } = lowering;
    const { size } = call.plan;
    if (size === 0) return ir.constant(0);
    const left = lowerBytes(argument(call, 0), size, lowering);
    const right = lowerBytes(argument(call, 1), size, lowering);
    const result = lowering.temporary(8);
    const counter = lowering.temporary(8);
    ir.store(result, 0, 8, ir.constant(0));
    ir.store(counter, 0, 8, ir.constant(0));
    ir.while_(
      () => ir.compare('ult', ir.load(counter, 0, 8), ir.constant(size)),
      (loop) => {
        const index = ir.load(counter, 0, 8);
        const a = ir.load(ir.offset(left, index), 0, 1, false);
        const b = ir.load(ir.offset(right, index), 0, 1, false);
        ir.if_(ir.compare('ne', a, b), () => {
          ir.store(result, 0, 8, ir.op('sub', a, b));
          loop.break_();
        });
        ir.store(counter, 0, 8, ir.op('add', index, ir.constant(1)));
      },
    );
    return ir.load(result, 0, 8);
  },
});

function lowerBytes(from: TypedExpression, size: number, lowering: Lowering): IrPointer {
  // What follows the NUL of a string is compared too, so it has to be zero.
  if (from.type.kind !== 'pointer') return lowering.address(from, true);
  const copy = lowering.temporary(size);
  lowering.probeRead(copy, size, lowering.value(from), spaceOfPointer(from));
  return copy;
}
