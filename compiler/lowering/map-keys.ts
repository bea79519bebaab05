/**
 * Keys of maps in memory, ready for helpers, and the kernel map that each belongs to: where a map has size
 * classes, its strings decide when the program runs.
 */
import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import type { IrBool, IrPointer, IrValue, Width } from '../llvm/ir.ts';
import { layoutOf, roundUp } from '../types/layout.ts';
import type { Type } from '../types/type.ts';
import type { BuiltinCode } from './builtin.ts';
import { locate, lowerElements, lowerInto } from './expressions.ts';
import { isNext } from './generations.ts';
import { within } from './helper-warnings.ts';
import type { Storage } from './lowering.ts';
import { type HashPlan, type HashStore, nextSymbol } from './map-plans.ts';
import { lowestBit } from './members.ts';
import { isPrefix, type KeyString, longStrings, segments } from './size-classes.ts';
import type { FunctionState } from './state.ts';
import { zeroBytes, zeros } from './strings.ts';
import { lookupOfThread, type ThreadStore } from './task-storage.ts';

export interface KeyPlace {
  /** ELF name of the kernel map. */
  readonly map: string;
  /** That of its second generation. */
  readonly next?: string;
  readonly pointer: IrPointer;
}

export interface MapKey {
  /** Kernel maps that the key may belong to, narrowest first. */
  readonly places: readonly KeyPlace[];
  /** For each place but the last: whether the key does not fit there. */
  readonly tooLong: readonly IrBool[];
  /** Whether the second generation is in use, for places that have one. */
  readonly isNext?: IrBool;
  /** The current thread, in a map by thread. */
  readonly threads?: ThreadKey;
}

export interface ThreadKey extends ThreadStore {
  /** The thread's id as a key of the hash map, written where it is asked for. */
  inHash(): MapKey;
}

/** A key of which the kernel map is known. */
export function keyIn(map: string, pointer: IrPointer): MapKey {
  return { places: [{ map, pointer }], tooLong: [] };
}

/** `at` for the place that the key belongs to; `branch` is one of the builder's `ifX`. */
export function atPlace<T>(
  key: MapKey,
  branch: (condition: IrBool, then: () => T, otherwise: () => T) => T,
  at: (place: KeyPlace) => T,
  index = 0,
): T {
  const place = key.places[index];
  if (!place) throw new Error('a key has a place');
  const tooLong = key.tooLong[index];
  const here = (): T => atGeneration(key, place, branch, at);
  if (!tooLong) return here();
  return branch(tooLong, () => atPlace(key, branch, at, index + 1), here);
}

function atGeneration<T>(
  { isNext: condition }: MapKey,
  place: KeyPlace,
  branch: (condition: IrBool, then: () => T, otherwise: () => T) => T,
  at: (place: KeyPlace) => T,
): T {
  const { next, pointer } = place;
  if (next === undefined || !condition) return at(place);
  return branch(
    condition,
    () => at({ map: next, pointer }),
    () => at(place),
  );
}

/** A key of a hash map without size classes. */
export function keyOf(fn: FunctionState, plan: HashPlan, pointer: IrPointer): MapKey {
  return withGeneration(fn, plan, keyIn(plan.symbol, pointer));
}

function withGeneration(fn: FunctionState, plan: HashPlan, key: MapKey): MapKey {
  const condition = isNext(fn, plan);
  if (!condition) return key;
  const places = key.places.map((place) => ({ ...place, next: nextSymbol(place.map) }));
  return { ...key, places, isNext: condition };
}

/** Address of the element's value, or null. */
export function lookupByKey(fn: FunctionState, key: MapKey): IrPointer {
  const { threads } = key;
  if (threads === undefined) return lookupInHash(fn, key);
  return lookupOfThread(fn, threads, () => lookupInHash(fn, threads.inHash()));
}

function lookupInHash(fn: FunctionState, key: MapKey): IrPointer {
  return atPlace(key, fn.ir.ifPointer, ({ map, pointer }) =>
    fn.lowering.callPointer('map_lookup_elem', fn.lowering.mapPointer(map), pointer),
  );
}

/** The key, written straight into a buffer unless it stands somewhere already. */
export function lowerHashKey(fn: FunctionState, plan: HashPlan, key: TypedExpression): MapKey {
  const classes = plan.stores.slice(0, -1);
  const { threads } = plan;
  if (threads !== undefined) {
    const inHash = () => keyOf(fn, plan, locate(fn, key, true).pointer);
    const width = plan.size as Width;
    return { places: [], tooLong: [], threads: { symbol: threads, width, inHash } };
  }
  if (classes.length === 0) return keyOf(fn, plan, locate(fn, key, true).pointer);
  const { pointer, tooLong } = lowerMeasured(fn, plan, key);
  const narrow = narrowBuffer(fn, plan);
  return withGeneration(fn, plan, {
    places: [
      ...classes.map((store) => ({
        map: store.symbol,
        pointer: isPrefix(segments(plan.keyType, store.keyType)) ? pointer : narrow,
      })),
      { map: plan.symbol, pointer },
    ],
    tooLong: narrowKeys(fn, plan, pointer, narrow, tooLong),
  });
}

/** Room for a key of any class that is not the beginning of the whole key. */
function narrowBuffer(fn: FunctionState, plan: HashPlan): IrPointer {
  const sizes = plan.stores
    .slice(0, -1)
    .filter((store) => !isPrefix(segments(plan.keyType, store.keyType)))
    .map((store) => layoutOf(store.keyType).size);
  return sizes.length === 0 ? fn.ir.nullPointer() : fn.memory.take(Math.max(...sizes));
}

/** Writes the narrow form of the key, if the key has one. */
function narrowKeys(
  fn: FunctionState,
  plan: HashPlan,
  pointer: IrPointer,
  narrow: IrPointer,
  tooLong: readonly IrBool[],
): readonly IrBool[] {
  const write = (index: number): void => {
    const store = plan.stores[index];
    const condition = tooLong[index];
    if (!store || !condition) return;
    fn.ir.if_(
      condition,
      () => write(index + 1),
      () => {
        const parts = segments(plan.keyType, store.keyType);
        if (isPrefix(parts)) return;
        fn.ir.zero(narrow, layoutOf(store.keyType).size, 8);
        for (const part of parts) {
          copySegment(fn, narrow, part.narrow, pointer, part.whole, part.size);
        }
      },
    );
  };
  write(0);
  return tooLong;
}

/** The whole key of an element of a narrow kernel map, in memory of the statement. */
export function widenKey(
  fn: FunctionState,
  plan: HashPlan,
  store: HashStore,
  key: IrPointer,
): IrPointer {
  if (store.symbol === plan.symbol) return key;
  const { size } = layoutOf(plan.keyType);
  const whole = fn.memory.take(size);
  zeroBytes(fn, whole, size, 8);
  for (const part of segments(plan.keyType, store.keyType)) {
    copySegment(fn, whole, part.whole, key, part.narrow, part.size);
  }
  return whole;
}

function copySegment(
  fn: FunctionState,
  to: IrPointer,
  toOffset: number,
  from: IrPointer,
  fromOffset: number,
  size: number,
): void {
  const align = Math.min(alignmentAt(toOffset), alignmentAt(fromOffset)) as Width;
  fn.ir.copy(fn.ir.offset(to, toOffset), fn.ir.offset(from, fromOffset), size, align);
}

function alignmentAt(offset: number): Width {
  return offset === 0 ? 8 : lowestBit(offset);
}

// ---- measuring ---------------------------------------------------------------------------------

interface Measured {
  /** For each class: whether the string does not fit. */
  readonly tooLong: readonly IrBool[];
  /** Zero behind the largest class too; else only as far as that, or behind a string that is longer. */
  readonly complete: boolean;
}

/**
 * Writes the whole key and finds its class. What a helper has just read has a length that is known; any other
 * string is zero to its end, so that one byte of it tells whether a class has room.
 */
function lowerMeasured(
  fn: FunctionState,
  plan: HashPlan,
  key: TypedExpression,
): { readonly pointer: IrPointer; readonly tooLong: readonly IrBool[] } {
  const { keyType } = plan;
  const strings = longStrings(keyType);
  const elements = elementsOf(key);
  const isRead = (part: TypedExpression): boolean => readOf(fn, part) !== undefined;
  if (!isRead(key) && !elements?.some(isRead)) {
    const { pointer } = locate(fn, key, true);
    return { pointer, tooLong: anyTooLong(fn, plan, lookAt(fn, plan, pointer, strings)) };
  }

  // Zeroing behind a long string is one copy of a fixed size, which may go on behind the key.
  const longest = Math.max(...strings.map((string) => string.size));
  const pointer = fn.memory.take(layoutOf(keyType).size + longest);
  const to: Storage = { pointer, align: 8, padded: true };
  const known = new Map<number, Measured>();
  const write = (part: TypedExpression, storage: Storage, offset: number): void => {
    const measured = lowerRead(fn, plan, part, storage);
    if (measured) known.set(offset, measured);
    else lowerInto(fn, part, storage);
  };
  if (elements) lowerElements(fn, keyType, elements, to, write);
  else write(key, to, 0);

  const all = strings.map(
    (string): Measured =>
      known.get(string.offset) ?? {
        tooLong: byBytes(fn, plan, pointer, string),
        complete: true,
      },
  );
  const tooLong = anyTooLong(
    fn,
    plan,
    all.map((measured) => measured.tooLong),
  );
  completeShort(fn, plan, pointer, strings, all, tooLong);
  return { pointer, tooLong };
}

function elementsOf(key: TypedExpression): readonly TypedExpression[] | undefined {
  if (key.kind === 'tuple') return key.elements;
  if (key.kind === 'record') return key.fields.map((field) => field.value);
  return undefined;
}

function largestClass(plan: HashPlan): number {
  return plan.classes.at(-1) ?? 0;
}

interface TextRead {
  readonly call: TypedCall;
  readonly lowerText: NonNullable<BuiltinCode['lowerText']>;
}

/** A call that reads a long string and can tell its length, perhaps widened by a cast to the key's type. */
function readOf(fn: FunctionState, part: TypedExpression): TextRead | undefined {
  if (part.kind === 'cast' && part.type.kind === 'string' && part.operand.kind === 'call') {
    return isNarrower(part.operand.type, part.type) ? readOf(fn, part.operand) : undefined;
  }
  if (part.kind !== 'call' || longStrings(part.type).length === 0) return undefined;
  const { lowerText } = fn.unit.builtins(part.builtin);
  return lowerText && { call: part, lowerText };
}

function isNarrower(type: Type, than: Type): boolean {
  return type.kind === 'string' && than.kind === 'string' && type.size <= than.size;
}

/** Reads a string into the key: zero behind it as far as its class goes. Undefined for anything else. */
function lowerRead(
  fn: FunctionState,
  plan: HashPlan,
  part: TypedExpression,
  to: Storage,
): Measured | undefined {
  const { ir, lowering } = fn;
  const read = readOf(fn, part);
  if (!read) return undefined;
  const { size } = layoutOf(part.type);
  const largest = largestClass(plan);
  if (size <= largest) return undefined;
  // A narrow key may end in padding, which is up to 7 bytes of the string.
  ir.zero(to.pointer, Math.min(size, roundUp(largest + 7, 8)), to.align);
  const { call, lowerText } = read;
  const length = within(fn, call.range, () => lowerText(call, lowering, to));
  const tooLong = plan.classes.map((limit) => ir.compare('sgt', length, ir.constant(limit)));
  const beyond = tooLong.at(-1);
  if (beyond) {
    ir.if_(beyond, () => {
      const rest = size - largest;
      const from = ir.pointerToInt(zeros(fn, rest));
      // Before Linux 6.8 the verifier forgets the bounds of what was compared after it was spilled to the stack.
      const end = ir.opaque(length);
      ir.if_(ir.compare('ule', end, ir.constant(size)), () =>
        lowering.probeRead(ir.offset(to.pointer, end), rest, from, 'kernel'),
      );
    });
  }
  return { tooLong, complete: false };
}

/** A short string beside a long one: the whole key needs its zeros to the end. */
function completeShort(
  fn: FunctionState,
  plan: HashPlan,
  pointer: IrPointer,
  strings: readonly KeyString[],
  measured: readonly Measured[],
  tooLong: readonly IrBool[],
): void {
  const { ir } = fn;
  const whole = tooLong.at(-1);
  if (!whole || strings.length < 2) return;
  const largest = largestClass(plan);
  strings.forEach(({ offset, size }, index) => {
    const string = measured[index];
    const own = string?.tooLong.at(-1);
    if (!own || string?.complete) return;
    ir.if_(ir.and(whole, ir.not(own)), () => {
      const start = offset + largest;
      zeroBytes(fn, ir.offset(pointer, start), size - largest, alignmentAt(start));
    });
  });
}

function lookAt(
  fn: FunctionState,
  plan: HashPlan,
  pointer: IrPointer,
  strings: readonly KeyString[],
): readonly (readonly IrBool[])[] {
  return strings.map((string) => byBytes(fn, plan, pointer, string));
}

/** A string that is zero behind its end fits into N bytes, NUL included, if the N-th is 0. */
function byBytes(
  fn: FunctionState,
  plan: HashPlan,
  pointer: IrPointer,
  string: KeyString,
): readonly IrBool[] {
  const { ir } = fn;
  return plan.classes.map((limit): IrBool => {
    const byte: IrValue =
      string.size > limit ? ir.load(pointer, string.offset + limit - 1, 1, false) : ir.constant(0);
    return ir.toBool(byte);
  });
}

/** For each class: whether some string of the key does not fit. */
function anyTooLong(
  fn: FunctionState,
  plan: HashPlan,
  strings: readonly (readonly IrBool[])[],
): readonly IrBool[] {
  return plan.classes.map((_, index) => {
    const all = strings.flatMap((tooLong) => tooLong.slice(index, index + 1));
    const [first, ...rest] = all;
    if (!first) throw new Error('a key with classes has a long string');
    return rest.reduce((left, right) => fn.ir.or(left, right), first);
  });
}
