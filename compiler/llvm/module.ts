/** The façade over LLVM: a module of programs, callbacks and globals, finished as text for the back end. */

import { basename } from 'node:path';
import { LICENSE_SYMBOL, NAME_PREFIXES } from '../../linker/contract/names.ts';
import type { ProgramPlace } from '../../linker/input.ts';
import { createFunctionBuilder, type FunctionFrame, type ModuleTables } from './builder.ts';
import { type DeclaredFunction, printDeclarations } from './declarations.ts';
import { createDivision, type Part } from './division.ts';
import type { FunctionBuilder, IrPointer, IrValue } from './ir.ts';
import { logTable } from './log2.ts';
import { nameText, parameterText, placeText } from './names.ts';
import { asPointer, asValue } from './operands.ts';
import type { Primitive } from './primitives.ts';
import { takeShape } from './shapes.ts';
import { createSharing } from './sharing.ts';
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
  /** For the back end: programs that are alike stand in it once, and the linker is told of them. Nothing follows. */
  shared(): SharedModule;
}

export interface SharedModule {
  /** Compiled each for itself, and put together by the linker in this order. */
  readonly parts: readonly ModulePart[];
  /** All programs, also those that the parts have no code of. */
  readonly programs: readonly ProgramPlace[];
}

export interface ModulePart {
  /** LLVM text, made anew by each call. */
  text(): string;
}

/** As clang's; the linker gives each map the size of its definition. */
const MAP_SIZE = 32;

/**
 * `name` is the script's name, which line information shows without its folder. `onPart` is told of parts of the module as
 * soon as nothing more comes into them, of the last one never.
 */
export function createModule(
  name: string,
  onPart: (part: ModulePart) => void = () => undefined,
): IrModule {
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
  /** By functions, with their indices. */
  const placesIn = new Map<string, (readonly [number, Place])[]>();
  /** Each text of bodies that are alike once. */
  const shapes = new Map<string, string>();
  const programs: ProgramPlace[] = [];
  const placeProgram = createSharing(globals, places);
  const division = createDivision((part) => onPart({ text: () => partText(part, false) }));
  /** How many functions are begun and not finished: a callback can be made inside of another's body. */
  let unfinished = 0;
  let isPrinted = false;
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
      if (!primitives.has(primitive.name)) primitives.set(primitive.name, primitive);
      return nameText(primitive.name);
    },
    logTable: () => constantBytes(logTable()),
  };

  /** What stands in the module is made before it is printed. */
  const declare = (made: DeclaredFunction): DeclaredFunction => {
    const { symbol } = made;
    if (isPrinted) throw new Error(`${symbol} comes after the module was printed`);
    if (declared.has(symbol)) throw new Error(`${symbol} is defined twice`);
    declared.set(symbol, made);
    return made;
  };

  /** Places of one function: equal ones are the same metadata. */
  const placesOf = (symbol: string): FunctionFrame['placeOf'] => {
    const known = new Map<number, string>();
    const own: (readonly [number, Place])[] = [];
    placesIn.set(symbol, own);
    return (line, column) => {
      const key = line * 1024 + column;
      const found = known.get(key);
      if (found !== undefined) return found;
      const made = placeText(places.length);
      const place = { symbol, line, column };
      own.push([places.length, place]);
      places.push(place);
      known.set(key, made);
      return made;
    };
  };

  /** Makes a body, and says to which functions it refers. */
  const make = (frame: FunctionFrame, write: (builder: FunctionBuilder) => void) => {
    unfinished += 1;
    const { builder, finish } = createFunctionBuilder(tables, frame);
    write(builder);
    unfinished -= 1;
    const callees = new Set<DeclaredFunction>();
    const sites = new Set<Primitive>();
    const { shape, ...references } = takeShape(
      finish(),
      (symbol) => used.get(symbol),
      (symbol) => {
        const [primitive, callee] = [primitives.get(symbol), declared.get(symbol)];
        if (primitive) sites.add(primitive);
        else if (callee) callees.add(callee);
      },
    );
    const known = shapes.get(shape) ?? shape;
    shapes.set(known, known);
    const body: FunctionText['body'] = { shape: known, ...references };
    return { body, references: { symbols: body.symbols, callees, primitives: sites } };
  };

  const checkUses = (symbols: Iterable<string>): void => {
    for (const symbol of symbols)
      if (!globals.has(symbol) && !externs.has(symbol))
        throw new Error(`the global ${symbol} is used and not defined`);
  };

  /** What llvm-bindings prints, completed. */
  const print = (part: Part, defined: Iterable<GlobalDefinition>): string => {
    checkUses(part.symbols);
    const made = [...declared.values()].filter((one) => part.functions.has(one));
    const printed = printDeclarations(file, {
      functions: made,
      callees: [...part.callees].filter((one) => !part.functions.has(one)),
      externs: [...part.symbols].filter((symbol) => !globals.has(symbol)),
    });
    return completeText(printed, {
      globals: defined,
      functions,
      primitives: part.primitives,
      places: made.flatMap(({ symbol }) => placesIn.get(symbol) ?? []),
    });
  };

  /** The last part has all variables. Others define those that they use, too: LLVM then knows as much of them. */
  const partText = (part: Part, isLast: boolean): string =>
    print(
      part,
      isLast
        ? globals.values()
        : [...globals.values()].filter(({ symbol }) => part.symbols.has(symbol)),
    );

  return {
    program(symbol, section, body) {
      const program = declare({ kind: 'program', symbol });
      const made = make({ result: 'i32', placeOf: placesOf(symbol) }, (builder) =>
        body(builder, asPointer(parameterText('ptr', 0))),
      );
      functions.set(symbol, { section, body: made.body });
      const placed = placeProgram(symbol, section, made.body);
      programs.push(placed);
      if (!placed.copy) division.add(program, made.body.shape.length, made.references);
      if (unfinished === 0) division.settle();
    },

    callback(symbol, parameters, body) {
      const callback = declare({ kind: 'callback', symbol, parameters });
      const made = make({ result: 'i64', placeOf: placesOf(symbol) }, (builder) => {
        const args = parameters.map((kind, index): IrValue | IrPointer => {
          const text = parameterText(kind, index);
          if (kind === 'ptr') return asPointer(text);
          return kind === 'i32' ? builder.extendArgument(asValue(text)) : asValue(text);
        });
        body(builder, args as CallbackArguments<typeof parameters>);
      });
      functions.set(symbol, { body: made.body });
      division.add(callback, made.body.shape.length, made.references);
      if (unfinished === 0) division.settle();
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
      isPrinted = true;
      const made = [...declared.values()];
      const isLinked = ({ kind }: DeclaredFunction) => kind === 'linked';
      const whole = {
        functions: new Set(made.filter((one) => !isLinked(one))),
        callees: new Set(made.filter(isLinked)),
        symbols: new Set(used.keys()),
        primitives: new Set(primitives.values()),
      };
      return print(whole, globals.values());
    },
    shared() {
      if (shared) return shared;
      isPrinted = true;
      checkUses(used.keys());
      const parts = division.finish();
      shared = {
        programs,
        parts: parts.map((part, index) => ({
          text: () => partText(part, index === parts.length - 1),
        })),
      };
      return shared;
    },
  };
}
