/** The façade over LLVM: a module of programs, callbacks and globals, finished as text for the back end. */

import { basename } from 'node:path';
import type llvm from 'llvm-bindings';
import { LICENSE_SYMBOL, NAME_PREFIXES } from '../../linker/contract/names.ts';
import type { ProgramPlace } from '../../linker/input.ts';
import { createNative, type Native } from './binding.ts';
import { createFunctionBuilder, type FunctionFrame, type ModuleTables } from './builder.ts';
import type { FunctionBuilder, IrPointer, IrValue } from './ir.ts';
import { logTable } from './log2.ts';
import { asPointer, asValue } from './operands.ts';
import type { Primitive } from './primitives.ts';
import { sharePrograms } from './sharing.ts';
import {
  completeText,
  type FunctionText,
  type GlobalDefinition,
  nameText,
  type Place,
  parameterText,
  placeText,
} from './text.ts';

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
  /** The whole module as LLVM text, for readers. */
  text(): string;
  /** For the back end: programs that are alike stand in it once, and the linker is told of them. */
  shared(): SharedModule;
}

export interface SharedModule {
  readonly text: string;
  /** All programs, also those that the text has no code of. */
  readonly programs: readonly ProgramPlace[];
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
  const used = new Set<string>();
  const callbacks = new Set<string>();
  const linked = new Set<string>();
  const primitives = new Map<string, Primitive>();
  const functions = new Map<string, FunctionText>();
  const constants = new Map<string, string>();
  const externs = new Set<string>();
  const places: Place[] = [];
  let printed: string | undefined;
  let shared: SharedModule | undefined;

  /** What stands in the module is made before it is printed. */
  const expectUnprinted = (symbol: string): void => {
    if (printed !== undefined) throw new Error(`${symbol} comes after the module was printed`);
  };

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
      used.add(symbol);
      return nameText(symbol);
    },
    callback(symbol) {
      if (!callbacks.has(symbol))
        throw new Error(`the callback ${symbol} is used before it is made`);
      return nameText(symbol);
    },
    linked(symbol, parameters) {
      const { FunctionType, Function: LlvmFunction, GlobalValue } = native.llvm;
      if (!linked.has(symbol)) {
        expectUnprinted(symbol);
        const type = FunctionType.get(native.i64, Array(parameters).fill(native.i64), false);
        const { ExternalLinkage } = GlobalValue.LinkageTypes;
        LlvmFunction.Create(type, ExternalLinkage, symbol, native.module);
        linked.add(symbol);
      }
      return nameText(symbol);
    },
    primitive(primitive) {
      primitives.set(primitive.name, primitive);
      return nameText(primitive.name);
    },
    logTable: () => constantBytes(logTable()),
  };

  /** A function without more in it than its end: its body is text. */
  const createFunction = (
    symbol: string,
    result: llvm.IntegerType,
    parameters: llvm.Type[],
    linkage: number,
  ): void => {
    expectUnprinted(symbol);
    const type = native.llvm.FunctionType.get(result, parameters, false);
    const made = native.llvm.Function.Create(type, linkage, symbol, native.module);
    // Without it LLVM writes unwind tables.
    made.setDoesNotThrow();
    made.setSubprogram(debug.subprogram(symbol));
    const block = native.llvm.BasicBlock.Create(native.context, 'entry', made);
    new native.llvm.IRBuilder(block).CreateUnreachable();
  };

  /** Places of one function: equal ones are the same metadata. */
  const placesOf = (symbol: string): FunctionFrame['placeOf'] => {
    const known = new Map<number, string>();
    return (line, column) => {
      const key = line * 1024 + column;
      const found = known.get(key);
      if (found !== undefined) return found;
      const made = placeText(places.length);
      places.push({ symbol, line, column });
      known.set(key, made);
      return made;
    };
  };

  /** What llvm-bindings made, once all is there; it is gone then. */
  const print = (): string => {
    if (printed !== undefined) return printed;
    for (const symbol of used)
      if (!globals.has(symbol) && !externs.has(symbol))
        throw new Error(`the global ${symbol} is used and not defined`);
    debug.finish();
    const { ExternalLinkage } = native.llvm.GlobalValue.LinkageTypes;
    for (const symbol of used)
      if (!globals.has(symbol))
        new native.llvm.GlobalVariable(
          native.module,
          native.i8,
          false,
          ExternalLinkage,
          null,
          symbol,
        );
    printed = native.module.print();
    native.release();
    return printed;
  };

  return {
    program(symbol, section, body) {
      if (functions.has(symbol)) throw new Error(`${symbol} is defined twice`);
      const { ExternalLinkage } = native.llvm.GlobalValue.LinkageTypes;
      createFunction(symbol, native.i32, [native.pointer], ExternalLinkage);
      const frame: FunctionFrame = { result: 'i32', placeOf: placesOf(symbol) };
      const { builder, finish } = createFunctionBuilder(tables, frame);
      body(builder, asPointer(parameterText('ptr', 0)));
      functions.set(symbol, { section, body: finish() });
    },

    callback(symbol, parameters, body) {
      if (callbacks.has(symbol)) throw new Error(`${symbol} is defined twice`);
      const types = { i32: native.i32, i64: native.i64, ptr: native.pointer };
      createFunction(
        symbol,
        native.i64,
        parameters.map((kind) => types[kind]),
        native.llvm.GlobalValue.LinkageTypes.InternalLinkage,
      );
      callbacks.add(symbol);
      const frame: FunctionFrame = { result: 'i64', placeOf: placesOf(symbol) };
      const { builder, finish } = createFunctionBuilder(tables, frame);
      const args = parameters.map((kind, index): IrValue | IrPointer => {
        const text = parameterText(kind, index);
        if (kind === 'ptr') return asPointer(text);
        return kind === 'i32' ? builder.extendArgument(asValue(text)) : asValue(text);
      });
      body(builder, args as CallbackArguments<typeof parameters>);
      functions.set(symbol, { body: finish() });
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
      return completeText(print(), { globals, functions, primitives, places });
    },
    shared() {
      if (shared) return shared;
      const printed = print();
      const programs = sharePrograms(functions, globals, places);
      const wanted = new Set(functions.keys());
      for (const { symbol, copy } of programs) if (copy) wanted.delete(symbol);
      const parts = { wanted, globals, functions, primitives, places };
      shared = { programs, text: completeText(printed, parts) };
      return shared;
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
