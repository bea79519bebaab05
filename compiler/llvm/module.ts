/** The façade over LLVM: a module of programs, callbacks and globals, finished as text for the back end. */

import { basename } from 'node:path';
import type llvm from 'llvm-bindings';
import { LICENSE_SYMBOL, NAME_PREFIXES } from '../../linker/contract/names.ts';
import { asPointer, asValue, createNative, type Native } from './binding.ts';
import { createFunctionBuilder, type ModuleTables } from './builder.ts';
import type { FunctionBuilder, IrPointer, IrValue } from './ir.ts';
import { logTable } from './log2.ts';
import type { Primitive } from './primitives.ts';
import { completeText, type GlobalDefinition } from './text.ts';

/** i32 comes zero-extended, as a value like i64. */
export type CallbackParameter = 'i32' | 'i64' | 'ptr';

/** What a callback's body gets for its parameters. */
export type CallbackArguments<Parameters extends readonly CallbackParameter[]> = {
  readonly [Index in keyof Parameters]: Parameters[Index] extends 'ptr' ? IrPointer : IrValue;
};

export interface IrModule {
  /** `int symbol(void *context)` in its own ELF section. Returns 0 where the body does not. */
  program(
    symbol: string,
    section: string,
    body: (ir: FunctionBuilder, context: IrPointer) => void,
  ): void;
  /**
   * `static u64 symbol(parameters)` in `.text`, for helpers that call back and as a subprogram. It has to be made
   * before what refers to it (inside of the other's body, say). Returns 0 where the body does not.
   */
  callback<const Parameters extends readonly CallbackParameter[]>(
    symbol: string,
    parameters: Parameters,
    body: (ir: FunctionBuilder, args: CallbackArguments<Parameters>) => void,
  ): void;
  /** Defines a variable. */
  global(definition: GlobalDefinition): void;
  /** Defines the symbol of a BTF-defined map; the linker says what it is. */
  map(symbol: string): void;
  /** Declares a variable that somebody else defines. */
  extern(symbol: string): void;
  /** Symbol of constant bytes in `.rodata`; equal ones share it. */
  constantBytes(bytes: Uint8Array, align?: 1 | 2 | 4 | 8): string;
  license(text: string): void;
  /** All that was defined, constant bytes and the façade's own tables too. */
  globals(): readonly GlobalDefinition[];
  /** The whole module as LLVM text, for the back end and for readers. */
  text(): string;
}

/** The back end's triple and layout (LLVM 14, BPFTargetMachine.cpp), which the optimiser has to know. */
const TRIPLE = 'bpfel';
const LAYOUT = 'e-m:e-p:64:64-i64:64-i128:128-n32:64-S128';
/** As clang's; the linker gives each map the size of its definition. */
const MAP_SIZE = 32;

/** `name` is the script's name, which line information shows without its folder. */
export function createModule(name: string): IrModule {
  const file = basename(name) || 'script';
  const native = createNative(file);
  native.module.setTargetTriple(TRIPLE);
  native.module.setDataLayout(LAYOUT);
  const debug = createDebugInfo(native, file);

  const globals = new Map<string, GlobalDefinition>();
  const references = new Map<string, llvm.GlobalVariable>();
  const callbacks = new Map<string, ReturnType<ModuleTables['callback']>>();
  const linked = new Map<string, ReturnType<ModuleTables['linked']>>();
  const primitives = new Map<string, Primitive>();
  const primitiveFunctions = new Map<string, llvm.Function>();
  const sections = new Map<string, string>();
  const constants = new Map<string, string>();
  const externs = new Set<string>();
  let finished: string | undefined;

  const define = (definition: GlobalDefinition): void => {
    if (globals.has(definition.symbol)) throw new Error(`${definition.symbol} is defined twice`);
    if (definition.bytes && definition.bytes.length !== definition.size)
      throw new Error(`${definition.symbol} has an initial value of another size`);
    globals.set(definition.symbol, definition);
  };

  const constantBytes = (bytes: Uint8Array, align: 1 | 2 | 4 | 8 = 1): string => {
    const key = `${align}:${Buffer.from(bytes).toString('latin1')}`;
    const known = constants.get(key);
    if (known !== undefined) return known;
    const symbol = `${NAME_PREFIXES.constant}${constants.size}`;
    define({ symbol, section: '.rodata', size: bytes.length, align, bytes: new Uint8Array(bytes) });
    constants.set(key, symbol);
    return symbol;
  };

  const tables: ModuleTables = {
    global(symbol) {
      const known = references.get(symbol);
      if (known) return known;
      const { ExternalLinkage } = native.llvm.GlobalValue.LinkageTypes;
      const variable = new native.llvm.GlobalVariable(
        native.module,
        native.i8,
        false,
        ExternalLinkage,
        null,
        symbol,
      );
      references.set(symbol, variable);
      return variable;
    },
    callback(symbol) {
      const known = callbacks.get(symbol);
      if (!known) throw new Error(`the callback ${symbol} is used before it is made`);
      return known;
    },
    linked(symbol, parameters) {
      const known = linked.get(symbol);
      if (known) return known;
      const { FunctionType, Function: LlvmFunction, GlobalValue } = native.llvm;
      const type = FunctionType.get(native.i64, Array(parameters).fill(native.i64), false);
      const callee = LlvmFunction.Create(
        type,
        GlobalValue.LinkageTypes.ExternalLinkage,
        symbol,
        native.module,
      );
      linked.set(symbol, { callee, type });
      return { callee, type };
    },
    primitive(primitive) {
      const known = primitiveFunctions.get(primitive.name);
      if (known) return known;
      const { Type, FunctionType, Function: LlvmFunction, GlobalValue } = native.llvm;
      const typeOf = (kind: Primitive['result']) =>
        kind === 'i64'
          ? native.i64
          : kind === 'i8*'
            ? native.pointer
            : Type.getVoidTy(native.context);
      const type = FunctionType.get(
        typeOf(primitive.result),
        primitive.parameters.map(typeOf),
        false,
      );
      const created = LlvmFunction.Create(
        type,
        GlobalValue.LinkageTypes.ExternalLinkage,
        primitive.name,
        native.module,
      );
      primitives.set(primitive.name, primitive);
      primitiveFunctions.set(primitive.name, created);
      return created;
    },
    logTable: () => constantBytes(logTable()),
  };

  const createFunction = (
    symbol: string,
    result: llvm.IntegerType,
    parameters: llvm.Type[],
    linkage: number,
  ) => {
    const type = native.llvm.FunctionType.get(result, parameters, false);
    const callee = native.llvm.Function.Create(type, linkage, symbol, native.module);
    // Without it LLVM writes unwind tables.
    callee.setDoesNotThrow();
    const subprogram = debug.subprogram(symbol);
    callee.setSubprogram(subprogram);
    return { callee, type, subprogram };
  };

  return {
    program(symbol, section, body) {
      if (sections.has(symbol)) throw new Error(`${symbol} is defined twice`);
      sections.set(symbol, section);
      const { ExternalLinkage } = native.llvm.GlobalValue.LinkageTypes;
      const made = createFunction(symbol, native.i32, [native.pointer], ExternalLinkage);
      const { builder, finish } = createFunctionBuilder(native, tables, {
        function: made.callee,
        subprogram: made.subprogram,
        result: native.i32,
      });
      body(builder, asPointer(made.callee.getArg(0)));
      finish();
    },

    callback(symbol, parameters, body) {
      if (callbacks.has(symbol)) throw new Error(`${symbol} is defined twice`);
      const types = { i32: native.i32, i64: native.i64, ptr: native.pointer };
      const made = createFunction(
        symbol,
        native.i64,
        parameters.map((kind) => types[kind]),
        native.llvm.GlobalValue.LinkageTypes.InternalLinkage,
      );
      callbacks.set(symbol, made);
      const { builder, finish } = createFunctionBuilder(native, tables, {
        function: made.callee,
        subprogram: made.subprogram,
        result: native.i64,
      });
      const args = parameters.map((kind, index): IrValue | IrPointer => {
        const argument = made.callee.getArg(index);
        if (kind === 'ptr') return asPointer(argument);
        const value = asValue(argument);
        return kind === 'i32' ? builder.extendArgument(value) : value;
      });
      body(builder, args as CallbackArguments<typeof parameters>);
      finish();
    },

    global: define,
    extern: (symbol) => externs.add(symbol),
    map: (symbol) => define({ symbol, section: '.maps', size: MAP_SIZE, align: 8 }),
    constantBytes,
    license(text) {
      const bytes = Buffer.from(`${text}\0`);
      define({ symbol: LICENSE_SYMBOL, section: 'license', size: bytes.length, align: 1, bytes });
    },
    globals: () => [...globals.values()],
    text() {
      if (finished === undefined) {
        debug.finish();
        finished = completeText(native.module.print(), { globals, externs, sections, primitives });
      }
      return finished;
    },
  };
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
  const scope = builder.createFile(file, '');
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
