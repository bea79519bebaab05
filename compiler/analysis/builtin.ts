/**
 * What the analysis knows of a built-in, and what a built-in may ask of the analysis. The built-ins themselves
 * (compiler/builtins) are handed to it in a table.
 */
import type { KernelDescription } from '../kernel/types.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import type { ErrorCode, WarningCode } from '../source/codes.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import type { Parameters } from './parameters.ts';
import type { Traits } from './traits.ts';
import type {
  Bound,
  Config,
  MapSymbol,
  OptionSymbol,
  TypedExpression,
  TypedInt,
  TypedStatement,
} from './typed.ts';
import type { UnstableFeature } from './unstable.ts';

export type Argument = ast.Expression | ast.TypeArgument;

export interface BuiltinUse {
  readonly name: string;
  readonly args: readonly Argument[];
  readonly range: Range;
  /** Places of the name alone, for markers. */
  readonly nameRange: Range;
  /** See `ast.Call`. */
  readonly continues?: true;
}

/** What an `analyse` function may ask of the analysis. */
export interface AnalysisScope {
  readonly kernel: KernelDescription;
  readonly config: Config;
  /** The probe whose copy of the block is being typed. */
  readonly probe: ProbeTarget;
  /** Inside the body of a `for`, where the context cannot be reached. */
  readonly inLoop: boolean;
  /** Index of this probe among the program's, where `probe` is such an index; see `Round.namesAtLoad`. */
  readonly probeIndex: number | undefined;
  /** Whether the script may use a feature that may still change; tells where not, or warns. */
  allowUnstable(feature: UnstableFeature, range: Range): boolean;
  /** Bytes of a symbol of the program that the probe is in; undefined where it is not at hand. */
  symbolSize(name: string): number | undefined;
  /** Some probe's function is known only at load; see `Round.functionsAtLoad`. */
  readonly functionsAtLoad: boolean;

  /** Types an argument. After an error it gives an `int` 0, so that the pass goes on. */
  expression(expression: Argument): TypedExpression;
  /** Types an argument that has to be a literal, as `typeLiteral` does. */
  literal(expression: Argument): TypedExpression;
  /** A positional parameter is taken at load, and has to be such a number. */
  bound(bound: Bound): void;
  /** An argument had an error, or its type is not known yet: what stands for it says nothing. */
  readonly unsettled: boolean;
  /** A map named without a key; undefined after an error. */
  map(name: string, range: Range): MapSymbol | undefined;
  /** Types `keys` as a key of the map (and lets them widen it). */
  key(map: string, keys: readonly ast.Expression[], range: Range): TypedExpression | undefined;
  /** Notes what the script asks the kernel for, for the branches that the answer guards. */
  asks(question: string): void;
  /** The number of a literal that is needed to compile: the kernel that runs the script has to have the same. */
  pinned(literal: TypedInt): bigint;
  /** Marks a positional parameter as used as text (`str($1)`) and gives the typed node. */
  textParameter(index: number, range: Range): TypedExpression;
  /** Makes a named parameter known, and gives the one that had its name first. */
  option(option: OptionSymbol): OptionSymbol;
  markDeleted(map: string): void;
  /**
   * Lets a value flow into a variable, as `$v = value` does, and gives that statement; undefined after an
   * error, or while the value's type is not known yet.
   */
  assign(variable: ast.Variable, value: TypedExpression, range: Range): TypedStatement | undefined;
  /** Says nothing while an argument is unsettled: the reason is one that the user did not write. */
  error(code: ErrorCode, message: string, range: Range, ...hints: string[]): void;
  warning(code: WarningCode, message: string, range: Range, ...hints: string[]): void;
}

export interface AnalysedBuiltin {
  readonly name: string;
  /** Where none has to be given, it may be written without parentheses. */
  readonly parameters: Parameters;
  /** Of every use; a typed call carries them, with what that call adds. */
  readonly traits: Traits;
  /** Reads the context of the probe, or depends on which probe it is: refused in functions. */
  readonly needsProbe: boolean;
  /** Older names: accepted with a warning that names the replacement. */
  readonly legacyNames: readonly string[];
  /** The number of arguments and `unsafe` are already checked. Gives undefined after reporting an error. */
  analyse(use: BuiltinUse, scope: AnalysisScope): TypedExpression | undefined;
}

export interface FoundBuiltin {
  readonly builtin: AnalysedBuiltin;
  /** The name is an older one: see `AnalysedBuiltin.legacyNames`. */
  readonly legacy: boolean;
}

export interface BuiltinTable {
  readonly builtins: readonly AnalysedBuiltin[];
  /** The built-in of that name, present or older; undefined if there is none. */
  find(name: string): FoundBuiltin | undefined;
}
