/**
 * Events: records in the ring buffer `events`. How they are laid out, and the code that sends one
 * (docs/decisions/one-ring.md).
 */

import { unsigned } from '../../linker/btf/types.ts';
import { EVENT_KINDS, type EventKindName } from '../../linker/contract/events.ts';
import { HELPERS } from '../../linker/contract/helpers.ts';
import { NAME_PREFIXES } from '../../linker/contract/names.ts';
import type { FunctionBuilder, IrPointer, IrValue } from '../llvm/ir.ts';
import { type FieldLayout, roundUp, sequence } from '../types/layout.ts';
import { noteHelper } from './features.ts';
import { sharedSymbol } from './globals.ts';
import { writeToSequence } from './iterator.ts';
import type { EventRecord, EventSpec, Storage } from './lowering.ts';
import { lowestBit } from './members.ts';
import { isPinned } from './pinned.ts';
import type { FunctionState } from './state.ts';
import {
  eventPointer,
  mayTell,
  type PlaceOfWarning,
  placeOfWarning,
  sharesSeldom,
  tellShared,
} from './warnings.ts';

/** Every record begins with {u32 event, u32 CPU}. */
const HEADER_SIZE = 8;

/** include/uapi/linux/bpf.h */
const BPF_RB_NO_WAKEUP = 1;
const BPF_RB_FORCE_WAKEUP = 2;

export interface EventEntry {
  readonly index: number;
  readonly spec: EventSpec;
  readonly fields: readonly FieldLayout[];
  readonly size: number;
  /** Symbol of the mark that a control event leaves when the ring is full. */
  readonly control: string | undefined;
}

export interface EventTable {
  readonly entries: readonly EventEntry[];
  /** Equal events share one entry. */
  register(spec: EventSpec): EventEntry;
}

function isControl(kind: EventKindName): boolean {
  return 'control' in EVENT_KINDS[kind];
}

export function createEventTable(): EventTable {
  const entries: EventEntry[] = [];
  const known = new Map<string, EventEntry>();
  return {
    entries,
    register(spec) {
      const key = JSON.stringify(spec);
      const found = known.get(key);
      if (found) return found;
      const { layout, fields } = sequence(spec.fields, HEADER_SIZE);
      const index = entries.length;
      const entry: EventEntry = {
        index,
        spec,
        fields,
        size: roundUp(layout.size, 8),
        control: isControl(spec.kind) ? `${NAME_PREFIXES.control}${index}` : undefined,
      };
      known.set(key, entry);
      entries.push(entry);
      return entry;
    },
  };
}

/** reserve; fill; submit, or count the event as lost. Warnings without a status: count, then perhaps the same. */
export function emitEvent(
  fn: FunctionState,
  spec: EventSpec,
  fill: (field: (index: number) => Storage) => void,
): void {
  if (spec.kind === 'warning') {
    if (spec.fields.length > 0) throw new Error('what a warning has is a status');
    emitWarning(fn, spec, undefined);
  } else {
    const entry = registerFor(fn, spec, fill);
    if (entry) sendRecord(fn, entry, fill);
  }
}

/** Counts the warning, and perhaps sends it. The status is its one field, if it has that. */
export function emitWarning(fn: FunctionState, spec: EventSpec, status: IrValue | undefined): void {
  const fill = (field: (index: number) => Storage): void => {
    if (status) fn.ir.store(field(0).pointer, 0, 8, status);
  };
  const entry = registerFor(fn, spec, fill);
  if (!entry) return;
  if (sharesSeldom(fn)) {
    tellShared(fn, entry, status, (ir, place, value) => tell(fn, ir, entry, place, value));
    return;
  }
  countLost(fn, entry);
  fn.ir.if_(mayTell(fn.ir, placeOfWarning(fn, entry).told), () => sendRecord(fn, entry, fill));
}

/** The event where it goes through the ring; what goes another way is done. */
function registerFor(
  fn: FunctionState,
  spec: EventSpec,
  fill: (field: (index: number) => Storage) => void,
): EventEntry | undefined {
  const { target } = fn.program.probe;
  // Of a pinned iterator only warnings come here, which nobody would hear.
  if (isPinned(target)) return undefined;
  const entry = fn.unit.events.register(spec);
  if (target?.context !== 'iterator') return entry;
  // The manifest says where the mark of a control event is, also where none is left.
  if (entry.control !== undefined)
    fn.unit.variable({ symbol: entry.control, section: '.bss', type: unsigned(8) });
  fn.memory.scope(() => writeToSequence(fn, buildRecord(fn, spec, fill)));
  return undefined;
}

/** In a subprogram: counts the warning of a place, and perhaps sends it. `entry` is any that has the same fields. */
export function tell(
  fn: FunctionState,
  ir: FunctionBuilder,
  entry: EventEntry,
  place: PlaceOfWarning,
  status: IrValue,
): void {
  addLost(fn, ir, place.event);
  ir.if_(mayTell(ir, place.told), () => sendWarning(fn, ir, entry, place, status));
}

function sendWarning(
  fn: FunctionState,
  ir: FunctionBuilder,
  entry: EventEntry,
  { event }: PlaceOfWarning,
  status: IrValue,
): void {
  throughRing(fn, ir, entry.size, {
    number: () => ir.load(event, 0, 4, false),
    fill: (record) => {
      if (entry.fields.length > 0) ir.store(record, HEADER_SIZE, 8, status);
    },
    whenFull: () => {},
  });
}

function sendRecord(
  fn: FunctionState,
  entry: EventEntry,
  fill: (field: (index: number) => Storage) => void,
): void {
  const { ir } = fn;
  if (entry.spec.kind !== 'warning') fn.program.sends += 1;
  throughRing(fn, ir, entry.size, {
    number: () => eventNumber(fn, entry),
    fill: (record) => fill((index) => fieldStorage(fn, record, entry, index)),
    whenFull: () => {
      if (entry.control !== undefined) leaveMark(fn, entry, entry.control, fill);
      else if (entry.spec.kind !== 'warning') countLost(fn, entry);
    },
  });
}

/** Reserves a record, fills it and submits it; `ir` builds a function of the unit, `number` is the event's. */
function throughRing(
  fn: FunctionState,
  ir: FunctionBuilder,
  size: number,
  parts: {
    readonly number: () => IrValue;
    readonly fill: (record: IrPointer) => void;
    readonly whenFull: () => void;
  },
): void {
  noteHelper(fn, 'ringbuf_reserve');
  const record = ir.helperPointer(HELPERS.ringbuf_reserve, [
    ir.global(runtimeSymbol(fn, 'events')),
    ir.constant(size),
    ir.constant(0),
  ]);
  ir.if_(ir.isNull(record), parts.whenFull, () => {
    ir.store(record, 0, 4, parts.number());
    ir.store(record, 4, 4, ir.steadyHelper(HELPERS.get_smp_processor_id));
    parts.fill(record);
    ir.helper(HELPERS.ringbuf_submit, [record, wakeupFlag(fn, ir)]);
  });
}

/** The record of an event, header and all, in memory of the program until the end of the statement. */
export function buildRecord(
  fn: FunctionState,
  spec: EventSpec,
  fill: (field: (index: number) => Storage) => void,
): EventRecord {
  const { ir, lowering, unit } = fn;
  const entry = unit.events.register(spec);
  // Nothing goes through the ring, but every event is one of those that it is there for.
  lowering.runtimeMap('events');
  const pointer = fn.memory.take(entry.size);
  ir.zero(pointer, entry.size, 8);
  ir.store(pointer, 0, 4, ir.constant(entry.index));
  ir.store(pointer, 4, 4, lowering.call('get_smp_processor_id'));
  fill((index) => fieldStorage(fn, pointer, entry, index));
  return { pointer, size: entry.size, countLost: () => countLost(fn, entry) };
}

/**
 * Among several programs it is the linker's, so that those that are alike but for it are compiled once. A zero is often at
 * hand, which would cost an instruction otherwise.
 */
function eventNumber({ ir, unit }: FunctionState, { index }: EventEntry): IrValue {
  if (index === 0 || unit.program.probes.length < 2) return ir.constant(index);
  return ir.siteImmediate(unit.sites.number({ kind: 'number', number: index, value: 0 }), 0);
}

/** From so many on a function that counts them makes the object smaller, too: it has its own types and lines. */
const MANY_SENDS = 4;

/** Counts an event that could not be sent in this CPU's slot of `lost`. */
export function countLost(fn: FunctionState, entry: EventEntry): void {
  const { ir } = fn;
  if (fn.program.measure.sends >= MANY_SENDS && sharesSeldom(fn)) {
    const symbol = `${NAME_PREFIXES.seldom}lost`;
    const parameters = [{ name: 'event', type: undefined }];
    fn.unit.subprogram(
      { symbol, role: 'subprogram', parameters, returns: undefined },
      ['ptr'],
      (inner, [event]) => addLost(fn, inner, event as IrPointer),
    );
    ir.callFunction(symbol, [eventPointer(fn, entry)]);
    return;
  }
  fn.memory.scope(() => {
    const key = fn.memory.take(4);
    ir.store(key, 0, 4, eventNumber(fn, entry));
    addLost(fn, ir, key);
  });
}

/** In a function of the unit; `key` points to the event's number. */
function addLost(fn: FunctionState, ir: FunctionBuilder, key: IrPointer): void {
  const lost = ir.global(runtimeSymbol(fn, 'lost'));
  const slot = ir.helperPointer(HELPERS.map_lookup_elem, [lost, key]);
  ir.if_(ir.not(ir.isNull(slot)), () => {
    // Atomic, because the program may be interrupted by another that counts here.
    ir.atomicAdd(slot, 0, 8, ir.constant(1));
  });
}

/** A map that every object may have, known to the unit from now on. */
function runtimeSymbol(fn: FunctionState, name: 'events' | 'lost'): string {
  fn.unit.mapVariable(name);
  return name;
}

function fieldStorage(
  fn: FunctionState,
  base: IrPointer,
  entry: EventEntry,
  index: number,
): Storage {
  const field = entry.fields[index];
  if (!field) throw new Error(`event ${entry.spec.kind} has no field ${index}`);
  return {
    pointer: fn.ir.offset(base, field.offset),
    // Records are aligned to 8 (kernel/bpf/ringbuf.c, BPF_RINGBUF_HDR_SZ).
    align: lowestBit(field.offset),
    padded: false,
  };
}

/** So that the loader acts although the record was lost: 1 + the code of exit(), or how many there were. */
function leaveMark(
  fn: FunctionState,
  entry: EventEntry,
  control: string,
  fill: (field: (index: number) => Storage) => void,
): void {
  const { ir, unit } = fn;
  unit.variable({ symbol: control, section: '.bss', type: unsigned(8) });
  if (entry.spec.kind !== 'exit') {
    ir.atomicAdd(ir.global(control), 0, 8, ir.constant(1));
    return;
  }
  fn.memory.scope(() => {
    const copy = fn.memory.take(entry.size);
    fill((index) => fieldStorage(fn, copy, entry, index));
    const code = ir.load(copy, entry.fields[0]?.offset ?? HEADER_SIZE, 1, false);
    ir.storeVolatile(ir.global(control), 0, 8, ir.op('add', code, ir.constant(1)));
  });
}

/** Wakes the reader only where it said that it sleeps. */
function wakeupFlag(fn: FunctionState, ir: FunctionBuilder): IrValue {
  const sleeping = sharedSymbol(fn, 'sleeping');
  return ir.ifValue(
    ir.toBool(ir.loadVolatile(ir.global(sleeping), 0, 8)),
    () => {
      ir.storeVolatile(ir.global(sleeping), 0, 8, ir.constant(0));
      return ir.constant(BPF_RB_FORCE_WAKEUP);
    },
    () => ir.constant(BPF_RB_NO_WAKEUP),
  );
}
