/**
 * llvm-bindings, and what one module needs of it. It is a part of the back end's native library of thirty megabytes:
 * that is loaded when the first module is created, not on import.
 */
import type llvm from 'llvm-bindings';
import { loadBindings, releaseContext } from './backend.ts';

/** The native side of one module. */
export interface Native {
  readonly llvm: typeof llvm;
  readonly context: llvm.LLVMContext;
  readonly module: llvm.Module;
  readonly i8: llvm.IntegerType;
  readonly i32: llvm.IntegerType;
  readonly i64: llvm.IntegerType;
  /** i8*, which LLVM reads as `ptr`. */
  readonly pointer: llvm.PointerType;
  /** Frees all of it: none of it may be used after that. */
  release(): void;
}

export function createNative(name: string): Native {
  const binding = loadBindings();
  const context = new binding.LLVMContext();
  return {
    llvm: binding,
    context,
    module: new binding.Module(name, context),
    i8: binding.Type.getInt8Ty(context),
    i32: binding.Type.getInt32Ty(context),
    i64: binding.Type.getInt64Ty(context),
    pointer: binding.Type.getInt8PtrTy(context),
    release: () => releaseContext(context),
  };
}
