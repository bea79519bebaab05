/**
 * Values of a function as the text of LLVM's operands. The opaque handles of ir.ts are these texts themselves; only this
 * folder knows. What has a register begins with `%`, and the next letter says its type; all else is constant.
 */
import type { Arithmetic, IrBool, IrPointer, IrValue, Predicate, Width } from './ir.ts';

export type AnyValue = IrValue | IrPointer | IrBool;

export const asValue = (text: string): IrValue => text as unknown as IrValue;
export const asPointer = (text: string): IrPointer => text as unknown as IrPointer;
export const asBool = (text: string): IrBool => text as unknown as IrBool;
export const raw = (value: AnyValue): string => value as unknown as string;

/** The first letter of a register's name: i64 (or narrower, inside of this folder), ptr, i1. */
export const REGISTER = { value: 'v', pointer: 'p', bool: 'b' } as const;
export type RegisterKind = keyof typeof REGISTER;

const PERCENT = 37;

export const isConstant = (text: string): boolean => text.charCodeAt(0) !== PERCENT;

/** A number that is known, not an expression that LLVM has yet to evaluate. */
export function isNumber(text: string): boolean {
  const first = text.charCodeAt(0);
  return (first >= 48 && first <= 57) || first === 45;
}

/** An argument with its type, which is i64 or ptr. */
export function typedOperand(value: IrValue | IrPointer): string {
  const text = raw(value);
  const isPointer = isConstant(text)
    ? !isNumber(text) && !text.startsWith('ptrtoint')
    : text[1] === REGISTER.pointer;
  return `${isPointer ? 'ptr' : 'i64'} ${text}`;
}

export const typeOf = (width: Width): string => `i${width * 8}`;

/** The result of an operation of two numbers; undefined for those that have none. */
export function folded(operation: Arithmetic, left: string, right: string): string | undefined {
  const [a, b] = [BigInt(left), BigInt(right)];
  const [x, y] = [BigInt.asUintN(64, a), BigInt.asUintN(64, b)];
  const result = ((): bigint | undefined => {
    switch (operation) {
      case 'add':
        return a + b;
      case 'sub':
        return a - b;
      case 'mul':
        return a * b;
      case 'and':
        return a & b;
      case 'or':
        return a | b;
      case 'xor':
        return a ^ b;
      case 'udiv':
        return y === 0n ? undefined : x / y;
      case 'urem':
        return y === 0n ? undefined : x % y;
      case 'shl':
        return y < 64n ? x << y : undefined;
      case 'lshr':
        return y < 64n ? x >> y : undefined;
      case 'ashr':
        return y < 64n ? a >> y : undefined;
    }
  })();
  return result === undefined ? undefined : String(BigInt.asIntN(64, result));
}

export function compared(predicate: Predicate, left: string, right: string): boolean {
  const [a, b] = [BigInt(left), BigInt(right)];
  const [x, y] = [BigInt.asUintN(64, a), BigInt.asUintN(64, b)];
  switch (predicate) {
    case 'eq':
      return a === b;
    case 'ne':
      return a !== b;
    case 'ult':
      return x < y;
    case 'ule':
      return x <= y;
    case 'ugt':
      return x > y;
    case 'uge':
      return x >= y;
    case 'slt':
      return a < b;
    case 'sle':
      return a <= b;
    case 'sgt':
      return a > b;
    case 'sge':
      return a >= b;
  }
}
