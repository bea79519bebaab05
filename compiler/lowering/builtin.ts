/** What the lowering knows of a built-in: how its calls become code. compiler/builtins has them all. */
import type { TypedCall } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering, Storage } from './lowering.ts';

export interface BuiltinCode {
  /** For scalar types: the value as i64. For void: `undefined`. */
  lower?(call: TypedCall, lowering: Lowering): IrValue | undefined;
  /** For types in memory: writes the value's representation into `to`. */
  lowerInto?(call: TypedCall, lowering: Lowering, to: Storage): void;
  /**
   * For strings that are read from elsewhere: writes the text alone, whatever `to.padded` says, and gives its
   * bytes with the NUL. Less than 1 where it could not be read: then `to` is zero.
   */
  lowerText?(call: TypedCall, lowering: Lowering, to: Storage): IrValue;
  /** Where nobody looks at the value; as `lower` if absent. */
  lowerEffect?(call: TypedCall, lowering: Lowering): void;
  /** For such strings: the call that reads no more than `size` bytes, less than its type has room for. */
  shortened?(call: TypedCall, size: number): TypedCall;
}

/** The code of a built-in by its name, as typed calls have it. */
export type BuiltinCodes = (name: string) => BuiltinCode;
