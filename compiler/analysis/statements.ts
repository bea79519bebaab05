/** Statements and blocks, and where control does not come through. */

import { during } from '../source/bug.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { asInteger } from '../types/integers.ts';
import { typeName } from '../types/names.ts';
import { BOOL, INT64 } from '../types/type.ts';
import { typeAssign, typeLet } from './assignments.ts';
import { boolLiteral, condition, convert } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { typeFunctionReturn } from './functions.ts';
import { typeFor, typeUnroll, typeWhile } from './loops.ts';
import { notComptime } from './queries.ts';
import type { Typing } from './state.ts';
import { error, guarding, innerScope, isUnknown, warning } from './state.ts';
import type { TypedBlock, TypedExpression, TypedStatement } from './typed.ts';
import { allowUnstable } from './unstable.ts';
import { declare } from './variables.ts';

export interface Sequence {
  readonly statements: readonly TypedStatement[];
  /** Control never passes the end. */
  readonly ends: boolean;
}

const NOTHING: Sequence = { statements: [], ends: false };

function one(statement: TypedStatement | undefined): Sequence {
  return statement ? { statements: [statement], ends: false } : NOTHING;
}

/** A block of its own scope, whose tail is a plain statement. */
export function typeBody(
  typing: Typing,
  block: ast.Block,
): { readonly block: TypedBlock; readonly ends: boolean } {
  const inner = innerScope(typing);
  const { tail } = block;
  const all: readonly ast.Statement[] = tail
    ? [...block.statements, { kind: 'expression-statement', expression: tail, range: tail.range }]
    : block.statements;
  const { statements, ends } = typeStatements(inner, all);
  return { block: { kind: 'block', statements, range: block.range }, ends };
}

/** Statements in the current scope. What cannot be reached is checked, but left out. */
export function typeStatements(typing: Typing, statements: readonly ast.Statement[]): Sequence {
  const typed: TypedStatement[] = [];
  let ends = false;
  let warned = false;
  for (const statement of statements) {
    if (ends && !warned) {
      warning(typing, 'unreachable', 'Unreachable statement.', statement.range);
      warned = true;
    }
    const sequence = during({ range: statement.range }, () => typeStatement(typing, statement));
    if (!ends) typed.push(...sequence.statements);
    ends ||= sequence.ends;
  }
  return { statements: typed, ends };
}

function typeStatement(typing: Typing, statement: ast.Statement): Sequence {
  switch (statement.kind) {
    case 'block': {
      const { block, ends } = typeBody(typing, statement);
      return { statements: [block], ends };
    }
    case 'expression-statement':
      return typeEffect(typing, statement.expression, statement.range);
    case 'let':
      return { statements: typeLet(typing, statement), ends: false };
    case 'assign':
      return one(typeAssign(typing, statement));
    case 'discard': {
      const value = typeExpression(typing, statement.value);
      return one(effect(value, statement.range));
    }
    case 'if':
      return typeIf(typing, statement);
    case 'if-chain':
      return typeIfChain(typing, statement);
    case 'while':
      return one(typeWhile(typing, statement));
    case 'unroll':
      return one(typeUnroll(typing, statement));
    case 'for':
      return one(typeFor(typing, statement));
    case 'jump':
      return typeJump(typing, statement);
    case 'import-statement':
      // What it brings is there already (imports/imports.ts).
      allowUnstable(typing.round, 'importStatement', statement.range);
      return NOTHING;
  }
}

/** An expression for what it does. */
function typeEffect(typing: Typing, expression: ast.Expression, range: Range): Sequence {
  if (expression.kind === 'if') return typeIf(typing, expression);
  if (expression.kind === 'if-chain') return typeIfChain(typing, expression);
  if (expression.kind === 'block') {
    const { block, ends } = typeBody(typing, expression);
    return { statements: [block], ends };
  }
  const value = typeExpression(typing, expression);
  if (isDiscarded(typing, expression, value))
    warning(typing, 'discarded-value', 'Return value discarded.', value.range);
  return { statements: [effect(value, range)], ends: endsProgram(value) };
}

/** `c ? print(1) : print(2)` => `if (c) { print(1) } else { print(2) }` */
function effect(value: TypedExpression, range: Range): TypedStatement {
  if (value.kind === 'conditional' && value.type.kind === 'void') {
    return {
      kind: 'if',
      condition: value.condition,
      then: { kind: 'block', statements: [effect(value.then, range)], range: value.then.range },
      else: { kind: 'block', statements: [effect(value.else, range)], range: value.else.range },
      range,
    };
  }
  return { kind: 'expression-statement', expression: value, range };
}

function endsProgram(value: TypedExpression): boolean {
  return value.kind === 'call' && value.traits.endsProgram === true;
}

function isDiscarded(typing: Typing, expression: ast.Expression, value: TypedExpression): boolean {
  if (isUnknown(value.type) || value.type.kind === 'void' || value.kind === 'step') return false;
  if (expression.kind !== 'call') return true;
  return !typing.round.builtins.find(expression.name)?.builtin.traits.discardable;
}

/** A literal condition leaves one branch; the other is not even typed. */
function typeIf(typing: Typing, node: ast.If): Sequence {
  const { test, guarded } = guarding(typing, () =>
    condition(typing, typeExpression(typing, node.condition)),
  );
  if (test.kind === 'int' && !isUnknown(test.type)) {
    const taken = test.value !== 0n ? node.then : node.else;
    if (!taken) return NOTHING;
    if (taken.kind === 'if') return typeIf(typing, taken);
    const { block, ends } = typeBody(typing, taken);
    return { statements: [block], ends };
  }
  if (node.comptime && !isUnknown(test.type)) {
    notComptime(typing, node.condition.range);
    return NOTHING;
  }
  const then = typeBody(guarded, node.then);
  const otherwise = node.else && typeElse(guarded, node.else);
  return {
    statements: [
      {
        kind: 'if',
        condition: test,
        then: then.block,
        else: otherwise?.block,
        range: node.range,
      },
    ],
    ends: then.ends && (otherwise?.ends ?? false),
  };
}

/** So many of a chain's links become an `if` in each other. */
const LINKS_TOGETHER = 50;

/**
 * `if (a) { A } else if (b) { B } ... else { Z }` =>
 * `$none = 0; if (a) { A } else if (b) { B } ... else { $none = 1 }; if ($none) { $none = 0; if (m) { M } ... else { $none = 1 } };
 * ... if ($none) { Z }`: passes that follow come back from one part of the chain before they enter the next.
 */
function typeIfChain(typing: Typing, { links, else: last, range }: ast.IfChain): Sequence {
  const counter = declare(innerScope(typing), 'none', range, { fixed: BOOL });
  counter.assigned = true;
  const { symbol } = counter;
  const none: TypedExpression = { kind: 'variable', type: BOOL, variable: symbol, range };
  const say = (value: boolean): TypedStatement => ({
    ...{ kind: 'assign-variable', variable: symbol, value: boolLiteral(value, range), range },
  });
  const block = (...statements: TypedStatement[]): TypedBlock => ({
    ...{ kind: 'block', statements, range },
  });
  const taken = typeLinks(typing, links);
  const statements: TypedStatement[] = [say(taken.links.length === 0)];
  for (let start = 0; start < taken.links.length; start += LINKS_TOGETHER) {
    const part = taken.links
      .slice(start, start + LINKS_TOGETHER)
      .reduceRight((otherwise, link) => block({ ...link, else: otherwise }), block(say(true)));
    if (start === 0) statements.push(...part.statements);
    else
      statements.push({
        ...{ kind: 'if', condition: none, range, else: undefined },
        then: block(say(false), ...part.statements),
      });
  }
  const rest = taken.rest ?? (last && typeBody(taken.typing, last));
  if (rest)
    statements.push({ kind: 'if', condition: none, then: rest.block, else: undefined, range });
  return { statements, ends: taken.ends && (rest?.ends ?? false) };
}

/** The links whose conditions are not literal; `rest`: what a literal leaves of those behind it. */
function typeLinks(
  typing: Typing,
  nodes: readonly ast.If[],
): {
  readonly links: readonly Extract<TypedStatement, { kind: 'if' }>[];
  readonly rest: { readonly block: TypedBlock; readonly ends: boolean } | undefined;
  readonly typing: Typing;
  readonly ends: boolean;
} {
  const links: Extract<TypedStatement, { kind: 'if' }>[] = [];
  let place = typing;
  let ends = true;
  for (const { condition: asked, comptime, then: body, range } of nodes) {
    const { test, guarded } = guarding(place, () => condition(place, typeExpression(place, asked)));
    if (test.kind === 'int' && !isUnknown(test.type)) {
      if (test.value !== 0n) return { links, rest: typeBody(place, body), typing: place, ends };
      continue;
    }
    if (comptime && !isUnknown(test.type)) {
      notComptime(place, asked.range);
      continue;
    }
    place = guarded;
    const then = typeBody(place, body);
    ends &&= then.ends;
    links.push({ kind: 'if', condition: test, then: then.block, else: undefined, range });
  }
  return { links, rest: undefined, typing: place, ends };
}

function typeElse(
  typing: Typing,
  node: ast.Block | ast.If,
): { readonly block: TypedBlock; readonly ends: boolean } {
  if (node.kind === 'block') return typeBody(typing, node);
  const { statements, ends } = typeIf(typing, node);
  return { block: { kind: 'block', statements, range: node.range }, ends };
}

function typeJump(typing: Typing, node: ast.Jump): Sequence {
  if (node.jump === 'return') return typeReturn(typing, node);
  const [loop] = typing.loops;
  if (!loop) {
    error(
      typing,
      'misplaced-jump',
      `'${node.jump}' statement is not allowed in a probe`,
      node.range,
    );
    return NOTHING;
  }
  return { statements: [{ kind: node.jump, range: node.range }], ends: true };
}

function typeReturn(typing: Typing, node: ast.Jump): Sequence {
  for (const loop of typing.loops) {
    if (loop.kind === 'unroll') continue;
    const valued = node.value !== undefined;
    loop.returns ??= valued;
    if (loop.returns !== valued) {
      error(typing, 'return-type', 'Return value used in loop is inconsistent', node.range);
      break;
    }
  }
  if (typing.routine) {
    const result = typeFunctionReturn(typing, typing.routine, node);
    if (result === undefined) return { statements: [], ends: true };
    const value = result === 'nothing' ? undefined : result;
    return { statements: [{ kind: 'return', value, range: node.range }], ends: true };
  }
  const value = node.value && typeExpression(typing, node.value);
  if (value && !isUnknown(value.type) && !asInteger(value.type)) {
    error(
      typing,
      'return-type',
      `Probe return values can only be integers. Found ${typeName(value.type)}`,
      value.range,
    );
    return { statements: [], ends: true };
  }
  const converted = value && convert(value, INT64);
  return { statements: [{ kind: 'return', value: converted, range: node.range }], ends: true };
}
