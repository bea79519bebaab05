/**
 * A machine that runs what built-ins lower to: an IrBuilder whose values are numbers and whose memory is bytes.
 * It shows what a lowering does without LLVM, a kernel or root.
 */
import type { Config, TypedExpression } from '../../../compiler/analysis/typed.ts';
import { codeOf } from '../../../compiler/builtins/builtins.ts';
import type { IrBool, IrBuilder, IrPointer, IrValue } from '../../../compiler/llvm/ir.ts';
import type { EventSpec, Lowering, Storage } from '../../../compiler/lowering/lowering.ts';
import { searchInLoop } from '../../../compiler/lowering/search.ts';
import { lowerTaskId } from '../../../compiler/lowering/task-id.ts';
import type { ProbeTarget } from '../../../compiler/probes/probe.ts';
import { layoutOf, sequence } from '../../../compiler/types/layout.ts';
import type { Type } from '../../../compiler/types/type.ts';
import { isScalar } from '../../../compiler/types/type.ts';
import type { HelperName } from '../../../linker/contract/helpers.ts';
import type { SharedVariableName } from '../../../linker/contract/variables.ts';

/** What fresh memory holds, so that a byte which nobody wrote is seen. */
export const GARBAGE = 0xaa;

const EFAULT = -14n;

export interface SentEvent {
  readonly spec: EventSpec;
  /** Bytes of the fields. */
  readonly fields: readonly Uint8Array[];
}

export interface World {
  /** Values of scalar helpers. */
  readonly helpers?: Partial<Record<HelperName, bigint>>;
  readonly comm?: string;
  /** In the namespace of the loader. */
  readonly namespaceIds?: { readonly pid: number; readonly tid: number };
  readonly shared?: Partial<Record<SharedVariableName, readonly bigint[]>>;
  readonly registers?: Readonly<Record<string, bigint>>;
  /** Pieces of memory by address. */
  readonly kernel?: ReadonlyMap<bigint, Uint8Array>;
  readonly user?: ReadonlyMap<bigint, Uint8Array>;
  /** Values of variables in memory, by variable id. */
  readonly variables?: ReadonlyMap<number, Uint8Array>;
  readonly context?: Uint8Array;
  /** What the loader found on its host. */
  readonly found?: bigint;
  /** What functions of the kernel give. */
  readonly functions?: Readonly<Record<string, bigint>>;
  /** What each number of a struct is that the kernel's types say. */
  readonly coreNumber?: bigint;
}

export interface Machine {
  readonly lowering: Lowering;
  readonly events: readonly SentEvent[];
  readonly formats: readonly string[];
  readonly left: boolean;
  /** Helpers and functions of the kernel in their order, with what they were given. */
  readonly calls: readonly (readonly [name: string, ...args: readonly bigint[]])[];
  /** For each value that was put into memory, whether all behind its end is zero. */
  readonly paddings: readonly boolean[];
  /** Bytes of the program's memory. */
  read(address: bigint, size: number): Uint8Array;
  /** Value of a scalar. */
  value(expression: TypedExpression): bigint;
  /** Bytes of a value in memory, written over garbage. */
  bytes(expression: TypedExpression, padded: boolean): Uint8Array;
}

class Break extends Error {}

/** Bytes of a text, with a NUL. */
export function cstring(text: string): Uint8Array {
  return Uint8Array.from([...Buffer.from(text, 'latin1'), 0]);
}

/** The machine's values behind the builder's opaque ones. */
const seal = <T>(raw: bigint | boolean): T => raw as unknown as T;
const number = (sealed: IrValue | IrPointer): bigint => sealed as unknown as bigint;
const truth = (sealed: IrBool): boolean => sealed as unknown as boolean;

export function createMachine(world: World = {}): Machine {
  const kernel = new Map<bigint, number>();
  const user = new Map<bigint, number>();
  const events: SentEvent[] = [];
  const formats: string[] = [];
  const calls: (readonly [name: string, ...args: readonly bigint[]])[] = [];
  const paddings: boolean[] = [];
  let left = false;
  let top = 0x1000_0000n;

  const write = (memory: Map<bigint, number>, address: bigint, bytes: Iterable<number>) => {
    let at = address;
    for (const byte of bytes) {
      memory.set(at, byte);
      at += 1n;
    }
  };
  for (const [address, bytes] of world.kernel ?? []) write(kernel, address, bytes);
  for (const [address, bytes] of world.user ?? []) write(user, address, bytes);

  const allocate = (size: number, content?: Uint8Array): bigint => {
    const address = top;
    // A gap behind each piece, so that running over its end is seen.
    top += BigInt(Math.ceil(size / 8) * 8 + 64);
    write(kernel, address, content ?? new Uint8Array(size).fill(GARBAGE));
    return address;
  };
  const byteAt = (memory: ReadonlyMap<bigint, number>, address: bigint): number => {
    const byte = memory.get(address);
    if (byte === undefined) throw new Error(`access outside of memory: ${address.toString(16)}`);
    return byte;
  };
  const read = (address: bigint, size: number): Uint8Array =>
    Uint8Array.from({ length: size }, (_, index) => byteAt(kernel, address + BigInt(index)));
  const loadInt = (address: bigint, width: number, signed: boolean): bigint => {
    let value = 0n;
    for (let index = width - 1; index >= 0; index -= 1) {
      value = (value << 8n) | BigInt(byteAt(kernel, address + BigInt(index)));
    }
    return BigInt.asUintN(64, signed ? BigInt.asIntN(8 * width, value) : value);
  };
  const storeInt = (address: bigint, width: number, value: bigint): void => {
    for (let index = 0; index < width; index += 1) {
      byteAt(kernel, address + BigInt(index));
      kernel.set(address + BigInt(index), Number((value >> BigInt(8 * index)) & 0xffn));
    }
  };
  const fill = (address: bigint, size: number, byte: number): void => {
    for (let index = 0; index < size; index += 1)
      storeInt(address + BigInt(index), 1, BigInt(byte));
  };

  const probeRead = (to: bigint, size: number, from: bigint, space: 'kernel' | 'user'): bigint => {
    const memory = space === 'kernel' ? kernel : user;
    const bytes: number[] = [];
    for (let index = 0; index < size; index += 1) {
      const byte = memory.get(from + BigInt(index));
      if (byte === undefined) {
        fill(to, size, 0);
        return EFAULT;
      }
      bytes.push(byte);
    }
    write(kernel, to, bytes);
    return 0n;
  };
  const probeReadString = (
    to: bigint,
    size: number,
    from: bigint,
    space: 'kernel' | 'user',
  ): bigint => {
    const memory = space === 'kernel' ? kernel : user;
    for (let index = 0; index < size; index += 1) {
      const byte = memory.get(from + BigInt(index));
      if (byte === undefined) {
        fill(to, size, 0);
        return EFAULT;
      }
      const last = index === size - 1;
      storeInt(to + BigInt(index), 1, last ? 0n : BigInt(byte));
      if (byte === 0 || last) return BigInt(index + 1);
    }
    return 0n;
  };

  const loops: { broken: boolean }[] = [];
  const wrap = (value: bigint): IrValue => seal(BigInt.asUintN(64, value));
  const point = (address: bigint): IrPointer => seal(address);
  const signed = (value: bigint) => BigInt.asIntN(64, value);

  const ir: IrBuilder = {
    constant: (value) => wrap(BigInt(value)),
    nullPointer: () => point(0n),
    op(operation, left, right) {
      const a = number(left);
      const b = number(right);
      const operations = {
        add: () => a + b,
        sub: () => a - b,
        mul: () => a * b,
        udiv: () => a / b,
        urem: () => a % b,
        and: () => a & b,
        or: () => a | b,
        xor: () => a ^ b,
        shl: () => a << b,
        lshr: () => a >> b,
        ashr: () => signed(a) >> b,
      };
      return wrap(operations[operation]());
    },
    compare(predicate, left, right) {
      const unsigned = predicate.startsWith('u') || predicate === 'eq' || predicate === 'ne';
      const a = unsigned ? number(left) : signed(number(left));
      const b = unsigned ? number(right) : signed(number(right));
      const operator = predicate.length === 3 ? predicate.slice(1) : predicate;
      const results: Readonly<Record<string, boolean>> = {
        eq: a === b,
        ne: a !== b,
        lt: a < b,
        le: a <= b,
        gt: a > b,
        ge: a >= b,
      };
      return seal(results[operator] === true);
    },
    isNull: (pointer) => seal(number(pointer) === 0n),
    not: (value) => seal(!truth(value)),
    and: (left, right) => seal(truth(left) && truth(right)),
    or: (left, right) => seal(truth(left) || truth(right)),
    fromBool: (value) => wrap(truth(value) ? 1n : 0n),
    toBool: (value) => seal(number(value) !== 0n),
    opaque: (value) => value,
    select: (condition, then, otherwise) => (truth(condition) ? then : otherwise),
    extend: (value, width, isSigned) =>
      wrap(
        isSigned
          ? BigInt.asIntN(8 * width, number(value))
          : BigInt.asUintN(8 * width, number(value)),
      ),
    load: (pointer, offset, width, isSigned = false) =>
      wrap(loadInt(number(pointer) + BigInt(offset), width, isSigned)),
    store: (pointer, offset, width, value) =>
      storeInt(number(pointer) + BigInt(offset), width, number(value)),
    once: (_name, make) => make(),
    loadFixed: (pointer, offset, width) =>
      wrap(loadInt(number(pointer) + BigInt(offset), width, false)),
    loadVolatile: (pointer, offset, width) =>
      wrap(loadInt(number(pointer) + BigInt(offset), width, false)),
    storeVolatile: (pointer, offset, width, value) =>
      storeInt(number(pointer) + BigInt(offset), width, number(value)),
    atomicAdd: (pointer, offset, width, value) => {
      const address = number(pointer) + BigInt(offset);
      storeInt(address, width, loadInt(address, width, false) + number(value));
    },
    offset: (pointer, offset) =>
      point(number(pointer) + (typeof offset === 'number' ? BigInt(offset) : number(offset))),
    pointerToInt: (pointer) => wrap(number(pointer)),
    intToPointer: (value) => point(number(value)),
    zero: (pointer, size) => fill(number(pointer), size, 0),
    copy: (to, from, size) => write(kernel, number(to), read(number(from), size)),
    log2: (value) => wrap(BigInt(number(value).toString(2).length - 1)),
    if_(condition, then, otherwise) {
      if (truth(condition)) then();
      else otherwise?.();
    },
    ifValue: (condition, then, otherwise) => (truth(condition) ? then() : otherwise()),
    ifBool: (condition, then, otherwise) => (truth(condition) ? then() : otherwise()),
    ifPointer: (condition, then, otherwise) => (truth(condition) ? then() : otherwise()),
    while_(condition, body) {
      const loop = { broken: false };
      loops.push(loop);
      while (truth(condition())) {
        try {
          body({
            break_() {
              loop.broken = true;
              throw new Break();
            },
            continue_() {
              throw new Break();
            },
          });
        } catch (error) {
          if (!(error instanceof Break)) throw error;
          if (loop.broken) break;
        }
      }
      loops.pop();
    },
    return_: () => {
      left = true;
    },
    get reachable() {
      return !left;
    },
  };

  const context = allocate(256, world.context);
  const unsupported = (): never => {
    throw new Error('not part of this machine');
  };

  const value = (expression: TypedExpression): bigint => {
    switch (expression.kind) {
      case 'int':
        return BigInt.asUintN(64, expression.value);
      case 'cast':
        return value(expression.operand);
      case 'call': {
        const result = codeOf(expression.builtin).lower?.(expression, lowering);
        return result === undefined ? 0n : number(result);
      }
      default:
        throw new Error(`no values of ${expression.kind} here`);
    }
  };
  const into = (expression: TypedExpression, to: Storage): void => {
    const at = number(to.pointer);
    if (isScalar(expression.type)) {
      storeInt(at, layoutOf(expression.type).size, value(expression));
    } else if (expression.kind === 'string') {
      write(kernel, at, cstring(expression.value));
    } else if (expression.kind === 'variable') {
      write(kernel, at, world.variables?.get(expression.variable.id) ?? []);
    } else if (expression.kind === 'call') {
      codeOf(expression.builtin).lowerInto?.(expression, lowering, to);
    } else {
      throw new Error(`no ${expression.kind} in memory here`);
    }
  };
  const place = (expression: TypedExpression, padded: boolean): bigint => {
    const at = allocate(layoutOf(expression.type).size);
    into(expression, { pointer: point(at), align: 8, padded });
    return at;
  };
  const send = (spec: EventSpec, write_: (field: (index: number) => Storage) => void): void => {
    const { layout, fields } = sequence(spec.fields, 8);
    const record = allocate(layout.size);
    const at = (index: number): bigint => record + BigInt(fields[index]?.offset ?? 0);
    write_((index) => ({ pointer: point(at(index)), align: 1, padded: false }));
    events.push({
      spec,
      fields: fields.map(({ type }, index) => read(at(index), layoutOf(type).size)),
    });
  };

  const lowering: Lowering = {
    ir,
    probe: {} as ProbeTarget,
    config: {} as Config,
    sparesStack: false,
    context: point(context),
    value: (expression) => wrap(value(expression)),
    into,
    address: (expression, padded) => {
      paddings.push(padded);
      return point(place(expression, padded));
    },
    temporary: (size) => point(allocate(size)),
    call(helper, ...args) {
      calls.push([helper, ...args.map(number)]);
      if (helper === 'get_current_comm') {
        const [to, size] = args.map(number);
        const padded = new Uint8Array(Number(size));
        padded.set(cstring(world.comm ?? ''));
        write(kernel, to ?? 0n, padded);
        return wrap(0n);
      }
      if (helper === 'get_ns_current_pid_tgid') {
        const to = number(args[2] ?? seal<IrPointer>(0n));
        storeInt(to, 4, BigInt(world.namespaceIds?.tid ?? 0));
        storeInt(to + 4n, 4, BigInt(world.namespaceIds?.pid ?? 0));
        return wrap(0n);
      }
      const result = world.helpers?.[helper];
      if (result === undefined) throw new Error(`this world has no ${helper}`);
      return wrap(result);
    },
    callPointer: (helper) => point(world.helpers?.[helper] ?? 0n),
    mapPointer: unsupported,
    runtimeMap: unsupported,
    exists: () => wrap(1n),
    callKernel(name, ...args) {
      calls.push([name, ...args.map(number)]);
      return wrap(world.functions?.[name] ?? 0n);
    },
    percpu: () => wrap(0n),
    coreNumber: () => wrap(world.coreNumber ?? 0n),
    hostValue: () => wrap(world.found ?? 0n),
    eventName: () => lowering.call('get_attach_cookie', point(context)),
    functionName: () => lowering.call('get_attach_cookie', point(context)),
    userAddress: () => wrap(0n),
    search: (haystack, needle) => {
      const text = (string: TypedExpression) => ({
        pointer: point(place(string, false)),
        size: layoutOf(string.type).size,
      });
      return searchInLoop(lowering, text(haystack), text(needle));
    },
    usdtArgument: () => {
      throw new Error('this machine has no USDT points');
    },
    deleteKey: unsupported,
    discardKey: unsupported,
    hasKey: unsupported,
    length: () => wrap(7n),
    probeRead: (to, size, from, space) =>
      wrap(
        probeRead(
          number(to),
          Number(typeof size === 'number' ? size : number(size)),
          number(from),
          space,
        ),
      ),
    probeReadString: (to, size, from, space) =>
      wrap(
        probeReadString(
          number(to),
          Number(typeof size === 'number' ? size : number(size)),
          number(from),
          space,
        ),
      ),
    emit: send,
    record: unsupported,
    typedPointer: unsupported,
    emitValues: (event, values) =>
      send({ ...event, fields: values.map(({ type }): Type => type) }, (field) => {
        for (const [index, expression] of values.entries()) into(expression, field(index));
      }),
    taskId: (id, namespace) => lowerTaskId(id, namespace, lowering),
    register: (name) => wrap(world.registers?.[name] ?? 0n),
    tie: () => undefined,
    shared(global) {
      const words = world.shared?.[global] ?? [0n, 0n];
      const at = allocate(8 * words.length);
      for (const [index, word] of words.entries()) storeInt(at + BigInt(8 * index), 8, word);
      return point(at);
    },
    format(text) {
      formats.push(text);
      return formats.length - 1;
    },
    constantString: (bytes) => point(allocate(bytes.length + 1, cstring(bytes))),
    captureStack: unsupported,
    leave: () => {
      left = true;
    },
  };

  return {
    lowering,
    events,
    formats,
    calls,
    paddings,
    read,
    get left() {
      return left;
    },
    value,
    bytes(expression, padded) {
      const { size } = layoutOf(expression.type);
      return read(place(expression, padded), size);
    },
  };
}
