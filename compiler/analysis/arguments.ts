/** Arguments of built-ins, read as their parameters say: the one place that checks them. */
import type { ErrorCode } from '../source/codes.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { asInteger } from '../types/integers.ts';
import { kindName, typeName } from '../types/names.ts';
import { type Type, VOID } from '../types/type.ts';
import type { AnalysisScope, Argument, BuiltinUse } from './builtin.ts';
import { nameAsText } from './known-names.ts';
import { PARAMETER_IS_LATE } from './literal-parameters.ts';
import {
  arityOf,
  describeLoaded,
  describeParameter,
  type Given,
  isStructKind,
  type Parameter,
  type Parameters,
  type ValueKind,
} from './parameters.ts';
import type { TypedExpression } from './typed.ts';

/** What there is of the arguments by name; undefined after reporting what is wrong with them. */
export function readArguments<P extends Parameters>(
  parameters: P | undefined,
  use: BuiltinUse,
  scope: AnalysisScope,
): Given<P> | undefined {
  const given: Record<string, unknown> = {};
  let wrong = false;
  for (const { name, parameter, args } of assigned(parameters ?? {}, use.args)) {
    const isClear = Object.keys(parameters ?? {}).length === 1 || parameter.takes === name;
    const reader: Reader = { use, scope, parameter, as: isClear ? '' : ` as ${name}` };
    const values = args.map((argument) => read(reader, argument));
    if (values.includes(undefined)) wrong = true;
    given[name] = parameter.takes === 'value' && parameter.rest ? values : values[0];
  }
  return wrong ? undefined : (given as Given<P>);
}

interface Assigned {
  readonly name: string;
  readonly parameter: Parameter;
  readonly args: readonly Argument[];
}

/**
 * Which arguments are whose: where there are fewer than parameters, optional ones in front are left out. A mode that
 * stands before others is one if it is a word: `kstack(perf)`, `kstack(3)`.
 */
function assigned(parameters: Parameters, args: readonly Argument[]): readonly Assigned[] {
  const entries = Object.entries(parameters);
  let spare = args.length - arityOf(parameters)[0];
  let next = 0;
  return entries.map(([name, parameter]) => {
    if (parameter.takes === 'value' && parameter.rest) {
      return { name, parameter, args: args.slice(next) };
    }
    const argument = args[next];
    const isLeft =
      parameter.takes === 'word' &&
      args.length < entries.length &&
      entries.length > 1 &&
      argument?.kind !== 'identifier';
    if (argument === undefined || (parameter.optional && (spare <= 0 || isLeft))) {
      return { name, parameter, args: [] };
    }
    if (parameter.optional) spare -= 1;
    next += 1;
    return { name, parameter, args: [argument] };
  });
}

interface Reader {
  readonly use: BuiltinUse;
  readonly scope: AnalysisScope;
  readonly parameter: Parameter;
  /** ` as length`, where it is not clear which parameter is meant. */
  readonly as: string;
}

function read(reader: Reader, argument: Argument): unknown {
  const { scope, use, parameter } = reader;
  if (parameter.takes === 'type') {
    if (argument.kind === 'type-argument' && argument.type.kind === 'type') return argument.type;
    return unfit(reader, 'argument-type', argument.range, 'an expression');
  }
  if (argument.kind === 'type-argument') {
    scope.expression(argument);
    return undefined;
  }
  const { range } = argument;
  switch (parameter.takes) {
    case 'value':
      return readValue(reader, scope.expression(argument), parameter.kinds);
    case 'text': {
      // Formats may be longer than strings that programs handle: they are never in BPF memory.
      if (argument.kind === 'string') return { value: argument.value, range };
      const value = parameter.atLoad ? scope.expression(argument) : scope.literal(argument);
      if (value.kind === 'string') return { value: value.value, range };
      if (parameter.atLoad && value.kind === 'parameter' && value.type.kind === 'string')
        return { parameter: value.index, expression: value, range };
      return noLiteral(reader, value);
    }
    case 'number': {
      const value = parameter.atLoad ? scope.expression(argument) : scope.literal(argument);
      if (parameter.atLoad && value.kind === 'parameter' && value.type.kind === 'int') {
        const { least, most } = parameter;
        const expects = `${use.name}() expects ${describeLoaded(parameter)}${reader.as}`;
        scope.bound({ parameter: value.index, least, most, expects, range });
        return { parameter: value.index, expression: value, range };
      }
      if (value.kind !== 'int' || scope.unsettled) return noLiteral(reader, value);
      const { least = value.value, most = value.value } = parameter;
      if (value.value >= least && value.value <= most) return { value: scope.pinned(value), range };
      return unfit(reader, 'argument-value', range, String(value.value));
    }
    case 'word': {
      const given = argument.kind === 'identifier' ? argument.name : undefined;
      if (given !== undefined && parameter.words.includes(given)) return { value: given, range };
      return unfit(reader, 'argument-value', range, wordsOf(argument));
    }
    case 'map': {
      if (argument.kind === 'map' && !argument.keys) return scope.map(argument.name, range);
      const hints = argument.kind === 'map' ? [`Leave the key out: ${argument.name}`] : [];
      return unfit(reader, 'map-argument', range, wordsOf(argument), ...hints);
    }
    case 'variable':
      if (argument.kind === 'variable') return argument;
      return unfit(reader, 'argument-type', range, wordsOf(argument));
    case 'expression':
      return argument;
  }
  throw new Error(`${use.name} has a parameter of no kind`);
}

function readValue(
  reader: Reader,
  value: TypedExpression,
  kinds: readonly ValueKind[],
): TypedExpression | undefined {
  if (kinds.includes('printable')) return readPrintable(value);
  if (kinds.some((kind) => isOfKind(kind, value))) return value;
  const name = kinds.includes('string') ? nameAsText(value, reader.scope.probe) : undefined;
  if (name) return name;
  const { type } = value;
  const named = kinds.some(isStructKind) && (type.kind === 'pointer' || type.kind === 'struct');
  const isAddress = type.kind === 'pointer' || type.kind === 'int';
  return unfit(
    reader,
    'argument-type',
    value.range,
    named ? typeName(type) : kindName(type),
    ...(isAddress && kinds.every((kind) => kind === 'string')
      ? ['Read the string with str().']
      : []),
  );
}

function isOfKind(kind: ValueKind, { kind: node, type }: TypedExpression): boolean {
  switch (kind) {
    case 'any':
    case 'printable':
      return true;
    case 'integer':
      return asInteger(type) !== undefined;
    case 'number':
      return type.kind === 'int';
    case 'pointer':
      return type.kind === 'pointer';
    case 'string':
      return type.kind === 'string';
    case 'string literal':
      return node === 'string';
    case 'array':
      return type.kind === 'array' && type.element.kind === 'int';
    default: {
      const [, name, star] = /^struct (\w+)( \*)?$/.exec(kind) ?? [];
      const struct = star !== undefined && type.kind === 'pointer' ? type.to : type;
      if (star !== undefined && type.kind !== 'pointer') return false;
      return struct.kind === 'struct' && struct.aggregate === 'struct' && struct.name === name;
    }
  }
}

/** Raw contexts print as their address. */
export function readPrintable(value: TypedExpression): TypedExpression {
  if (value.type.kind !== 'context') return value;
  const type: Type = { kind: 'pointer', to: VOID, space: 'kernel' };
  return { kind: 'cast', type, operand: value, range: value.range };
}

function noLiteral(reader: Reader, value: TypedExpression): undefined {
  const isLiteral = value.kind === 'int' || value.kind === 'string';
  const hints = value.kind === 'parameter' ? [PARAMETER_IS_LATE] : [];
  const given = `${typeName(value.type)}${isLiteral ? '' : ' expression'}`;
  return unfit(reader, 'literal-required', value.range, given, ...hints);
}

/** The one wording of an argument that is not what its parameter takes. */
function unfit(
  { use, scope, parameter, as }: Reader,
  code: ErrorCode,
  range: Range,
  given: string,
  ...hints: readonly string[]
): undefined {
  const wanted = describeParameter(parameter);
  scope.error(code, `${use.name}() expects ${wanted}${as} (${given} provided)`, range, ...hints);
  return undefined;
}

/** The argument as it is written, for messages about words and names. */
function wordsOf(argument: ast.Expression): string {
  switch (argument.kind) {
    case 'identifier':
    case 'variable':
      return argument.name;
    case 'map':
      return argument.keys ? `${argument.name}[...]` : argument.name;
    case 'integer':
      return argument.text;
    case 'string':
      return `"${argument.value}"`;
    default:
      return `a ${argument.kind} expression`;
  }
}
