/** buf: bytes out of memory, with their number. */

import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import type * as ast from '../syntax/ast.ts';
import { layoutOf } from '../types/layout.ts';
import { typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { UINT64 } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import {
  addressArgument,
  argument,
  expressionArgument,
  isInteger,
  isPointer,
  spaceOfPointer,
  typedCall,
} from './use.ts';

/** A buffer is {u32 length, data}. */
const DATA_OFFSET = 4;

/** Bytes of a value that stands in the program's own memory; undefined for addresses. */
function sizeInPlace(type: Type): number | undefined {
  if (type.kind === 'string') return type.size;
  if (type.kind === 'array' && type.element.kind === 'int') return layoutOf(type).size;
  return undefined;
}

/** A literal length, or undefined after an error; lengths known at run time only stay expressions. */
function checkedLength(
  given: ast.Expression,
  scope: AnalysisScope,
): bigint | TypedExpression | undefined {
  const length = scope.expression(given);
  if (!isInteger(length.type)) {
    scope.error(`buf() expects an integer as length but saw ${typeName(length.type)}`, given.range);
    return undefined;
  }
  if (length.kind !== 'int') return length;
  if (length.value >= 0n) return length.value;
  scope.error(`buf() cannot use negative length (${length.value})`, given.range);
  return undefined;
}

function analyse(use: BuiltinUse, scope: AnalysisScope): TypedExpression | undefined {
  const source = expressionArgument(use.args[0], use, scope);
  const given = expressionArgument(use.args[1], use, scope);
  if (source === undefined || (use.args.length > 1 && given === undefined)) return undefined;
  const most = scope.config.maxStrlen - DATA_OFFSET;
  const value = scope.expression(source);
  const inPlace = sizeInPlace(value.type);
  if (inPlace === undefined && !isPointer(value.type) && !isInteger(value.type)) {
    scope.error(
      `buf() expects an integer, string, or array argument but saw ${typeName(value.type)}`,
      source.range,
    );
    return undefined;
  }
  if (inPlace === undefined && given === undefined) {
    scope.error(
      `buf() expects a length argument for non-array type ${typeName(value.type)}`,
      use.range,
    );
    return undefined;
  }
  if (most < 1) {
    scope.error('buf() needs a max_strlen of at least 5', use.range);
    return undefined;
  }
  const length = given === undefined ? undefined : checkedLength(given, scope);
  if (given !== undefined && length === undefined) return undefined;

  const args = [inPlace === undefined ? addressArgument(value, scope) : value];
  const largest = Math.min(most, inPlace ?? most);
  if (length === undefined || typeof length === 'bigint') {
    const wanted = length ?? BigInt(inPlace ?? most);
    if (wanted > BigInt(most)) {
      scope.warning(
        `buf() length (${wanted}) is too long and will be shortened to ${most} bytes`,
        given?.range ?? source.range,
        'Raise max_strlen in the config block.',
      );
    }
    const size = wanted > BigInt(largest) ? largest : Number(wanted);
    return typedCall('buf', use, { kind: 'buffer', size }, { args });
  }
  const atRunTime: TypedExpression = {
    kind: 'cast',
    type: UINT64,
    operand: length,
    range: length.range,
  };
  return typedCall('buf', use, { kind: 'buffer', size: largest }, { args: [...args, atRunTime] });
}

function lowerInto(call: TypedCall, lowering: Lowering, to: Storage): void {
  const { ir } = lowering;
  if (call.type.kind !== 'buffer') throw new Error(`buf gives no ${call.type.kind}`);
  const { size } = call.type;
  const source = argument(call, 0);
  const asked = call.args[1];
  const data = ir.offset(to.pointer, DATA_OFFSET);

  let length: number | ReturnType<Lowering['value']> = size;
  if (asked !== undefined) {
    const most = ir.constant(size);
    const wanted = lowering.value(asked);
    length = ir.select(ir.compare('ult', wanted, most), wanted, most);
    if (to.padded) ir.zero(data, size, 4);
  }
  ir.store(to.pointer, 0, 4, typeof length === 'number' ? ir.constant(length) : length);
  if (size === 0) return;
  if (source.type.kind === 'pointer') {
    lowering.probeRead(data, length, lowering.value(source), spaceOfPointer(source));
    return;
  }
  const bytes = lowering.address(source, false);
  if (typeof length === 'number') ir.copy(data, bytes, length, 1);
  else lowering.probeRead(data, length, ir.pointerToInt(bytes), 'kernel');
}

export const buf: Builtin = {
  name: 'buf',
  arity: [1, 2],
  summary: 'Bytes of an array, a string, or of memory at an address with the given length.',
  analyse,
  lowerInto,
};
