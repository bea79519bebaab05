/** write_user: changes memory of the traced process. */
import { number, value } from '../analysis/parameters.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import { kindName, typeName } from '../types/names.ts';
import { BOOL, INT8 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { address, addressArgument, argument, cast, isPointer, spaceOfPointer } from './use.ts';

/** Larger pieces would need memory that programs do not have at hand. */
const LONGEST = 1024;

export const writeUser: Builtin = defineBuiltin({
  name: 'write_user',
  traits: { unsafe: true },
  parameters: { target: address, source: value('any'), length: number() },
  summary:
    'Writes the first bytes of a value, or of memory behind a pointer, to memory of the current process; whether that worked.',
  analyse({ target, source, length: { value: length, range } }, _use, scope) {
    if (source.type.kind === 'void' || source.type.kind === 'context') {
      scope.error(
        'argument-type',
        `write_user() cannot write a ${kindName(source.type)}`,
        source.range,
      );
      return undefined;
    }
    const pointer = isPointer(source.type);
    const room = pointer ? LONGEST : Math.min(LONGEST, layoutOf(source.type).size);
    if (length < 1n || length > BigInt(room)) {
      scope.error(
        'argument-value',
        `write_user() expects a length from 1 to ${room} for ${pointer ? 'a pointer' : `'${typeName(source.type)}'`} (${length} provided)`,
        range,
      );
      return undefined;
    }
    return typed(BOOL, {
      args: [
        cast(target, { kind: 'pointer', to: INT8, space: 'user' }),
        pointer ? addressArgument(source, scope) : source,
      ],
      plan: { length: Number(length) },
    });
  },
  lower(call, lowering) {
    const { ir } = lowering;
    const source = argument(call, 1);
    const { length } = call.plan;
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
});
