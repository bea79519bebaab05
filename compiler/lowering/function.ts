/** The state of one function, and the `Lowering` that built-ins see of it. */

import { HELPERS, type HelperName } from '../../linker/contract/helpers.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { FunctionBuilder, IrPointer, IrValue, Width } from '../llvm/ir.ts';
import { isInBpfProgram } from '../probes/probe.ts';
import { layoutOf } from '../types/layout.ts';
import { isScalar, type Type } from '../types/type.ts';
import { tie } from './architecture.ts';
import { buildRecord, emitEvent } from './events.ts';
import { lowerExistence } from './existence.ts';
import { constantBytes, locate, lowerInto, lowerValue } from './expressions.ts';
import { noteHelper } from './features.ts';
import { hostValue, sharedSymbol } from './globals.ts';
import { reportFailure } from './helper-warnings.ts';
import { callKernel, lowerPercpu } from './kernel-symbols.ts';
import type { Lowering, Storage } from './lowering.ts';
import { lowerDelete, lowerDiscardedDelete, lowerHasKey, lowerLength, planOf } from './maps.ts';
import { createMemory, stackBudget } from './memory.ts';
import { isPinned, printToSequence } from './pinned.ts';
import { endProgram } from './program.ts';
import { lowerRegister } from './registers.ts';
import { lowerSearch } from './search.ts';
import { lowerStack } from './stacks.ts';
import type { FunctionState, ProgramState } from './state.ts';
import { copyBytes } from './strings.ts';
import { lowerSyscallName } from './syscalls.ts';
import { lowerTaskId } from './task-id.ts';
import { withTypedPointer } from './typed-pointers.ts';
import { lowerUsdtArgument } from './usdt.ts';
import { lowerUserAddress } from './user-addresses.ts';
import { someExpression } from './walk.ts';

/** What these say about the task and the CPU holds for a whole run: programs are not migrated. */
const STEADY: ReadonlySet<HelperName> = new Set<HelperName>([
  'get_current_pid_tgid',
  'get_current_uid_gid',
  'get_current_cgroup_id',
  'get_smp_processor_id',
]);

/** Before Linux 6.10 the verifier refuses a call that gets one map on one path and another on another (bpf_map_ptr_poisoned). */
const ONE_MAP: ReadonlySet<HelperName> = new Set<HelperName>(['for_each_map_elem']);

/** Bytes of the stack that the program of a session takes from its halves, rounded up generously. */
const CALLER = 64;

export function createFunction(
  program: ProgramState,
  ir: FunctionBuilder,
  place: {
    readonly role: 'program' | 'callback';
    readonly context: IrPointer;
    readonly frame: IrPointer | undefined;
    readonly result: IrPointer | undefined;
  },
): FunctionState {
  const frameSize = place.role === 'program' ? program.frame.size : 0;
  const role = program.unit.heights.has(program.probe.symbol) ? 'callback' : place.role;
  const whole = stackBudget(program.depth, role);
  const budget = {
    bytes: Math.max(0, whole.bytes - frameSize - (program.probe.session ? CALLER : 0)),
    scalars: program.unit.sparesStack ? 0 : whole.scalars,
  };
  const memory = createMemory(ir, budget, program.unit.config.onStackLimit, program.scratch, () => {
    if (!fn.scratch) throw new Error('scratch memory is used that the draft did not ask for');
    return fn.scratch;
  });
  const fn: FunctionState = {
    program,
    unit: program.unit,
    ir,
    role: place.role,
    context: place.context,
    frame: place.frame,
    result: place.result,
    place: undefined,
    scratch: program.draft ? ir.nullPointer() : undefined,
    memory,
    locations: new Map(),
    running: undefined,
    kept: new Map(),
    loops: [],
    generations: new Map(),
    substitutes: new Map(),
    repeated: undefined,
    get lowering() {
      return lowering;
    },
  };
  const lowering = createLowering(fn);
  return fn;
}

function createLowering(fn: FunctionState): Lowering {
  const { ir, unit, program, memory } = fn;
  const lowering: Lowering = {
    ir,
    probe: program.probe.target,
    config: unit.config,
    context: fn.context,

    value: (expression) => lowerValue(fn, expression),
    into: (expression, to) => lowerInto(fn, expression, to),
    address: (expression, padded) => locate(fn, expression, padded).pointer,
    temporary: (size) => memory.take(size),

    call(helper, ...args) {
      noteHelper(fn, helper);
      if (STEADY.has(helper)) return ir.steadyHelper(HELPERS[helper]);
      const result = ir.helper(HELPERS[helper], args);
      return ONE_MAP.has(helper) ? ir.apart(result) : result;
    },
    callPointer(helper, ...args) {
      noteHelper(fn, helper);
      return ir.helperPointer(HELPERS[helper], args);
    },
    mapPointer(elfName) {
      unit.mapVariable(elfName);
      return ir.global(elfName);
    },
    runtimeMap: (name) => lowering.mapPointer(name),

    deleteKey: (map, key) =>
      ir.fromBool(ir.compare('eq', lowerDelete(fn, planOf(fn, map), key), ir.constant(0))),
    discardKey: (map, key, range) => lowerDiscardedDelete(fn, planOf(fn, map), key, range),
    hasKey: (map, key) => lowerHasKey(fn, planOf(fn, map), key),
    length: (map) => lowerLength(fn, planOf(fn, map).map),

    probeRead: (to, size, from, space) =>
      lowerMemoryRead(
        fn,
        space === 'user' ? 'probe_read_user' : 'probe_read_kernel',
        to,
        size,
        from,
      ),
    probeReadString: (to, size, from, space) =>
      lowerMemoryRead(
        fn,
        space === 'user' ? 'probe_read_user_str' : 'probe_read_kernel_str',
        to,
        size,
        from,
      ),

    emit: (event, fill) => emitEvent(fn, event, fill),
    record: (event, fill) => buildRecord(fn, event, fill),
    emitValues(event, values) {
      if (event.format !== undefined && isPinned(program.probe.target)) {
        printToSequence(fn, event.format, values);
        return;
      }
      const fields: readonly Type[] = values.map((value) => value.type);
      // What a function prints comes before what its result is printed with.
      const ready = values.some(runsStatements) ? values.map((value) => evaluate(fn, value)) : [];
      emitEvent(fn, { ...event, fields }, (field) => {
        for (const [index, value] of values.entries()) {
          const write = ready[index] ?? ((to) => lowerInto(fn, value, to));
          memory.scope(() => write(field(index)));
        }
      });
    },

    typedPointer: (expression, use, otherwise) => withTypedPointer(fn, expression, use, otherwise),
    sparesStack: unit.sparesStack,
    taskId: (id, namespace) => lowerTaskId(id, namespace, lowering),
    register: (name) => lowerRegister(fn, name),
    tie: (reason) => tie(fn, reason),
    shared: (name) => ir.global(sharedSymbol(fn, name)),
    hostValue(question) {
      const { symbol } = program.probe;
      const asked = question.kind === 'kfunc' ? { ...question, program: symbol } : question;
      return ir.loadFixed(ir.global(hostValue(unit, asked)), 0, 8);
    },
    exists: (question) => lowerExistence(fn, question),
    callKernel: (name, ...args) => callKernel(fn, name, args),
    percpu: (name, type, cpu) => lowerPercpu(fn, name, type, cpu),
    coreNumber(relocation, struct, indexes, value) {
      const site = { kind: 'core', relocation, struct, indexes, value } as const;
      return ir.siteImmediate(unit.sites.number(site), value);
    },
    eventName() {
      const { target } = program.probe;
      if (target.syscalls) return lowerSyscallName(fn);
      const { session } = program.probe;
      // A session has one cookie for both ends.
      if (session === 'exit') return upperCookie(fn);
      const cookie = lowering.call('get_attach_cookie', fn.context);
      return session === 'entry' || PAIRS.has(target.provider) || isInBpfProgram(target)
        ? ir.extend(cookie, 4, false)
        : cookie;
    },
    search: (haystack, needle) => lowerSearch(fn, haystack, needle),
    functionName: () => upperCookie(fn),
    usdtArgument: (index) => lowerUsdtArgument(fn, index),
    userAddress: (symbol) => lowerUserAddress(fn, symbol),
    format(text) {
      const known = unit.formats.indexOf(text);
      if (known !== -1) return known;
      unit.formats.push(text);
      return unit.formats.length - 1;
    },
    constantString: (bytes) => ir.global(constantBytes(fn, bytes)),
    captureStack: (type, to, unwinds) => lowerStack(fn, type, to, unwinds),
    leave: () => endProgram(fn, undefined),
  };
  return lowering;
}

/**
 * Providers whose attach cookies are two numbers: the lower half that of the name, the upper that of the function's
 * name, or of the USDT point (docs/object-format.md, Probes).
 */
const PAIRS: ReadonlySet<string> = new Set(['uprobe', 'uretprobe', 'usdt']);

function upperCookie({ ir, lowering, context }: FunctionState): IrValue {
  return ir.op('lshr', lowering.call('get_attach_cookie', context), ir.constant(32));
}

/** The helper's result; with -k a failure is reported. */
function lowerMemoryRead(
  fn: FunctionState,
  helper: HelperName,
  to: IrPointer,
  size: number | IrValue,
  from: IrValue,
): IrValue {
  const bytes = typeof size === 'number' ? fn.ir.constant(size) : size;
  const status = fn.lowering.call(helper, to, bytes, from);
  reportFailure(fn, helper, status);
  return status;
}

/** Whether evaluating it can send events of its own. */
function runsStatements(expression: TypedExpression): boolean {
  return someExpression(
    expression,
    ({ kind }) => kind === 'function-call' || kind === 'block-value',
  );
}

/** Evaluates now; gives what writes the value later in the statement. */
function evaluate(fn: FunctionState, expression: TypedExpression): (to: Storage) => void {
  const { type } = expression;
  if (isScalar(type)) {
    const value = lowerValue(fn, expression);
    return (to) => fn.ir.store(to.pointer, 0, layoutOf(type).size as Width, value);
  }
  const from = { pointer: fn.memory.take(layoutOf(type).size), align: 8, padded: true } as const;
  lowerInto(fn, expression, from);
  return (to) => copyBytes(fn, to, from, type);
}
