/** `++` and `--`. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrValue, Width } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import { lowerValue, storesSigned, variableStorage } from './expressions.ts';
import { insertElement } from './insertion.ts';
import { lookupByKey } from './map-keys.ts';
import { lookupElement, lowerKey, markPresent, planOf } from './maps.ts';
import { truncateTo } from './operators.ts';
import type { FunctionState } from './state.ts';

type Step = Extract<TypedExpression, { kind: 'step' }>;

/** Reads, adds and stores with one look-up; gives the value before (postfix) or after (prefix). */
export function lowerStep(fn: FunctionState, expression: Step): IrValue {
  const { ir } = fn;
  const { target, prefix } = expression;
  const size = lowerValue(fn, expression.size);
  const step = expression.step > 0 ? size : ir.op('sub', ir.constant(0), size);
  if (target.kind === 'variable') {
    const { pointer } = variableStorage(fn, target.variable);
    const { type } = target.variable;
    const width = layoutOf(type).size as Width;
    const before = ir.load(pointer, 0, width, storesSigned(type));
    const after = truncateTo(fn, ir.op('add', before, step), type);
    ir.store(pointer, 0, width, after);
    return prefix ? after : before;
  }

  const plan = planOf(fn, target.map);
  const { value } = plan.map;
  const width = layoutOf(value).size as Width;
  if (plan.kind === 'global') {
    const pointer = lookupElement(fn, plan, undefined);
    const before = ir.load(pointer, 0, width, storesSigned(value));
    const after = truncateTo(fn, ir.op('add', before, step), value);
    ir.store(pointer, 0, width, after);
    markPresent(fn, plan);
    return prefix ? after : before;
  }
  if (plan.kind !== 'hash') throw new Error(`${target.map} holds an aggregate`);
  return fn.memory.scope(() => {
    const key = lowerKey(fn, plan, target.key);
    const element = lookupByKey(fn, key);
    return ir.ifValue(
      ir.isNull(element),
      () => {
        const buffer = fn.memory.take(8);
        ir.store(buffer, 0, width, step);
        insertElement(fn, key, buffer, expression.range);
        return prefix ? truncateTo(fn, step, value) : ir.constant(0);
      },
      () => {
        const before = ir.load(element, 0, width, storesSigned(value));
        const after = truncateTo(fn, ir.op('add', before, step), value);
        ir.store(element, 0, width, after);
        return prefix ? after : before;
      },
    );
  });
}
