/**
 * llvm-bindings, and what one module needs of it again and again. It is a part of the back end's native library of
 * thirty megabytes: that is loaded when the first module is created, not on import.
 */
import type llvm from 'llvm-bindings';
import { loadBindings } from './backend.ts';
import type { IrBool, IrPointer, IrValue, Width } from './ir.ts';

/** The native side of one module. */
export interface Native {
  readonly llvm: typeof llvm;
  readonly context: llvm.LLVMContext;
  readonly module: llvm.Module;
  readonly i1: llvm.IntegerType;
  readonly i8: llvm.IntegerType;
  readonly i32: llvm.IntegerType;
  readonly i64: llvm.IntegerType;
  /** i8*, what every pointer is outside this folder. */
  readonly pointer: llvm.PointerType;
  readonly integers: Readonly<Record<Width, llvm.IntegerType>>;
}

export function createNative(name: string): Native {
  const binding = loadBindings();
  const context = new binding.LLVMContext();
  const module = new binding.Module(name, context);
  const i1 = binding.Type.getInt1Ty(context);
  const i8 = binding.Type.getInt8Ty(context);
  const i16 = binding.Type.getInt16Ty(context);
  const i32 = binding.Type.getInt32Ty(context);
  const i64 = binding.Type.getInt64Ty(context);
  return {
    llvm: binding,
    context,
    module,
    i1,
    i8,
    i32,
    i64,
    pointer: binding.Type.getInt8PtrTy(context),
    integers: { 1: i8, 2: i16, 4: i32, 8: i64 },
  };
}

// The opaque handles of ir.ts are the binding's values themselves; only this folder knows.

export type AnyValue = IrValue | IrPointer | IrBool;

export const asValue = (value: llvm.Value): IrValue => value as unknown as IrValue;
export const asPointer = (value: llvm.Value): IrPointer => value as unknown as IrPointer;
export const asBool = (value: llvm.Value): IrBool => value as unknown as IrBool;
export const raw = (value: AnyValue): llvm.Value => value as unknown as llvm.Value;
