/** Reading an aggregate as a number: its slots of all CPUs together. */
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import type { AggregateType } from '../types/type.ts';
import { betterThan } from './extremes.ts';
import { atPlace, type MapKey } from './map-keys.ts';
import type { FunctionState } from './state.ts';

/**
 * Walks the CPUs up to the loader's count, which is a constant to the verifier. Gives 0 for a missing key.
 */
export function lowerCombined(fn: FunctionState, aggregate: AggregateType, key: MapKey): IrValue {
  const { ir, lowering } = fn;
  const cpu = ir.alloca(8, 8);
  // The sum, or the best value so far; and the count, or whether there is a value.
  const first = ir.alloca(8, 8);
  const second = ir.alloca(8, 8);
  for (const cell of [cpu, first, second]) ir.store(cell, 0, 8, ir.constant(0));
  const add = (cell: IrPointer, value: IrValue): void =>
    ir.store(cell, 0, 8, ir.op('add', ir.load(cell, 0, 8), value));

  fn.unit.features.add('bounded_loops');
  const cpus = ir.load(lowering.shared('cpus'), 0, 8);
  ir.while_(
    () => ir.compare('ult', ir.load(cpu, 0, 8), cpus),
    () => {
      const slot = atPlace(key, ir.ifPointer, ({ map, pointer }) =>
        lowering.callPointer(
          'map_lookup_percpu_elem',
          lowering.mapPointer(map),
          pointer,
          ir.load(cpu, 0, 8),
        ),
      );
      ir.if_(ir.not(ir.isNull(slot)), () => {
        switch (aggregate.kind) {
          case 'min':
          case 'max': {
            const value = ir.load(slot, 0, 8);
            const set = ir.toBool(ir.load(slot, 8, 8));
            const empty = ir.compare('eq', ir.load(second, 0, 8), ir.constant(0));
            const better = ir.compare(
              betterThan(aggregate.kind, aggregate.signed),
              value,
              ir.load(first, 0, 8),
            );
            ir.if_(ir.and(set, ir.or(empty, better)), () => {
              ir.store(first, 0, 8, value);
              ir.store(second, 0, 8, ir.constant(1));
            });
            return;
          }
          case 'avg':
            add(first, ir.load(slot, 0, 8));
            add(second, ir.load(slot, 8, 8));
            return;
          case 'count':
          case 'sum':
            add(first, ir.load(slot, 0, 8));
            return;
          default:
            throw new Error(`${aggregate.kind} is not a number`);
        }
      });
      add(cpu, ir.constant(1));
    },
  );
  const total = ir.load(first, 0, 8);
  if (aggregate.kind !== 'avg') return total;
  const count = ir.load(second, 0, 8);
  return ir.ifValue(
    ir.compare('eq', count, ir.constant(0)),
    () => ir.constant(0),
    () => {
      if (!aggregate.signed) return ir.op('udiv', total, count);
      const mask = ir.op('ashr', total, ir.constant(63));
      const magnitude = ir.op('sub', ir.op('xor', total, mask), mask);
      const quotient = ir.op('udiv', magnitude, count);
      return ir.op('sub', ir.op('xor', quotient, mask), mask);
    },
  );
}
