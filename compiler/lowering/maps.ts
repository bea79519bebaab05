/** Maps as scripts see them: reading, writing and deleting elements. How each is kept: map-plans.ts. */
import { unsigned } from '../../linker/btf/types.ts';
import type { MapSymbol, TypedExpression, TypedStatement } from '../analysis/typed.ts';
import type { IrPointer, IrValue, Width } from '../llvm/ir.ts';
import type { Range } from '../source/source.ts';
import { layoutOf } from '../types/layout.ts';
import { INT64, isAggregate, isScalar } from '../types/type.ts';
import { lowerCombined } from './combine.ts';
import { locate, lowerInto, lowerValue, storesSigned } from './expressions.ts';
import { generationOf, isNext } from './generations.ts';
import { reportMissing, warnHelper } from './helper-warnings.ts';
import { insertElement } from './insertion.ts';
import { atPlace, keyIn, keyOf, lookupByKey, lowerHashKey, type MapKey } from './map-keys.ts';
import { type GlobalPlan, type HashPlan, type MapPlan, nextSymbol } from './map-plans.ts';
import { substitutable } from './read-modify-write.ts';
import type { FunctionState, UnitState } from './state.ts';
import { describeType } from './stored-types.ts';
import { copyBytes, zeros } from './strings.ts';
import { deleteOfThread, updateOfThread } from './task-storage.ts';
import { someExpression } from './walk.ts';

type MapRead = Extract<TypedExpression, { kind: 'map' }>;

export const MAP_FULL =
  "Map full; can't update element. Try increasing max_map_keys config or manually setting the max entries in a map declaration e.g. `let @a = hash(5000)`";
const CANNOT_DELETE = "Can't delete map element because it does not exist.";

/** include/uapi/linux/bpf.h */
export const BPF_ANY = 0;
export const BPF_NOEXIST = 1;

export function planOf(fn: FunctionState, name: string): MapPlan {
  const plan = fn.unit.plans.get(name);
  if (!plan) throw new Error(`map ${name} is not in the program`);
  return plan;
}

/** Makes the variables of a plain scalar known. */
export function declareGlobal(unit: UnitState, plan: GlobalPlan): void {
  const type = describeType(unit.kernel.types, plan.map.value);
  const declare = (value: string, present: string): void => {
    unit.variable({ symbol: value, section: '.bss', type });
    unit.variable({ symbol: present, section: '.bss', type: unsigned(8) });
  };
  declare(plan.symbol, plan.present);
  if (plan.generations) declare(nextSymbol(plan.symbol), nextSymbol(plan.present));
}

/** Address of a variable of a plain scalar, in the generation that is in use. */
function inGeneration(fn: FunctionState, plan: GlobalPlan, symbol: string): IrPointer {
  const { ir } = fn;
  declareGlobal(fn.unit, plan);
  const next = isNext(fn, plan);
  if (!next) return ir.global(symbol);
  return ir.ifPointer(
    next,
    () => ir.global(nextSymbol(symbol)),
    () => ir.global(symbol),
  );
}

function globalPointer(fn: FunctionState, plan: GlobalPlan): IrPointer {
  return inGeneration(fn, plan, plan.symbol);
}

export function markPresent(fn: FunctionState, plan: GlobalPlan): void {
  fn.ir.store(inGeneration(fn, plan, plan.present), 0, 8, fn.ir.constant(1));
}

/** The key in memory, for a helper; that of a scalar is 0. */
export function lowerKey(
  fn: FunctionState,
  plan: MapPlan,
  key: TypedExpression | undefined,
): MapKey {
  if (key === undefined) {
    if (plan.kind === 'hash') return keyOf(fn, plan, zeros(fn, layoutOf(INT64).size));
    return keyIn(plan.symbol, slotKey(fn, plan));
  }
  if (plan.kind !== 'hash') throw new Error(`${plan.map.name} has no keys`);
  return lowerHashKey(fn, plan, key);
}

/** The element of an array that a slot is, the same for several reads. */
function slotKey(fn: FunctionState, { generations }: MapPlan): IrPointer {
  if (!generations) return zeros(fn, layoutOf(INT64).size);
  const key = fn.memory.take(8);
  fn.ir.store(key, 0, 8, generationOf(fn, generations.word));
  return key;
}

/** Address of an element's value, or null. For scalars in `.bss` it is never null. */
export function lookupElement(
  fn: FunctionState,
  plan: MapPlan,
  key: TypedExpression | undefined,
): IrPointer {
  if (plan.kind === 'global') return globalPointer(fn, plan);
  return lookupByKey(fn, lowerKey(fn, plan, key));
}

/** `@m[k]` as a scalar: 0 where there is none. */
export function lowerMapRead(fn: FunctionState, expression: MapRead): IrValue {
  const substitute = fn.substitutes.get(expression);
  if (substitute) return substitute;
  const value = readElement(fn, expression);
  if (fn.repeated?.first === expression) {
    for (const other of fn.repeated.others) fn.substitutes.set(other, value);
  }
  return value;
}

function readElement(fn: FunctionState, expression: MapRead): IrValue {
  const { ir } = fn;
  const plan = planOf(fn, expression.map);
  const { value } = plan.map;
  if (isAggregate(value)) {
    return lowerCombined(fn, value, lowerKey(fn, plan, expression.key));
  }
  const width = layoutOf(value).size as Width;
  const load = (pointer: IrPointer) => ir.load(pointer, 0, width, storesSigned(value));
  if (plan.kind === 'global') return load(globalPointer(fn, plan));
  return fn.memory.scope(() => {
    const element = lookupElement(fn, plan, expression.key);
    reportMissing(fn, element, expression.range);
    return ir.ifValue(
      ir.isNull(element),
      () => ir.constant(0),
      () => load(element),
    );
  });
}

/** `@m[k]` in memory: the element itself, or zero bytes where there is none. */
export function locateMapValue(fn: FunctionState, expression: MapRead): IrPointer {
  const { ir } = fn;
  const plan = planOf(fn, expression.map);
  if (plan.kind === 'global') return globalPointer(fn, plan);
  const element = lookupElement(fn, plan, expression.key);
  reportMissing(fn, element, expression.range);
  return ir.ifPointer(
    ir.isNull(element),
    () => zeros(fn, layoutOf(plan.map.value).size),
    () => element,
  );
}

/** `@m[k] = v` */
export function lowerMapAssignment(
  fn: FunctionState,
  statement: Extract<TypedStatement, { kind: 'assign-map' }>,
): void {
  const plan = planOf(fn, statement.map);
  if (plan.kind === 'slot' || plan.kind === 'series') {
    throw new Error(`${statement.map} holds an aggregate`);
  }
  if (plan.kind === 'global') {
    assignGlobal(fn, plan, statement.value);
    return;
  }
  const read = substitutable(statement);
  if (read) {
    lowerReadModifyWrite(fn, plan, statement, read);
    return;
  }
  const key = lowerKey(fn, plan, statement.key);
  const { pointer } = locate(fn, statement.value, true);
  updateElement(fn, key, pointer, statement.range);
}

function assignGlobal(fn: FunctionState, plan: GlobalPlan, value: TypedExpression): void {
  const pointer = globalPointer(fn, plan);
  const to = { pointer, align: 8, padded: true } as const;
  const readsItself =
    !isScalar(value.type) &&
    value.kind !== 'map' &&
    someExpression(value, (part) => part.kind === 'map' && part.map === plan.map.name);
  if (readsItself) copyTemporary(fn, value, pointer);
  else lowerInto(fn, value, to);
  markPresent(fn, plan);
}

/** Builds a value beside the place that it reads from, then moves it there. */
function copyTemporary(fn: FunctionState, value: TypedExpression, to: IrPointer): void {
  const pointer = fn.memory.take(layoutOf(value.type).size);
  lowerInto(fn, value, { pointer, align: 8, padded: true });
  copyBytes(fn, { pointer: to, align: 8, padded: true }, { pointer, align: 8 }, value.type);
}

/**
 * `@m[k] = f(@m[k])` (so `@m[k] += n`): one look-up, then a store in place, or an insertion for a new key.
 */
function lowerReadModifyWrite(
  fn: FunctionState,
  plan: HashPlan,
  statement: Extract<TypedStatement, { kind: 'assign-map' }>,
  read: MapRead,
): void {
  const { ir } = fn;
  const width = layoutOf(plan.map.value).size as Width;
  const key = lowerKey(fn, plan, statement.key);
  const changed = (current: IrValue): IrValue => {
    fn.substitutes.set(read, current);
    const result = lowerValue(fn, statement.value);
    fn.substitutes.delete(read);
    return result;
  };
  const insert = (value: IrValue): void => {
    const buffer = fn.memory.take(8);
    ir.store(buffer, 0, width, value);
    insertElement(fn, key, buffer, statement.range);
  };
  const element = lookupByKey(fn, key);
  const load = () => ir.load(element, 0, width, storesSigned(plan.map.value));
  const absent = ir.isNull(element);
  const costly = someExpression(
    statement.value,
    ({ kind }) => kind === 'call' || kind === 'function-call' || kind === 'map',
    read,
  );
  if (!costly) {
    ir.if_(
      absent,
      () => insert(changed(ir.constant(0))),
      () => ir.store(element, 0, width, changed(load())),
    );
    return;
  }
  const value = changed(ir.ifValue(absent, () => ir.constant(0), load));
  ir.if_(
    absent,
    () => insert(value),
    () => ir.store(element, 0, width, value),
  );
}

/** Inserts or overwrites an element; a failure becomes a warning with its place in the script. */
export function updateElement(
  fn: FunctionState,
  key: MapKey,
  value: IrPointer,
  range: Range,
): void {
  const { ir } = fn;
  const status = lowerUpdate(fn, key, value, BPF_ANY);
  ir.if_(ir.compare('ne', status, ir.constant(0)), () => warnMapFull(fn, status, range));
}

/** Inserts or overwrites; the result is the helper's, 0 or a negative error. */
export function lowerUpdate(
  fn: FunctionState,
  key: MapKey,
  value: IrPointer,
  flags: number,
): IrValue {
  const { ir, lowering } = fn;
  const { threads } = key;
  if (threads !== undefined) {
    return updateOfThread(fn, threads, {
      value: ir.load(value, 0, threads.width, false),
      update: () => lowerUpdate(fn, threads.inHash(), value, flags),
      remove: () => lowerRemoval(fn, threads.inHash()),
    });
  }
  return atPlace(key, ir.ifValue, ({ map, pointer }) =>
    lowering.call('map_update_elem', lowering.mapPointer(map), pointer, value, ir.constant(flags)),
  );
}

export function warnMapFull(fn: FunctionState, status: IrValue, range: Range): void {
  warnHelper(fn, 'map_update_elem', status, { range, message: MAP_FULL });
}

/** Deletes an element; the result is the helper's, 0 or a negative error. */
export function lowerDelete(
  fn: FunctionState,
  plan: MapPlan,
  key: TypedExpression | undefined,
): IrValue {
  if (plan.kind !== 'hash') throw new Error(`${plan.map.name} was not planned to be deleted`);
  const place = lowerKey(fn, plan, key);
  const { threads } = place;
  if (threads === undefined) return lowerRemoval(fn, place);
  return deleteOfThread(fn, threads, () => lowerRemoval(fn, threads.inHash()));
}

function lowerRemoval({ ir, lowering }: FunctionState, key: MapKey): IrValue {
  return atPlace(key, ir.ifValue, ({ map, pointer }) =>
    lowering.call('map_delete_elem', lowering.mapPointer(map), pointer),
  );
}

/** `delete(...);`: nobody looks at the result, so a missing key is worth a warning. */
export function lowerDiscardedDelete(
  fn: FunctionState,
  plan: MapPlan,
  key: TypedExpression | undefined,
  range: Range,
): void {
  const { ir } = fn;
  const status = lowerDelete(fn, plan, key);
  ir.if_(ir.compare('ne', status, ir.constant(0)), () =>
    warnHelper(fn, 'map_delete_elem', status, { range, message: CANNOT_DELETE }),
  );
}

export function lowerHasKey(fn: FunctionState, plan: MapPlan, key: TypedExpression): IrValue {
  const { ir } = fn;
  return ir.fromBool(ir.not(ir.isNull(lookupElement(fn, plan, key))));
}

/** Number of elements: bpf_for_each_map_elem counts what it visits. */
export function lowerLength(fn: FunctionState, map: MapSymbol): IrValue {
  const { ir, lowering, unit } = fn;
  const plan = planOf(fn, map.name);
  if (plan.kind !== 'hash') return ir.constant(1);
  const symbol = unit.callback(
    'count_elements',
    'map-callback',
    ['ptr', 'ptr', 'ptr', 'ptr'],
    (callback) => callback.return_(callback.constant(0)),
  );
  const lengthOf = (store: string): IrValue =>
    lowering.call(
      'for_each_map_elem',
      lowering.mapPointer(store),
      ir.callback(symbol),
      ir.nullPointer(),
      ir.constant(0),
    );
  const next = isNext(fn, plan);
  const lengths = plan.stores.map((store) =>
    next
      ? ir.ifValue(
          next,
          () => lengthOf(store.next),
          () => lengthOf(store.symbol),
        )
      : lengthOf(store.symbol),
  );
  return lengths.reduce((sum, length) => ir.op('add', sum, length));
}
