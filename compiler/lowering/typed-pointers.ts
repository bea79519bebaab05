/** Pointers for helpers that take none but those whose type the verifier knows, such as `struct sock *`. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import { lowerValue } from './expressions.ts';
import { type Access, begin, isRemote, lowerBtfPointer, lowerOffset, placeOf } from './members.ts';
import { coreSite } from './sites.ts';
import type { FunctionState } from './state.ts';

const SOURCES =
  'It can be an argument of the probe (args.NAME), a member that one leads to, or a variable that only ever holds one of these.';

/**
 * Runs `use` with the pointer, or the address of the struct, and `otherwise` where it is NULL: a helper would not be
 * given that.
 */
export function withTypedPointer(
  fn: FunctionState,
  expression: TypedExpression,
  use: (pointer: IrPointer) => IrValue,
  otherwise: () => IrValue,
): IrValue {
  const { ir } = fn;
  const known = lowerTypedAddress(fn, unfolded(fn, expression));
  if (!known) {
    // A draft would say it once more.
    if (!fn.program.draft)
      fn.unit.diagnostics.error(
        'untyped-pointer',
        'the kernel takes a pointer here only where it can tell its type',
        expression.range,
        SOURCES,
      );
    return otherwise();
  }
  const { root, offset } = known;
  return ir.ifValue(ir.isNull(root), otherwise, () =>
    use(offset === undefined ? root : ir.offset(root, offset())),
  );
}

/**
 * A pointer as a helper takes it. Beside what `lowerBtfPointer` knows, a pointer of an iterator's context (`ctx.file`), and a numbered argument that is
 * cast to a pointer, which the verifier compares with what the helper takes.
 */
export function lowerTypedPointer(
  fn: FunctionState,
  expression: TypedExpression,
): { readonly pointer: IrPointer; readonly nullable: boolean } | undefined {
  const { ir } = fn;
  const access = iteratorAccess(fn, expression);
  if (access) return { pointer: ir.intToPointer(load(fn, access, fn.context)), nullable: true };
  const inside = accessInIterated(fn, expression);
  if (inside) {
    const { base, access } = inside;
    const from = lowerTypedPointer(fn, base)?.pointer;
    if (!from) return undefined;
    const pointer = ir.ifValue(
      ir.isNull(from),
      () => ir.constant(0),
      () => load(fn, access, from),
    );
    return { pointer: ir.intToPointer(pointer), nullable: true };
  }
  const argument = castArgument(fn, expression);
  if (argument) return { pointer: ir.intToPointer(lowerValue(fn, argument)), nullable: true };
  return lowerBtfPointer(fn, expression);
}

function load(fn: FunctionState, access: Access, from: IrPointer): IrValue {
  const site = fn.unit.sites.number(coreSite(access, 'byte-offset', access.offset));
  return fn.ir.siteLoad(site, from, access.offset, 8);
}

/** A pointer to a struct, `ctx.vma.vm_file`, that one of an iterator's context leads to. */
function accessInIterated(
  fn: FunctionState,
  expression: TypedExpression,
): { readonly base: TypedExpression; readonly access: Access } | undefined {
  if (expression.kind !== 'member' || expression.type.kind !== 'pointer') return undefined;
  const { base, struct, member, type } = expression;
  if (type.to.kind !== 'struct' || base.type.kind !== 'pointer') return undefined;
  if (!iteratorAccess(fn, base) && !accessInIterated(fn, base)) return undefined;
  const access = begin(fn.unit.kernel.types, struct, member);
  return access.direct ? { base, access } : undefined;
}

/** The way from the context of an iterator to a pointer to a struct in it. */
function iteratorAccess(fn: FunctionState, expression: TypedExpression): Access | undefined {
  const { iterated } = fn.program.probe.target;
  if (expression.kind !== 'member' || expression.base.kind !== 'call') return undefined;
  const { base, struct, member, type } = expression;
  if (!iterated || base.builtin !== 'ctx' || struct.id !== iterated.id) return undefined;
  return type.kind === 'pointer' && type.to.kind === 'struct'
    ? begin(fn.unit.kernel.types, struct, member)
    : undefined;
}

/** `arg0` in `(struct sk_buff *)arg0`, in programs whose arguments have types. */
function castArgument(fn: FunctionState, expression: TypedExpression): TypedExpression | undefined {
  if (fn.program.probe.target.context !== 'btf-arguments') return undefined;
  let value = expression;
  while (value.kind === 'cast') value = value.operand;
  if (value === expression || value.kind !== 'context-argument') return undefined;
  // Of a named one the verifier knows that it is a number.
  const isNumber = value.host !== undefined && value.type.kind !== 'pointer';
  return value.isCopied || isNumber ? undefined : value;
}

/** Whether `unfolded` values of variables are such. */
function isTypedSource(fn: FunctionState, expression: TypedExpression): boolean {
  return (
    expression.kind === 'context-argument' ||
    castArgument(fn, expression) !== undefined ||
    iteratorAccess(fn, expression) !== undefined
  );
}

/**
 * The place of a struct that a pointer of known type leads to or into: the pointer, which may be NULL, and how far
 * behind it. Undefined where the verifier does not know the type.
 */
function lowerTypedAddress(
  fn: FunctionState,
  expression: TypedExpression,
): { readonly root: IrPointer; readonly offset: (() => IrValue) | undefined } | undefined {
  if (expression.type.kind === 'pointer') {
    const known = lowerTypedPointer(fn, expression);
    return known && { root: known.pointer, offset: undefined };
  }
  if (!isRemote(expression)) return undefined;
  const { root, access } = placeOf(fn, expression, true);
  if (root.where !== 'btf' || access?.indexed) return undefined;
  return {
    root: root.pointer,
    offset: access && (() => lowerOffset(fn, access, access.offset)),
  };
}

/** A variable that holds an argument is that argument: in scratch memory it would lose its type. */
function unfolded(fn: FunctionState, expression: TypedExpression): TypedExpression {
  if (expression.kind === 'member') {
    const base = unfolded(fn, expression.base);
    return base === expression.base ? expression : { ...expression, base };
  }
  if (expression.kind !== 'variable') return expression;
  const plan = fn.program.plan.variables.get(expression.variable.id);
  if (!plan?.onlyValue || plan.captured) return expression;
  return isTypedSource(fn, plan.onlyValue) ? plan.onlyValue : expression;
}
