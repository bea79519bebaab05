/** Parameters of built-ins as data: what the checks of arguments, their messages and the reference are made of. */
import type * as ast from '../syntax/ast.ts';
import type { MapSymbol, TypedExpression } from './typed.ts';

/** What the type of a value can be. */
export type ValueKind =
  | 'any'
  /** Any, and what prints: not `args` as a whole; a raw context as its address. */
  | 'printable'
  /** Integers, and what counts as one: bools, enums. */
  | 'integer'
  /** Integers alone. */
  | 'number'
  | 'pointer'
  | 'string'
  | 'string literal'
  /** Of integers. */
  | 'array'
  /** `struct sock *`, `struct path`. */
  | `struct ${string}`;

interface Common {
  readonly optional?: boolean;
}

/** What is written as a literal, or as a positional parameter: then the loader knows it. */
interface Literally extends Common {
  readonly atLoad?: boolean;
}

/** A value, typed; `rest`: up to so many of them, at the end. */
interface ValueParameter extends Common {
  readonly takes: 'value';
  readonly kinds: readonly ValueKind[];
  readonly rest?: number;
}

/** A string that is known when the script is compiled. */
interface TextParameter extends Literally {
  readonly takes: 'text';
}

/** An integer that is known when the script is compiled. */
interface NumberParameter extends Literally {
  readonly takes: 'number';
  readonly least?: bigint;
  readonly most?: bigint;
}

/** One of these words. */
interface WordParameter<Word extends string = string> extends Common {
  readonly takes: 'word';
  readonly words: readonly Word[];
}

/** A whole map, named without a key. */
interface MapParameter extends Common {
  readonly takes: 'map';
}

/** A variable of the script, to assign to. */
interface VariableParameter extends Common {
  readonly takes: 'variable';
}

/** Any expression, which the built-in types itself; `what` describes it. */
interface ExpressionParameter extends Common {
  readonly takes: 'expression';
  readonly what: string;
}

/** `struct x`, `union x` or `enum x`. */
interface NameOfTypeParameter extends Common {
  readonly takes: 'type';
}

export type Parameter =
  | ValueParameter
  | TextParameter
  | NumberParameter
  | WordParameter
  | MapParameter
  | VariableParameter
  | ExpressionParameter
  | NameOfTypeParameter;

/** By name, in their order. */
export type Parameters = Readonly<Record<string, Parameter>>;

export const value = (...kinds: readonly ValueKind[]) => ({ takes: 'value', kinds }) as const;
export const integer = value('integer');
export const text = { takes: 'text' } as const;
export const number = (least?: bigint, most?: bigint) =>
  ({
    takes: 'number',
    ...(least === undefined ? {} : { least }),
    ...(most === undefined ? {} : { most }),
  }) as const;
export const word = <const Word extends string>(...words: readonly Word[]) =>
  ({ takes: 'word', words }) as const;
export const map = { takes: 'map' } as const;
export const variable = { takes: 'variable' } as const;
export const expression = (what: string) => ({ takes: 'expression', what }) as const;

export const typeReference = { takes: 'type' } as const;

export const optional = <P extends Parameter>(parameter: P) =>
  ({ ...parameter, optional: true }) as const;
/** `$N` may stand for it: the number is read, and its bounds are held, when the object is loaded. */
export const atLoad = <P extends TextParameter | NumberParameter>(parameter: P) =>
  ({ ...parameter, atLoad: true }) as const;
export const rest = (kind: ValueKind, most = Number.POSITIVE_INFINITY) =>
  ({ takes: 'value', kinds: [kind], rest: most }) as const;

// ---- what a built-in gets ------------------------------------------------------------------------

/** What was written as a literal, and where. */
export interface Literal<Value> {
  readonly value: Value;
  readonly range: ast.Expression['range'];
}

/** A positional parameter where a literal may stand. */
export interface AtLoad {
  /** N of `$N`. */
  readonly parameter: number;
  /** Its value in the program. */
  readonly expression: TypedExpression;
  readonly range: ast.Expression['range'];
}

type Argument<P> = P extends { readonly takes: 'value'; readonly rest: number }
  ? readonly TypedExpression[]
  : P extends { readonly takes: 'value' }
    ? TypedExpression
    : P extends { readonly takes: 'text' }
      ? Literal<string> | Loaded<P>
      : P extends { readonly takes: 'number' }
        ? Literal<bigint> | Loaded<P>
        : P extends { readonly takes: 'word'; readonly words: readonly (infer Word)[] }
          ? Literal<Word>
          : P extends { readonly takes: 'map' }
            ? MapSymbol
            : P extends { readonly takes: 'variable' }
              ? ast.Variable
              : P extends { readonly takes: 'expression' }
                ? ast.Expression
                : P extends { readonly takes: 'type' }
                  ? ast.TypeRef
                  : never;

type Loaded<P> = P extends { readonly atLoad: true } ? AtLoad : never;

/** The arguments of a use, checked: by the names of the parameters. */
export type Given<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends { readonly optional: true }
    ? Argument<P[Name]> | undefined
    : Argument<P[Name]>;
};

// ---- what they say of themselves -----------------------------------------------------------------

function isRest(parameter: Parameter): boolean {
  return parameter.takes === 'value' && parameter.rest !== undefined;
}

/** Least and most arguments. */
export function arityOf(parameters: Parameters): readonly [number, number] {
  const all = Object.values(parameters);
  const least = all.filter((parameter) => !parameter.optional && !isRest(parameter)).length;
  const most = all.map((parameter) => (parameter.takes === 'value' ? (parameter.rest ?? 1) : 1));
  return [least, most.reduce((sum, count) => sum + count, 0)];
}

/** `kstack([mode][, limit])`, `ntop([family, ]address)`; the name alone where nothing has to be given. */
export function signatureOf(name: string, parameters: Parameters): string {
  const all = Object.entries(parameters);
  if (all.length === 0) return name;
  let list = '';
  for (const [index, [parameter, data]] of all.entries()) {
    const shown = isRest(data) ? `${parameter}...` : parameter;
    const before = list === '' || list.endsWith(', ]') ? '' : ', ';
    const behind = all.slice(index + 1).some(([, next]) => !next.optional && !isRest(next));
    if (!data.optional) list += `${before}${shown}`;
    else list += behind ? `[${shown}, ]` : `[${before}${shown}]`;
  }
  return `${name}(${list})`;
}

const KINDS: Readonly<Record<Exclude<ValueKind, `struct ${string}`>, string>> = {
  any: 'a value',
  printable: 'a value',
  integer: 'an integer',
  number: 'an integer',
  pointer: 'a pointer',
  string: 'a string',
  'string literal': 'a string literal',
  array: 'an array',
};

/** What it takes, as messages and the reference say it: `an integer or a pointer`. */
export function describeParameter(parameter: Parameter): string {
  switch (parameter.takes) {
    case 'value':
      return either(
        parameter.kinds.map((kind) => (isStructKind(kind) ? `a ${kind}` : KINDS[kind])),
      );
    case 'text':
      return 'a string literal';
    case 'number':
      return `an integer literal${boundsOf(parameter)}`;
    case 'word':
      return either(parameter.words);
    case 'map':
      return 'a map';
    case 'variable':
      return 'a variable';
    case 'expression':
      return parameter.what;
    case 'type':
      return 'struct, union or enum with a name';
  }
}

export function isStructKind(kind: ValueKind): kind is `struct ${string}` {
  return kind.startsWith('struct ');
}

/** The same of what the loader knows: there it is no literal. */
export function describeLoaded(parameter: Parameter): string {
  return describeParameter(parameter).replace(' literal', '');
}

function boundsOf({ least, most }: NumberParameter): string {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  if (least !== undefined) return ` of at least ${least}`;
  return most === undefined ? '' : ` of at most ${most}`;
}

function either(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
