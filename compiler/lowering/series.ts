/** `@m = tseries(...)`: the slot of the present interval, on this CPU. */
import type { IrPointer, IrValue } from '../llvm/ir.ts';

import { seriesSlotSize } from '../types/series.ts';
import type { SeriesType } from '../types/type.ts';
import { betterThan } from './extremes.ts';

import { generationOf } from './generations.ts';
import { keyIn, lookupByKey } from './map-keys.ts';
import type { SeriesPlan } from './map-plans.ts';
import type { FunctionState } from './state.ts';

/** Which interval it is, counted since the epoch, and the time that says so. */
interface Moment {
  readonly time: IrValue;
  readonly interval: IrValue;
}

function lowerMoment(fn: FunctionState, type: SeriesType): Moment {
  const { ir, lowering } = fn;
  const offset = ir.loadFixed(lowering.shared('wallOffset'), 0, 8);
  const time = ir.op('add', lowering.call('ktime_get_boot_ns'), offset);
  return { time, interval: ir.op('udiv', time, ir.constant(type.interval)) };
}

/** `@m = tseries(v, ...)` without keys: chunk number, then the slot in it. */
export function addToSeries(fn: FunctionState, plan: SeriesPlan, value: IrValue): void {
  const { ir } = fn;
  const moment = lowerMoment(fn, plan.type);
  const index = ir.op('urem', moment.interval, ir.constant(plan.type.count));
  fn.memory.scope(() => {
    const key = fn.memory.take(4);
    const { generations } = plan;
    const number = ir.op('udiv', index, ir.constant(plan.slots));
    const first =
      generations && ir.op('mul', generationOf(fn, generations.word), ir.constant(plan.chunks));
    ir.store(key, 0, 4, first ? ir.op('add', first, number) : number);
    const chunk = lookupByKey(fn, keyIn(plan.symbol, key));
    ir.if_(ir.not(ir.isNull(chunk)), () => {
      const slot = plan.chunks === 1 ? index : ir.op('urem', index, ir.constant(plan.slots));
      addToSlot(fn, plan.type, chunk, slot, plan.slots, value, moment);
    });
  });
}

/** The same in an element of a map with keys, which has all slots. */
export function addToSeriesElement(
  fn: FunctionState,
  type: SeriesType,
  element: IrPointer,
  value: IrValue,
): void {
  const moment = lowerMoment(fn, type);
  const index = fn.ir.op('urem', moment.interval, fn.ir.constant(type.count));
  addToSlot(fn, type, element, index, type.count, value, moment);
}

function addToSlot(
  fn: FunctionState,
  type: SeriesType,
  slots: IrPointer,
  index: IrValue,
  count: number,
  value: IrValue,
  { time, interval }: Moment,
): void {
  const { ir } = fn;
  const bounded = ir.opaque(index);
  // Never false: it tells the verifier what the remainder guarantees.
  ir.if_(ir.compare('ult', bounded, ir.constant(count)), () => {
    const size = seriesSlotSize(type);
    const slot = ir.offset(slots, ir.op('mul', bounded, ir.constant(size)));
    const mark = ir.op('add', interval, ir.constant(1));
    const isCurrent = ir.compare('eq', ir.load(slot, 0, 8), mark);
    ir.if_(
      isCurrent,
      () => addToCurrent(fn, type, slot, value, time),
      () => {
        ir.store(slot, 0, 8, mark);
        ir.store(slot, 8, 8, value);
        if (type.aggregation === 'avg') ir.store(slot, 16, 8, ir.constant(1));
        if (type.aggregation === 'last') ir.store(slot, 16, 8, time);
      },
    );
  });
}

function addToCurrent(
  fn: FunctionState,
  type: SeriesType,
  slot: IrPointer,
  value: IrValue,
  time: IrValue,
): void {
  const { ir } = fn;
  const add = (offset: number, more: IrValue): void =>
    ir.store(slot, offset, 8, ir.op('add', ir.load(slot, offset, 8), more));
  switch (type.aggregation) {
    case 'sum':
      add(8, value);
      return;
    case 'avg':
      add(8, value);
      add(16, ir.constant(1));
      return;
    case 'last':
      ir.store(slot, 8, 8, value);
      ir.store(slot, 16, 8, time);
      return;
    case 'min':
    case 'max': {
      const better = ir.compare(
        betterThan(type.aggregation, type.signed),
        value,
        ir.load(slot, 8, 8),
      );
      ir.if_(better, () => ir.store(slot, 8, 8, value));
      return;
    }
  }
}
