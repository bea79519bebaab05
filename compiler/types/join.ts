/**
 * The type that a map, a variable, a key or the branches of a condition get from all the values that flow
 * into them.
 */

import { sameSeries, sameType } from './equality.ts';
import { asInteger, promote } from './integers.ts';
import type { AggregateType, RecordType, Type } from './type.ts';
import { isAggregate } from './type.ts';

/** Which parts of a value are literals that still take another's sign: for tuples and records by element. */
export type Flexibility = boolean | readonly Flexibility[];

/** A type that flows somewhere. */
export interface Flow {
  readonly type: Type;
  readonly flexible: Flexibility;
}

/** The smallest type that holds both; undefined when there is none. The first one's order and space win. */
export function join(a: Flow, b: Flow): Flow | undefined {
  const left = a.type;
  const right = b.type;
  if (left.kind === 'tuple' && right.kind === 'tuple') {
    if (left.elements.length !== right.elements.length) return undefined;
    const elements = joinAll(parts(a, left.elements), parts(b, right.elements));
    return elements && composed({ kind: 'tuple', elements: elements.map((e) => e.type) }, elements);
  }
  if (left.kind === 'record' && right.kind === 'record') return joinRecords(a, left, b, right);
  if (sameType(left, right)) return { type: left, flexible: bothFlexible(a, b) };
  if (isAggregate(left) || isAggregate(right)) {
    const type = isAggregate(left) && isAggregate(right) && joinAggregates(a, left, b, right);
    return type ? { type, flexible: bothFlexible(a, b) } : undefined;
  }
  const leftInt = asInteger(left);
  const rightInt = asInteger(right);
  if (leftInt && rightInt) {
    const { type } = promote(
      { type: leftInt, flexible: a.flexible === true || left.kind === 'bool' },
      { type: rightInt, flexible: b.flexible === true || right.kind === 'bool' },
    );
    return { type, flexible: bothFlexible(a, b) };
  }
  if (
    (left.kind === 'string' && right.kind === 'string') ||
    (left.kind === 'buffer' && right.kind === 'buffer')
  ) {
    return { type: left.size >= right.size ? left : right, flexible: false };
  }
  if (left.kind === 'pointer' && right.kind === 'pointer') {
    return sameIgnoringSpace(left, right) ? { type: left, flexible: false } : undefined;
  }
  return undefined;
}

/** Equal but for the address spaces of pointers. */
export function sameIgnoringSpace(a: Type, b: Type): boolean {
  if (a.kind === 'pointer' && b.kind === 'pointer') return sameIgnoringSpace(a.to, b.to);
  return sameType(a, b);
}

function joinAggregates(
  a: Flow,
  left: AggregateType,
  b: Flow,
  right: AggregateType,
): AggregateType | undefined {
  if (left.kind !== right.kind) return undefined;
  if (left.kind === 'tseries' && right.kind === 'tseries' && !sameSeries(left, right)) {
    return undefined;
  }
  if (!('signed' in left) || !('signed' in right)) {
    return sameType(left, right) ? left : undefined;
  }
  if (a.flexible === true) return { ...left, signed: right.signed };
  if (b.flexible === true) return left;
  return { ...left, signed: left.signed || right.signed };
}

function joinRecords(a: Flow, left: RecordType, b: Flow, right: RecordType): Flow | undefined {
  if (left.fields.length !== right.fields.length) return undefined;
  const others = parts(
    b,
    right.fields.map((field) => field.type),
  );
  const matching: Flow[] = [];
  for (const field of left.fields) {
    const index = right.fields.findIndex((other) => other.name === field.name);
    const other = others[index];
    if (!other) return undefined;
    matching.push(other);
  }
  const own = parts(
    a,
    left.fields.map((field) => field.type),
  );
  const joined = joinAll(own, matching);
  if (!joined) return undefined;
  const fields = left.fields.map((field, index) => ({
    name: field.name,
    type: joined[index]?.type ?? field.type,
  }));
  return composed({ kind: 'record', fields }, joined);
}

function composed(type: Type, elements: readonly Flow[]): Flow {
  return { type, flexible: elements.map((element) => element.flexible) };
}

function parts(flow: Flow, types: readonly Type[]): readonly Flow[] {
  const { flexible } = flow;
  return types.map((type, index) => ({
    type,
    flexible: typeof flexible === 'boolean' ? flexible : (flexible[index] ?? false),
  }));
}

function joinAll(a: readonly Flow[], b: readonly Flow[]): readonly Flow[] | undefined {
  const joined: Flow[] = [];
  for (const [index, left] of a.entries()) {
    const right = b[index];
    const both = right && join(left, right);
    if (!both) return undefined;
    joined.push(both);
  }
  return joined;
}

function bothFlexible(a: Flow, b: Flow): boolean {
  return a.flexible === true && b.flexible === true;
}
