/** Integer types: of literals, of values that count as integers, and of two that meet in an operation. */
import type { IntSize, IntType, Type } from './type.ts';
import { INT64, int, isAggregate, isCastable, UINT64 } from './type.ts';

export const INT64_MAX = (1n << 63n) - 1n;
const INT64_MIN = -(1n << 63n);
const UINT64_MAX = (1n << 64n) - 1n;

const SIZES: readonly IntSize[] = [1, 2, 4, 8];

/** Whether a value can be represented in 64 bits, signed or not. */
export function fits64(value: bigint): boolean {
  return value >= INT64_MIN && value <= UINT64_MAX;
}

export function fitsType(value: bigint, type: IntType): boolean {
  const bits = BigInt(8 * type.size);
  if (!type.signed) return value >= 0n && value < 1n << bits;
  return value >= -(1n << (bits - 1n)) && value < 1n << (bits - 1n);
}

/** The smallest signed type that a literal fits; uint64 beyond INT64_MAX. */
export function literalType(value: bigint): IntType {
  if (value > INT64_MAX) return UINT64;
  const size = SIZES.find((candidate) => fitsType(value, int(candidate, true)));
  return size === undefined ? INT64 : int(size, true);
}

/** The value that stays of `value` in a type: low bits, read with its sign. */
export function wrap(value: bigint, type: IntType): bigint {
  const bits = 8 * type.size;
  return type.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** The integer type that a value has in arithmetic; undefined if it does not count as an integer. */
export function asInteger(type: Type): IntType | undefined {
  if (type.kind === 'int') return type;
  if (type.kind === 'bool') return int(1, true);
  if (type.kind === 'enum') return int(8, type.signed);
  if (isAggregate(type) && isCastable(type)) return aggregateValue(type);
  return undefined;
}

/** What reading a castable aggregate gives: its value combined over all CPUs. */
export function aggregateValue(type: Type): IntType {
  return 'signed' in type && type.signed === false ? UINT64 : INT64;
}

export interface IntOperand {
  readonly type: IntType;
  /** A literal that takes the other side's sign. */
  readonly flexible: boolean;
}

export interface Promotion {
  readonly type: IntType;
  /** Values of 64 unsigned bits become signed: worth a warning. */
  readonly lossy: boolean;
}

/**
 * The common type of two integers: the larger one of the same sign; a flexible literal takes the other's
 * sign; a strictly larger signed type holds the unsigned one; else the next larger signed type.
 */
export function promote(left: IntOperand, right: IntOperand): Promotion {
  const a = left.type;
  const b = right.type;
  const { size } = a.size > b.size ? a : b;
  if (a.signed === b.signed) return { type: int(size, a.signed), lossy: false };
  if (left.flexible || right.flexible) {
    // Two literals of different sign: only one beyond INT64_MAX is unsigned, and it decides.
    const signed = left.flexible && right.flexible ? false : left.flexible ? b.signed : a.signed;
    return { type: int(size, signed), lossy: false };
  }
  const signed = a.signed ? a : b;
  const unsigned = a.signed ? b : a;
  if (signed.size > unsigned.size) return { type: signed, lossy: false };
  if (unsigned.size === 8) return { type: INT64, lossy: true };
  return { type: int(doubled(unsigned.size), true), lossy: false };
}

function doubled(size: 1 | 2 | 4): IntSize {
  return size === 1 ? 2 : size === 2 ? 4 : 8;
}
