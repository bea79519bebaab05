/**
 * The typed tree: what a script means, with every type known and every conversion explicit. Plain data
 * (`--emit typed` prints it); the analysis makes it, the lowering reads it.
 *
 * Conventions the lowering relies on:
 * - operands of `binary` already have the type the operation is done in (casts are inserted)
 * - conditions are `bool`
 * - a value assigned to a variable, map or key already has its type
 */

import type { LoaderConfig } from '../../linker/contract/settings.ts';
import type { Member, TracepointField } from '../kernel/types.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import type { Range } from '../source/source.ts';
import type { AggregateType, IntType, StackMode, StructType, Type } from '../types/type.ts';
import type { Traits } from './traits.ts';

export interface TypedProgram {
  readonly probes: readonly TypedProbe[];
  /** The functions that probes reach, each behind those that it calls. */
  readonly functions: readonly TypedFunction[];
  /** In order of first use. */
  readonly maps: readonly MapSymbol[];
  /** Positional parameters used, each as int, string or both. */
  readonly params: readonly { readonly index: number; readonly as: 'int' | 'string' }[];
  /** The program holds for these values of positional parameters alone: some of them are literals in it. */
  readonly takesParameters: boolean;
  /** What positional parameters have to be. */
  readonly bounds: readonly Bound[];
  /** Named parameters, in order of first use. */
  readonly options: readonly OptionSymbol[];
  readonly config: Config;
  /** What has to be on the kernel that runs the script as it is in the kernel description. */
  readonly assumptions: readonly Assumption[];
}

/** A positional parameter stands where a number is wanted: the loader refuses others. */
export interface Bound {
  readonly parameter: number;
  readonly least: bigint | undefined;
  readonly most: bigint | undefined;
  /** A clause: `print() expects an integer of at least 0 as top`. */
  readonly expects: string;
  readonly range: Range;
}

/** A named parameter: `getopt("name", default, "description")`. */
export interface OptionSymbol {
  readonly name: string;
  /** bool, int64 or uint64, or a string as long as strings can be. */
  readonly type: Type;
  readonly default: TypedInt | TypedString;
  readonly description: string | undefined;
}

/** One attach point with the block as typed for it. */
export interface TypedProbe {
  readonly target: ProbeTarget;
  /** Unique symbol: the name with other characters as `_`, and a 1-based index. */
  readonly symbol: string;
  readonly range: Range;
  /** Number of its block in the script, which attach points of one block share; 0 for functions. */
  readonly block: number;
  /** Targets beside the own one that the same program serves, and where the script names them. */
  readonly others?: readonly { readonly target: ProbeTarget; readonly range: Range }[];
  readonly variables: readonly VariableSymbol[];
  readonly predicate: TypedExpression | undefined;
  readonly body: TypedBlock;
  /** Symbols of the functions that it calls itself. */
  readonly calls: readonly string[];
  /** It is this half of a program for both ends of a function: lowering/kprobe-session.ts. */
  readonly session?: 'entry' | 'exit';
}

/** `fn`: like a probe without a context, with parameters and a result. */
export interface TypedFunction extends TypedProbe {
  readonly name: string;
  /** Among its variables. */
  readonly parameters: readonly VariableSymbol[];
  /** void: none. */
  readonly returns: Type;
}

export interface VariableSymbol {
  /** Unique within the probe. */
  readonly id: number;
  readonly name: string;
  readonly type: Type;
}

export interface MapSymbol {
  readonly name: string;
  /** undefined for scalars. */
  readonly key: Type | undefined;
  readonly value: Type;
  readonly maxEntries: number;
  /** Declared kind, where the script has a declaration. */
  readonly declared: 'hash' | 'lruhash' | 'percpuhash' | 'percpulruhash' | undefined;
  /** delete(@scalar) occurs: the lowering must be able to remove it from within a program. */
  readonly deleted: boolean;
}

export interface Config extends LoaderConfig {
  readonly license: string;
  readonly maxStrlen: number;
  readonly maxMapKeys: number;
  readonly onStackLimit: number;
  readonly stackMode: StackMode;
  readonly maxBpfProgs: number;
  /** All of them under their names, as scripts read them: `config.max_strlen`. */
  readonly settings: ReadonlyMap<string, string | number | boolean>;
  /** What to do about features that may still change. */
  readonly unstable: {
    readonly tseries: UnstablePolicy;
    readonly dwUstack: UnstablePolicy;
    readonly importStatement: UnstablePolicy;
    readonly probeLists: UnstablePolicy;
    readonly typeinfo: UnstablePolicy;
  };
}

export type UnstablePolicy = 'error' | 'warn' | 'enable';

// ---- statements --------------------------------------------------------------------------------

interface Node {
  readonly range: Range;
}

export type TypedStatement =
  | TypedBlock
  | (Node & { readonly kind: 'expression-statement'; readonly expression: TypedExpression })
  | (Node & {
      readonly kind: 'assign-variable';
      readonly variable: VariableSymbol;
      readonly value: TypedExpression;
    })
  | (Node & {
      readonly kind: 'assign-map';
      readonly map: string;
      readonly key: TypedExpression | undefined;
      readonly value: TypedExpression;
    })
  /** `@m[k] = count()`; `args` has the value for those that take one (sum, hist, ...). */
  | (Node & {
      readonly kind: 'aggregate';
      readonly map: string;
      readonly key: TypedExpression | undefined;
      readonly aggregate: AggregateType;
      readonly value: TypedExpression | undefined;
    })
  | (Node & {
      readonly kind: 'if';
      readonly condition: TypedExpression;
      readonly then: TypedBlock;
      readonly else: TypedBlock | undefined;
    })
  | (Node & {
      readonly kind: 'while';
      readonly condition: TypedExpression;
      readonly body: TypedBlock;
    })
  | (Node & { readonly kind: 'unroll'; readonly count: number; readonly body: TypedBlock })
  | (Node & {
      readonly kind: 'for-range';
      readonly variable: VariableSymbol;
      readonly from: TypedExpression;
      readonly to: TypedExpression;
      readonly body: TypedBlock;
    })
  /** The variable is a tuple (key, value); aggregates arrive as their combined int64. */
  | (Node & {
      readonly kind: 'for-map';
      readonly variable: VariableSymbol;
      readonly map: string;
      readonly body: TypedBlock;
    })
  | (Node & { readonly kind: 'break' | 'continue' })
  | (Node & { readonly kind: 'return'; readonly value: TypedExpression | undefined });

export interface TypedBlock extends Node {
  readonly kind: 'block';
  readonly statements: readonly TypedStatement[];
}

// ---- expressions -------------------------------------------------------------------------------

interface Expr extends Node {
  readonly type: Type;
}

export type TypedExpression =
  | TypedInt
  | TypedString
  | (Expr & { readonly kind: 'variable'; readonly variable: VariableSymbol })
  /** A missing key gives zeros. An aggregate read as a value has an int type here. */
  | (Expr & {
      readonly kind: 'map';
      readonly map: string;
      readonly key: TypedExpression | undefined;
    })
  | (Expr & { readonly kind: 'parameter'; readonly index: number })
  | (Expr & { readonly kind: 'parameter-count' })
  /** A named parameter. */
  | (Expr & { readonly kind: 'option'; readonly name: string })
  | (Expr & {
      readonly kind: 'unary';
      readonly operator: '!' | '~' | '-';
      readonly operand: TypedExpression;
    })
  | TypedBinary
  | (Expr & {
      readonly kind: 'conditional';
      readonly condition: TypedExpression;
      readonly then: TypedExpression;
      readonly else: TypedExpression;
    })
  /** Value before (postfix) or after (prefix) the step: so often `size`. */
  | (Expr & {
      readonly kind: 'step';
      readonly target: StepTarget;
      readonly prefix: boolean;
      readonly step: 1 | -1;
      /** 1 but for pointers. */
      readonly size: TypedInt;
    })
  | (Expr & { readonly kind: 'cast'; readonly operand: TypedExpression })
  | (Expr & { readonly kind: 'tuple'; readonly elements: readonly TypedExpression[] })
  | (Expr & {
      readonly kind: 'record';
      readonly fields: readonly { readonly name: string; readonly value: TypedExpression }[];
    })
  /** Element of a tuple or record value. */
  | (Expr & { readonly kind: 'element'; readonly base: TypedExpression; readonly index: number })
  /** Member of a C struct: `base` is a pointer to the struct, or a struct that stands in memory at some address. */
  | TypedMember
  | (Expr & { readonly kind: 'dereference'; readonly operand: TypedExpression })
  /** Of what stands in memory: a variable, a map's value, or what a pointer leads to. */
  | (Expr & { readonly kind: 'address-of'; readonly operand: TypedExpression })
  /** Of an array in memory or a pointer. */
  | (Expr & {
      readonly kind: 'index';
      readonly base: TypedExpression;
      readonly index: TypedExpression;
    })
  /** `args.field` of a tracepoint. */
  | (Expr & {
      readonly kind: 'tracepoint-field';
      readonly category: string;
      readonly event: string;
      readonly field: TracepointField;
      /** The number of bytes of its dynamic array. */
      readonly measured?: true;
    })
  /** `args.name` of a raw tracepoint or a function: the nth u64 of the context. */
  | TypedContextArgument
  | TypedCall
  | TypedFunctionCall
  /** All zero bytes, of any type: a variable that is declared without a value. */
  | (Expr & { readonly kind: 'zero' })
  /** Statements, then the value. */
  | (Expr & {
      readonly kind: 'block-value';
      readonly statements: readonly TypedStatement[];
      readonly value: TypedExpression;
    });

export interface TypedInt extends Expr {
  readonly kind: 'int';
  readonly value: bigint;
  /** A non-negative literal as written, which takes the other operand's sign. */
  readonly flexible: boolean;
  /** It is the value of that enumerator of the kernel: the running kernel may have another. */
  readonly enumerator?: string;
  /** It is the size of a struct of the kernel (no `indexes`) or of a member, or how far one stands from its start. */
  readonly layout?: {
    readonly root: StructType;
    /** The way to the member, by numbers and by names. */
    readonly indexes: readonly number[];
    readonly path: readonly string[];
    /** What stands there. */
    readonly leaf: Type;
    /** In the kernel description. */
    readonly value: number;
    /** It is the size of what stands there. */
    readonly measured?: true;
  };
  /** What it was computed from, where that has such enumerators: `NR_VM_EVENT_ITEMS - 1`. */
  readonly atRunTime?: TypedExpression;
}

/**
 * A number of the kernel description that the script was compiled with, rather than that of the kernel which runs it:
 * that kernel has to have the same one.
 */
export interface Assumption {
  readonly of:
    | { readonly kind: 'enumerator'; readonly name: string }
    /** A size, or the place of a member. */
    | {
        readonly kind: 'layout';
        readonly root: StructType;
        readonly path: readonly string[];
        readonly measured?: true;
      }
    /** The size of a struct in one of the script's own. */
    | { readonly kind: 'embedded'; readonly root: StructType; readonly within: StructType };
  readonly value: bigint;
  readonly range: Range;
}

export interface TypedString extends Expr {
  readonly kind: 'string';
  /** One char code (0 to 255) a byte, without the NUL. */
  readonly value: string;
}

export interface TypedBinary extends Expr {
  readonly kind: 'binary';
  readonly operator:
    | '+'
    | '-'
    | '*'
    | '/'
    | '%'
    | '&'
    | '|'
    | '^'
    | '<<'
    | '>>'
    | '=='
    | '!='
    | '<'
    | '<='
    | '>'
    | '>='
    | '&&'
    | '||';
  readonly left: TypedExpression;
  readonly right: TypedExpression;
}

export interface TypedMember extends Expr {
  readonly kind: 'member';
  readonly base: TypedExpression;
  readonly struct: StructType;
  readonly member: Member;
}

/** A u64 of the context, cut to its type. */
export interface TypedContextArgument extends Expr {
  readonly kind: 'context-argument';
  readonly index: number;
  /**
   * What stands there, for the loader, which knows where the host has it: a parameter, or without one the result; the
   * type as the kernel's BTF numbers it. Undefined for argN, which is a number of the script.
   */
  readonly host?: { readonly parameter: string | undefined; readonly type: number };
  /** It is copied, as memory: see ContextValue.isRefused. */
  readonly isCopied?: true;
}

export type StepTarget =
  | { readonly kind: 'variable'; readonly variable: VariableSymbol }
  | { readonly kind: 'map'; readonly map: string; readonly key: TypedExpression | undefined };

/** A built-in value or function; the built-in (compiler/builtins) knows how to lower it. */
export interface TypedCall extends Expr {
  readonly kind: 'call';
  /** Its present name, also where the script uses an older one. */
  readonly builtin: string;
  /** What is to be known of it without knowing which it is. */
  readonly traits: Traits;
  /** Values computed in the program. */
  readonly args: readonly TypedExpression[];
  /** The map that it works on: `delete`, `clear`, `print(@m)`, `has_key`, `len`. */
  readonly map?: string;
  /** What its analysis tells its lowering beside: plain data, whose form only the built-in knows. */
  readonly plan?: unknown;
  /** print(@m): what is done with the map once it is read; set by the lowering. */
  readonly then?: 'clear' | 'zero';
}

/** A call of a function of the script, or of a linked one. */
export interface TypedFunctionCall extends Expr {
  readonly kind: 'function-call';
  readonly function: string;
  /** Comes from an imported object. */
  readonly linked: boolean;
  /** Of the parameters' types. */
  readonly args: readonly TypedExpression[];
}

export function intType(type: Type): type is IntType {
  return type.kind === 'int';
}
