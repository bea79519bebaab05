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

type About = 'value' | 'form';

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
    ...(isText(expression) ? { text: about } : {}),
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

/** `__data_loc`: u32 {offset, length}; the data stand in the same record. */
function dynamicAddress(fn: FunctionState, expression: Field): IrValue {
  const { ir, context } = fn;
  const { offset } = expression.field;
  const location = ir.siteLoad(siteOf(fn, expression, offset), context, offset, 4, false);
  return ir.op('add', ir.pointerToInt(context), ir.op('and', location, ir.constant(0xffff)));
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
