/**
 * Functions of the script (`fn`) as BPF-to-BPF subprograms, and calls of them and of linked functions.
 *
 * Scalars go in registers. What stands in memory goes by its address: the callee copies it only where it
 * assigns it. A result in memory is written where the caller wants it, and scratch memory is a part of the
 * caller's, so that a function can run in several programs at the same time. BPF passes five registers; what
 * does not fit stands in a block on the caller's stack.
 */
import type { TypedFunction, TypedFunctionCall, TypedProgram } from '../analysis/typed.ts';
import type { FunctionBuilder, IrPointer, IrValue, Width } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import { isScalar, type Type } from '../types/type.ts';
import { createDraftBuilder } from './draft.ts';
import { locate, lowerInto, lowerValue, variableStorage } from './expressions.ts';
import { createFunction } from './function.ts';
import type { Storage } from './lowering.ts';
import { truncateTo } from './operators.ts';
import { createProgram, endProgram } from './program.ts';
import type { FunctionState, Measure, ProgramState, UnitState } from './state.ts';
import { declareVariable, lowerBlock } from './statements.ts';
import { describeType } from './stored-types.ts';
import { copyBytes, zeroBytes } from './strings.ts';
import { type ProbePlan, planVariables } from './variables.ts';

const REGISTERS = 5;

/** What a call passes, in order: values of parameters, and addresses. */
type Passed = 'result' | 'scratch' | number;

/** What the lowering knows of a function of the script before its body is built. */
export interface FunctionPlan {
  readonly fn: TypedFunction;
  readonly plan: ProbePlan;
  /** Bytes of scratch memory that callers provide, with those of what it calls. */
  readonly scratchSize: number;
}

export type FunctionPlans = ReadonlyMap<string, FunctionPlan>;

/** Frames that stand above a function or probe while it runs: callbacks, and what it calls. */
export function framesAbove(
  plan: ProbePlan,
  calls: readonly string[],
  heights: ReadonlyMap<string, number>,
): number {
  return plan.callbackDepth + Math.max(0, ...calls.map((callee) => heights.get(callee) ?? 1));
}

/** By symbol, 1 and the frames above it. */
export function functionHeights(program: TypedProgram): ReadonlyMap<string, number> {
  const heights = new Map<string, number>();
  for (const fn of program.functions) {
    heights.set(fn.symbol, 1 + framesAbove(planVariables(fn), fn.calls, heights));
  }
  return heights;
}

/** Measures and builds the functions; callees come first. */
export function lowerFunctions(unit: UnitState, drafts: UnitState): void {
  for (const fn of unit.program.functions) {
    const plan = planVariables(fn);
    const nothing: Measure = { scratchSize: 0, scratchInPredicate: false, sends: 0 };
    const draft = createProgram(drafts, fn, plan, nothing, true);
    const none = createDraftBuilder().nullPointer();
    unit.functions.set(fn.symbol, { fn, plan, scratchSize: 0 });
    lowerBody(draft, fn, createDraftBuilder(), { result: none, scratch: none, values: [] });

    const scratchSize = draft.scratch.peak;
    const measured = { fn, plan, scratchSize };
    unit.functions.set(fn.symbol, measured);
    const measure = { scratchSize, scratchInPredicate: false, sends: draft.sends };
    const program = createProgram(unit, fn, plan, measure, false);
    const passed = passedOf(measured);
    const inRegisters = passed.slice(0, registersOf(passed));
    const kinds = inRegisters.map((one) => kindOf(fn, one));
    const block = inRegisters.length < passed.length;
    unit.subprogram(
      {
        symbol: fn.symbol,
        role: 'subprogram',
        parameters: [
          ...inRegisters.map((one) =>
            typeof one === 'number'
              ? {
                  name: nameOf(fn, one),
                  type: describeType(unit.kernel.types, parameterOf(fn, one).type),
                }
              : { name: one, type: undefined },
          ),
          ...(block ? [{ name: 'more', type: undefined }] : []),
        ],
        returns: isScalar(fn.returns) ? describeType(unit.kernel.types, fn.returns) : undefined,
      },
      block ? [...kinds, 'ptr'] : kinds,
      (ir, args) => lowerBody(program, fn, ir, receive(fn, ir, passed, args)),
    );
  }
}

function passedOf({ fn, scratchSize }: FunctionPlan): readonly Passed[] {
  return [
    ...(returnsInMemory(fn.returns) ? (['result'] as const) : []),
    ...(scratchSize > 0 ? (['scratch'] as const) : []),
    ...fn.parameters.map((_, index) => index),
  ];
}

/** The last register is for the block where not everything fits. */
function registersOf(passed: readonly Passed[]): number {
  return passed.length > REGISTERS ? REGISTERS - 1 : passed.length;
}

function kindOf(fn: TypedFunction, passed: Passed): 'i64' | 'ptr' {
  return typeof passed === 'number' && isScalar(parameterOf(fn, passed).type) ? 'i64' : 'ptr';
}

function parameterOf(fn: TypedFunction, index: number): TypedFunction['parameters'][number] {
  const parameter = fn.parameters[index];
  if (!parameter) throw new Error(`${fn.name} has no parameter ${index}`);
  return parameter;
}

/** Without the `$`, which is no part of a name in BTF. */
function nameOf(fn: TypedFunction, index: number): string {
  return parameterOf(fn, index).name.replace(/^\$/, '');
}

export function returnsInMemory(type: Type): boolean {
  return type.kind !== 'void' && !isScalar(type);
}

interface Received {
  readonly result: IrPointer | undefined;
  readonly scratch: IrPointer | undefined;
  /** By parameter. */
  readonly values: readonly (IrValue | IrPointer)[];
}

/** In the callee: sorts out what came in registers and in the block. */
function receive(
  fn: TypedFunction,
  ir: FunctionBuilder,
  passed: readonly Passed[],
  args: readonly (IrValue | IrPointer)[],
): Received {
  const registers = registersOf(passed);
  const found = new Map<Passed, IrValue | IrPointer>();
  for (const [index, one] of passed.entries()) {
    const register = index < registers ? args[index] : undefined;
    if (register) {
      found.set(one, register);
      continue;
    }
    const word = ir.load(args[registers] as IrPointer, (index - registers) * 8, 8);
    found.set(one, kindOf(fn, one) === 'ptr' ? ir.intToPointer(word) : word);
  }
  return {
    result: found.get('result') as IrPointer | undefined,
    scratch: found.get('scratch') as IrPointer | undefined,
    values: fn.parameters.map((_, index) => found.get(index) ?? ir.nullPointer()),
  };
}

function lowerBody(
  program: ProgramState,
  typed: TypedFunction,
  ir: FunctionBuilder,
  received: Received,
): void {
  const { frame: layout, plan, draft } = program;
  const frame = layout.size > 0 ? ir.alloca(layout.size, 8) : undefined;
  const fn = createFunction(program, ir, {
    role: 'program',
    context: ir.nullPointer(),
    frame,
    result: received.result,
  });
  if (!draft) fn.scratch = received.scratch;
  const place = program.unit.sources.globalPosition(typed.range.start);
  ir.setPlace(place.line, place.column);
  if (frame) {
    if (fn.scratch) ir.store(frame, layout.scratch, 8, ir.pointerToInt(fn.scratch));
    if (received.result && layout.target !== undefined) {
      ir.store(frame, layout.target, 8, ir.pointerToInt(received.result));
    }
  }
  fn.memory.scope(() => {
    for (const [index, variable] of typed.parameters.entries()) {
      const known = plan.variables.get(variable.id);
      const value = received.values[index] ?? ir.nullPointer();
      if (!known) continue;
      if (isScalar(variable.type)) {
        declareVariable(fn, known);
        const width = layoutOf(variable.type).size as Width;
        ir.store(variableStorage(fn, variable).pointer, 0, width, value as IrValue);
      } else if (known.captured || known.assigned) {
        declareVariable(fn, known);
        const from = { pointer: value as IrPointer, align: 8 } as const;
        copyBytes(fn, variableStorage(fn, variable), from, variable.type);
      } else {
        fn.locations.set(variable.id, { kind: 'memory', pointer: value as IrPointer, align: 8 });
      }
    }
    lowerBlock(fn, typed.body);
  });
  if (ir.reachable) endProgram(fn, undefined);
}

/** Where the result of the function goes that `fn` is, or is a callback of. */
export function resultStorage(fn: FunctionState): Storage {
  const { ir, frame, program } = fn;
  const pointer =
    fn.role === 'program' || program.draft
      ? fn.result
      : frame && program.frame.target !== undefined
        ? ir.intToPointer(ir.load(frame, program.frame.target, 8))
        : undefined;
  return { pointer: pointer ?? ir.nullPointer(), align: 8, padded: true };
}

/** `exit()` leaves a function too: its caller gets zeros. */
export function clearResult(fn: FunctionState, type: Type): void {
  zeroBytes(fn, resultStorage(fn).pointer, layoutOf(type).size, 8);
}

/** A call whose result is a scalar, or none. */
export function lowerFunctionCall(fn: FunctionState, call: TypedFunctionCall): IrValue {
  return fn.memory.scope(() => {
    const result = lowerCall(fn, call, undefined);
    return call.linked && isScalar(call.type) ? truncateTo(fn, result, call.type) : result;
  });
}

/** A call whose result stands in memory. */
export function lowerFunctionCallInto(
  fn: FunctionState,
  call: TypedFunctionCall,
  to: Storage,
): void {
  fn.memory.scope(() => {
    if (to.align === 8 && to.padded) {
      lowerCall(fn, call, to.pointer);
      return;
    }
    const pointer = fn.memory.take(layoutOf(call.type).size);
    lowerCall(fn, call, pointer);
    copyBytes(fn, to, { pointer, align: 8 }, call.type);
  });
}

function lowerCall(
  fn: FunctionState,
  call: TypedFunctionCall,
  result: IrPointer | undefined,
): IrValue {
  const { ir, unit, program } = fn;
  const values = call.args.map((argument): IrValue | IrPointer => {
    if (isScalar(argument.type)) return lowerValue(fn, argument);
    if (argument.kind === 'variable' || argument.kind === 'string') {
      const place = locate(fn, argument, true);
      if (place.align === 8) return place.pointer;
    }
    const pointer = fn.memory.take(Math.max(1, layoutOf(argument.type).size));
    lowerInto(fn, argument, { pointer, align: 8, padded: true });
    return pointer;
  });
  if (call.linked) {
    unit.linkedFunction(call.function);
    return ir.callLinked(
      call.function,
      values.map((value, index) =>
        isScalar(call.args[index]?.type ?? call.type)
          ? (value as IrValue)
          : ir.pointerToInt(value as IrPointer),
      ),
    );
  }
  const callee = unit.functions.get(call.function);
  if (!callee) throw new Error(`${call.function} is called before it is made`);
  let scratch: IrPointer | undefined;
  if (callee.scratchSize > 0) {
    const offset = program.scratch.take(callee.scratchSize);
    if (!fn.scratch) throw new Error('a call needs scratch memory that the draft did not ask for');
    scratch = ir.offset(fn.scratch, offset);
  }
  const passed = passedOf(callee);
  const args = passed.map((one) => {
    const value = one === 'result' ? result : one === 'scratch' ? scratch : values[one];
    if (!value) throw new Error(`a call of ${callee.fn.name} lacks an argument`);
    return value;
  });
  const registers = registersOf(passed);
  const more = args.slice(registers);
  if (more.length > 0) {
    const block = ir.alloca(more.length * 8, 8);
    for (const [index, value] of more.entries()) {
      const one = passed[registers + index] ?? 0;
      const word =
        kindOf(callee.fn, one) === 'ptr' ? ir.pointerToInt(value as IrPointer) : (value as IrValue);
      ir.store(block, index * 8, 8, word);
    }
    return ir.callFunction(call.function, [...args.slice(0, registers), block]);
  }
  return ir.callFunction(call.function, args);
}
