/**
 * Maps that are emptied while programs run have two generations. Programs work in the one that a word in `.bss` names;
 * the loader turns the word, waits until no program can still be in the old one, and only then reads and empties it
 * (docs/decisions/print-then-clear.md).
 */
import { unsigned } from '../../linker/btf/types.ts';
import type { TypedProgram, TypedStatement } from '../analysis/typed.ts';
import type { IrBool, IrPointer, IrValue } from '../llvm/ir.ts';
import type { MapPlan } from './map-plans.ts';
import type { FunctionState, UnitState } from './state.ts';
import { type Visitor, visitExpressionChildren, visitStatementChildren } from './walk.ts';

/** Names of the maps. `end` runs when nothing else does any more. */
export function emptiedMaps(program: TypedProgram): ReadonlySet<string> {
  const names = new Set<string>();
  const visitor: Visitor = {
    expression(expression) {
      if (expression.kind === 'call' && expression.map !== undefined) {
        const { onMap } = expression.traits;
        if (onMap === 'clear' || onMap === 'zero') names.add(expression.map);
      }
      visitExpressionChildren(expression, visitor);
    },
    statement: (statement: TypedStatement) => visitStatementChildren(statement, visitor),
  };
  for (const probe of [...program.probes, ...program.functions]) {
    if (probe.target.provider === 'end') continue;
    if (probe.predicate) visitor.expression(probe.predicate);
    visitor.statement(probe.body);
  }
  return names;
}

/** Makes the word known. */
export function declareWord(unit: UnitState, word: string): void {
  unit.variable({ symbol: word, section: '.bss', type: unsigned(8) });
}

/** Address of the word, for helpers that take it as the key of a slot: one read of the kernel's, none of the program's. */
export function generationPointer(fn: FunctionState, word: string): IrPointer {
  declareWord(fn.unit, word);
  return fn.ir.global(word);
}

/**
 * 0 or 1, read once by a function: what it reads of a map and what it writes there for it is of one generation, so
 * that no old value gets into the new one.
 */
export function generationOf(fn: FunctionState, word: string): IrValue {
  const known = fn.generations.get(word);
  if (known) return known;
  declareWord(fn.unit, word);
  const value = fn.ir.loadAtEntry(word);
  fn.generations.set(word, value);
  return value;
}

/** Whether the map is in its second generation; undefined for maps that have but one. */
export function isNext(fn: FunctionState, { generations }: MapPlan): IrBool | undefined {
  return generations && fn.ir.toBool(generationOf(fn, generations.word));
}
