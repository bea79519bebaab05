/** Statements, and the scopes of variables and temporaries. */
import type { TypedBlock, TypedExpression, TypedStatement } from '../analysis/typed.ts';
import type { IrPointer, Width } from '../llvm/ir.ts';
import { during } from '../source/bug.ts';
import { layoutOf } from '../types/layout.ts';
import { isScalar, type Type } from '../types/type.ts';
import { lowerAggregate } from './aggregates.ts';
import {
  lowerCondition,
  lowerEffect,
  lowerInto,
  type lowerValue,
  variableStorage,
} from './expressions.ts';
import { joinPrints } from './joined-prints.ts';
import { lowerForMap, lowerForRange, lowerUnroll } from './loops.ts';
import { lowerMapAssignment } from './maps.ts';
import { isBtfPointer } from './members.ts';
import { lowerReturn } from './program.ts';
import { conditionBefore } from './repeated-reads.ts';
import type { FunctionState } from './state.ts';
import { copyBytes, zeroBytes } from './strings.ts';
import type { Scope, VariablePlan } from './variables.ts';
import { someExpression } from './walk.ts';

export function lowerStatement(fn: FunctionState, statement: TypedStatement): void {
  if (!fn.ir.reachable) return;
  const place = fn.unit.sources.globalPosition(statement.range.start);
  fn.ir.setPlace(place.line, place.column);
  during({ range: statement.range }, () => fn.memory.scope(() => lowerKind(fn, statement)));
}

function lowerKind(fn: FunctionState, statement: TypedStatement): void {
  const { ir } = fn;
  switch (statement.kind) {
    case 'block':
      lowerBlock(fn, statement);
      return;
    case 'expression-statement':
      lowerEffect(fn, statement.expression);
      return;
    case 'assign-variable':
      lowerVariableAssignment(fn, statement);
      return;
    case 'assign-map':
      lowerMapAssignment(fn, statement);
      return;
    case 'aggregate':
      lowerAggregate(fn, statement);
      return;
    case 'if': {
      const { else: otherwise } = statement;
      ir.if_(
        conditionBefore(fn, statement.condition, statement.then),
        () => lowerBlock(fn, statement.then),
        otherwise ? () => lowerBlock(fn, otherwise) : undefined,
      );
      return;
    }
    case 'while':
      fn.unit.features.add('bounded_loops');
      ir.while_(
        () => fn.memory.scope(() => lowerCondition(fn, statement.condition)),
        (loop) => lowerLoopBody(fn, loop, statement.body),
      );
      return;
    case 'unroll':
      lowerUnroll(fn, statement);
      return;
    case 'for-range':
      lowerForRange(fn, statement);
      return;
    case 'for-map':
      lowerForMap(fn, statement);
      return;
    case 'break':
    case 'continue': {
      const loop = fn.loops.at(-1);
      if (!loop) throw new Error(`${statement.kind} outside of a loop`);
      if (statement.kind === 'break') loop.break_();
      else loop.continue_();
      return;
    }
    case 'return':
      lowerReturn(fn, statement.value);
      return;
  }
}

export function lowerBlock(fn: FunctionState, block: TypedBlock): void {
  inScope(fn, block, () => {
    for (const statement of joinPrints(block.statements)) lowerStatement(fn, statement);
  });
}

/** Runs the statements of a block expression, then `value`, with its variables alive. */
export function inValueScope<T>(
  fn: FunctionState,
  expression: Extract<TypedExpression, { kind: 'block-value' }>,
  value: () => T,
): T {
  return inScope(fn, expression, () => {
    for (const statement of joinPrints(expression.statements)) lowerStatement(fn, statement);
    return value();
  });
}

function inScope<T>(fn: FunctionState, scope: Scope, body: () => T): T {
  return fn.memory.scope(() => {
    for (const plan of fn.program.plan.scopes.get(scope) ?? []) declareVariable(fn, plan);
    return body();
  });
}

/** Gives a variable its place for the block that is being entered. */
export function declareVariable(fn: FunctionState, plan: VariablePlan): void {
  const { variable } = plan;
  const { size } = layoutOf(variable.type);
  if (!fn.program.frame.variables.has(variable.id)) {
    const pointer = isScalar(variable.type)
      ? placeOfScalar(fn, plan)
      : fn.memory.take(Math.max(1, size));
    fn.locations.set(variable.id, { kind: 'memory', pointer, align: 8 });
  }
  if (!plan.zeroed) return;
  const to = variableStorage(fn, variable);
  zeroBytes(fn, to.pointer, scalarWidth(variable.type) ?? size, 8);
}

/** A pointer that the verifier knows the type of loses it in memory: it has to stand on the stack. */
function placeOfScalar(fn: FunctionState, plan: VariablePlan): IrPointer {
  const known = plan.onlyValue && isBtfPointer(fn, plan.onlyValue);
  return known ? fn.ir.alloca(8, 8) : fn.memory.takeScalar();
}

/** Scalars are held at their own width, at the start of 8 bytes. */
function scalarWidth(type: Type): Width | undefined {
  return isScalar(type) ? (layoutOf(type).size as Width) : undefined;
}

function lowerVariableAssignment(
  fn: FunctionState,
  statement: Extract<TypedStatement, { kind: 'assign-variable' }>,
): void {
  const { variable, value } = statement;
  const to = variableStorage(fn, variable);
  const readsItself =
    !isScalar(value.type) &&
    value.kind !== 'variable' &&
    someExpression(value, (part) => part.kind === 'variable' && part.variable.id === variable.id);
  if (!readsItself) {
    lowerInto(fn, value, to);
    return;
  }
  const copy = {
    pointer: fn.memory.take(layoutOf(value.type).size),
    align: 8,
    padded: true,
  } as const;
  lowerInto(fn, value, copy);
  copyBytes(fn, to, copy, value.type);
}

/** A loop's body with `break` and `continue` bound to it. */
export function lowerLoopBody(
  fn: FunctionState,
  loop: { break_(): void; continue_(): void },
  body: TypedBlock,
): void {
  fn.loops.push(loop);
  lowerBlock(fn, body);
  fn.loops.pop();
}

/**
 * `i` from `from` to below `to` as a plain loop. The body may assign its variable: the count is kept apart.
 */
export function lowerCountedLoop(
  fn: FunctionState,
  from: bigint,
  to: bigint,
  assign: ((value: ReturnType<typeof lowerValue>) => void) | undefined,
  body: TypedBlock,
): void {
  const { ir } = fn;
  fn.unit.features.add('bounded_loops');
  const counter = ir.alloca(8, 8);
  ir.store(counter, 0, 8, ir.constant(from));
  ir.while_(
    () => ir.compare('slt', ir.load(counter, 0, 8), ir.constant(to)),
    (loop) => {
      const index = ir.load(counter, 0, 8);
      // Counted before the body, so that `continue` needs nothing.
      ir.store(counter, 0, 8, ir.op('add', index, ir.constant(1)));
      assign?.(index);
      lowerLoopBody(fn, loop, body);
    },
  );
}
