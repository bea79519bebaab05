/** `args.NAME` and `*args`: fields of tracepoint records, parameters of functions and raw tracepoints. */

import type { ProgramArgument } from '../dwarf/program.ts';
import { otherDescriptions } from '../kernel/advice.ts';
import type { TracepointField } from '../kernel/types.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import { replacing } from '../source/advice.ts';
import { didYouMean } from '../source/closest.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { sameType } from '../types/equality.ts';
import { INT8, int, isTextPointer, type RecordType, type Type, UINT64 } from '../types/type.ts';
import { typeArgument, typeIdentifier } from './calls.ts';
import { readFrom } from './pointers.ts';
import type { Typing } from './state.ts';
import { failed, isUnknown, unknown, warning } from './state.ts';
import type { TypedExpression } from './typed.ts';

export function typeArgsField(typing: Typing, access: ast.FieldAccess): TypedExpression {
  // The built-in itself says where it is not available.
  if (access.base.kind !== 'identifier') return unknown(access.range);
  const base = typeIdentifier(typing, access.base);
  if (isUnknown(base.type)) return unknown(access.range);
  if (access.arrow) warnOfArrow(typing, access);
  const { probe } = typing;
  if (probe.fields) return tracepointField(typing, access, probe.fields);
  if (probe.parameters) {
    const parameter = probe.parameters.find(({ name }) => name === access.field);
    if (parameter) {
      const { name, type, typeId, slot, isRefused } = parameter;
      const host = { parameter: name, type: typeId };
      const copied = isRefused && { isCopied: isRefused };
      return { kind: 'context-argument', type, index: slot, host, ...copied, range: access.range };
    }
    return noSuchField(
      typing,
      access,
      `The arguments of ${probe.name} do`,
      probe.parameters.map((candidate) => candidate.name),
      otherDescriptions(typing.round.kernel),
    );
  }
  if (probe.arguments) return programArgument(typing, access, probe.arguments);
  return unknown(access.range);
}

/** An argument of a function of a program: the low bits of a register, by the type in the debug information. */
function programArgument(
  typing: Typing,
  access: ast.FieldAccess,
  list: readonly ProgramArgument[],
): TypedExpression {
  const { range } = access;
  const found = list.find(({ name }) => name === access.field);
  const { probe } = typing;
  if (!found) {
    return noSuchField(
      typing,
      access,
      `The arguments of ${probe.name} do`,
      list.map(({ name }) => name),
    );
  }
  if (found.register === undefined)
    return failed(
      typing,
      'untyped-arguments',
      `The argument '${found.name}' of ${probe.name} is ${found.reason ?? 'not known'}`,
      access.fieldRange,
    );
  const register = typeArgument(typing, found.register, range);
  const { type } = found;
  const cast = (to: Type, operand: TypedExpression): TypedExpression =>
    sameType(to, operand.type) ? operand : { kind: 'cast', type: to, operand, range };
  // The callee may not rely on what is above the type's own bits.
  if (type.kind === 'bool') return cast(type, cast(int(1, false), register));
  if (type.kind === 'enum') return cast(type, cast(int(type.size, type.signed), register));
  return cast(readFrom(type, probe.space), register);
}

const ARROW =
  'args->field is the older form of args.field and will be removed in the future. Use args.field instead.';

/** Older scripts have many of them: the first is enough. */
function warnOfArrow(typing: Typing, access: ast.FieldAccess): void {
  if (typing.round.diagnostics.all.some(({ message }) => message === ARROW)) return;
  const arrow = { start: access.base.range.end, end: access.fieldRange.start };
  warning(typing, 'args-arrow', ARROW, access.range, replacing(undefined, arrow, '->', '.'));
}

/** `args` and `*args` => `(field = args.field, ...)`: a copy of all of them. */
export function wholeArgs(typing: Typing, args: TypedExpression, range: Range): TypedExpression {
  const names = argumentNames(typing.probe);
  if (args.kind !== 'call' || !args.traits.holdsFields || !names) {
    return failed(
      typing,
      'not-a-pointer',
      "Can not dereference type 'ctx'. It is not a pointer.",
      range,
    );
  }
  const base: ast.Identifier = { kind: 'identifier', name: args.builtin, range: args.range };
  const fields = names.map((field) => ({
    name: field,
    value: withBytes(
      typing,
      typeArgsField(typing, {
        kind: 'field',
        base,
        field,
        fieldRange: range,
        arrow: false,
        range,
      }),
    ),
  }));
  const type: RecordType = {
    kind: 'record',
    fields: fields.map(({ name, value }) => ({ name, type: value.type })),
  };
  return { kind: 'record', type, fields, range };
}

/** A copy has the text, as str() would read it, or the bytes, as buf() would, where the field says only where they are. */
function withBytes(typing: Typing, value: TypedExpression): TypedExpression {
  if (!isDynamicField(value)) return value;
  const { maxStrlen } = typing.round.config;
  if (isTextPointer(value.type)) return { ...value, type: { kind: 'string', size: maxStrlen } };
  const { range } = value;
  const bytes = { kind: 'pointer', to: INT8, space: 'kernel' } as const;
  const start: TypedExpression = { kind: 'cast', type: bytes, operand: value, range };
  return {
    ...{ kind: 'call', builtin: 'buf', traits: {}, args: [start, lengthOfField(value)], range },
    type: { kind: 'buffer', size: Math.max(1, maxStrlen - BUFFER_LENGTH) },
  };
}

/** A buffer begins with a u32 that says how long it is. */
const BUFFER_LENGTH = 4;

type Field = Extract<TypedExpression, { kind: 'tracepoint-field' }>;

/** `args.f` of an array that stands behind the fields of its event. */
export function isDynamicField(value: TypedExpression): value is Field {
  return value.kind === 'tracepoint-field' && value.field.dataLoc;
}

/** How many bytes such an array has. */
export function lengthOfField(field: Field): TypedExpression {
  return { ...field, measured: true, type: UINT64 };
}

/** What `*args` has: all that can be read. */
function argumentNames(probe: ProbeTarget): readonly string[] | undefined {
  const readable = probe.arguments?.filter(({ register }) => register !== undefined);
  return (probe.fields ?? probe.parameters ?? readable)?.map(({ name }) => name);
}

function tracepointField(
  typing: Typing,
  access: ast.FieldAccess,
  fields: readonly TracepointField[],
): TypedExpression {
  const { target } = typing.probe;
  if (target.provider !== 'tracepoint') {
    throw new Error(`${target.provider} has tracepoint fields`);
  }
  const { category, event } = target;
  const field =
    fields.find((candidate) => candidate.name === access.field) ??
    legacyRetval(typing, access, fields);
  if (field) {
    const type =
      field.type.kind === 'pointer'
        ? readFrom({ ...field.type, space: typing.probe.space }, typing.probe.space)
        : field.type;
    return { kind: 'tracepoint-field', type, category, event, field, range: access.range };
  }
  if (access.field.startsWith('common_')) {
    return failed(
      typing,
      'common-field',
      'BPF does not support accessing common tracepoint fields',
      access.fieldRange,
    );
  }
  return noSuchField(
    typing,
    access,
    `struct _tracepoint_${category}_${event} does`,
    fields.map((candidate) => candidate.name),
    otherDescriptions(typing.round.kernel),
  );
}

/** Older scripts say `args->retval` for what sys_exit events call `ret`. */
function legacyRetval(
  typing: Typing,
  access: ast.FieldAccess,
  fields: readonly TracepointField[],
): TracepointField | undefined {
  if (access.field !== 'retval') return undefined;
  const field = fields.find((candidate) => candidate.name === 'ret');
  if (field) {
    warning(
      typing,
      'deprecated-name',
      'args.retval is deprecated and will be removed in the future. Use args.ret instead.',
      access.fieldRange,
      replacing(undefined, access.fieldRange, 'retval', 'ret'),
    );
  }
  return field;
}

function noSuchField(
  typing: Typing,
  access: ast.FieldAccess,
  subject: string,
  names: readonly string[],
  ...elsewhere: readonly string[]
): TypedExpression {
  const hints = didYouMean(access.field, names, access.fieldRange);
  return failed(
    typing,
    'unknown-field',
    `${subject} not contain a field named '${access.field}'`,
    access.fieldRange,
    ...(hints.length > 0 || names.length === 0 ? hints : [`It has: ${names.join(', ')}`]),
    ...(hints.length > 0 ? [] : elsewhere),
  );
}
