/** Scratch variables: block scope, declaration, assignment and use. */

import { type Hint, inserting } from '../source/advice.ts';
import { didYouMean } from '../source/closest.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { sameType } from '../types/equality.ts';
import { join } from '../types/join.ts';
import { namesApart, typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { INT64, isAggregate } from '../types/type.ts';
import { assignable, convertStored, flowOf, storable } from './conversion.ts';
import { declarationPlace } from './hoisting.ts';
import { LOCKED } from './locks.ts';
import { warnOfSpaces } from './pointers.ts';
import type { Scope, Typing, Variable } from './state.ts';
import { error, failed, isUnknown, UNKNOWN, warning } from './state.ts';
import type { TypedExpression, TypedStatement } from './typed.ts';

/** Values above this stay where they are: a variable that holds one would be copied at each assignment. */
const LARGEST_VALUE = 4096;

export function findVariable(typing: Typing, name: string): Variable | undefined {
  for (let scope: Scope | undefined = typing.scope; scope; scope = scope.parent) {
    const variable = scope.names.get(name);
    if (variable) return variable;
  }
  return undefined;
}

function visibleNames(typing: Typing): string[] {
  const names: string[] = [];
  for (let scope: Scope | undefined = typing.scope; scope; scope = scope.parent) {
    names.push(...scope.names.keys());
  }
  return names;
}

/** The declared type, what the rounds before found, what this round has seen so far, or UNKNOWN. */
export function variableType(typing: Typing, variable: Variable): Type {
  const { known, variables, assume } = typing.round;
  const type =
    variable.fixed ?? (known.variables.get(variable.key) ?? variables.get(variable.key))?.type;
  if (type) return type;
  // `let $x;` that is only ever read is an integer 0.
  return variable.bare && assume ? INT64 : UNKNOWN;
}

/** Makes a variable in the innermost scope. The caller has checked that none of this name is visible. */
export function declare(
  typing: Typing,
  name: string,
  range: Range,
  options: { readonly fixed?: Type | undefined; readonly bare?: boolean } = {},
): Variable {
  const key = `${typing.copy}:${range.start}`;
  const fixed = options.fixed;
  const bare = options.bare ?? false;
  const known = fixed ?? typing.round.known.variables.get(key)?.type;
  const type = known ?? (bare && typing.round.assume ? INT64 : UNKNOWN);
  const variable: Variable = {
    key,
    symbol: { id: typing.variables.length, name, type },
    fixed,
    bare,
    range,
    assigned: false,
    locked: undefined,
  };
  typing.variables.push(variable);
  typing.scope.names.set(name, variable);
  return variable;
}

/** Reports a second declaration of a visible name. */
export function checkShadowing(typing: Typing, name: string, range: Range): boolean {
  if (!findVariable(typing, name)) return true;
  error(
    typing,
    'shadowing',
    `Variable ${name} was already declared. Variable shadowing is not allowed.`,
    range,
  );
  return false;
}

export function readVariable(typing: Typing, { name, range }: ast.Variable): TypedExpression {
  const variable = findVariable(typing, name);
  if (!variable) {
    const hidden = typing.variables.findLast(({ symbol }) => symbol.name === name);
    const hints = hidden
      ? declaredBefore(typing, name, range)
      : didYouMean(name, visibleNames(typing), range);
    return failed(
      typing,
      'undefined-variable',
      `Undefined or undeclared variable: ${name}`,
      range,
      ...hints,
    );
  }
  if (!variable.assigned && variable.bare) {
    warning(typing, 'unassigned-variable', `Variable used before it was assigned: ${name}`, range);
  }
  const type = variableType(typing, variable);
  if (isUnknown(type)) typing.round.sawUnknown = true;
  return { kind: 'variable', type, variable: variable.symbol, range };
}

/** The variable was assigned in a block that has ended. */
function declaredBefore(typing: Typing, name: string, use: Range): readonly Hint[] {
  const hint = `It ends with the block in which it was first assigned. Declare it before that block: let ${name};`;
  const place = declarationPlace(typing.round.items, name, use);
  return place === undefined ? [hint] : [inserting(hint, place, `let ${name}; `)];
}

/** `$x = value`, where the variable may be new. Gives no statement after an error. */
export function assignVariable(
  typing: Typing,
  target: ast.Variable,
  value: TypedExpression,
  range: Range,
): TypedStatement | undefined {
  const variable = findVariable(typing, target.name) ?? declare(typing, target.name, target.range);
  return assignTo(typing, variable, value, range);
}

/** Lets a value flow into a variable and gives the assignment. */
export function assignTo(
  typing: Typing,
  variable: Variable,
  value: TypedExpression,
  range: Range,
): TypedStatement | undefined {
  variable.assigned = true;
  if (isUnknown(value.type)) return undefined;
  if (!storable(typing, value, 'assigned to a scratch variable')) return undefined;
  if (isAggregate(value.type)) {
    error(
      typing,
      'map-value-use',
      `Value '${typeName(value.type)}' cannot be assigned to a scratch variable`,
      value.range,
    );
    return undefined;
  }
  if (value.type.kind === 'struct' && value.type.size > LARGEST_VALUE) {
    error(
      typing,
      'value-too-large',
      `A value of type '${typeName(value.type)}' is too large for a variable (${value.type.size} bytes)`,
      value.range,
      'Keep a pointer to it instead, and use its fields.',
    );
    return undefined;
  }
  const converted = variable.fixed
    ? assignable(typing, value, variable.fixed)
    : flowIntoVariable(typing, variable, value);
  if (!converted) {
    const type = variable.fixed ?? typing.round.variables.get(variable.key)?.type ?? UNKNOWN;
    const [given, existing] = namesApart(value.type, type);
    error(
      typing,
      'type-mismatch',
      `Type mismatch for ${variable.symbol.name}: trying to assign value of type '${given}' when variable already has a type '${existing}'`,
      value.range,
    );
    return undefined;
  }
  return { kind: 'assign-variable', variable: variable.symbol, value: converted, range };
}

function flowIntoVariable(
  typing: Typing,
  variable: Variable,
  value: TypedExpression,
): TypedExpression | undefined {
  const { variables } = typing.round;
  const existing = variables.get(variable.key);
  const flow = flowOf(value);
  const joined = existing ? join(existing, flow) : flow;
  if (!joined) return undefined;
  if (existing) warnOfSpaces(typing, existing.type, flow.type, value.range);
  if (variable.locked && !sameType(variable.locked, joined.type)) {
    error(
      typing,
      'locked-type',
      `${LOCKED} It is '${typeName(variable.locked)}', this needs '${typeName(joined.type)}'.`,
      value.range,
    );
  }
  variables.set(variable.key, joined);
  return convertStored(typing, value, variableType(typing, variable));
}

/** Warnings that need the whole probe: variables that are declared and never assigned. */
export function checkVariables(typing: Typing): void {
  for (const variable of typing.variables) {
    if (!variable.assigned && variable.bare) {
      warning(
        typing,
        'never-assigned',
        `Variable ${variable.symbol.name} was never assigned to.`,
        variable.range,
      );
    }
  }
}

/** A variable of the compiler's own, which no script can name. */
export function declareHidden(typing: Typing, type: Type, range: Range): Variable {
  const variable: Variable = {
    key: `${typing.copy}:hidden:${range.start}`,
    symbol: { id: typing.variables.length, name: '', type },
    fixed: type,
    bare: false,
    range,
    assigned: true,
    locked: undefined,
  };
  typing.variables.push(variable);
  return variable;
}

/** Stepping makes an integer variable 64 bits wide, unless its type is declared; false after an error. */
export function flowStep(typing: Typing, variable: Variable, type: Type, range: Range): boolean {
  if (variable.fixed) return true;
  const { variables } = typing.round;
  const existing = variables.get(variable.key);
  const joined = existing ? join(existing, { type, flexible: true }) : { type, flexible: true };
  if (!joined) return false;
  if (variable.locked && !sameType(variable.locked, joined.type)) {
    error(
      typing,
      'locked-type',
      `${LOCKED} It is '${typeName(variable.locked)}', this needs '${typeName(joined.type)}'.`,
      range,
    );
  }
  variables.set(variable.key, joined);
  return true;
}
