/** Fields of a tracepoint's record: loads from the context that the loader adapts to the host's formats. */

import type { ManifestTracepointField } from '../../linker/manifest/manifest.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { TracepointField } from '../kernel/types.ts';
import type { IrBool, IrValue, Width } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import { isScalar, isTextPointer } from '../types/type.ts';
import { extendSign } from './context-arguments.ts';
import type { Storage } from './lowering.ts';
import { isSigned, memoryWidth } from './members.ts';
import { truncateTo } from './operators.ts';
import type { FunctionState } from './state.ts';
import { zeroBytes } from './strings.ts';

type Field = Extract<TypedExpression, { kind: 'tracepoint-field' }>;

/** What a number is: place or width, whether the array is dynamic, or what its place is counted from. */
type About = 'value' | 'form' | 'base';

/** What the loader is told of an instruction; `value` is the number in it. */
function siteOf(
  fn: FunctionState,
  expression: Field,
  value: number,
  about: About = 'value',
): number {
  const { category, event, field } = expression;
  return fn.unit.sites.number({
    kind: 'tracepoint',
    category,
    event,
    field: field.name,
    size: field.size,
    form: formOf(field),
    ...(isText(expression)
      ? { text: about === 'form' ? about : 'value' }
      : field.of === undefined
        ? {}
        : { of: field.of }),
    ...(about === 'base' ? { base: true } : {}),
    value,
  });
}

/** Characters, of which kernels have the same as a fixed array or as a dynamic one. */
function isText({ type, field }: Field): boolean {
  if (type.kind === 'string') return true;
  return field.dataLoc && isTextPointer(type);
}

function formOf(field: TracepointField): ManifestTracepointField['form'] {
  if (field.dataLoc) return 'dynamic';
  if (field.ctype.endsWith(']')) return 'array';
  // What sign a char has is the choice of each kernel's build; scripts have it with one.
  return field.signed || field.ctype === 'char' ? 'signed' : 'unsigned';
}

function isWidth(size: number): size is Width {
  return size === 1 || size === 2 || size === 4 || size === 8;
}

export function lowerTracepointField(fn: FunctionState, expression: Field): IrValue {
  const { ir, context } = fn;
  const { field, type } = expression;
  if (expression.measured) return dynamicLength(fn, expression);
  if (field.dataLoc)
    return isText(expression) ? textAddress(fn, expression) : dynamicAddress(fn, expression);
  if (type.kind === 'pointer' && !isWidth(field.size)) {
    // An array that is used as a pointer to its first element.
    return fixedAddress(fn, expression);
  }
  if (!isWidth(field.size)) throw new Error(`field ${field.name} has ${field.size} bytes`);
  const site = siteOf(fn, expression, field.offset);
  const read = ir.siteLoad(site, context, field.offset, field.size, false);
  const value =
    isSigned(type) && field.size <= memoryWidth(type)
      ? extendSign(fn, read, field.size, (amount) => siteOf(fn, expression, amount))
      : read;
  return memoryWidth(type) === field.size ? value : truncateTo(fn, value, type);
}

/** Of an array or text in the event's record. */
export function tracepointFieldAddress(fn: FunctionState, expression: Field): IrValue {
  if (isText(expression)) return textAddress(fn, expression);
  return expression.field.dataLoc ? dynamicAddress(fn, expression) : fixedAddress(fn, expression);
}

/** Where a dynamic array is: {u16 offset, u16 length}; the data stand in the same record. */
function lowerLocation(fn: FunctionState, expression: Field): IrValue {
  const { offset } = expression.field;
  return fn.ir.siteLoad(siteOf(fn, expression, offset), fn.context, offset, 4, false);
}

/** The offset is counted from the record's start, that of `__rel_loc` from where the field ends. */
function dynamicAddress(fn: FunctionState, expression: Field): IrValue {
  const { ir, context } = fn;
  const { field } = expression;
  const start = isRelative(field) ? field.offset + field.size : 0;
  const base = ir.siteImmediate(siteOf(fn, expression, start, 'base'), start);
  const offset = ir.op('and', lowerLocation(fn, expression), ir.constant(0xffff));
  return ir.op('add', ir.pointerToInt(context), ir.op('add', offset, base));
}

function isRelative({ ctype }: TracepointField): boolean {
  return ctype.startsWith('__rel_loc');
}

/** How many bytes a dynamic array has. */
function dynamicLength(fn: FunctionState, expression: Field): IrValue {
  return fn.ir.op('lshr', lowerLocation(fn, expression), fn.ir.constant(16));
}

/** Where a dynamic array that is no text begins and ends. */
export function dynamicBounds(
  fn: FunctionState,
  expression: TypedExpression,
): { readonly start: IrValue; readonly end: IrValue } | undefined {
  if (expression.kind !== 'tracepoint-field' || expression.type.kind !== 'pointer')
    return undefined;
  if (!expression.field.dataLoc || isText(expression)) return undefined;
  const start = dynamicAddress(fn, expression);
  return { start, end: fn.ir.op('add', start, dynamicLength(fn, expression)) };
}

function fixedAddress(fn: FunctionState, expression: Field): IrValue {
  const { ir, context } = fn;
  const { offset } = expression.field;
  const distance = ir.siteImmediate(siteOf(fn, expression, offset), offset);
  return ir.op('add', ir.pointerToInt(context), distance);
}

/** Copies an array field. The kernel pads fixed char arrays of its records as it likes: see `padded`. */
export function locateTracepointField(fn: FunctionState, expression: Field, to: Storage): void {
  const { lowering } = fn;
  const { type, field } = expression;
  if (isScalar(type)) throw new Error(`field ${field.name} is a scalar`);
  const { size } = layoutOf(type);
  if (type.kind === 'string') copyText(fn, expression, to, size);
  else
    lowering.probeRead(
      to.pointer,
      Math.min(size, field.size),
      fixedAddress(fn, expression),
      'kernel',
    );
}

/** Whether the host has the text as a dynamic array: the loader says it, and the verifier leaves out the other branch. */
function isDynamic(fn: FunctionState, expression: Field): IrBool {
  const { ir } = fn;
  const described = expression.field.dataLoc ? 1 : 0;
  return ir.toBool(ir.siteImmediate(siteOf(fn, expression, described, 'form'), described));
}

function textAddress(fn: FunctionState, expression: Field): IrValue {
  return fn.ir.ifValue(
    isDynamic(fn, expression),
    () => dynamicAddress(fn, expression),
    () => fixedAddress(fn, expression),
  );
}

function copyText(fn: FunctionState, expression: Field, to: Storage, size: number): void {
  const { ir, lowering } = fn;
  const { field } = expression;
  const copyString = (address: IrValue) =>
    lowering.probeReadString(to.pointer, size, address, 'kernel');
  if (to.padded) zeroBytes(fn, to.pointer, size, to.align);
  if (to.padded || field.dataLoc) {
    copyString(textAddress(fn, expression));
    return;
  }
  ir.if_(
    isDynamic(fn, expression),
    () => copyString(dynamicAddress(fn, expression)),
    () => {
      const length = Math.min(size, field.size);
      lowering.probeRead(to.pointer, length, fixedAddress(fn, expression), 'kernel');
    },
  );
}
