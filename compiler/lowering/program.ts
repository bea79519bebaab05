/** One probe as a program: prologue, predicate, body, and the ways out. */

import type { TypedExpression, TypedFunction, TypedProbe } from '../analysis/typed.ts';
import type { FunctionBuilder, IrPointer, IrValue } from '../llvm/ir.ts';
import { during } from '../source/bug.ts';
import { layoutOf, roundUp } from '../types/layout.ts';
import { isScalar } from '../types/type.ts';
import { clearResult, framesAbove, resultStorage, returnsInMemory } from './calls.ts';
import { createDraftBuilder } from './draft.ts';
import { lowerInto, lowerValue } from './expressions.ts';
import { createFunction } from './function.ts';
import { skipEnd } from './iterator.ts';
import { placeKeptValues } from './kept-values.ts';
import { createScratchArena, LARGEST_SCRATCH, type ScratchArena } from './memory.ts';
import { enterExclusive, leaveExclusive } from './recursion.ts';
import { conditionBefore } from './repeated-reads.ts';
import { acquireScratch, releaseScratch, scratchHeader, sharedMemory } from './scratch.ts';
import type { FrameLayout, FunctionState, Measure, ProgramState, UnitState } from './state.ts';
import { lowerBlock } from './statements.ts';
import { filterSyscall } from './syscalls.ts';
import { type ProbePlan, planVariables } from './variables.ts';
import { usesCall } from './walk.ts';

/** Lowers a probe into the body of its program. `draftUnit` takes what the draft makes. */
export function lowerProgram(
  unit: UnitState,
  draftUnit: UnitState,
  probe: TypedProbe,
  ir: FunctionBuilder,
  context: IrPointer,
): void {
  during({ range: probe.range }, () => lowerBoth(unit, draftUnit, probe, ir, context));
}

/** The draft, then the program. */
function lowerBoth(
  unit: UnitState,
  draftUnit: UnitState,
  probe: TypedProbe,
  ir: FunctionBuilder,
  context: IrPointer,
): void {
  const plan = planVariables(probe);
  const nothing: Measure = { scratchSize: 0, scratchInPredicate: false, sends: 0 };
  const draft = createProgram(draftUnit, probe, plan, nothing, true);
  const ofPredicate = lowerBody(draft, createDraftBuilder(), context);
  const measure: Measure = {
    scratchSize: draft.scratch.peak,
    scratchInPredicate: ofPredicate > 0,
    sends: draft.sends,
  };
  if (measure.scratchSize > LARGEST_SCRATCH) {
    unit.diagnostics.error(
      'memory-limit',
      `The probe needs ${measure.scratchSize} bytes of memory for its strings and other large values; it gets up to ${LARGEST_SCRATCH} on each CPU`,
      probe.range,
      'Lower max_strlen, read shorter strings with str(pointer, length), or use fewer of them at a time.',
    );
  }
  lowerBody(createProgram(unit, probe, plan, measure, false), ir, context);
}

export function createProgram(
  unit: UnitState,
  probe: TypedProbe,
  plan: ProbePlan,
  measure: Measure,
  draft: boolean,
): ProgramState {
  const scratch = createScratchArena(scratchHeader(probe.target));
  return {
    unit,
    probe,
    plan,
    frame: layoutFrame(probe, plan, scratch),
    depth:
      (unit.heights.get(probe.symbol) ?? framesAbove(plan, probe.calls, unit.heights)) +
      // The callback of a walk.
      Number(usesCall(probe, ({ traits }) => traits.runsCallback === true)),
    scratch,
    measure,
    draft,
    callbacks: 0,
    sends: 0,
  };
}

/** Pointers of the program that its callbacks need: they can stand on the stack only. */
const FRAME_HEADER = 16;

/**
 * What a callback may change stands in scratch memory, never on the stack. Before Linux 6.7 the verifier walks a
 * callback once, as if every loop had one round (fixed by "bpf: verify callbacks as if they are called unknown
 * number of times"): it would take what the first round leaves on the stack for the only value, and remove the
 * branches that other rounds take. Of map values it knows nothing.
 */
function layoutFrame(probe: TypedProbe, plan: ProbePlan, scratch: ScratchArena): FrameLayout {
  const target = isFunction(probe) && returnsInMemory(probe.returns) ? FRAME_HEADER : undefined;
  const variables = new Map<number, number>();
  const loops = plan.callbackDepth > 0;
  const words = loops ? scratch.take(WORDS_OF_LOOPS + plan.loopSlots.size * 8) : 0;
  if (loops) {
    for (const [id, { variable, captured }] of plan.variables) {
      if (captured) variables.set(id, scratch.take(roundUp(layoutOf(variable.type).size, 8)));
    }
  }
  return {
    size: loops ? FRAME_HEADER + (target === undefined ? 0 : 8) : 0,
    context: 0,
    scratch: 8,
    ended: words,
    result: words + 8,
    target,
    loopSlot(loop) {
      const slot = plan.loopSlots.get(loop);
      if (slot === undefined) throw new Error('the loop has no place in scratch memory');
      return words + WORDS_OF_LOOPS + slot * 8;
    },
    variables,
  };
}

/** `ended` and `result`. */
const WORDS_OF_LOOPS = 16;

/** Builds the function; gives the scratch memory that the predicate took. */
function lowerBody(program: ProgramState, ir: FunctionBuilder, context: IrPointer): number {
  const { probe, measure, frame: layout } = program;
  const frame = layout.size > 0 ? ir.alloca(layout.size, 8) : undefined;
  const fn = createFunction(program, ir, {
    role: 'program',
    context,
    frame,
    result: undefined,
  });
  const place = program.unit.sources.globalPosition(probe.range.start);
  ir.setPlace(place.line, place.column);
  if (probe.target.syscalls) filterSyscall(fn);
  filterProcess(fn);
  if (probe.target.context === 'iterator') skipEnd(fn);
  if (program.unit.exclusive) enterExclusive(fn);

  // Not of the budget: where the frame takes all of that, scratch memory is what is left, and needs its key first.
  const index = measure.scratchSize > 0 ? ir.alloca(4, 4) : undefined;
  const acquire = () => {
    if (measure.scratchSize > 0 && index && !fn.scratch) acquireScratch(fn, index);
  };
  if (measure.scratchInPredicate) acquire();
  const { predicate } = probe;
  placeKeptValues(fn);
  if (predicate) {
    const holds = fn.memory.scope(() => conditionBefore(fn, predicate, probe.body));
    ir.if_(ir.not(holds), () => endProgram(fn, undefined));
  }
  const ofPredicate = program.scratch.peak;
  acquire();
  if (frame) {
    ir.store(frame, layout.context, 8, ir.pointerToInt(context));
    if (fn.scratch) ir.store(frame, layout.scratch, 8, ir.pointerToInt(fn.scratch));
  }
  lowerBlock(fn, probe.body);
  if (ir.reachable) endProgram(fn, undefined);
  return ofPredicate;
}

/** Leaves at once for processes other than the one asked for with -p. */
function filterProcess(fn: FunctionState): void {
  const { ir, lowering, program } = fn;
  const { target } = program.probe;
  if (!target.filtersPid) return;
  const wanted = ir.load(lowering.shared('filterPid'), 0, 4, false);
  ir.if_(ir.toBool(wanted), () => {
    const pid = fn.memory.scope(() => lowering.taskId('pid', 'filtered'));
    ir.if_(ir.compare('ne', pid, wanted), () => ir.return_(ir.constant(target.defaultReturn)));
  });
}

function isFunction(probe: TypedProbe | TypedFunction): probe is TypedFunction {
  return 'returns' in probe;
}

/** `return value`. */
export function lowerReturn(fn: FunctionState, value: TypedExpression | undefined): void {
  if (value && !isScalar(value.type)) {
    lowerInto(fn, value, resultStorage(fn));
    endProgram(fn, fn.ir.constant(0));
    return;
  }
  endProgram(fn, value && lowerValue(fn, value));
}

/** Ends the program with a value, from wherever in it: a callback asks the functions around it to. */
export function endProgram(fn: FunctionState, value: IrValue | undefined): void {
  const { ir, program } = fn;
  const { target } = program.probe;
  if (!value && isFunction(program.probe) && returnsInMemory(program.probe.returns)) {
    clearResult(fn, program.probe.returns);
  }
  // The verifier takes nothing but 0 from typed raw tracepoints (kernel/bpf/verifier.c, check_return_code).
  const result =
    value && target.context !== 'btf-arguments' && target.context !== 'iterator'
      ? value
      : ir.constant(target.defaultReturn);
  if (fn.role === 'program') {
    releaseScratch(fn, program);
    leaveExclusive(fn);
    ir.return_(result);
    return;
  }
  ir.store(sharedMemory(fn), program.frame.result, 8, result);
  ir.store(sharedMemory(fn), program.frame.ended, 8, ir.constant(1));
  ir.return_(ir.constant(1));
}
