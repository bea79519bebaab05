/**
 * What a built-in value or function is: one file, and one line in builtins.ts. `analyse` gets the arguments as the
 * parameters say, checked, and gives the typed form of a use; `lower` turns that into IR. What the one has to tell the
 * other beside types and values is the plan, a type of the built-in's own. Values (`pid`) and functions (`str(p)`) are
 * the same thing: a value is a function that may be written without parentheses.
 */
import { readArguments } from '../analysis/arguments.ts';
import type { AnalysedBuiltin, AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import type { Given, Parameters } from '../analysis/parameters.ts';
import type { Traits } from '../analysis/traits.ts';
import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { BuiltinCode } from '../lowering/builtin.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import type { Type } from '../types/type.ts';

export interface Builtin extends AnalysedBuiltin, BuiltinCode {
  /** One line for the reference in docs/builtins. */
  readonly summary: string;
}

/** What becomes a call of the built-in. */
export interface Analysed<Plan> {
  readonly type: Type;
  /** Values computed in the program. */
  readonly args: readonly TypedExpression[];
  /** The map that it works on. */
  readonly map: string | undefined;
  /** Of this call, beside those of the built-in. */
  readonly traits: Traits;
  /** Plain data: equal calls have equal plans. */
  readonly plan: Plan;
}

/** A call, with the plan that its analysis made. */
export type Call<Plan = undefined> = TypedCall & { readonly plan: Plan };

interface Rest {
  readonly args?: readonly TypedExpression[];
  readonly map?: string;
  readonly traits?: Traits;
}

/** A call of the built-in that is being analysed. */
export function typed(type: Type, rest?: Rest): Analysed<undefined>;
export function typed<Plan>(type: Type, rest: Rest & { readonly plan: Plan }): Analysed<Plan>;
export function typed(type: Type, rest: Rest & { readonly plan?: unknown } = {}): unknown {
  const { args = [], map, traits = {}, plan } = rest;
  return { type, args, map, traits, plan };
}

export interface Definition<P extends Parameters, Plan> {
  readonly name: string;
  readonly parameters?: P;
  readonly traits?: Traits;
  readonly needsProbe?: boolean;
  readonly legacyNames?: readonly string[];
  readonly summary: string;
  /** Gives a call of the built-in (`typed`), or what else it stands for; undefined after reporting an error. */
  analyse(
    given: Given<P>,
    use: BuiltinUse,
    scope: AnalysisScope,
  ): Analysed<Plan> | TypedExpression | undefined;
  /** These are as in `BuiltinCode`. */
  lower?(call: Call<Plan>, lowering: Lowering): IrValue | undefined;
  lowerInto?(call: Call<Plan>, lowering: Lowering, to: Storage): void;
  lowerText?(call: Call<Plan>, lowering: Lowering, to: Storage): IrValue;
  lowerEffect?(call: Call<Plan>, lowering: Lowering): void;
  shortened?(call: Call<Plan>, size: number): Pick<Analysed<Plan>, 'type' | 'plan'>;
}

export function defineBuiltin<const P extends Parameters = Record<never, never>, Plan = undefined>(
  definition: Definition<P, Plan>,
): Builtin {
  const { name, traits = {}, needsProbe = false, legacyNames = [], summary } = definition;
  const { lower, lowerInto, lowerText, lowerEffect, shortened } = definition;
  const parameters: Parameters = definition.parameters ?? {};

  // Only `analyse` makes calls of that name, so the plan is its own.
  function own(call: TypedCall): Call<Plan> {
    if (call.builtin !== name) throw new Error(`a call of ${call.builtin} came to ${name}`);
    return call as Call<Plan>;
  }

  return {
    ...{ name, parameters, traits, needsProbe, legacyNames, summary },
    analyse(use, scope) {
      const given = readArguments<P>(definition.parameters, use, scope);
      const found = given && definition.analyse(given, use, scope);
      if (found === undefined || 'kind' in found) return found;
      const { type, args, map, plan } = found;
      return {
        ...{ kind: 'call', builtin: name, type, range: use.range, args },
        traits: { ...traits, ...found.traits },
        ...(map === undefined ? {} : { map }),
        ...(plan === undefined ? {} : { plan }),
      };
    },
    ...(lower ? { lower: (call, lowering) => lower(own(call), lowering) } : {}),
    ...(lowerInto ? { lowerInto: (call, lowering, to) => lowerInto(own(call), lowering, to) } : {}),
    ...(lowerText ? { lowerText: (call, lowering, to) => lowerText(own(call), lowering, to) } : {}),
    ...(lowerEffect ? { lowerEffect: (call, lowering) => lowerEffect(own(call), lowering) } : {}),
    ...(shortened
      ? { shortened: (call, size) => ({ ...call, ...shortened(own(call), size) }) }
      : {}),
  };
}
