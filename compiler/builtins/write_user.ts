/** write_user: changes memory of the traced process. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import { kindName, typeName } from '../types/names.ts';
import { BOOL, INT8 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import {
  addressArgument,
  argument,
  intLiteral,
  isInteger,
  isPointer,
  spaceOfPointer,
  typedCall,
} from './use.ts';

/** Larger pieces would need memory that programs do not have at hand. */
const LONGEST = 1024n;

export const writeUser: Builtin = {
  name: 'write_user',
  arity: [3, 3],
  unsafe: true,
  summary:
    'Writes the first bytes of a value, or of memory behind a pointer, to memory of the current process; whether that worked.',
  analyse(use, scope) {
    const [to, from, count] = use.args;
    if (!to || !from) return undefined;
    const target = scope.expression(to);
    const source = scope.expression(from);
    const length = scope.intLiteral(count, use);
    if (!isPointer(target.type) && !isInteger(target.type)) {
      scope.error(
        `write_user() only supports pointers and integers as destination (${kindName(target.type)} provided)`,
        to.range,
      );
      return undefined;
    }
    if (length === undefined) return undefined;
    const pointer = isPointer(source.type);
    const room = pointer ? LONGEST : BigInt(layoutOf(source.type).size);
    if (source.type.kind === 'void' || source.type.kind === 'context') {
      scope.error(`write_user() cannot write a ${kindName(source.type)}`, from.range);
      return undefined;
    }
    if (length < 1n || length > room || length > LONGEST) {
      const most = room < LONGEST ? room : LONGEST;
      scope.error(
        `write_user() expects a length from 1 to ${most} for ${pointer ? 'a pointer' : `'${typeName(source.type)}'`} (${length} provided)`,
        count?.range ?? use.range,
      );
      return undefined;
    }
    const address: TypedExpression = {
      kind: 'cast',
      type: { kind: 'pointer', to: INT8, space: 'user' },
      operand: target,
      range: target.range,
    };
    return typedCall('write_user', use, BOOL, {
      args: [address, pointer ? addressArgument(source, scope) : source],
      literals: [length],
    });
  },
  lower(call, lowering) {
    const { ir } = lowering;
    const source = argument(call, 1);
    const length = Number(intLiteral(call, 0) ?? 0n);
    const target = lowering.value(argument(call, 0));
    const write = (from: IrPointer): IrValue =>
      ir.fromBool(
        ir.compare(
          'eq',
          lowering.call('probe_write_user', target, from, ir.constant(length)),
          ir.constant(0),
        ),
      );
    if (source.type.kind !== 'pointer') return write(lowering.address(source, true));
    // The helper takes memory of the program only.
    const copy = lowering.temporary(length);
    const failed = lowering.probeRead(copy, length, lowering.value(source), spaceOfPointer(source));
    return ir.ifValue(
      ir.compare('eq', failed, ir.constant(0)),
      () => write(copy),
      () => ir.constant(0),
    );
  },
};
