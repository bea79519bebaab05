/** Numbers of the kernel that runs the program: sizes, places and enumerators. */
import { MISSING_CALL } from '../../linker/contract/lookups.ts';
import type { TypedInt } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import { isFlavour, isScriptType } from '../types/type.ts';
import { describeLeaf, namedNumber, namedPlace } from './existence.ts';
import { lowerValue } from './expressions.ts';
import type { HostQuestion } from './lowering.ts';
import { truncateTo } from './operators.ts';
import type { FunctionState } from './state.ts';
import { lowerStructNumber } from './unnamed.ts';

/** The instruction that holds it has 32 bits, with a sign. */
const LARGEST_ENUMERATOR = 0x7fff_ffffn;

/** A literal that depends on the kernel that the program is loaded on. */
export function lowerByKernel(fn: FunctionState, literal: TypedInt): IrValue | undefined {
  const { atRunTime, layout, type } = literal;
  const value = atRunTime
    ? lowerValue(fn, atRunTime)
    : layout
      ? lowerLayout(fn, layout)
      : lowerEnumerator(fn, literal);
  return value && type.kind === 'int' ? truncateTo(fn, value, type) : value;
}

function lowerLayout(
  fn: FunctionState,
  { root, indexes, path, leaf: type, value, measured }: NonNullable<TypedInt['layout']>,
): IrValue {
  if (isFlavour(root)) {
    const leaf = describeLeaf(type);
    return namedNumber(fn, {
      root: { kind: root.aggregate, name: root.name },
      ...{ path, leaf, relocation: path.length === 0 || measured ? 'byte-size' : 'byte-offset' },
      value: path.length === 0 || measured ? value : namedPlace(path, leaf),
    });
  }
  const part = measured ? 'byte-size' : 'byte-offset';
  const relocation = indexes.length === 0 ? 'type-size' : part;
  return lowerStructNumber(fn, relocation, root, indexes, value);
}

/** An enumerator of the kernel, as that kernel numbers it. */
function lowerEnumerator(fn: FunctionState, expression: TypedInt): IrValue | undefined {
  const { enumerator: name } = expression;
  if (name === undefined) return undefined;
  const { types } = fn.unit.kernel;
  const known = types.enumerator(name);
  // The script's own are fixed, and those of traced programs are none of the kernel's.
  if (known?.type.kind !== 'enum' || isScriptType(known.type)) return undefined;
  const { value } = known;
  const { name: of } = known.type;
  // CO-RE knows enums by their names.
  if (of === '' || value > LARGEST_ENUMERATOR || value < -LARGEST_ENUMERATOR) {
    const { range } = expression;
    return lowerLookedUp(fn, { name, ...(of === '' ? {} : { enum: of }), range });
  }
  const index = types.enumerators(known.type.id).findIndex(([label]) => label === name);
  return fn.lowering.coreNumber('enum-value', known.type.id, [index], Number(value));
}

/** A kernel that lacks it refuses the program only where the value is reached. */
function lowerLookedUp(fn: FunctionState, question: Omit<HostQuestion, 'kind'>): IrValue {
  const { ir, lowering, unit } = fn;
  const value = lowering.hostValue({ kind: 'enumerator', ...question });
  const index = unit.hostValues.findIndex(
    ({ kind, name, enum: of }) =>
      kind === 'enumerator' && name === question.name && of === question.enum,
  );
  return ir.ifValue(
    ir.toBool(lowering.hostValue({ kind: 'enumerator-found', ...question })),
    () => value,
    () => ir.helper(MISSING_CALL + index, []),
  );
}
