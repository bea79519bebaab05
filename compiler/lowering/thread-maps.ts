/**
 * Which maps of a script are the threads' own: `@start[tid] = nsecs; ... delete(@start, tid);`. A value that a program
 * sees there is one that the same thread has left, and nobody else ever looks: so it can stand with the thread instead of
 * in a hash map (docs/decisions/values-of-threads.md).
 */

import type { ProviderName } from '../../linker/contract/providers.ts';
import type { ManifestMetric } from '../../linker/manifest/manifest.ts';
import type {
  MapSymbol,
  TypedCall,
  TypedExpression,
  TypedProbe,
  TypedProgram,
} from '../analysis/typed.ts';
import { mayRecurse } from '../probes/recursion.ts';
import { layoutOf } from '../types/layout.ts';
import { isAggregate, isScalar } from '../types/type.ts';
import {
  canEndProgram,
  type Visitor,
  visitExpressionChildren,
  visitStatementChildren,
} from './walk.ts';

/** Programs that run for the loader, whose thread is not one that is traced; and those that say nothing of a thread. */
const OTHERS: ReadonlySet<ProviderName> = new Set<ProviderName>([
  'begin',
  'end',
  'self',
  'iter',
  'test',
  'bench',
]);

/** Names of the maps. */
export function threadMaps(
  program: TypedProgram,
  metrics: ReadonlyMap<string, ManifestMetric> | undefined,
): ReadonlySet<string> {
  const cleared = new Set(program.probes.flatMap(clearedAtEnd));
  const names = new Set(
    program.maps
      .filter((map) => cleared.has(map.name) && !metrics?.has(map.name) && canStand(map))
      .map(({ name }) => name),
  );
  // Nothing then keeps programs from running inside of the kernel's own work on these values.
  if (names.size === 0 || program.probes.some(({ target }) => mayRecurse(target))) return new Set();
  for (const probe of program.probes) {
    const isOther = OTHERS.has(probe.target.provider);
    for (const name of mapsUsed(probe, isOther ? isClearOf(probe) : isOfThread)) names.delete(name);
  }
  for (const fn of program.functions) for (const name of mapsUsed(fn, never)) names.delete(name);
  return names;
}

/** Values that are written in one go, so that whatever interrupts a program sees one or the other. */
function canStand({ key, value, declared }: MapSymbol): boolean {
  return (
    key?.kind === 'int' &&
    declared === undefined &&
    !isAggregate(value) &&
    isScalar(value) &&
    layoutOf(value).size <= 8
  );
}

/** `end { clear(@m); }`, in any case: so it is never printed by itself. Nothing before it leaves the block. */
function clearedAtEnd(probe: TypedProbe): readonly string[] {
  if (probe.target.provider !== 'end' || probe.predicate) return [];
  const { statements } = probe.body;
  const leaving = statements.findIndex(canEndProgram);
  return statements
    .slice(0, leaving === -1 ? statements.length : leaving)
    .flatMap((statement) =>
      statement.kind === 'expression-statement' ? clearedBy(statement.expression) : [],
    );
}

function clearedBy(expression: TypedExpression): readonly string[] {
  const isClear = expression.kind === 'call' && expression.traits.onMap === 'clear';
  return isClear && expression.map !== undefined ? [expression.map] : [];
}

interface Use {
  readonly map: string;
  /** undefined: the map as a whole. */
  readonly key?: TypedExpression | undefined;
  readonly clears?: boolean;
}

type Test = (use: Use) => boolean;

const never: Test = () => false;

const isOfThread: Test = ({ key }) => key !== undefined && isThreadId(key);

/** In programs of the loader nothing but `clear` at the end. */
function isClearOf(probe: TypedProbe): Test {
  const cleared = clearedAtEnd(probe);
  return ({ map, clears }) => clears === true && cleared.includes(map);
}

function isThreadId(key: TypedExpression): boolean {
  if (key.kind === 'cast')
    return key.type.kind === 'int' && key.type.size >= 4 && isThreadId(key.operand);
  if (key.kind !== 'call' || key.builtin !== 'tid') return false;
  return (key.plan as { readonly namespace?: string } | undefined)?.namespace === 'curr_ns';
}

/** Maps that a probe uses in another way. */
function mapsUsed(probe: TypedProbe, fits: Test): readonly string[] {
  const others: string[] = [];
  const use = (one: Use): void => {
    if (!fits(one)) others.push(one.map);
  };
  const visitor: Visitor = {
    expression(expression) {
      if (expression.kind === 'map') use(expression);
      if (expression.kind === 'step' && expression.target.kind === 'map') use(expression.target);
      if (expression.kind === 'call') useOfCall(expression, use);
      visitExpressionChildren(expression, visitor);
    },
    statement(statement) {
      if (statement.kind === 'assign-map' || statement.kind === 'aggregate') use(statement);
      if (statement.kind === 'for-map') use({ map: statement.map });
      visitStatementChildren(statement, visitor);
    },
  };
  if (probe.predicate) visitor.expression(probe.predicate);
  visitor.statement(probe.body);
  return others;
}

/** `delete` and `has_key` have a key; `len`, `print`, `clear` and `zero` mean the whole map. */
function useOfCall({ map, args, traits: { onMap } }: TypedCall, use: (one: Use) => void): void {
  if (map === undefined) return;
  const isWhole = onMap !== undefined && onMap !== 'looks';
  use({ map, key: isWhole ? undefined : args[0], clears: onMap === 'clear' });
}
