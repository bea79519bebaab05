/**
 * What one round of the analysis works with. A round types the whole program with the types that the rounds
 * before it found (`Facts`), and collects what flows into each map and variable; that makes the next facts.
 */

import type { Programs } from '../dwarf/programs.ts';
import type { KernelDescription } from '../kernel/types.ts';
import type { HeaderConstants } from '../preamble/constants.ts';
import type { CMacros } from '../preamble/macros.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import type { Hint } from '../source/advice.ts';
import type { ErrorCode, WarningCode } from '../source/codes.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import type { Flow } from '../types/join.ts';
import type { FunctionSignature } from '../types/signature.ts';
import type { Type, VoidType } from '../types/type.ts';
import type { BuiltinTable } from './builtin.ts';
import type {
  Assumption,
  Bound,
  Config,
  OptionSymbol,
  TypedExpression,
  VariableSymbol,
} from './typed.ts';

/**
 * The type of what is not known yet: a map that is read before the round has seen an assignment, or the
 * value of an expression with an error. Compared by identity. It never flows anywhere, and no operator
 * complains about it.
 */
export const UNKNOWN: VoidType = Object.freeze({ kind: 'void' });

export function isUnknown(type: Type): boolean {
  return type === UNKNOWN;
}

export interface MapFlows {
  readonly key: Flow | undefined;
  readonly value: Flow | undefined;
}

export interface Facts {
  readonly maps: ReadonlyMap<string, MapFlows>;
  /** By `Variable.key`. */
  readonly variables: ReadonlyMap<string, Flow>;
}

/** A map as this round has seen it so far. */
export interface MapUse {
  readonly name: string;
  /** Decided by the first use with or without a key. */
  keyed: boolean | undefined;
  key: Flow | undefined;
  value: Flow | undefined;
  deleted: boolean;
  /** Types that `sizeof` and `typeof` have already given away. */
  lockedKey: Type | undefined;
  lockedValue: Type | undefined;
}

export interface Round {
  /** Of the program, without macros. */
  readonly items: readonly ast.RootItem[];
  readonly builtins: BuiltinTable;
  readonly kernel: KernelDescription;
  readonly programs: Programs;
  readonly config: Config;
  readonly unsafe: boolean | 'run';
  readonly diagnostics: Diagnostics;
  /** Macros of the C preamble. */
  readonly macros: CMacros;
  /** Of headers that may not be installed. */
  readonly constants: HeaderConstants;
  /** Of the language's macros, which are expanded by now: for suggestions. */
  readonly macroNames: () => readonly string[];
  /**
   * Some probe's name is known only when it is attached: then `probe` is an index of the loader's table everywhere,
   * so that one map can hold it from all of them.
   */
  readonly namesAtLoad: boolean;
  /** The first probe with the name of this one: equal names are one value. */
  readonly nameIndex: (copy: number) => number;
  /** The same of functions, for `func`: then it is an address, or a number of a name, everywhere. */
  readonly functionsAtLoad: boolean;
  /** Functions that can be called, by name. */
  readonly functions: ReadonlyMap<string, FunctionSignature>;
  readonly known: Facts;
  /** Integer operations on maps of unknown type decide that they hold int64 (`@x += 1` and nothing else). */
  readonly assume: boolean;
  /** In order of first use. */
  readonly maps: Map<string, MapUse>;
  readonly variables: Map<string, Flow>;
  readonly params: Map<string, { readonly index: number; readonly as: 'int' | 'string' }>;
  /** The values of positional parameters, of a script that is compiled to be run at once. */
  readonly parameters: readonly string[] | undefined;
  /** The program was made of one. */
  takesParameters: boolean;
  /** What has to hold of parameters, by all that it says. */
  readonly bounds: Map<string, Bound>;
  /** Named parameters by name, in order of first use. */
  readonly options: Map<string, OptionSymbol>;
  /** Something was read whose type is not known. */
  sawUnknown: boolean;
  /** Types whose members, or existence, conditions asked the kernel for, in order: `struct x`. */
  readonly asked: string[];
  /** Numbers of the kernel that the script could not be compiled without. */
  readonly assumptions: Assumption[];
  /** Uses of maps that nothing is stored in; some of them only follow from another error. */
  readonly undefinedMaps: { readonly name: string; readonly range: Range }[];
}

/** A scratch variable of one probe's copy. */
export interface Variable {
  /** The same in every round. */
  readonly key: string;
  readonly symbol: VariableSymbol;
  /** Of `let $x: T`, and of loop variables. */
  readonly fixed: Type | undefined;
  /** Declared without a value. */
  readonly bare: boolean;
  readonly range: Range;
  assigned: boolean;
  locked: Type | undefined;
}

export interface Scope {
  readonly parent: Scope | undefined;
  readonly names: Map<string, Variable>;
}

export interface Loop {
  readonly kind: 'for' | 'while' | 'unroll';
  /** Whether the returns seen so far have a value. */
  returns: boolean | undefined;
}

/** Where an expression or statement stands. */
export interface Typing {
  readonly round: Round;
  readonly probe: ProbeTarget;
  /** Number of the probe's copy, over the whole program. */
  readonly copy: number;
  /** All variables of the copy. */
  readonly variables: Variable[];
  readonly scope: Scope;
  /** Innermost first. */
  readonly loops: readonly Loop[];
  /** Symbols of the functions that are called, collected. */
  readonly calls: Set<string>;
  /** The function that the place is in; undefined in probes. */
  readonly routine: FunctionSignature | undefined;
  /** What the conditions around the place asked the kernel for; see `Round.asked`. */
  readonly asked: ReadonlySet<string>;
  /** A literal has to stand here: positional parameters are their values, if those are known. */
  readonly literally?: true;
}

/**
 * Types a condition, and gives the place of what it guards: there members may be named that no description has, of
 * structs that it asks about.
 */
export function guarding<T>(
  typing: Typing,
  condition: () => T,
): { readonly test: T; readonly guarded: Typing } {
  const { asked } = typing.round;
  const before = asked.length;
  const test = condition();
  if (asked.length === before) return { test, guarded: typing };
  return {
    test,
    guarded: { ...typing, asked: new Set([...typing.asked, ...asked.slice(before)]) },
  };
}

export function inFor(typing: Typing): boolean {
  return typing.loops.some((loop) => loop.kind === 'for');
}

export function innerScope(typing: Typing): Typing {
  return { ...typing, scope: { parent: typing.scope, names: new Map() } };
}

export function error(
  typing: Typing,
  code: ErrorCode,
  message: string,
  range: Range,
  ...hints: readonly Hint[]
): void {
  typing.round.diagnostics.error(code, message, range, ...hints);
}

/** Reads a map that nothing is stored in, as far as this round knows. */
export function undefinedMap(typing: Typing, name: string, range: Range): void {
  typing.round.sawUnknown = true;
  typing.round.undefinedMaps.push({ name, range });
}

export function warning(
  typing: Typing,
  code: WarningCode,
  message: string,
  range: Range,
  ...hints: readonly Hint[]
): void {
  typing.round.diagnostics.warning(code, message, range, ...hints);
}

/** Stands for an expression whose type is not known, or that has an error. */
export function unknown(range: Range): TypedExpression {
  return { kind: 'int', type: UNKNOWN, value: 0n, flexible: false, range };
}

/** Reports an error and gives the expression that stands for the faulty one. */
export function failed(
  typing: Typing,
  code: ErrorCode,
  message: string,
  range: Range,
  ...hints: readonly Hint[]
): TypedExpression {
  error(typing, code, message, range, ...hints);
  return unknown(range);
}
