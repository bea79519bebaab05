/**
 * Loops over ranges and maps. Their bodies become callbacks of bpf_loop and bpf_for_each_map_elem, which the
 * verifier checks once. Every callback of a program gets the address of the same record on the stack, whose pointers
 * lead to the context and to scratch memory, where all that they change stands.
 */
import { MOST_ROUNDS } from '../../linker/contract/limits.ts';
import type { TypedBlock, TypedStatement } from '../analysis/typed.ts';
import type { FunctionBuilder, IrPointer, IrValue, Width } from '../llvm/ir.ts';
import { fieldsOf, layoutOf } from '../types/layout.ts';
import { isAggregate, isScalar } from '../types/type.ts';
import { lowerCombined } from './combine.ts';
import { lowerValue, variableStorage } from './expressions.ts';
import { createFunction } from './function.ts';
import { isNext } from './generations.ts';
import { warnHelper } from './helper-warnings.ts';
import { keyIn, widenKey } from './map-keys.ts';
import type { HashPlan, HashStore } from './map-plans.ts';
import { planOf } from './maps.ts';
import { lowestBit } from './members.ts';
import { truncateTo } from './operators.ts';
import { endProgram } from './program.ts';
import { sharedMemory } from './scratch.ts';
import type { FunctionState } from './state.ts';
import { declareVariable, lowerCountedLoop, lowerLoopBody, lowerStatement } from './statements.ts';
import { copyBytes } from './strings.ts';
import { becomesCallback, smallTripCount, stepsOf } from './variables.ts';
import { canEndProgram, hasLoopJump } from './walk.ts';

type ForRange = Extract<TypedStatement, { kind: 'for-range' }>;
type Unroll = Extract<TypedStatement, { kind: 'unroll' }>;
type ForMap = Extract<TypedStatement, { kind: 'for-map' }>;

const TOO_LONG = `The range has more than ${MOST_ROUNDS} rounds, which are the most that the kernel does: the loop ends after these.`;

export function lowerForRange(fn: FunctionState, loop: ForRange): void {
  const { ir, lowering } = fn;
  const plan = fn.program.plan.variables.get(loop.variable.id);
  const trips = smallTripCount(loop);
  if (trips !== undefined && loop.from.kind === 'int' && !becomesCallback(loop)) {
    if (trips === 0n) return;
    const from = loop.from.value;
    if (plan) declareVariable(fn, plan);
    lowerCountedLoop(
      fn,
      from,
      from + trips,
      plan && ((value) => storeLoopVariable(fn, loop, value)),
      loop.body,
    );
    return;
  }

  const { frame } = fn;
  if (!frame) throw new Error('a loop needs a frame');
  const slot = fn.program.frame.loopSlot(loop);
  const from = lowerValue(fn, loop.from);
  const to = lowerValue(fn, loop.to);
  ir.store(sharedMemory(fn), slot, 8, from);
  const rounds = roundsOf(ir, loop, from, to);
  const symbol = buildCallback(fn, 'loop-callback', ['i32', 'ptr'], (callback, ir, args) => {
    const [index] = args;
    if (plan) declareVariable(callback, plan);
    if (!index) throw new Error('a loop callback has two parameters');
    const start = ir.load(sharedMemory(callback), slot, 8);
    if (plan) storeLoopVariable(callback, loop, ir.op('add', start, index as IrValue));
    lowerCallbackBody(callback, loop.body);
  });
  armEnd(fn, loop.body);
  ir.if_(ir.compare('sgt', rounds, ir.constant(0)), () => {
    const most = ir.constant(MOST_ROUNDS);
    // Before the loop: behind it, verifiers would walk through what follows once more. Two literals were looked at by the analysis.
    if (loop.from.kind !== 'int' || loop.to.kind !== 'int')
      ir.if_(ir.compare('sgt', rounds, most), () =>
        warnHelper(fn, 'loop', ir.constant(0), { range: loop.range, message: TOO_LONG }),
      );
    const bounded = ir.select(ir.compare('slt', rounds, most), rounds, most);
    lowering.call('loop', bounded, ir.callback(symbol), frame, ir.constant(0));
    propagateEnd(fn, loop.body);
  });
}

/**
 * How far the ends are apart, as a signed number: none or less for no rounds, and some number beyond all that the kernel does
 * where it is too far for 63 bits. Mostly LLVM sees that this cannot be, and verifiers know the bounds of a difference: a
 * comparison of both ends would be another way for them to walk through the body.
 */
function roundsOf(ir: FunctionBuilder, loop: ForRange, from: IrValue, to: IrValue): IrValue {
  const { type } = loop.variable;
  const isSigned = type.kind !== 'int' || type.signed;
  const distance = ir.op('sub', to, from);
  const zero = ir.constant(0);
  const tooFar = ir.constant(MOST_ROUNDS + 1);
  if (isSigned) {
    const overflow = ir.op('and', ir.op('xor', to, from), ir.op('xor', to, distance));
    const beyond = ir.select(ir.compare('slt', from, to), tooFar, zero);
    return ir.select(ir.compare('slt', overflow, zero), beyond, distance);
  }
  const apart = ir.select(ir.compare('ult', distance, tooFar), distance, tooFar);
  const beyond = ir.select(ir.compare('ult', from, to), apart, zero);
  return ir.select(ir.compare('slt', ir.op('or', to, from), zero), beyond, distance);
}

/** Copies of a body cost the least, up to so many of its statements. */
const MOST_COPIED = 128;

/**
 * Copies of the body; where these are many, or a jump in it has to have somewhere to jump to, a loop, which the
 * verifier walks through; and a callback, which it checks once, where that would be too much for it.
 */
export function lowerUnroll(fn: FunctionState, loop: Unroll): void {
  const { count, body } = loop;
  if (!becomesCallback(loop)) {
    if (hasLoopJump(body) || stepsOf(loop) > MOST_COPIED)
      lowerCountedLoop(fn, 0n, BigInt(count), undefined, body);
    else for (let i = 0; i < count; i++) lowerStatement(fn, body);
    return;
  }
  const { frame, ir, lowering } = fn;
  if (!frame) throw new Error('a loop needs a frame');
  const symbol = buildCallback(fn, 'loop-callback', ['i32', 'ptr'], (callback) =>
    lowerCallbackBody(callback, body),
  );
  armEnd(fn, body);
  lowering.call('loop', ir.constant(count), ir.callback(symbol), frame, ir.constant(0));
  propagateEnd(fn, body);
}

function storeLoopVariable(fn: FunctionState, loop: ForRange, value: IrValue): void {
  const { type } = loop.variable;
  const width = layoutOf(type).size as Width;
  fn.ir.store(variableStorage(fn, loop.variable).pointer, 0, width, truncateTo(fn, value, type));
}

export function lowerForMap(fn: FunctionState, loop: ForMap): void {
  const { ir, lowering, frame } = fn;
  const map = planOf(fn, loop.map);
  if (map.kind !== 'hash' || !frame) throw new Error(`${loop.map} has no keys to go over`);
  const [first, ...rest] = map.stores;
  if (!first) throw new Error('a map has a store');
  const slot = rest.length > 0 ? fn.program.frame.loopSlot(loop) : undefined;
  const walkMap = (store: HashStore, map: HashPlan, kernelMap: string): void => {
    const symbol = buildCallback(
      fn,
      'map-callback',
      ['ptr', 'ptr', 'ptr', 'ptr'],
      (callback, _ir, args) => {
        const [, key, value] = args as readonly IrPointer[];
        if (!key || !value) throw new Error('a map callback has four parameters');
        bindPair(callback, loop, map, store, kernelMap, key, value);
        lowerCallbackBody(callback, loop.body, slot);
      },
    );
    lowering.call(
      'for_each_map_elem',
      lowering.mapPointer(kernelMap),
      ir.callback(symbol),
      frame,
      ir.constant(0),
    );
    propagateEnd(fn, loop.body);
  };
  const isSecond = isNext(fn, map);
  const walk = (store: HashStore): void => {
    if (!isSecond) walkMap(store, map, store.symbol);
    else
      ir.if_(
        isSecond,
        () => walkMap(store, map, store.next),
        () => walkMap(store, map, store.symbol),
      );
  };
  armEnd(fn, loop.body);
  if (slot !== undefined) ir.store(sharedMemory(fn), slot, 8, ir.constant(0));
  walk(first);
  // One store after the other, until `break`.
  const next = (stores: readonly HashStore[]): void => {
    const [store, ...others] = stores;
    if (!store || slot === undefined) return;
    ir.if_(ir.not(ir.toBool(ir.load(sharedMemory(fn), slot, 8))), () => {
      walk(store);
      next(others);
    });
  };
  next(rest);
}

/**
 * Binds the variable to the key and the value as the kernel gives them, without a copy, where the body only
 * takes its elements; else builds the tuple.
 */
function bindPair(
  fn: FunctionState,
  loop: ForMap,
  map: HashPlan,
  store: HashStore,
  kernelMap: string,
  ownKey: IrPointer,
  value: IrPointer,
): void {
  const { ir } = fn;
  const plan = fn.program.plan.variables.get(loop.variable.id);
  if (!plan) return;
  const { value: valueType } = map.map;
  const combined = isAggregate(valueType) ? valueType : undefined;
  const key = widenKey(fn, map, store, ownKey);
  if (plan.elementsOnly && !plan.captured) {
    const combinedBefore = combined && lowerCombined(fn, combined, keyIn(kernelMap, ownKey));
    fn.locations.set(loop.variable.id, {
      kind: 'pair',
      key: { pointer: key, align: 8, padded: true },
      value: combinedBefore ?? { pointer: value, align: 8, padded: true },
    });
    return;
  }

  declareVariable(fn, plan);
  const to = variableStorage(fn, loop.variable);
  const [keyField, valueField] = fieldsOf(loop.variable.type);
  if (!keyField || !valueField) throw new Error('the variable of a map loop is a pair');
  ir.zero(to.pointer, layoutOf(loop.variable.type).size, 8);
  const at = (offset: number) => ({
    pointer: ir.offset(to.pointer, offset),
    align: offset === 0 ? (8 as const) : lowestBit(offset),
    padded: true,
  });
  copyBytes(fn, at(keyField.offset), { pointer: key, align: 8 }, keyField.type);
  if (!combined) {
    copyBytes(fn, at(valueField.offset), { pointer: value, align: 8 }, valueField.type);
    return;
  }
  if (!isScalar(valueField.type)) throw new Error('an aggregate is read as a number');
  const width = layoutOf(valueField.type).size as Width;
  ir.store(
    to.pointer,
    valueField.offset,
    width,
    lowerCombined(fn, combined, keyIn(kernelMap, ownKey)),
  );
}

/** Builds a callback of the same program; its last parameter is the frame. */
function buildCallback(
  fn: FunctionState,
  role: 'loop-callback' | 'map-callback',
  parameters: readonly ('i32' | 'i64' | 'ptr')[],
  body: (
    callback: FunctionState,
    ir: FunctionBuilder,
    args: readonly (IrValue | IrPointer)[],
  ) => void,
): string {
  const { program, unit } = fn;
  program.callbacks += 1;
  const name = `${program.probe.symbol}_loop_${program.callbacks}`;
  return unit.callback(name, role, parameters, (ir, args) => {
    const frame = args.at(-1) as IrPointer;
    const callback = createFunction(program, ir, {
      role: 'callback',
      frame,
      result: undefined,
      context: ir.intToPointer(ir.load(frame, program.frame.context, 8)),
    });
    if (program.measure.scratchSize > 0 && !program.draft) {
      callback.scratch = ir.intToPointer(ir.load(frame, program.frame.scratch, 8));
    }
    body(callback, ir, args);
    if (ir.reachable) ir.return_(ir.constant(0));
  });
}

/**
 * In a callback `continue` returns 0 and `break` returns 1: the helpers go on and stop. `stopped` is the word of scratch
 * memory that keeps it for the map's other stores.
 */
function lowerCallbackBody(fn: FunctionState, body: TypedBlock, stopped?: number): void {
  const { ir } = fn;
  const jump = (code: number) => () => ir.return_(ir.constant(code));
  const stop = (): void => {
    if (stopped !== undefined) ir.store(sharedMemory(fn), stopped, 8, ir.constant(1));
    ir.return_(ir.constant(1));
  };
  lowerLoopBody(fn, { break_: stop, continue_: jump(0) }, body);
}

/** Clears the mark that a body leaves when it ends the program. */
function armEnd(fn: FunctionState, body: TypedBlock): void {
  if (!canEndProgram(body)) return;
  fn.ir.store(sharedMemory(fn), fn.program.frame.ended, 8, fn.ir.constant(0));
}

/** Ends this function too where the loop's body ended the program. */
function propagateEnd(fn: FunctionState, body: TypedBlock): void {
  const { ir, program } = fn;
  if (!canEndProgram(body)) return;
  ir.if_(ir.toBool(ir.load(sharedMemory(fn), program.frame.ended, 8)), () => {
    if (fn.role === 'callback') ir.return_(ir.constant(1));
    else endProgram(fn, ir.load(sharedMemory(fn), program.frame.result, 8));
  });
}
