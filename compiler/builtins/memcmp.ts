/** memcmp: the order of bytes. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { layoutOf } from '../types/layout.ts';
import { kindName } from '../types/names.ts';
import { INT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { addressArgument, argument, intLiteral, spaceOfPointer, typedCall } from './use.ts';

/** Bytes behind an address are copied to be compared: as many as a string may have. */
const MOST_BYTES = 1024n;

/** Bytes that stand in the program's own memory; those behind a pointer are as many as one asks for. */
function bytesOf({ type }: TypedExpression): bigint | undefined {
  if (type.kind === 'pointer') return MOST_BYTES;
  if (type.kind === 'string') return BigInt(type.size);
  if (type.kind === 'array' && type.element.kind === 'int') return BigInt(layoutOf(type).size);
  return undefined;
}

export const memcmp: Builtin = {
  name: 'memcmp',
  arity: [3, 3],
  summary: 'Less than, equal to or more than 0, as the first n bytes of two places compare.',
  analyse(use, scope) {
    const [, , bound] = use.args;
    const given = use.args.slice(0, 2).map((argument) => scope.expression(argument));
    const count = scope.intLiteral(bound, use);
    let room = MOST_BYTES;
    let wrong = count === undefined;
    for (const operand of given) {
      const bytes = bytesOf(operand);
      if (bytes === undefined) {
        wrong = true;
        scope.error(
          `memcmp() only supports string, array and pointer arguments (${kindName(operand.type)} provided)`,
          operand.range,
        );
      } else if (bytes < room) room = bytes;
    }
    if (wrong || count === undefined) return undefined;
    if (count < 0n || count > room) {
      scope.error(
        `memcmp() cannot compare ${count} bytes: it has to be 0 to ${room} here`,
        bound?.range ?? use.range,
      );
      return undefined;
    }
    const args = given.map((operand) =>
      operand.type.kind === 'pointer' ? addressArgument(operand, scope) : operand,
    );
    return typedCall('memcmp', use, INT64, { args, literals: [count] });
  },
  /** Steps to the first bytes that differ: their difference is the result. */
  lower(call, lowering) {
    const { ir } = lowering;
    const size = Number(intLiteral(call, 0) ?? 0n);
    if (size === 0) return ir.constant(0);
    const left = lowerBytes(argument(call, 0), size, lowering);
    const right = lowerBytes(argument(call, 1), size, lowering);
    const result = lowering.temporary(8, 8);
    const counter = lowering.temporary(8, 8);
    ir.store(result, 0, 8, ir.constant(0));
    ir.store(counter, 0, 8, ir.constant(0));
    ir.while_(
      () => ir.compare('ult', ir.load(counter, 0, 8, false), ir.constant(size)),
      (loop) => {
        const index = ir.load(counter, 0, 8, false);
        const a = ir.load(ir.offset(left, index), 0, 1, false);
        const b = ir.load(ir.offset(right, index), 0, 1, false);
        ir.if_(ir.compare('ne', a, b), () => {
          ir.store(result, 0, 8, ir.op('sub', a, b));
          loop.break_();
        });
        ir.store(counter, 0, 8, ir.op('add', index, ir.constant(1)));
      },
    );
    return ir.load(result, 0, 8, false);
  },
};

function lowerBytes(from: TypedExpression, size: number, lowering: Lowering): IrPointer {
  // What follows the NUL of a string is compared too, so it has to be zero.
  if (from.type.kind !== 'pointer') return lowering.address(from, true);
  const copy = lowering.temporary(size, 8);
  lowering.probeRead(copy, size, lowering.value(from), spaceOfPointer(from));
  return copy;
}
