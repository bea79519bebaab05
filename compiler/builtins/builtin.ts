/**
 * What a built-in value or function is: one file, and one line in builtins.ts. `analyse` checks a use and gives
 * its typed form; `lower` turns that into IR. Values (`pid`) and functions (`str(p)`) are the same thing: a
 * value is a function that may be written without parentheses.
 */

import type {
  Config,
  MapSymbol,
  OptionSymbol,
  TypedCall,
  TypedExpression,
  TypedStatement,
} from '../analysis/typed.ts';
import type { KernelDescription } from '../kernel/types.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import type { Type } from '../types/type.ts';

export interface BuiltinUse {
  readonly name: string;
  readonly args: readonly (ast.Expression | ast.TypeArgument)[];
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
  readonly unsafe: boolean;
  /** Inside the body of a `for`, where the context cannot be reached. */
  readonly inLoop: boolean;
  /** Index of this probe among the program's, where `probe` is such an index; see `Round.namesAtLoad`. */
  readonly probeIndex: number | undefined;
  /** Whether the script may use a feature that may still change; tells where not, or warns. */
  allowUnstable(feature: keyof Config['unstable'], range: Range): boolean;
  /** Bytes of a symbol of the program that the probe is in; undefined where it is not at hand. */
  symbolSize(name: string): number | undefined;
  /** Some probe's function is known only at load; see `Round.functionsAtLoad`. */
  readonly functionsAtLoad: boolean;

  /** Types an argument. After an error it gives an `int` 0, so that the pass goes on. */
  expression(expression: ast.Expression | ast.TypeArgument): TypedExpression;
  /** The same, converted to `type` as an assignment would, with an error where it cannot be. */
  expressionAs(expression: ast.Expression | ast.TypeArgument, type: Type): TypedExpression;
  /** A map named without a key, as `clear(@m)` takes it; undefined after an error. */
  mapArgument(
    expression: ast.Expression | ast.TypeArgument | undefined,
    use: BuiltinUse,
  ): MapSymbol | undefined;
  /** Types `keys` as a key of the map (and lets them widen it). */
  key(map: string, keys: readonly ast.Expression[], range: Range): TypedExpression | undefined;
  /** A literal argument's value, folded; undefined (with an error naming what is expected) if it is none. */
  stringLiteral(
    expression: ast.Expression | ast.TypeArgument | undefined,
    use: BuiltinUse,
  ): string | undefined;
  intLiteral(
    expression: ast.Expression | ast.TypeArgument | undefined,
    use: BuiltinUse,
  ): bigint | undefined;
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
  error(message: string, range: Range, ...hints: string[]): void;
  warning(message: string, range: Range, ...hints: string[]): void;
}

export interface Builtin {
  readonly name: string;
  /** Least and most arguments. [0, 0] and other ranges from 0 may be written without parentheses. */
  readonly arity: readonly [number, number];
  /** Reads the context of the probe, or depends on which probe it is: refused in functions. */
  readonly needsProbe?: boolean;
  /** Needs --unsafe. */
  readonly unsafe?: boolean;
  /** Older name: accepted with a warning that names the replacement. */
  readonly legacyNames?: readonly string[];
  /** One line for the reference in docs/builtins.md. */
  readonly summary: string;
  /** Arity and `unsafe` are already checked. Gives undefined after reporting an error. */
  analyse(use: BuiltinUse, scope: AnalysisScope): TypedExpression | undefined;
  /** For scalar types: the value as i64. For void: `undefined`. */
  lower?(call: TypedCall, lowering: Lowering): IrValue | undefined;
  /**
   * For strings that are read from elsewhere: writes the text alone, whatever `to.padded` says, and gives its
   * bytes with the NUL. Less than 1 where it could not be read: then `to` is zero.
   */
  lowerText?(call: TypedCall, lowering: Lowering, to: Storage): IrValue;
  /** For types in memory: writes the value's representation into `to`. */
  lowerInto?(call: TypedCall, lowering: Lowering, to: Storage): void;
}
