/**
 * Structs of the kernel within the script's own: what stands behind them stands there only on kernels that have them as
 * large as the described one.
 */
import { isScriptType, type StructType, type Type } from '../types/type.ts';
import type { KernelTypes } from './types.ts';

export interface Embedded {
  readonly struct: StructType;
  /** The script's own struct that has it as a member. */
  readonly within: StructType;
  /** From the start of the outermost one. */
  readonly bitOffset: number;
}

/** Structs of C do not nest so deeply. */
const DEEPEST = 32;

/** What a type of the script's own holds of the kernel, at any depth; of all other types nothing. */
export function embeddedIn(types: KernelTypes, type: Type): readonly Embedded[] {
  return inside(types, type, 0, 0);
}

function inside(types: KernelTypes, type: Type, start: number, depth: number): readonly Embedded[] {
  const within = elementOf(type);
  if (within.kind !== 'struct' || !isScriptType(within) || depth > DEEPEST) return [];
  return types.members(within).flatMap((member) => {
    const struct = elementOf(member.type);
    const bitOffset = start + member.bitOffset;
    if (struct.kind !== 'struct') return [];
    if (!isScriptType(struct)) return [{ struct, within, bitOffset }];
    return inside(types, struct, bitOffset, depth + 1);
  });
}

function elementOf(type: Type): Type {
  return type.kind === 'array' ? elementOf(type.element) : type;
}
