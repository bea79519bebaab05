/**
 * Arguments and results in the context of typed programs (raw tracepoints, fentry, fexit). Where they stand and how
 * wide they are is the host's to say: the loader patches offsets, widths and shifts.
 */
import type { TypedContextArgument } from '../analysis/typed.ts';
import type { IrValue, Width } from '../llvm/ir.ts';
import { isSigned, memoryWidth, readRemote } from './members.ts';
import { truncateTo } from './operators.ts';
import type { FunctionState } from './state.ts';

/** What the loader is told of an instruction; `value` is the number in it. */
function siteOf(fn: FunctionState, expression: TypedContextArgument, value: number): number {
  const { host } = expression;
  if (!host) throw new Error('a numbered argument is where the script says');
  return fn.unit.sites.number({ kind: 'argument', ...host, value });
}

export function lowerContextArgument(fn: FunctionState, expression: TypedContextArgument): IrValue {
  const { ir, context } = fn;
  const { type, host } = expression;
  const offset = expression.index * 8;
  if (expression.isCopied) {
    const address = contextArgumentAddress(fn, expression);
    return readRemote(fn, address, 'kernel', 8, false);
  }
  if (!host) return truncateTo(fn, ir.load(context, offset, 8), type);
  const site = siteOf(fn, expression, offset);
  const width = memoryWidth(type);
  if (!isSigned(type)) return ir.siteLoad(site, context, offset, width, false);
  const value = ir.siteLoad(site, context, offset, 8);
  return extendSign(fn, value, width, (amount) => siteOf(fn, expression, amount));
}

/** Address of a struct that is passed by value, or of a value that is copied. */
export function contextArgumentAddress(
  fn: FunctionState,
  expression: TypedContextArgument,
): IrValue {
  const { ir, context } = fn;
  const offset = expression.index * 8;
  // The verifier reads the context only at fixed offsets, so it is copied from as memory.
  const distance = expression.host
    ? ir.siteImmediate(siteOf(fn, expression, offset), offset)
    : ir.constant(offset);
  return ir.op('add', ir.pointerToInt(context), distance);
}

/**
 * Takes the lowest bytes for a signed number, by two shifts that the loader knows: the host's may have fewer bytes. It
 * leaves out those by 0, which whole registers have.
 */
export function extendSign(
  fn: FunctionState,
  value: IrValue,
  width: Width,
  site: (amount: number) => number,
): IrValue {
  const { ir } = fn;
  const unused = 64 - 8 * width;
  const raised = ir.siteShift(site(unused), 'shl', value, unused);
  return ir.siteShift(site(unused), 'ashr', raised, unused);
}
