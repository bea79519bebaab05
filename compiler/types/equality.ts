/** Structural equality of types. */
import { isDebugType, isScriptType, type SeriesType, type Type, type TypeNumber } from './type.ts';

export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'int':
      return b.kind === 'int' && a.size === b.size && a.signed === b.signed;
    case 'string':
    case 'buffer':
      return a.kind === b.kind && a.size === b.size;
    case 'pointer':
      return b.kind === 'pointer' && a.space === b.space && sameType(a.to, b.to);
    case 'array':
      return b.kind === 'array' && a.count === b.count && sameType(a.element, b.element);
    case 'tuple':
      return b.kind === 'tuple' && samePairwise(a.elements, b.elements);
    case 'record':
      return (
        b.kind === 'record' &&
        samePairwise(
          a.fields.map((field) => field.type),
          b.fields.map((field) => field.type),
        ) &&
        a.fields.every((field, index) => field.name === b.fields[index]?.name)
      );
    case 'struct':
      return b.kind === 'struct' && sameNamed(a, b) && a.aggregate === b.aggregate;
    case 'enum':
      return b.kind === 'enum' && sameNamed(a, b);
    case 'stack':
      return (
        b.kind === 'stack' &&
        a.space === b.space &&
        a.mode === b.mode &&
        sameNumber(a.limit, b.limit)
      );
    case 'name':
      return b.kind === 'name' && a.of === b.of;
    case 'sum':
    case 'min':
    case 'max':
    case 'avg':
    case 'stats':
      return b.kind === a.kind && a.signed === b.signed;
    case 'hist':
      return b.kind === 'hist' && sameNumber(a.bits, b.bits);
    case 'lhist':
      return (
        b.kind === 'lhist' &&
        sameNumber(a.min, b.min) &&
        sameNumber(a.max, b.max) &&
        sameNumber(a.step, b.step)
      );
    case 'tseries':
      return b.kind === 'tseries' && a.signed === b.signed && sameSeries(a, b);
    default:
      return a.kind === b.kind;
  }
}

function sameNumber(a: TypeNumber, b: TypeNumber): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.parameter === b.parameter;
}

/** Equal but for the sign of the values. */
export function sameSeries(a: SeriesType, b: SeriesType): boolean {
  return a.aggregation === b.aggregation && a.interval === b.interval && a.count === b.count;
}

/**
 * The same C type can stand in BTF twice (vmlinux and a forward declaration): names decide where there are any. A
 * script's own type is another than the kernel's of that name. Programs have several types of one name, even within
 * one file: only a declaration is the same as what it may declare.
 */
function sameNamed(a: Named, b: Named): boolean {
  if (a.id === b.id) return true;
  if (a.name === '' || a.name !== b.name || isScriptType(a) !== isScriptType(b)) return false;
  if (isDebugType(a) || isDebugType(b))
    return isDebugType(a) && isDebugType(b) && (a.size === 0 || b.size === 0);
  return true;
}

interface Named {
  readonly name: string;
  readonly id: number;
  readonly size: number;
}

function samePairwise(a: readonly Type[], b: readonly Type[]): boolean {
  return (
    a.length === b.length &&
    a.every((type, index) => {
      const other = b[index];
      return other !== undefined && sameType(type, other);
    })
  );
}
