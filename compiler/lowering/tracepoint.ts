/** Fields of a tracepoint's record: loads from the context whose offsets the loader takes from the host. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrValue, Width } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import { isScalar } from '../types/type.ts';
import type { Storage } from './lowering.ts';
import { isSigned, memoryWidth } from './members.ts';
import { truncateTo } from './operators.ts';
import type { FunctionState } from './state.ts';
import { zeroBytes } from './strings.ts';

type Field = Extract<TypedExpression, { kind: 'tracepoint-field' }>;

function siteOf(fn: FunctionState, expression: Field): number {
  const { category, event, field } = expression;
  return fn.unit.sites.number({
    kind: 'tracepoint',
    category,
    event,
    field: field.name,
    size: field.size,
    value: field.offset,
  });
}

function isWidth(size: number): size is Width {
  return size === 1 || size === 2 || size === 4 || size === 8;
}

export function lowerTracepointField(fn: FunctionState, expression: Field): IrValue {
  const { ir, context } = fn;
  const { field, type } = expression;
  const site = siteOf(fn, expression);
  if (field.dataLoc) {
    // u32 {offset, length}; the data stand in the same record.
    const location = ir.siteLoad(site, context, field.offset, 4, false);
    return ir.op('add', ir.pointerToInt(context), ir.op('and', location, ir.constant(0xffff)));
  }
  if (type.kind === 'pointer' && !isWidth(field.size)) {
    // An array that is used as a pointer to its first element.
    return addressOf(fn, expression);
  }
  if (!isWidth(field.size)) throw new Error(`field ${field.name} has ${field.size} bytes`);
  const value = ir.siteLoad(site, context, field.offset, field.size, isSigned(type));
  return memoryWidth(type) === field.size ? value : truncateTo(fn, value, type);
}

function addressOf(fn: FunctionState, expression: Field): IrValue {
  const { ir, context } = fn;
  const offset = ir.siteImmediate(siteOf(fn, expression), expression.field.offset);
  return ir.op('add', ir.pointerToInt(context), offset);
}

/** Copies an array field. The kernel pads fixed char arrays of its records as it likes: see `padded`. */
export function locateTracepointField(fn: FunctionState, expression: Field, to: Storage): void {
  const { lowering } = fn;
  const { type, field } = expression;
  if (isScalar(type)) throw new Error(`field ${field.name} is a scalar`);
  const { size } = layoutOf(type);
  if (type.kind === 'string' && field.dataLoc) {
    if (to.padded) zeroBytes(fn, to.pointer, size, to.align);
    lowering.probeReadString(to.pointer, size, lowerTracepointField(fn, expression), 'kernel');
    return;
  }
  const address = addressOf(fn, expression);
  if (type.kind === 'string' && to.padded) {
    zeroBytes(fn, to.pointer, size, to.align);
    lowering.probeReadString(to.pointer, size, address, 'kernel');
    return;
  }
  lowering.probeRead(to.pointer, Math.min(size, field.size), address, 'kernel');
}
