/**
 * The text that llvm-bindings prints of a module whose functions are empty (text.ts completes it). All that LLVM holds for
 * it is made here and freed before this returns: a script that is refused meanwhile never comes so far.
 */
import type llvm from 'llvm-bindings';
import { createNative, type Native } from './binding.ts';
import type { CallbackParameter } from './module.ts';

export type DeclaredFunction =
  | { readonly kind: 'program'; readonly symbol: string }
  | {
      readonly kind: 'callback';
      readonly symbol: string;
      readonly parameters: readonly CallbackParameter[];
    }
  /** `u64 symbol(u64, ...)` of imported code. */
  | { readonly kind: 'linked'; readonly symbol: string; readonly parameters: number };

export interface Declarations {
  /** Programs and callbacks that get a body. */
  readonly functions: readonly DeclaredFunction[];
  /** Functions that are called and stand elsewhere. */
  readonly callees: readonly DeclaredFunction[];
  /** Variables that somebody else defines. */
  readonly externs: readonly string[];
}

/** The back end's triple and layout (LLVM 14, BPFTargetMachine.cpp), which the optimiser has to know. */
const TRIPLE = 'bpfel';
const LAYOUT = 'e-m:e-p:64:64-i64:64-i128:128-n32:64-S128';

/** `file` is the script's name in line information. */
export function printDeclarations(file: string, declarations: Declarations): string {
  const native = createNative(file);
  try {
    return print(native, file, declarations);
  } finally {
    native.release();
  }
}

function print(native: Native, file: string, declarations: Declarations): string {
  const { functions, callees, externs } = declarations;
  const { GlobalVariable } = native.llvm;
  const { ExternalLinkage } = native.llvm.GlobalValue.LinkageTypes;
  native.module.setTargetTriple(TRIPLE);
  native.module.setDataLayout(LAYOUT);
  const debug = createDebugInfo(native, file);
  for (const each of functions) {
    const made = createFunction(native, each, linkageOf(native, each));
    addEmptyBody(native, made, debug.subprogram(each.symbol));
  }
  for (const each of callees) createFunction(native, each, ExternalLinkage);
  debug.finish();
  for (const symbol of externs)
    new GlobalVariable(native.module, native.i8, false, ExternalLinkage, null, symbol);
  return native.module.print();
}

function linkageOf(native: Native, { kind }: DeclaredFunction): number {
  const { ExternalLinkage, InternalLinkage } = native.llvm.GlobalValue.LinkageTypes;
  return kind === 'callback' ? InternalLinkage : ExternalLinkage;
}

function createFunction(
  native: Native,
  declared: DeclaredFunction,
  linkage: number,
): llvm.Function {
  const { FunctionType, Function: LlvmFunction } = native.llvm;
  const create = (result: llvm.Type, parameters: llvm.Type[]): llvm.Function => {
    const type = FunctionType.get(result, parameters, false);
    return LlvmFunction.Create(type, linkage, declared.symbol, native.module);
  };
  if (declared.kind === 'program') return create(native.i32, [native.pointer]);
  if (declared.kind === 'linked')
    return create(native.i64, Array(declared.parameters).fill(native.i64));
  const types = { i32: native.i32, i64: native.i64, ptr: native.pointer };
  const made = create(
    native.i64,
    declared.parameters.map((kind) => types[kind]),
  );
  // Callers are then compiled alike, whether it stands in their part of the module or not.
  made.setDoesNotThrow();
  return made;
}

/** No more than an end: bodies are text. */
function addEmptyBody(native: Native, made: llvm.Function, scope: llvm.DISubprogram): void {
  const { BasicBlock, IRBuilder } = native.llvm;
  // Without it LLVM writes unwind tables.
  made.setDoesNotThrow();
  made.setSubprogram(scope);
  new IRBuilder(BasicBlock.Create(native.context, 'entry', made)).CreateUnreachable();
}

interface DebugInfo {
  subprogram(symbol: string): llvm.DISubprogram;
  finish(): void;
}

/**
 * Line information. LLVM writes line records (.BTF.ext) for functions of a compile unit only, and crashes if one
 * that it emits there has no subprogram.
 */
function createDebugInfo(native: Native, file: string): DebugInfo {
  const { DIBuilder, DINode, DISubprogram, LLVMConstants, Module, dwarf } = native.llvm;
  const builder = new DIBuilder(native.module);
  // LLVM would read the file and look each of its lines up among all the others (BTFDebug::populateFileContent); the
  // linker has the text. Nothing can be opened in this folder.
  const scope = builder.createFile(file, '/dev/null');
  const isOptimized = true;
  builder.createCompileUnit(
    dwarf.SourceLanguage.DW_LANG_C99,
    scope,
    'bpfscript',
    isOptimized,
    '',
    0,
  );
  native.module.addModuleFlag(
    Module.ModFlagBehavior.Warning,
    'Debug Info Version',
    LLVMConstants.DEBUG_METADATA_VERSION,
  );
  const type = builder.createSubroutineType(builder.getOrCreateTypeArray([null]));
  const flags = DISubprogram.DISPFlags.SPFlagDefinition | DISubprogram.DISPFlags.SPFlagOptimized;
  const line = 1;
  return {
    subprogram: (symbol) =>
      builder.createFunction(
        scope,
        symbol,
        '',
        scope,
        line,
        type,
        line,
        DINode.DIFlags.FlagZero,
        flags,
      ),
    finish: () => builder.finalize(),
  };
}
