/** `@m[k] = count()` and its kin: adding to a slot of this CPU, or to a shared array of buckets. */
import type { TypedStatement } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import { bucketsOf, layoutOf } from '../types/layout.ts';
import {
  type AggregateType,
  type HistType,
  hasBuckets,
  isSizedAtLoad,
  type LinearHistType,
  type TypeNumber,
} from '../types/type.ts';
import { lowerValue } from './expressions.ts';
import { betterThan } from './extremes.ts';
import { generationPointer } from './generations.ts';
import { bucketsVariable, numberValue } from './globals.ts';
import { insertElement, insertOnce } from './insertion.ts';
import { keyIn, lookupByKey, type MapKey } from './map-keys.ts';
import type { HashPlan } from './map-plans.ts';
import { lowerKey, planOf } from './maps.ts';
import { addToSeries, addToSeriesElement } from './series.ts';
import type { FunctionState } from './state.ts';
import { zeros } from './strings.ts';

type Aggregation = Extract<TypedStatement, { kind: 'aggregate' }>;

export function lowerAggregate(fn: FunctionState, statement: Aggregation): void {
  const { ir } = fn;
  const plan = planOf(fn, statement.map);
  const { aggregate } = statement;
  const argument = statement.value ? lowerValue(fn, statement.value) : ir.constant(1);
  if (plan.kind === 'global') throw new Error(`${statement.map} holds no aggregate`);
  if (plan.kind === 'slot') {
    const { generations } = plan;
    // The word itself is the number of the element.
    const key = generations ? generationPointer(fn, generations.word) : zeros(fn, 4);
    const slot = lookupByKey(fn, keyIn(plan.symbol, key));
    ir.if_(ir.not(ir.isNull(slot)), () => {
      addTo(fn, slot, statement, argument, false);
      ir.store(slot, plan.present, 8, ir.constant(1));
    });
    return;
  }
  if (plan.kind === 'series') {
    addToSeries(fn, plan, argument);
    return;
  }
  const key = lowerKey(fn, plan, statement.key);
  const element = lookupByKey(fn, key);
  if (hasBuckets(aggregate)) {
    addToBuckets(fn, plan, statement, key, element, argument);
    return;
  }
  ir.if_(
    ir.isNull(element),
    () => {
      insertElement(fn, key, firstOf(fn, aggregate, argument), statement.range);
    },
    () => addTo(fn, element, statement, argument, false),
  );
}

/** Many numbers: inserted as zeros by whoever comes first. Buckets are those of all CPUs, added to atomically. */
function addToBuckets(
  fn: FunctionState,
  plan: HashPlan,
  statement: Aggregation,
  key: MapKey,
  element: IrPointer,
  argument: IrValue,
): void {
  const { ir } = fn;
  const found = ir.ifPointer(
    ir.isNull(element),
    () => insertOnce(fn, key, zeros(fn, plan.size), statement.range),
    () => element,
  );
  ir.if_(ir.not(ir.isNull(found)), () => addTo(fn, found, statement, argument, !plan.perCpu));
}

/** Adds one argument to a slot in place. */
function addTo(
  fn: FunctionState,
  slot: IrPointer,
  { aggregate, map }: Aggregation,
  argument: IrValue,
  shared: boolean,
): void {
  const { ir } = fn;
  const add = (offset: number, value: IrValue): void =>
    ir.store(slot, offset, 8, ir.op('add', ir.load(slot, offset, 8), value));
  switch (aggregate.kind) {
    case 'count':
      add(0, ir.constant(1));
      return;
    case 'sum':
      add(0, argument);
      return;
    case 'avg':
    case 'stats':
      add(0, argument);
      add(8, ir.constant(1));
      return;
    case 'min':
    case 'max': {
      // {value, is set}
      const unset = ir.compare('eq', ir.load(slot, 8, 8), ir.constant(0));
      const better = ir.compare(
        betterThan(aggregate.kind, aggregate.signed),
        argument,
        ir.load(slot, 0, 8),
      );
      ir.if_(ir.or(unset, better), () => {
        ir.store(slot, 0, 8, argument);
        ir.store(slot, 8, 8, ir.constant(1));
      });
      return;
    }
    case 'tseries':
      addToSeriesElement(fn, aggregate, slot, argument);
      return;
    case 'hist':
    case 'lhist': {
      const buckets = bucketCount(fn, map, aggregate);
      const exact =
        aggregate.kind === 'hist'
          ? histIndex(fn, argument, aggregate.bits)
          : lhistIndex(fn, argument, aggregate, buckets);
      const index = ir.opaque(exact);
      // Never false: it tells the verifier what the arithmetic above guarantees.
      ir.if_(ir.compare('ult', index, buckets), () => {
        const bucket = ir.offset(slot, ir.op('shl', index, ir.constant(3)));
        if (shared) ir.atomicAdd(bucket, 0, 8, ir.constant(1));
        else ir.store(bucket, 0, 8, ir.op('add', ir.load(bucket, 0, 8), ir.constant(1)));
      });
      return;
    }
  }
}

/** What a new element of a per-CPU map holds after its first argument. */
function firstOf(fn: FunctionState, aggregate: AggregateType, argument: IrValue): IrPointer {
  const { ir } = fn;
  if (aggregate.kind === 'count')
    return ir.global(fn.unit.constant(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)));
  const { size } = layoutOf(aggregate);
  const to = fn.memory.take(size);
  ir.store(to, 0, 8, argument);
  // Count of avg and stats, the flag of min and max.
  if (size === 16) ir.store(to, 8, 8, ir.constant(1));
  return to;
}

/** Where parameters decide it, the loader's: verifiers do not divide, and want a number. */
function bucketCount(fn: FunctionState, map: string, type: HistType | LinearHistType): IrValue {
  const { ir } = fn;
  if (!isSizedAtLoad(type)) return ir.constant(bucketsOf(type));
  return ir.load(ir.global(bucketsVariable(fn.unit, map)), 0, 8);
}

/**
 * Negative: 0. Below 2^bits: the value itself. Else the power of two and the next `bits` bits.
 */
function histIndex(fn: FunctionState, value: IrValue, number: TypeNumber): IrValue {
  const { ir } = fn;
  const bits = numberValue(fn, number);
  const small = ir.op('shl', ir.constant(1), bits);
  return ir.ifValue(
    ir.compare('slt', value, small),
    () =>
      ir.ifValue(
        ir.compare('slt', value, ir.constant(0)),
        () => ir.constant(0),
        () => ir.op('add', value, ir.constant(1)),
      ),
    () => {
      const power = ir.log2(value);
      if (number === 0) return ir.op('add', power, ir.constant(2));
      const above = ir.op('sub', power, bits);
      const base = ir.op('shl', ir.op('add', above, ir.constant(1)), bits);
      const rest = ir.op('sub', small, ir.constant(1));
      const fraction = ir.op('and', ir.op('lshr', value, above), rest);
      return ir.op('add', ir.op('add', base, fraction), ir.constant(1));
    },
  );
}

/** Below `min`: 0. Above `max`: the last bucket. Else 1 and the number of whole steps from `min`. */
function lhistIndex(
  fn: FunctionState,
  value: IrValue,
  type: LinearHistType,
  buckets: IrValue,
): IrValue {
  const { ir } = fn;
  const min = numberValue(fn, type.min);
  return ir.ifValue(
    ir.compare('slt', value, min),
    () => ir.constant(0),
    () =>
      ir.ifValue(
        ir.compare('sgt', value, numberValue(fn, type.max)),
        () => ir.op('sub', buckets, ir.constant(1)),
        () => {
          const distance = ir.op('sub', value, min);
          const steps = ir.op('udiv', distance, numberValue(fn, type.step));
          return ir.op('add', steps, ir.constant(1));
        },
      ),
  );
}
