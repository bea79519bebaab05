/** buf: bytes out of memory, with their number. */
import { isDynamicField, lengthOfField } from '../analysis/args.ts';
import { followsKernel } from '../analysis/conversion.ts';
import { integer, optional, value } from '../analysis/parameters.ts';
import type { TypedCall } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import { layoutOf } from '../types/layout.ts';
import { typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { addressArgument, argument, cast, spaceOfPointer } from './use.ts';

/** A buffer is {u32 length, data}. */
const DATA_OFFSET = 4;

/** Bytes of a value that stands in the program's own memory; undefined for addresses. */
function sizeInPlace(type: Type): number | undefined {
  return type.kind === 'string' || type.kind === 'array' ? layoutOf(type).size : undefined;
}

function lowerInto(call: TypedCall, lowering: Lowering, to: Storage): void {
  const { ir } = lowering;
  if (call.type.kind !== 'buffer') throw new Error(`buf gives no ${call.type.kind}`);
  const { size } = call.type;
  const source = argument(call, 0);
  const limits = call.args.slice(1);
  const data = ir.offset(to.pointer, DATA_OFFSET);

  let length: number | IrValue = size;
  if (limits.length > 0) {
    const lesser = (most: IrValue, limit: IrValue) =>
      ir.select(ir.compare('ult', limit, most), limit, most);
    // The bound that the verifier has to see comes last.
    const [first = ir.constant(size), ...others] = limits.map((limit) => lowering.value(limit));
    length = lesser(ir.constant(size), ir.opaque(others.reduce(lesser, first)));
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

export const buf: Builtin = defineBuiltin({
  name: 'buf',
  parameters: {
    data: value('integer', 'pointer', 'string', 'array'),
    length: optional(integer),
  },
  summary: 'Bytes of an array, a string, or of memory at an address with the given length.',
  analyse({ data, length }, use, scope) {
    const most = scope.config.maxStrlen - DATA_OFFSET;
    const inPlace = sizeInPlace(data.type);
    // Such an array knows its own length.
    const limit = isDynamicField(data) ? [lengthOfField(data)] : [];
    if (inPlace === undefined && length === undefined && limit.length === 0) {
      const message = `buf() expects a length argument for non-array type ${typeName(data.type)}`;
      scope.error('argument-count', message, use.range);
      return undefined;
    }
    if (most < 1) {
      scope.error('setting-value', 'buf() needs a max_strlen of at least 5', use.range);
      return undefined;
    }
    if (length?.kind === 'int' && !followsKernel(length) && length.value < 0n) {
      scope.error(
        'argument-value',
        `buf() cannot use negative length (${length.value})`,
        length.range,
      );
      return undefined;
    }

    const bytes = inPlace === undefined ? addressArgument(data, scope) : data;
    const largest = Math.min(most, inPlace ?? most);
    if (length !== undefined && (length.kind !== 'int' || followsKernel(length))) {
      return typed(
        { kind: 'buffer', size: largest },
        { args: [bytes, cast(length, UINT64), ...limit] },
      );
    }
    const wanted = length?.value ?? BigInt(inPlace ?? most);
    if (wanted > BigInt(most)) {
      scope.warning(
        'shortened-text',
        `buf() length (${wanted}) is too long and will be shortened to ${most} bytes`,
        (length ?? data).range,
        'Raise max_strlen in the config block.',
      );
    }
    const size = wanted > BigInt(largest) ? largest : Number(wanted);
    return typed({ kind: 'buffer', size }, { args: [bytes, ...limit] });
  },
  lowerInto,
});
