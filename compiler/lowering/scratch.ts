/** Taking a program's entry of scratch memory, and giving it back (docs/decisions/scratch-memory.md). */
import type { IrPointer } from '../llvm/ir.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import { countLost } from './events.ts';
import { LARGEST_PER_CPU } from './memory.ts';
import { leaveExclusive } from './recursion.ts';
import type { FunctionState, ProgramState } from './state.ts';

/** Entries of a program that can be preempted by itself: so many of its runs can be under way on a CPU. */
const SHARED_ENTRIES = 4;

const NONE_FREE = 'All scratch memory of the probe was in use on this CPU; the event was dropped.';

/** The word before the data of a shared entry: not 0 while it is taken. */
const LOCK_SIZE = 8;

/** Sections of programs that are preemptible and that nothing keeps from running twice on a CPU. */
const PREEMPTIBLE = /^(uprobe|uretprobe|usdt|iter)\b/;

export function sharesScratch(target: ProbeTarget): boolean {
  return PREEMPTIBLE.test(target.section) || isCloned(target);
}

/** One program a function, all with one entry: each excludes only itself. */
function isCloned({ provider, wildcard }: ProbeTarget): boolean {
  return wildcard && CLONED.has(provider);
}

const CLONED: ReadonlySet<string> = new Set(['fentry', 'fexit', 'rawtracepoint']);

/** Bytes at the start of an entry that are not for values. */
export function scratchHeader(target: ProbeTarget): number {
  return sharesScratch(target) ? LOCK_SIZE : 0;
}

/** Takes an entry, or ends the program. Sets `fn.scratch`. `index` has room for the entry's number. */
export function acquireScratch(fn: FunctionState, index: IrPointer): void {
  const { ir, lowering, unit, program } = fn;
  const { target } = program.probe;
  const entries = sharesScratch(target) ? SHARED_ENTRIES : 1;
  const candidate =
    program.measure.scratchSize > LARGEST_PER_CPU
      ? wideEntries(fn, index, entries)
      : narrowEntries(fn, index, entries);
  const entry = entries === 1 ? candidate(0) : lock(fn, candidate, 0, entries);
  ir.if_(ir.isNull(entry), () => {
    if (entries > 1) {
      // Nothing is sent, but what counts lost events belongs to the ring.
      lowering.runtimeMap('events');
      countLost(fn, unit.events.register({ kind: 'warning', fields: [], message: NONE_FREE }));
    }
    leaveExclusive(fn);
    ir.return_(ir.constant(target.defaultReturn));
  });
  fn.scratch = entry;
}

/** The nth entry of the program on this CPU; NULL is what the verifier has to be told of. */
type Candidate = (entry: number) => IrPointer;

function narrowEntries(fn: FunctionState, index: IrPointer, entries: number): Candidate {
  const { ir, lowering, unit, program } = fn;
  const first = unit.scratch.entries;
  unit.scratch.entries += entries;
  unit.scratch.size = Math.max(unit.scratch.size, program.measure.scratchSize);
  return (entry) => {
    ir.store(index, 0, 4, ir.constant(first + entry));
    return lowering.callPointer('map_lookup_elem', lowering.runtimeMap('scratch'), index);
  };
}

/**
 * What is larger than per-CPU arrays give stands in an ordinary one: an element for each CPU, in which each program has
 * places of its own.
 */
function wideEntries(fn: FunctionState, index: IrPointer, entries: number): Candidate {
  const { ir, lowering, unit, program } = fn;
  const size = program.measure.scratchSize;
  const first = unit.wideScratch.size;
  unit.wideScratch.size += entries * size;
  ir.store(index, 0, 4, lowering.call('get_smp_processor_id'));
  const element = lowering.callPointer(
    'map_lookup_elem',
    lowering.runtimeMap('wide_scratch'),
    index,
  );
  return (entry) =>
    ir.ifPointer(
      ir.isNull(element),
      () => ir.nullPointer(),
      () => ir.offset(element, first + entry * size),
    );
}

/** Tries one entry after the other; null if all are taken. */
function lock(fn: FunctionState, entries: Candidate, entry: number, left: number): IrPointer {
  const { ir, unit } = fn;
  if (left === 0) return ir.nullPointer();
  unit.features.add('atomic_exchange');
  const candidate = entries(entry);
  return ir.ifPointer(
    ir.isNull(candidate),
    () => ir.nullPointer(),
    () =>
      ir.ifPointer(
        ir.toBool(ir.atomicExchange(candidate, 0, ir.constant(1))),
        () => lock(fn, entries, entry + 1, left - 1),
        () => candidate,
      ),
  );
}

/** Gives a shared entry back: on every way out of the program. */
export function releaseScratch(fn: FunctionState, program: ProgramState): void {
  if (!fn.scratch || !sharesScratch(program.probe.target)) return;
  fn.ir.storeVolatile(fn.scratch, 0, 8, fn.ir.constant(0));
}

/** The memory that a program and its callbacks share. */
export function sharedMemory(fn: FunctionState): IrPointer {
  if (!fn.scratch) throw new Error('loops need scratch memory that the draft did not ask for');
  return fn.scratch;
}
