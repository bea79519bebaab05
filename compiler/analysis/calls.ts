/** Identifiers and calls: built-ins, enumerators, macros of the C preamble. */

import { otherDescriptions } from '../kernel/advice.ts';
import { type Hint, replacing } from '../source/advice.ts';
import { didYouMean } from '../source/closest.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { isScriptType } from '../types/type.ts';
import { AGGREGATE_NAMES, isAggregateName } from './aggregates.ts';
import type { AnalysedBuiltin, BuiltinTable, BuiltinUse } from './builtin.ts';
import { builtinScope } from './builtin-scope.ts';
import { typeExpression } from './expressions.ts';
import { typeFunctionCall } from './functions.ts';
import { otherFunction, otherName } from './other-names.ts';
import { arityOf, signatureOf } from './parameters.ts';
import { typesAt } from './program-types.ts';
import type { Typing } from './state.ts';
import { error, failed, unknown, warning } from './state.ts';
import type { Traits } from './traits.ts';
import type { TypedExpression } from './typed.ts';

/** Functions of the language that this version does not have. */
const LATER: ReadonlySet<string> = new Set(['elf_info']);

export function typeIdentifier(typing: Typing, identifier: ast.Identifier): TypedExpression {
  const { name, range } = identifier;
  const found = typing.round.builtins.find(name);
  if (found) {
    const use = { name: found.builtin.name, args: [], range, nameRange: range };
    return useBuiltin(typing, found.builtin, found.legacy ? name : undefined, use);
  }
  const macro = typing.round.macros.expand(name, range);
  if (macro?.kind === 'error') return failed(typing, 'c-macro', macro.message, range);
  if (macro) return { ...typeExpression(typing, macro.expression), range };
  const callee = typing.round.functions.get(name);
  if (callee?.parameters.length === 0) {
    return typeFunctionCall(
      typing,
      { kind: 'call', name, nameRange: range, args: [], range },
      callee,
    );
  }
  const enumerator = typesAt(typing).enumerator(name);
  if (enumerator) {
    const { value, type } = enumerator;
    const isKernels = type.kind === 'enum' && !isScriptType(type);
    const literal = { kind: 'int', type, value, flexible: value >= 0n, range } as const;
    return isKernels ? { ...literal, enumerator: name } : literal;
  }
  const { constants } = typing.round;
  const constant = constants.find(name, range);
  if (constant && constants.included) return typeExpression(typing, literal(constant.value, range));
  if (isAggregateName(name)) return misplaced(typing, name, range);
  if (LATER.has(name))
    return failed(typing, 'unsupported', `'${name}' is not supported yet`, range);
  if (constant) {
    const { header } = constant;
    const hint = `${header} defines it: add #include ${header}, which need not be installed.`;
    return failed(typing, 'unknown-identifier', `Unknown identifier: '${name}'`, range, hint);
  }
  const { macros: defines, macroNames } = typing.round;
  const names = [...builtinNames(typing), ...defines.names(), ...macroNames()];
  return failed(
    typing,
    'unknown-identifier',
    `Unknown identifier: '${name}'`,
    range,
    ...adviceOnName(name, range, didYouMean(name, names, range)),
    // As enumerators and constants are written.
    ...(/^[A-Z][A-Z0-9_]*_[A-Z0-9_]+$/.test(name) ? [otherDescriptions(typing.round.kernel)] : []),
  );
}

function literal(value: bigint, range: Range): ast.Expression {
  const size = value < 0n ? -value : value;
  const integer = { kind: 'integer', value: size, text: size.toString(), range } as const;
  return value < 0n ? { kind: 'unary', operator: '-', operand: integer, range } : integer;
}

export function typeCall(typing: Typing, call: ast.Call): TypedExpression {
  const { name, range, nameRange } = call;
  const callee = typing.round.functions.get(name);
  if (callee) return typeFunctionCall(typing, call, callee);
  const found = typing.round.builtins.find(name);
  if (found) {
    const { args, continues } = call;
    const use = {
      ...{ name: found.builtin.name, args, range, nameRange },
      ...(continues ? { continues } : {}),
    };
    return useBuiltin(typing, found.builtin, found.legacy ? name : undefined, use);
  }
  if (isAggregateName(name)) return misplaced(typing, name, range);
  if (LATER.has(name))
    return failed(typing, 'unsupported', `${name}() is not supported yet`, nameRange);
  const { functions, macroNames } = typing.round;
  const names = [...builtinNames(typing), ...AGGREGATE_NAMES, ...functions.keys(), ...macroNames()];
  return failed(
    typing,
    'unknown-function',
    `Unknown function: '${name}'`,
    nameRange,
    ...hintOr(otherFunction(name), didYouMean(name, names, nameRange)),
  );
}

function hintOr(hint: string | undefined, others: readonly Hint[]): readonly Hint[] {
  return hint === undefined ? others : [hint];
}

/** A word that is like no name may be a text: `comm == bash`. */
function adviceOnName(name: string, range: Range, near: readonly Hint[]): readonly Hint[] {
  const hint = otherName(name);
  if (hint !== undefined || near.length > 0 || !/^[a-z]/.test(name)) return hintOr(hint, near);
  return [replacing(`If it is a text, write it in quotes: "${name}".`, range, name, `"${name}"`)];
}

/** Names that calls find before any function of the script. */
export function isBuiltinName(builtins: BuiltinTable, name: string): boolean {
  return builtins.find(name) !== undefined || isAggregateName(name) || LATER.has(name);
}

function* builtinNames({ round }: Typing): Iterable<string> {
  for (const builtin of round.builtins.builtins) yield builtin.name;
}

/** The nth argument of the probed function: what a script writes as `argN`. */
export function typeArgument(typing: Typing, index: number, range: Range): TypedExpression {
  const { builtins } = typing.round.builtins;
  const builtin = builtins.find(({ traits }) => traits.argument === index);
  if (!builtin) throw new Error(`there is no built-in for argument ${index}`);
  return useBuiltin(typing, builtin, undefined, {
    ...{ name: builtin.name, args: [], range, nameRange: range },
  });
}

function misplaced(typing: Typing, name: string, range: Range): TypedExpression {
  return failed(
    typing,
    'misplaced-aggregation',
    `${name}() must be assigned directly to a map`,
    range,
    `For example: @ = ${name}(...);`,
  );
}

function useBuiltin(
  typing: Typing,
  builtin: AnalysedBuiltin,
  legacyName: string | undefined,
  use: BuiltinUse,
): TypedExpression {
  if (legacyName !== undefined) {
    warning(
      typing,
      'deprecated-name',
      `${legacyName} is deprecated and will be removed in the future. Use ${builtin.name} instead.`,
      use.nameRange,
      replacing(undefined, use.nameRange, legacyName, builtin.name),
    );
  }
  if (builtin.needsProbe && typing.routine) {
    return failed(
      typing,
      'probe-required',
      `Builtin ${use.name} not supported outside probe`,
      use.nameRange,
      'Pass its value to the function as an argument.',
    );
  }
  const { parameters } = builtin;
  const signature = `It is used as ${signatureOf(builtin.name, parameters)}.`;
  if (!checkArity(typing, use, arityOf(parameters), signature)) return unknown(use.range);
  if (!isAllowed(builtin.traits.unsafe, typing)) {
    return failed(
      typing,
      'unsafe',
      `${use.name}() is an unsafe function being used in safe mode`,
      use.range,
      'Use --unsafe to allow functions that change the system.',
    );
  }
  return builtin.analyse(use, builtinScope(typing, use)) ?? unknown(use.range);
}

function isAllowed(unsafe: Traits['unsafe'], { round }: Typing): boolean {
  return !unsafe || round.unsafe === true || (unsafe === 'run' && round.unsafe === 'run');
}

/** Reports too few or too many arguments. */
export function checkArity(
  typing: Typing,
  use: Pick<BuiltinUse, 'name' | 'args' | 'range'>,
  [least, most]: readonly [number, number],
  ...hints: readonly string[]
): boolean {
  const given = use.args.length;
  if (given >= least && given <= most) return true;
  const bound = least === most ? '' : given < least ? 'at least ' : 'at most ';
  const wanted = given < least ? least : most;
  const count = wanted === 0 ? 'no arguments' : `${wanted} argument${wanted === 1 ? '' : 's'}`;
  const quantity = wanted === 0 ? count : `${bound}${count}`;
  error(
    typing,
    'argument-count',
    `${use.name}() requires ${quantity} (${given} provided)`,
    use.range,
    ...hints,
  );
  return false;
}
