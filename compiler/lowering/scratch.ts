/** Taking a program's entry of scratch memory, and giving it back (docs/decisions/scratch-memory.md). */
import type { IrPointer } from '../llvm/ir.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import { countLost } from './events.ts';
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
  const first = unit.scratch.entries;
  unit.scratch.entries += entries;
  unit.scratch.size = Math.max(unit.scratch.size, program.measure.scratchSize);
  const entry = entries === 1 ? lookup(fn, index, first) : lock(fn, index, first, entries);
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

function lookup(fn: FunctionState, index: IrPointer, entry: number): IrPointer {
  const { ir, lowering } = fn;
  ir.store(index, 0, 4, ir.constant(entry));
  return lowering.callPointer('map_lookup_elem', lowering.runtimeMap('scratch'), index);
}

/** Tries one entry after the other; null if all are taken. */
function lock(fn: FunctionState, index: IrPointer, entry: number, left: number): IrPointer {
  const { ir, unit } = fn;
  if (left === 0) return ir.nullPointer();
  unit.features.add('atomic_exchange');
  const candidate = lookup(fn, index, entry);
  return ir.ifPointer(
    ir.isNull(candidate),
    () => ir.nullPointer(),
    () =>
      ir.ifPointer(
        ir.toBool(ir.atomicExchange(candidate, 0, ir.constant(1))),
        () => lock(fn, index, entry + 1, left - 1),
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
