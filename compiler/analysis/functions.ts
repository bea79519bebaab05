/** Functions: `fn name($a : T, ...) : R { ... }`, their signatures, bodies, calls and what calls what. */

import { NAME_PREFIXES } from '../../linker/contract/names.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import { type Hint, inserting } from '../source/advice.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { typeName } from '../types/names.ts';
import { UNSIZED } from '../types/reference.ts';
import type { FunctionSignature } from '../types/signature.ts';
import type { Type } from '../types/type.ts';
import { isAggregate, isScalar, VOID } from '../types/type.ts';
import { assignable } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { warnOfSpaces } from './pointers.ts';
import type { Round, Typing } from './state.ts';
import { error, failed, isUnknown, unknown } from './state.ts';
import { typeBody } from './statements.ts';
import { resolveType } from './type-references.ts';
import type { TypedExpression, TypedFunction, TypedProbe } from './typed.ts';
import { checkVariables, declare } from './variables.ts';

/** MAX_CALL_FRAMES (include/linux/bpf_verifier.h): the program itself, and what stands above it. */
const MOST_FRAMES = 8;

/** By name: the first of each. `reserved` are names that mean something else already. */
export function readFunctions(
  program: ast.Program,
  reserved: (name: string) => boolean,
  linked: ReadonlyMap<string, FunctionSignature>,
  diagnostics: Diagnostics,
): readonly ast.Fn[] {
  const functions = new Map<string, ast.Fn>();
  for (const item of program.items) {
    if (item.kind !== 'fn') continue;
    if (functions.has(item.name) || linked.has(item.name)) {
      diagnostics.error('redefinition', `Redefinition of function: ${item.name}`, headOf(item));
    } else if (reserved(item.name)) {
      diagnostics.error(
        'reserved-name',
        `${item.name} is a built-in function and cannot be defined`,
        headOf(item),
        'Choose another name.',
      );
    } else {
      functions.set(item.name, item);
    }
  }
  return [...functions.values()];
}

/** `fn name`, without parameters and body. */
function headOf(node: ast.Fn): Range {
  return { start: node.range.start, end: node.parameters[0]?.range.start ?? node.body.range.start };
}

/** What a function's body can use: no context, and pointers into the kernel unless they say otherwise. */
function targetOf(name: string): ProbeTarget {
  return {
    provider: 'begin',
    name,
    alias: undefined,
    section: '.text',
    context: 'none',
    space: 'kernel',
    defaultReturn: 0,
    filtersPid: false,
    registers: 0,
    hasRetval: false,
    function: undefined,
    wildcard: false,
    target: { provider: 'begin' },
    parameterised: false,
  };
}

/** A place in a function's body. `copy` numbers it among all bodies of the program. */
function typingOf(round: Round, name: string, copy: number): Typing {
  return {
    round,
    probe: targetOf(name),
    copy,
    variables: [],
    scope: { parent: undefined, names: new Map() },
    loops: [],
    calls: new Set(),
    routine: undefined,
    asked: new Set(),
  };
}

/** Types of parameters and result; a type with an error is unknown, and is complained about once. */
export function typeSignature(round: Round, node: ast.Fn, copy: number): FunctionSignature {
  const typing = typingOf(round, node.name, copy);
  const seen = new Set<string>();
  const parameters = node.parameters.map(({ name, type, range }) => {
    if (seen.has(name))
      error(typing, 'redefinition', `Parameter ${name} is declared more than once`, range);
    seen.add(name);
    return { name, type: passable(typing, type, 'parameter') };
  });
  return {
    name: node.name,
    symbol: `${NAME_PREFIXES.function}${node.name}`,
    linked: false,
    parameters,
    returns: passable(typing, node.returns, 'result'),
  };
}

/** The type of what goes into a function or comes out of it. */
function passable(typing: Typing, reference: ast.TypeRef, role: 'parameter' | 'result'): Type {
  const type = resolveType(typing, reference);
  const refuse = (reason: string, ...hints: readonly Hint[]): Type => {
    error(typing, 'signature-type', reason, reference.range, ...hints);
    return unknown(reference.range).type;
  };
  if (!type) return unknown(reference.range).type;
  if (isUnknown(type)) return type;
  if (type.kind === 'void') {
    return role === 'result' ? VOID : refuse('A parameter cannot have type void');
  }
  if (isAggregate(type)) return refuse(`A ${role} cannot have type ${typeName(type)}`);
  if (type.kind === 'struct') {
    return refuse(
      `A ${role} cannot be a whole ${typeName(type)}`,
      inserting(`Use a pointer to it: ${typeName(type)} *`, reference.range.end, ' *'),
    );
  }
  if ((type.kind === 'string' || type.kind === 'buffer') && type.size === UNSIZED) {
    return { ...type, size: typing.round.config.maxStrlen };
  }
  return type;
}

/** A function's body. Undefined while a type of its signature is not known. */
export function typeFunction(
  round: Round,
  node: ast.Fn,
  signature: FunctionSignature,
  copy: number,
): TypedFunction | undefined {
  const typing: Typing = { ...typingOf(round, node.name, copy), routine: signature };
  const parameters = node.parameters.map(({ name, range }, index) => {
    const variable = declare(typing, name, range, { fixed: signature.parameters[index]?.type });
    variable.assigned = true;
    return variable.symbol;
  });
  const { block, ends } = typeBody(typing, node.body);
  checkVariables(typing);
  const types = [signature.returns, ...parameters.map((parameter) => parameter.type)];
  if (types.some(isUnknown)) return undefined;
  if (!ends && signature.returns.kind !== 'void') {
    error(
      typing,
      'missing-return',
      `${node.name}() must return a value of type '${typeName(signature.returns)}' on every path`,
      headOf(node),
    );
  }
  return {
    name: node.name,
    target: typing.probe,
    symbol: signature.symbol,
    range: node.range,
    block: 0,
    parameters,
    returns: signature.returns,
    variables: typing.variables
      .map((variable) => variable.symbol)
      .filter((symbol) => !isUnknown(symbol.type)),
    predicate: undefined,
    body: block,
    calls: [...typing.calls],
  };
}

/** A call of a function of the script, or of an imported object. */
export function typeFunctionCall(
  typing: Typing,
  call: ast.Call,
  callee: FunctionSignature,
): TypedExpression {
  const { range } = call;
  if (call.args.length !== callee.parameters.length) {
    const wanted = callee.parameters.length;
    return failed(
      typing,
      'argument-count',
      `${call.name}() requires ${wanted === 0 ? 'no arguments' : `${wanted} argument${wanted === 1 ? '' : 's'}`} (${call.args.length} provided)`,
      range,
    );
  }
  typing.calls.add(callee.symbol);
  const args = call.args.map((argument, index) => {
    const type = callee.parameters[index]?.type;
    if (argument.kind === 'type-argument') {
      return failed(
        typing,
        'type-as-value',
        `${call.name}() does not take a type as argument`,
        argument.range,
      );
    }
    const value = typeExpression(typing, argument);
    if (type === undefined || isUnknown(type) || isUnknown(value.type)) return unknown(range);
    if (callee.linked && type.kind === 'pointer' && isAddressed(value.type)) {
      return asAddress(value);
    }
    warnOfSpaces(typing, type, value.type, value.range);
    return (
      assignable(typing, value, type) ??
      failed(
        typing,
        'argument-type',
        `Type mismatch for ${callee.parameters[index]?.name ?? 'a parameter'} of ${call.name}(): trying to pass a value of type '${typeName(value.type)}' where the function takes '${typeName(type)}'`,
        value.range,
      )
    );
  });
  if (isUnknown(callee.returns) || args.some((argument) => isUnknown(argument.type))) {
    return unknown(range);
  }
  return {
    kind: 'function-call',
    type: callee.returns,
    function: callee.symbol,
    linked: callee.linked,
    args,
    range,
  };
}

function isAddressed(type: Type): boolean {
  return type.kind === 'context' || (!isScalar(type) && type.kind !== 'void');
}

/** C functions get the address of what stands in memory: strings, tuples, and the context. */
function asAddress(value: TypedExpression): TypedExpression {
  if (value.type.kind !== 'context') return value;
  const type: Type = { kind: 'pointer', to: VOID, space: 'none' };
  return { kind: 'cast', type, operand: value, range: value.range };
}

/** `return` in a function: converted to its type. Undefined after an error. */
export function typeFunctionReturn(
  typing: Typing,
  routine: FunctionSignature,
  node: ast.Jump,
): TypedExpression | 'nothing' | undefined {
  const { returns } = routine;
  if (!node.value) {
    if (returns.kind === 'void' || isUnknown(returns)) return 'nothing';
    error(
      typing,
      'missing-return',
      `${routine.name}() must return a value of type '${typeName(returns)}'`,
      node.range,
    );
    return undefined;
  }
  const value = typeExpression(typing, node.value);
  if (isUnknown(value.type) || isUnknown(returns)) return undefined;
  const converted = returns.kind === 'void' ? undefined : assignable(typing, value, returns);
  if (!converted) {
    error(
      typing,
      'return-type',
      `${routine.name}() returns '${typeName(returns)}', not '${typeName(value.type)}'`,
      value.range,
    );
  }
  return converted;
}

/**
 * The functions that the probes reach, each behind those that it calls. Recursion and chains of calls that
 * are too long for the verifier are errors.
 */
export function reachedFunctions(
  probes: readonly TypedProbe[],
  functions: readonly TypedFunction[],
  diagnostics: Diagnostics,
): readonly TypedFunction[] {
  const bySymbol = new Map(functions.map((entry) => [entry.symbol, entry]));
  const heights = new Map<string, number>();
  const order: TypedFunction[] = [];
  const visit = (symbol: string, path: readonly TypedFunction[]): number => {
    const known = heights.get(symbol);
    if (known !== undefined) return known;
    const entry = bySymbol.get(symbol);
    // A linked function: what it calls in turn is known to the verifier only.
    if (!entry) return 1;
    const start = path.indexOf(entry);
    if (start !== -1) {
      const circle = [...path.slice(start), entry].map((step) => step.name);
      diagnostics.error(
        'recursion',
        `Recursive function call: ${circle.join(' -> ')}`,
        nameRange(entry),
        'BPF programs cannot recurse: use a loop.',
      );
      heights.set(symbol, 1);
      return 1;
    }
    const below = entry.calls.map((callee) => visit(callee, [...path, entry]));
    const height = heights.get(symbol) ?? 1 + Math.max(0, ...below);
    if (!heights.has(symbol)) order.push(entry);
    heights.set(symbol, height);
    return height;
  };
  for (const probe of probes) {
    const height = 1 + Math.max(0, ...probe.calls.map((callee) => visit(callee, [])));
    if (height > MOST_FRAMES) {
      diagnostics.error(
        'nesting-depth',
        `Function calls are nested ${height} deep; the kernel allows ${MOST_FRAMES}`,
        probe.range,
      );
    }
  }
  // Functions that nothing calls are checked for recursion too, but are not part of the outcome.
  const reached = [...order];
  for (const entry of functions) visit(entry.symbol, []);
  return reached;
}

function nameRange(entry: TypedFunction): Range {
  return { start: entry.range.start, end: entry.body.range.start };
}
