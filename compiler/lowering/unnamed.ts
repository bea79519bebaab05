/**
 * Structs of the kernel that have no name: `$b = $sk.sk_backlog`. CO-RE finds them through the struct that they are in.
 * Where several have one, or only a pointer leads to it, the loader compares its layout.
 */
import type { KernelTypes, StructWay } from '../kernel/types.ts';
import type { IrValue } from '../llvm/ir.ts';
import { isScriptType, type StructType } from '../types/type.ts';
import type { FunctionState } from './state.ts';

/** The way to a struct without a name, if there is one that CO-RE can go; none for those that have a name. */
export function wayTo(types: KernelTypes, struct: StructType): StructWay | undefined {
  if (struct.name !== '' || isScriptType(struct)) return undefined;
  const ways = types.ways(struct);
  const [way] = ways;
  if (!way || ways.length > 1 || way.leaves || way.indexes.length === 0) return undefined;
  return way;
}

/** The loader compares what CO-RE does not know with its kernel, as it does with structs that are copied whole. */
export function holdUnnamed(fn: FunctionState, struct: StructType): void {
  const { unit } = fn;
  const { types } = unit.kernel;
  if (struct.name !== '' || isScriptType(struct) || unit.embedded.has(struct.id)) return;
  // A typedef is a name.
  if (wayTo(types, struct) || types.ways(struct).some(({ indexes }) => indexes.length === 0))
    return;
  unit.embedded.add(struct.id);
  // It is never sent, but where events are there is their ring.
  fn.lowering.runtimeMap('events');
  unit.events.register({
    ...{ kind: 'print-value', fields: [struct] },
    ...(fn.place ? { range: fn.place } : {}),
  });
}

/** A number of a struct of the kernel, with a name or without: see `Lowering.coreNumber`. */
export function lowerStructNumber(
  fn: FunctionState,
  relocation: 'byte-offset' | 'byte-size' | 'type-size',
  struct: StructType,
  indexes: readonly number[],
  value: number,
): IrValue {
  const { ir, lowering } = fn;
  const way = wayTo(fn.unit.kernel.types, struct);
  if (!way) {
    holdUnnamed(fn, struct);
    return lowering.coreNumber(relocation, struct.id, indexes, value);
  }
  const { root, offset } = way;
  const whole = [...way.indexes, ...indexes];
  if (relocation !== 'byte-offset') return lowering.coreNumber('byte-size', root.id, whole, value);
  const end = lowering.coreNumber('byte-offset', root.id, whole, offset + value);
  return ir.op('sub', end, lowering.coreNumber('byte-offset', root.id, way.indexes, offset));
}
