/** The façade over LLVM: a module of programs, callbacks and globals, finished as text for the back end. */

import { basename } from 'node:path';
import { LICENSE_SYMBOL, NAME_PREFIXES } from '../../linker/contract/names.ts';
import type { ProgramPlace } from '../../linker/input.ts';
import { createFunctionBuilder, type FunctionFrame, type ModuleTables } from './builder.ts';
import { type DeclaredFunction, printDeclarations } from './declarations.ts';
import type { FunctionBuilder, IrPointer, IrValue } from './ir.ts';
import { logTable } from './log2.ts';
import { nameText, parameterText, placeText } from './names.ts';
import { asPointer, asValue } from './operands.ts';
import type { Primitive } from './primitives.ts';
import { takeShape } from './shapes.ts';
import { sharePrograms } from './sharing.ts';
import { completeText, type FunctionText, type GlobalDefinition, type Place } from './text.ts';

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

/** As clang's; the linker gives each map the size of its definition. */
const MAP_SIZE = 32;

/** `name` is the script's name, which line information shows without its folder. */
export function createModule(name: string): IrModule {
  const file = basename(name) || 'script';

  const globals = new Map<string, GlobalDefinition>();
  /** Variables and maps that bodies name, by their names. */
  const used = new Map<string, string>();
  const declared = new Map<string, DeclaredFunction>();
  const primitives = new Map<string, Primitive>();
  const functions = new Map<string, FunctionText>();
  const constants = new Map<string, string>();
  const externs = new Set<string>();
  const places: Place[] = [];
  /** Each text of bodies that are alike once. */
  const shapes = new Map<string, string>();
  let printed: string | undefined;
  let shared: SharedModule | undefined;

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
      used.set(symbol, symbol);
      return nameText(symbol);
    },
    callback(symbol) {
      if (declared.get(symbol)?.kind !== 'callback')
        throw new Error(`the callback ${symbol} is used before it is made`);
      return nameText(symbol);
    },
    linked(symbol, parameters) {
      if (declared.get(symbol)?.kind !== 'linked') declare({ kind: 'linked', symbol, parameters });
      return nameText(symbol);
    },
    primitive(primitive) {
      primitives.set(primitive.name, primitive);
      return nameText(primitive.name);
    },
    logTable: () => constantBytes(logTable()),
  };

  /** What stands in the module is made before it is printed. */
  const declare = (made: DeclaredFunction): void => {
    const { symbol } = made;
    if (printed !== undefined) throw new Error(`${symbol} comes after the module was printed`);
    if (declared.has(symbol)) throw new Error(`${symbol} is defined twice`);
    declared.set(symbol, made);
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

  const keep = (body: string): FunctionText['body'] => {
    const { shape, ...references } = takeShape(body, (symbol) => used.get(symbol));
    const known = shapes.get(shape) ?? shape;
    shapes.set(known, known);
    return { shape: known, ...references };
  };

  /** What llvm-bindings makes, once all is there. */
  const print = (): string => {
    if (printed !== undefined) return printed;
    for (const symbol of used.keys())
      if (!globals.has(symbol) && !externs.has(symbol))
        throw new Error(`the global ${symbol} is used and not defined`);
    printed = printDeclarations(file, {
      functions: [...declared.values()],
      externs: [...used.keys()].filter((symbol) => !globals.has(symbol)),
    });
    return printed;
  };

  return {
    program(symbol, section, body) {
      declare({ kind: 'program', symbol });
      const frame: FunctionFrame = { result: 'i32', placeOf: placesOf(symbol) };
      const { builder, finish } = createFunctionBuilder(tables, frame);
      body(builder, asPointer(parameterText('ptr', 0)));
      functions.set(symbol, { section, body: keep(finish()) });
    },

    callback(symbol, parameters, body) {
      declare({ kind: 'callback', symbol, parameters });
      const frame: FunctionFrame = { result: 'i64', placeOf: placesOf(symbol) };
      const { builder, finish } = createFunctionBuilder(tables, frame);
      const args = parameters.map((kind, index): IrValue | IrPointer => {
        const text = parameterText(kind, index);
        if (kind === 'ptr') return asPointer(text);
        return kind === 'i32' ? builder.extendArgument(asValue(text)) : asValue(text);
      });
      body(builder, args as CallbackArguments<typeof parameters>);
      functions.set(symbol, { body: keep(finish()) });
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
