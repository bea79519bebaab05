/**
 * Where the variables of a probe live, decided before the probe is lowered.
 *
 * Loops that become callbacks cannot see the registers and the stack names of the program around them. A
 * variable that is used on both sides of such a border stands in scratch memory (why not on the stack:
 * layoutFrame in program.ts); any other is an alloca, which LLVM turns into a register where it can.
 */
import { followsKernel } from '../analysis/conversion.ts';
import type {
  TypedBlock,
  TypedExpression,
  TypedFunction,
  TypedProbe,
  TypedStatement,
  VariableSymbol,
} from '../analysis/typed.ts';
import { type Visitor, visitExpressionChildren, visitStatementChildren } from './walk.ts';

/** A block, or an expression with statements. */
export type Scope = TypedBlock | Extract<TypedExpression, { kind: 'block-value' }>;

export interface VariablePlan {
  readonly variable: VariableSymbol;
  /** Used both inside and outside of some callback. */
  readonly captured: boolean;
  /** Has to be zeroed on entry of its scope: it may be read before it is assigned. */
  readonly zeroed: boolean;
  /** The only assignment's value, if there is just one and it comes first. */
  readonly onlyValue: TypedExpression | undefined;
  readonly assigned: boolean;
  /** Every use takes an element of the (tuple) value. */
  readonly elementsOnly: boolean;
}

export interface ProbePlan {
  readonly variables: ReadonlyMap<number, VariablePlan>;
  /** Variables that begin their life with a scope. Loop variables are not among them. */
  readonly scopes: ReadonlyMap<Scope, readonly VariablePlan[]>;
  /** Deepest nesting of callbacks; 0: none. */
  readonly callbackDepth: number;
  /** Loops that become callbacks, numbered for their slots in the frame. */
  readonly loopSlots: ReadonlyMap<TypedStatement, number>;
}

/** Trip counts up to this one are plain loops: cheaper than a helper's calls, and few for the verifier. */
const PLAIN_LOOP_TRIPS = 16n;

/** Number of iterations of a loop over a constant range, if it is one and small. */
export function smallTripCount(
  loop: Extract<TypedStatement, { kind: 'for-range' }>,
): bigint | undefined {
  if (loop.from.kind !== 'int' || loop.to.kind !== 'int') return undefined;
  if (followsKernel(loop.from) || followsKernel(loop.to)) return undefined;
  const count = loop.to.value - loop.from.value;
  if (count > PLAIN_LOOP_TRIPS) return undefined;
  return count < 0n ? 0n : count;
}

/**
 * Statements that the verifier may walk through, one after the other, in the rounds of a plain loop with those of the
 * loops in it. It gives up at 8,192 branches that it has yet to come back to (BPF_COMPLEXITY_LIMIT_JMP_SEQ), and a
 * statement that prints or fills a map has some.
 */
const MOST_STEPS = 1000;

export function becomesCallback(statement: TypedStatement): boolean {
  if (statement.kind === 'for-map') return true;
  if (statement.kind === 'for-range' && smallTripCount(statement) === undefined) return true;
  return isCounted(statement) && stepsOf(statement) > MOST_STEPS && !readsContext(statement);
}

/** Whether a statement reads what the probe was called with, which only the program itself can. */
function readsContext(statement: TypedStatement): boolean {
  let found = false;
  const visitor: Visitor = {
    expression(expression) {
      found ||=
        expression.kind === 'tracepoint-field' ||
        expression.kind === 'context-argument' ||
        (expression.kind === 'call' && expression.traits.readsContext === true);
      if (!found) visitExpressionChildren(expression, visitor);
    },
    statement(inner) {
      if (!found) visitStatementChildren(inner, visitor);
    },
  };
  visitor.statement(statement);
  return found;
}

type Counted = Extract<TypedStatement, { kind: 'for-range' | 'unroll' }>;

function isCounted(statement: TypedStatement): statement is Counted {
  return statement.kind === 'for-range' || statement.kind === 'unroll';
}

/** Of loops that were counted: loops ask for those in them, and each pass asks for all. */
const counted = new WeakMap<Counted, number>();

/** Statements that run in all rounds of a loop whose rounds are known. A callback in it is one: it is checked once. */
export function stepsOf(loop: Counted): number {
  const known = counted.get(loop) ?? countSteps(loop);
  counted.set(loop, known);
  return known;
}

function countSteps(loop: Counted): number {
  const rounds = loop.kind === 'unroll' ? loop.count : Number(smallTripCount(loop) ?? 1n);
  let steps = 0;
  const visitor: Visitor = {
    expression(expression) {
      visitExpressionChildren(expression, visitor);
    },
    statement(statement) {
      if (isCounted(statement) && !becomesCallback(statement)) {
        steps += stepsOf(statement);
        return;
      }
      if (statement.kind !== 'block') steps += 1;
      if (!becomesCallback(statement)) visitStatementChildren(statement, visitor);
    },
  };
  visitor.statement(loop.body);
  return rounds * steps;
}

interface Record {
  readonly variable: VariableSymbol;
  /** Common prefix of the scopes around all uses. */
  path: readonly Scope[];
  readonly regions: Set<number>;
  firstAssignedIn: Scope | undefined;
  assignments: number;
  value: TypedExpression | undefined;
  elementsOnly: boolean;
  /** A loop or a call gives it its value. */
  given: boolean;
}

export function planVariables(
  probe: TypedProbe & Partial<Pick<TypedFunction, 'parameters'>>,
): ProbePlan {
  const records = new Map<number, Record>();
  const loopSlots = new Map<TypedStatement, number>();
  const path: Scope[] = [];
  let region = 0;
  let regions = 0;
  let depth = 0;
  let callbackDepth = 0;

  const use = (variable: VariableSymbol): { readonly record: Record; readonly first: boolean } => {
    const known = records.get(variable.id);
    if (known) {
      known.regions.add(region);
      known.path = commonPrefix(known.path, path);
      return { record: known, first: false };
    }
    const record: Record = {
      variable,
      path: [...path],
      regions: new Set([region]),
      firstAssignedIn: undefined,
      assignments: 0,
      value: undefined,
      elementsOnly: true,
      given: false,
    };
    records.set(variable.id, record);
    return { record, first: true };
  };

  const inScope = (scope: Scope, body: () => void): void => {
    path.push(scope);
    body();
    path.pop();
  };

  const loop = (
    statement: Extract<TypedStatement, { kind: 'for-range' | 'for-map' | 'unroll' }>,
    body: () => void,
  ): void => {
    const callback = becomesCallback(statement);
    if (callback) loopSlots.set(statement, loopSlots.size);
    const outer = region;
    if (callback) {
      regions += 1;
      region = regions;
      depth += 1;
      callbackDepth = Math.max(callbackDepth, depth);
    }
    if (statement.kind !== 'unroll') {
      const { record } = use(statement.variable);
      record.given = true;
      record.assignments += 1;
    }
    body();
    if (callback) {
      region = outer;
      depth -= 1;
    }
  };

  const visitor: Visitor = {
    expression(expression) {
      if (expression.kind === 'variable') {
        use(expression.variable).record.elementsOnly = false;
        return;
      }
      if (expression.kind === 'element' && expression.base.kind === 'variable') {
        use(expression.base.variable);
        return;
      }
      if (expression.kind === 'step' && expression.target.kind === 'variable') {
        const { record } = use(expression.target.variable);
        record.assignments += 1;
        record.elementsOnly = false;
      }
      if (expression.kind === 'block-value') {
        inScope(expression, () => visitExpressionChildren(expression, visitor));
        return;
      }
      visitExpressionChildren(expression, visitor);
    },
    statement(statement) {
      switch (statement.kind) {
        case 'block':
          inScope(statement, () => visitStatementChildren(statement, visitor));
          return;
        case 'assign-variable': {
          visitStatementChildren(statement, visitor);
          const { record, first } = use(statement.variable);
          record.assignments += 1;
          record.value = statement.value;
          record.elementsOnly = false;
          if (first) record.firstAssignedIn = path.at(-1);
          return;
        }
        case 'for-range':
          visitor.expression(statement.from);
          visitor.expression(statement.to);
          loop(statement, () => visitor.statement(statement.body));
          return;
        case 'for-map':
        case 'unroll':
          loop(statement, () => visitor.statement(statement.body));
          return;
        default:
          visitStatementChildren(statement, visitor);
      }
    },
  };
  for (const parameter of probe.parameters ?? []) use(parameter).record.given = true;
  if (probe.predicate) visitor.expression(probe.predicate);
  visitor.statement(probe.body);

  const variables = new Map<number, VariablePlan>();
  const scopes = new Map<Scope, VariablePlan[]>();
  for (const [id, record] of records) {
    const home = record.path.at(-1) ?? probe.body;
    const assignedFirst = record.firstAssignedIn === home;
    const plan: VariablePlan = {
      variable: record.variable,
      captured: record.regions.size > 1,
      zeroed: !assignedFirst && !record.given,
      onlyValue: assignedFirst && record.assignments === 1 ? record.value : undefined,
      assigned: record.assignments > 0,
      elementsOnly: record.elementsOnly,
    };
    variables.set(id, plan);
    if (record.given) continue;
    const siblings = scopes.get(home);
    if (siblings) siblings.push(plan);
    else scopes.set(home, [plan]);
  }
  return { variables, scopes, callbackDepth, loopSlots };
}

function commonPrefix<T>(left: readonly T[], right: readonly T[]): readonly T[] {
  let length = 0;
  while (length < left.length && length < right.length && left[length] === right[length]) {
    length += 1;
  }
  return left.slice(0, length);
}
