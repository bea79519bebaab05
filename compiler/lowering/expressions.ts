/**
 * Expressions. A scalar is lowered to a register (`lowerValue`); anything else to memory, either written where
 * it is wanted (`lowerInto`) or found where it already stands (`locate`).
 */
import type { TypedExpression, VariableSymbol } from '../analysis/typed.ts';
import type { IrBool, IrPointer, IrValue, Width } from '../llvm/ir.ts';
import { sameType } from '../types/equality.ts';
import { fieldsOf, layoutOf, sequence } from '../types/layout.ts';
import {
  isFlavour,
  isScalar,
  isScriptType,
  type RecordType,
  type TupleType,
  type Type,
} from '../types/type.ts';
import { lowerAddressOf } from './addresses.ts';
import { lowerFunctionCall, lowerFunctionCallInto } from './calls.ts';
import { lowerContextArgument } from './context-arguments.ts';
import { holdEmbedded } from './embedded.ts';
import { intParameter, option, textParameter } from './globals.ts';
import { within } from './helper-warnings.ts';
import { keptValue } from './kept-values.ts';
import { lowerByKernel } from './kernel-numbers.ts';
import type { Storage } from './lowering.ts';
import { locateMapValue, lowerMapRead } from './maps.ts';
import { addressWithin, isRemote, lowerRead, lowestBit, materialise, placeOf } from './members.ts';
import { locateProbeName, lowerKernelName } from './name-text.ts';
import { lowerBinary, lowerTruth, lowerUnary, truncateTo } from './operators.ts';
import { sharedMemory } from './scratch.ts';
import type { FunctionState, Location } from './state.ts';
import { inValueScope } from './statements.ts';
import { lowerStep } from './steps.ts';
import { copyBytes, lowerRemoteString, storeString, zeroBytes } from './strings.ts';
import { locateTracepointField, lowerTracepointField } from './tracepoint.ts';
import { lowerStructNumber } from './unnamed.ts';

type Call = Extract<TypedExpression, { kind: 'call' }>;

/** Value of a scalar expression, extended to 64 bits by its type. */
export function lowerValue(fn: FunctionState, expression: TypedExpression): IrValue {
  return within(fn, expression.range, () => scalarOf(fn, expression));
}

function scalarOf(fn: FunctionState, expression: TypedExpression): IrValue {
  const { ir } = fn;
  switch (expression.kind) {
    case 'int':
      return lowerByKernel(fn, expression) ?? ir.constant(expression.value);
    case 'zero':
      return ir.constant(0);
    case 'variable':
      return loadScalar(fn, variableStorage(fn, expression.variable), expression.type);
    case 'map':
      return lowerMapRead(fn, expression);
    case 'parameter': {
      return ir.load(ir.global(intParameter(fn.unit, expression.index)), 0, 8);
    }
    case 'parameter-count':
      return ir.load(fn.lowering.shared('paramCount'), 0, 8);
    case 'option':
      return ir.load(ir.global(option(fn.unit, expression.name)), 0, 8);
    case 'unary':
      return lowerUnary(fn, expression);
    case 'binary':
      return lowerBinary(fn, expression);
    case 'conditional':
      return ir.ifValue(
        lowerCondition(fn, expression.condition),
        () => lowerValue(fn, expression.then),
        () => lowerValue(fn, expression.else),
      );
    case 'step':
      return lowerStep(fn, expression);
    case 'cast':
      return lowerScalarCast(fn, expression.operand, expression.type);
    case 'element': {
      const element = elementOf(fn, expression);
      if (!isStorage(element)) return element;
      return loadScalar(fn, element, expression.type);
    }
    case 'address-of':
      return lowerAddressOf(fn, expression.operand);
    case 'member':
    case 'dereference':
      return lowerRead(fn, expression);
    case 'index':
      if (expression.base.type.kind === 'tuple' || expression.base.type.kind === 'record') {
        throw new Error('tuples are indexed by element');
      }
      return lowerRead(fn, expression);
    case 'tracepoint-field':
      return lowerTracepointField(fn, expression);
    case 'context-argument':
      return lowerContextArgument(fn, expression);
    case 'call':
      return lowerCall(fn, expression) ?? ir.constant(0);
    case 'function-call':
      return lowerFunctionCall(fn, expression);
    case 'block-value':
      return inValueScope(fn, expression, () => lowerValue(fn, expression.value));
    case 'string':
    case 'tuple':
    case 'record':
      throw new Error(`a ${expression.kind} is not a scalar`);
  }
}

/** The same as an i1, without a detour where the expression is a comparison. */
export function lowerCondition(fn: FunctionState, expression: TypedExpression): IrBool {
  if (expression.kind === 'binary' && expression.type.kind === 'bool') {
    const truth = lowerTruth(fn, expression);
    if (truth) return truth;
  }
  if (expression.kind === 'unary' && expression.operator === '!') {
    return fn.ir.not(lowerCondition(fn, expression.operand));
  }
  return fn.ir.toBool(lowerValue(fn, expression));
}

/** Evaluates for effect: scalar or not, the result is dropped. */
export function lowerEffect(fn: FunctionState, expression: TypedExpression): void {
  if (expression.kind === 'call') {
    const { lowerEffect: effect } = fn.unit.builtins(expression.builtin);
    if (effect) {
      effect(expression, fn.lowering);
      return;
    }
    if (expression.type.kind === 'void') {
      lowerCall(fn, expression);
      return;
    }
  }
  if (expression.kind === 'function-call' && expression.type.kind === 'void') {
    lowerFunctionCall(fn, expression);
    return;
  }
  if (expression.kind === 'conditional' && !isScalar(expression.type)) {
    fn.ir.if_(
      lowerCondition(fn, expression.condition),
      () => lowerEffect(fn, expression.then),
      () => lowerEffect(fn, expression.else),
    );
    return;
  }
  if (expression.kind === 'block-value' && !isScalar(expression.type)) {
    inValueScope(fn, expression, () => lowerEffect(fn, expression.value));
    return;
  }
  if (isScalar(expression.type)) lowerValue(fn, expression);
  else if (expression.type.kind !== 'void') locate(fn, expression, false);
}

/** Writes the representation of any expression to memory that nothing in the expression reads. */
export function lowerInto(fn: FunctionState, expression: TypedExpression, to: Storage): void {
  within(fn, expression.range, () => write(fn, expression, to));
}

function write(fn: FunctionState, expression: TypedExpression, to: Storage): void {
  const { ir } = fn;
  if (isScalar(expression.type)) {
    ir.store(to.pointer, 0, layoutOf(expression.type).size as Width, lowerValue(fn, expression));
    return;
  }
  switch (expression.kind) {
    case 'zero':
      zeroBytes(fn, to.pointer, layoutOf(expression.type).size, to.align);
      return;
    case 'string':
      storeString(fn, expression.value, sizeOf(expression.type), to);
      return;
    case 'tuple':
      lowerElements(fn, expression.type, expression.elements, to);
      return;
    case 'record':
      lowerElements(
        fn,
        expression.type,
        expression.fields.map((field) => field.value),
        to,
      );
      return;
    case 'conditional':
      ir.if_(
        lowerCondition(fn, expression.condition),
        () => lowerInto(fn, expression.then, to),
        () => lowerInto(fn, expression.else, to),
      );
      return;
    case 'block-value':
      inValueScope(fn, expression, () => lowerInto(fn, expression.value, to));
      return;
    case 'call':
      if (keptOf(fn, expression)) break;
      lowerCallInto(fn, expression, to);
      return;
    case 'function-call':
      lowerFunctionCallInto(fn, expression, to);
      return;
    case 'cast':
      if (expression.type.kind === 'string' && isScalar(expression.operand.type)) {
        if (expression.operand.type.kind === 'probe') break;
        if (expression.operand.type.kind === 'ksym') {
          lowerKernelName(fn, expression.operand, to);
          return;
        }
      }
      lowerCastInto(fn, expression.operand, expression.type, to);
      return;
    case 'tracepoint-field':
      locateTracepointField(fn, expression, to);
      return;
    case 'context-argument':
    case 'member':
    case 'dereference':
    case 'index':
      if (isRemote(expression)) {
        lowerRemoteInto(fn, expression, to);
        return;
      }
      break;
    default:
      break;
  }
  const from = locate(fn, expression, to.padded);
  copyBytes(fn, to, from, expression.type);
}

/** Address of a value in memory: where it stands already, or a temporary of this statement. */
export function locate(
  fn: FunctionState,
  expression: TypedExpression,
  padded: boolean,
): { readonly pointer: IrPointer; readonly align: Width } {
  return within(fn, expression.range, () => place(fn, expression, padded));
}

function place(
  fn: FunctionState,
  expression: TypedExpression,
  padded: boolean,
): { readonly pointer: IrPointer; readonly align: Width } {
  const { ir } = fn;
  if (!isScalar(expression.type)) {
    switch (expression.kind) {
      case 'variable':
        return variableStorage(fn, expression.variable);
      case 'map':
        return { pointer: locateMapValue(fn, expression), align: 8 };
      case 'string':
        return {
          pointer: ir.global(constantBytes(fn, expression.value, sizeOf(expression.type))),
          align: 8,
        };
      case 'parameter':
        return { pointer: ir.global(textParameter(fn.unit, expression.index)), align: 8 };
      case 'option':
        return { pointer: ir.global(option(fn.unit, expression.name)), align: 8 };
      case 'call': {
        const kept = keptOf(fn, expression);
        if (kept) return { pointer: kept, align: 8 };
        break;
      }
      case 'element': {
        const element = elementOf(fn, expression);
        if (isStorage(element)) return element;
        break;
      }
      case 'member':
      case 'index':
        if (!isRemote(expression)) {
          const place = materialise(fn, placeOf(fn, expression));
          if (place.where === 'program') return place;
        }
        break;
      case 'cast':
        if (expression.type.kind === 'string' && expression.operand.type.kind === 'probe')
          return { pointer: locateProbeName(fn, expression.operand), align: 8 };
        // A string that is cut reads the same from its start.
        if (
          expression.type.kind === 'string' &&
          expression.operand.type.kind === 'string' &&
          expression.type.size <= expression.operand.type.size
        ) {
          return locate(fn, expression.operand, padded);
        }
        break;
      default:
        break;
    }
  }
  const { size } = layoutOf(expression.type);
  const pointer = size === 0 ? unitPointer(fn) : fn.memory.take(size);
  if (size > 0) lowerInto(fn, expression, { pointer, align: 8, padded });
  return { pointer, align: 8 };
}

/** Something to point at for values without bytes, such as the empty tuple. */
function unitPointer(fn: FunctionState): IrPointer {
  return fn.ir.global(constantBytes(fn, '', 8));
}

/** Bytes in `.rodata`, zero-filled to `size` (at least the NUL); gives the symbol. */
export function constantBytes(fn: FunctionState, text: string, size = text.length + 1): string {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < Math.min(text.length, size); i++) bytes[i] = text.charCodeAt(i);
  return fn.unit.constant(bytes);
}

// ---- variables and elements --------------------------------------------------------------------

export function locationOf(fn: FunctionState, variable: VariableSymbol): Location {
  const location = fn.locations.get(variable.id);
  if (location) return location;
  const shared = fn.program.frame.variables.get(variable.id);
  if (shared === undefined) throw new Error(`variable ${variable.name} has no place`);
  return { kind: 'memory', pointer: fn.ir.offset(sharedMemory(fn), shared), align: 8 };
}

export function variableStorage(fn: FunctionState, variable: VariableSymbol): Storage {
  const location = locationOf(fn, variable);
  if (location.kind === 'pair') throw new Error(`${variable.name} is used element by element`);
  return { pointer: location.pointer, align: location.align, padded: true };
}

function loadScalar(fn: FunctionState, from: Storage, type: Type): IrValue {
  return fn.ir.load(from.pointer, 0, layoutOf(type).size as Width, storesSigned(type));
}

/** Whether the stored form of a scalar is sign-extended when it is loaded. */
export function storesSigned(type: Type): boolean {
  return type.kind === 'int' && type.signed;
}

function isStorage(value: Storage | IrValue): value is Storage {
  return typeof value === 'object' && 'pointer' in value;
}

/** An element of a tuple or record: its place, or its value where it was never stored. */
function elementOf(
  fn: FunctionState,
  expression: Extract<TypedExpression, { kind: 'element' }>,
): Storage | IrValue {
  const { base, index } = expression;
  if (base.kind === 'variable') {
    const location = locationOf(fn, base.variable);
    if (location.kind === 'pair') return index === 0 ? location.key : location.value;
  }
  const field = fieldsOf(base.type)[index];
  if (!field) throw new Error(`no element ${index}`);
  const { pointer, align } = locate(fn, base, true);
  return {
    pointer: fn.ir.offset(pointer, field.offset),
    align: Math.min(align, field.offset === 0 ? 8 : lowestBit(field.offset)) as Width,
    padded: true,
  };
}

/** Writes elements straight to their places and zeroes the bytes between them. */
export function lowerElements(
  fn: FunctionState,
  type: Type,
  values: readonly TypedExpression[],
  to: Storage,
  write: (value: TypedExpression, to: Storage, offset: number) => void = (value, place) =>
    lowerInto(fn, value, place),
): void {
  const { fields, layout } = sequence(fieldsOf(type).map((field) => field.type));
  let end = 0;
  const gap = (from: number, until: number): void => {
    for (let at = from; at < until; at++) fn.ir.store(to.pointer, at, 1, fn.ir.constant(0));
  };
  fields.forEach((field, index) => {
    const value = values[index];
    if (!value) throw new Error(`no value for element ${index}`);
    if (to.padded) gap(end, field.offset);
    const place: Storage = {
      pointer: fn.ir.offset(to.pointer, field.offset),
      align: Math.min(to.align, field.offset === 0 ? 8 : lowestBit(field.offset)) as Width,
      padded: to.padded,
    };
    write(value, place, field.offset);
    end = field.offset + layoutOf(field.type).size;
  });
  if (to.padded) gap(end, layout.size);
}

// ---- calls -------------------------------------------------------------------------------------

/** What the predicate has read already. */
function keptOf(fn: FunctionState, call: Call): IrPointer | undefined {
  return keptValue(fn, call, (pointer) =>
    lowerCallInto(fn, call, { pointer, align: 8, padded: true }),
  );
}

function lowerCall(fn: FunctionState, call: Call): IrValue | undefined {
  const { lower } = fn.unit.builtins(call.builtin);
  if (!lower) throw new Error(`built-in ${call.builtin} has no value`);
  return lower(call, fn.lowering);
}

function lowerCallInto(fn: FunctionState, call: Call, to: Storage): void {
  const { lowerInto: write } = fn.unit.builtins(call.builtin);
  if (!write) throw new Error(`built-in ${call.builtin} cannot be written to memory`);
  write(call, fn.lowering, to);
}

// ---- casts -------------------------------------------------------------------------------------

function lowerScalarCast(fn: FunctionState, operand: TypedExpression, to: Type): IrValue {
  const { ir } = fn;
  const from = operand.type;
  if (from.kind === 'string' && to.kind === 'bool') {
    return ir.fromBool(ir.toBool(ir.load(locate(fn, operand, false).pointer, 0, 1, false)));
  }
  if (!isScalar(from)) {
    // An array of ints as one int of the same size.
    const width = layoutOf(to).size as Width;
    const { pointer, align } = locate(fn, operand, true);
    return loadUnaligned(fn, pointer, align, width, storesSigned(to));
  }
  const value = within(fn, operand.range, () =>
    isOtherPointer(operand, to) ? lowerRead(fn, operand, true) : scalarOf(fn, operand),
  );
  if (to.kind === 'bool') return from.kind === 'bool' ? value : ir.fromBool(ir.toBool(value));
  return truncateTo(fn, value, to);
}

/** Whether the script says itself what a pointer that is read leads to, or does not follow it. */
function isOtherPointer({ kind, type }: TypedExpression, to: Type): boolean {
  if (type.kind !== 'pointer' || (kind !== 'member' && kind !== 'index')) return false;
  return to.kind !== 'pointer' || !sameType(type.to, to.to);
}

/** Loads an integer that stands at less than its own alignment, in parts. */
export function loadUnaligned(
  fn: FunctionState,
  pointer: IrPointer,
  align: Width,
  width: Width,
  signed: boolean,
): IrValue {
  const { ir } = fn;
  if (align >= width) return ir.load(pointer, 0, width, signed);
  let value = ir.load(pointer, 0, align, false);
  for (let at: number = align; at < width; at += align) {
    const part = ir.op('shl', ir.load(pointer, at, align, false), ir.constant(at * 8));
    value = ir.op('or', value, part);
  }
  return width === 8 ? value : ir.extend(value, width, signed);
}

function lowerCastInto(fn: FunctionState, operand: TypedExpression, type: Type, to: Storage): void {
  const { ir } = fn;
  const from = operand.type;
  const size = layoutOf(type).size;
  if (isScalar(from)) {
    // An int as an array of smaller ones: the same bytes.
    const width = layoutOf(from).size;
    const value = lowerValue(fn, operand);
    const unit = Math.min(to.align, width) as Width;
    for (let at = 0; at < width && at < size; at += unit) {
      ir.store(to.pointer, at, unit, ir.op('lshr', value, ir.constant(at * 8)));
    }
    if (size > width) zeroBytes(fn, ir.offset(to.pointer, width), size - width, unit);
    return;
  }
  if (type.kind === 'tuple' || type.kind === 'record') {
    lowerElementCasts(fn, operand, type, to);
    return;
  }
  const operandSize = layoutOf(from).size;
  if (operandSize <= size) {
    lowerInto(fn, operand, to);
    const rest = size - operandSize;
    if (rest > 0 && (to.padded || type.kind !== 'string')) {
      const align = Math.min(to.align, lowestBit(operandSize)) as Width;
      zeroBytes(fn, ir.offset(to.pointer, operandSize), rest, align);
    } else if (rest > 0) {
      ir.store(to.pointer, operandSize, 1, ir.constant(0));
    }
    return;
  }
  copyBytes(fn, to, locate(fn, operand, to.padded), type);
}

/** A tuple or record as one of other element types: `($t.0, $t.1)`, each converted. Records match by name. */
function lowerElementCasts(
  fn: FunctionState,
  operand: TypedExpression,
  type: TupleType | RecordType,
  to: Storage,
): void {
  // The operand is evaluated once, and stands for a variable from then on.
  const variable = { id: -1 - fn.locations.size, name: '', type: operand.type };
  fn.locations.set(variable.id, { kind: 'memory', ...locate(fn, operand, true) });
  const { range } = operand;
  const base = { kind: 'variable', variable, type: operand.type, range } as const;
  const elementAt = (index: number, from: Type | undefined, wanted: Type): TypedExpression => {
    if (!from) throw new Error(`no element ${index} to convert`);
    const element = { kind: 'element', type: from, base, index, range } as const;
    if (sameType(from, wanted)) return element;
    return { kind: 'cast', type: wanted, operand: element, range };
  };
  const source = operand.type;
  const elements =
    type.kind === 'tuple'
      ? type.elements.map((wanted, index) =>
          elementAt(index, source.kind === 'tuple' ? source.elements[index] : undefined, wanted),
        )
      : type.fields.map((field) => {
          const fields = source.kind === 'record' ? source.fields : [];
          const index = fields.findIndex(({ name }) => name === field.name);
          return elementAt(index, fields[index]?.type, field.type);
        });
  lowerElements(fn, type, elements, to);
  fn.locations.delete(variable.id);
}

// ---- remote memory -----------------------------------------------------------------------------

function lowerRemoteInto(fn: FunctionState, expression: TypedExpression, to: Storage): void {
  const place = materialise(fn, placeOf(fn, expression));
  const { size } = layoutOf(expression.type);
  if (place.where === 'program') {
    copyBytes(fn, to, place, expression.type);
    return;
  }
  // A draft would say it once more.
  if (expression.type.kind === 'struct' && isFlavour(expression.type) && !fn.program.draft)
    fn.unit.diagnostics.error(
      'unsized-type',
      `${expression.type.aggregate} ${expression.type.name} cannot be copied: it names some members of the kernel's`,
      expression.range,
      'Read the members that are needed, one by one.',
    );
  holdEmbedded(fn, expression.type, expression.range);
  if (expression.type.kind === 'string' && to.padded) {
    lowerRemoteString(fn, place.address, place.space, size, to);
    return;
  }
  const address = addressWithin(fn, place, fn.ir.constant(size));
  const bytes = copiedSize(fn, expression) ?? size;
  if (bytes !== size && to.padded) zeroBytes(fn, to.pointer, size, to.align);
  fn.lowering.probeRead(to.pointer, bytes, address, place.space);
}

/** Of a struct of the kernel's: its size on the host. The loader holds it against the room of the copy. */
function copiedSize(fn: FunctionState, { type, range }: TypedExpression): IrValue | undefined {
  if (type.kind !== 'struct' || isScriptType(type)) return undefined;
  if (!fn.unit.copied.has(type.id)) fn.unit.copied.set(type.id, { struct: type, range });
  return lowerStructNumber(fn, 'type-size', type, [], type.size);
}

function sizeOf(type: Type): number {
  return layoutOf(type).size;
}
