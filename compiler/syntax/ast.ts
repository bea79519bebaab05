/**
 * The syntax tree of a script, as written: nothing is resolved, folded or rewritten. Every node is
 * immutable and knows its place in the source. The grammar is that of BpfScript (docs/language.md).
 */
import type { Range } from '../source/source.ts';

interface Node {
  readonly range: Range;
}

// ---- program -----------------------------------------------------------------------------------

export interface Program extends Node {
  readonly kind: 'program';
  /** Preprocessor lines and C definitions, verbatim and in order. */
  readonly preamble: readonly CItem[];
  readonly config: ConfigBlock | undefined;
  readonly imports: readonly Import[];
  readonly items: readonly RootItem[];
  /** Places of the lists that became probes. Set by their expansion. */
  readonly lists?: readonly Range[];
}

export interface CItem extends Node {
  readonly kind: 'c-line' | 'c-definition';
  readonly text: string;
}

export interface ConfigBlock extends Node {
  readonly kind: 'config';
  readonly entries: readonly ConfigEntry[];
}

export interface ConfigEntry extends Node {
  readonly key: string;
  readonly keyRange: Range;
  readonly value:
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'int'; readonly value: bigint }
    | { readonly kind: 'bool'; readonly value: boolean }
    | { readonly kind: 'word'; readonly value: string };
}

export interface Import extends Node {
  readonly kind: 'import';
  readonly path: string;
}

export type RootItem = Probe | ProbeList | MapDeclaration | Macro | Fn;

export interface MapDeclaration extends Node {
  readonly kind: 'map-declaration';
  /** With its `@`. */
  readonly map: string;
  readonly mapKind: string;
  readonly mapKindRange: Range;
  readonly maxEntries: bigint;
}

export interface Macro extends Node {
  readonly kind: 'macro';
  readonly name: string;
  readonly parameters: readonly (Node & {
    readonly kind: 'variable' | 'map' | 'expression';
    readonly name: string;
  })[];
  readonly body: Block;
}

export interface Fn extends Node {
  readonly kind: 'fn';
  readonly name: string;
  readonly parameters: readonly (Node & { readonly name: string; readonly type: TypeRef })[];
  readonly returns: TypeRef;
  readonly body: Block;
}

export interface Probe extends Node {
  readonly kind: 'probe';
  readonly attachPoints: readonly AttachPoint[];
  readonly predicate: Expression | undefined;
  readonly body: Block;
}

/** `for $f, $n : (("open", 1), ("close", 2)) { ... }` at the root: its probes once for each element. */
export interface ProbeList extends Node {
  readonly kind: 'probe-list';
  readonly variables: readonly Variable[];
  readonly elements: readonly ListElement[];
  readonly items: readonly (Probe | ProbeList)[];
}

/** A value for each variable. */
export interface ListElement extends Node {
  readonly kind: 'list-element';
  readonly values: readonly ListValue[];
}

export type ListValue =
  | Integer
  | StringLiteral
  | (Unary & { readonly operator: '-'; readonly operand: Integer });

/** One attach point, scanned raw: providers give its fields their meaning. */
export interface AttachPoint extends Node {
  readonly kind: 'attach-point';
  /** Exactly as written. */
  readonly text: string;
  /** The `name=` prefix. */
  readonly alias: string | undefined;
  /**
   * Split at unquoted `:` (and before an unquoted `@`, as in `uprobe:target@file:line`), quotes dropped,
   * escapes resolved. The first is the provider as written. `$N` stays as text; see `AttachField.parameters`.
   */
  readonly fields: readonly AttachField[];
  /** Its last field was a variable of a list, and the block is the same for all elements. Set by the list's expansion. */
  readonly ofList?: true;
}

export interface AttachField extends Node {
  readonly text: string;
  /** Some of it stood in double quotes. */
  readonly quoted?: true;
  /** Offsets into `text` of unquoted `$N` references, which the loader replaces. */
  readonly parameters: readonly {
    readonly offset: number;
    readonly length: number;
    readonly index: number;
  }[];
  /** Unquoted `$name`s, which lists give values to; absent where there are none. */
  readonly variables?: readonly (Node & {
    readonly name: string;
    /** Into `text`. */
    readonly offset: number;
  })[];
}

// ---- statements --------------------------------------------------------------------------------

export type Statement =
  | Block
  | ExpressionStatement
  | Let
  | Assign
  | Discard
  | If
  | IfChain
  | While
  | Unroll
  | For
  | Jump
  | ImportStatement;

export interface Block extends Node {
  readonly kind: 'block';
  readonly statements: readonly Statement[];
  /** A last expression without `;`: the block's value where one is wanted, else a plain statement. */
  readonly tail: Expression | undefined;
}

export interface ExpressionStatement extends Node {
  readonly kind: 'expression-statement';
  readonly expression: Expression;
}

export interface Let extends Node {
  readonly kind: 'let';
  readonly variable: Variable;
  readonly type: TypeRef | undefined;
  readonly value: Expression | undefined;
}

export type AssignOperator =
  | '='
  | '<<='
  | '>>='
  | '+='
  | '-='
  | '*='
  | '/='
  | '%='
  | '&='
  | '|='
  | '^=';

export interface Assign extends Node {
  readonly kind: 'assign';
  readonly operator: AssignOperator;
  /** The parser accepts any expression on the left; the analysis says which are no targets. */
  readonly target: Expression;
  readonly value: Expression;
}

export interface Discard extends Node {
  readonly kind: 'discard';
  readonly value: Expression;
}

/** Also an expression; as one, both branches have tails. */
export interface If extends Node {
  readonly kind: 'if';
  readonly comptime: boolean;
  readonly condition: Expression;
  readonly then: Block;
  readonly else: Block | If | undefined;
}

/**
 * An `if` with more `else if` than nodes may stand in each other: those are side by side here. As an expression it has no
 * value.
 */
export interface IfChain extends Node {
  readonly kind: 'if-chain';
  /** None of them has an `else`. */
  readonly links: readonly If[];
  readonly else: Block | undefined;
}

export interface While extends Node {
  readonly kind: 'while';
  readonly condition: Expression;
  readonly body: Block;
}

export interface Unroll extends Node {
  readonly kind: 'unroll';
  readonly count: Expression;
  readonly body: Block;
}

export interface For extends Node {
  readonly kind: 'for';
  readonly variable: Variable;
  readonly over:
    | MapExpression
    | (Node & { readonly kind: 'range'; readonly from: Expression; readonly to: Expression });
  readonly body: Block;
}

export interface Jump extends Node {
  readonly kind: 'jump';
  readonly jump: 'break' | 'continue' | 'return';
  readonly value: Expression | undefined;
}

export interface ImportStatement extends Node {
  readonly kind: 'import-statement';
  readonly path: string;
}

// ---- expressions -------------------------------------------------------------------------------

export type Expression =
  | Integer
  | StringLiteral
  | Bool
  | Identifier
  | Variable
  | MapExpression
  | Parameter
  | ParameterCount
  | Unary
  | Binary
  | Ternary
  | IncDec
  | Cast
  | Call
  | FieldAccess
  | TupleAccess
  | Index
  | Tuple
  | Record
  | TypeQuery
  | OffsetOf
  | Comptime
  | If
  | IfChain
  | Block;

export interface Integer extends Node {
  readonly kind: 'integer';
  /** 0 to 2^64 - 1; a sign is a unary operator. Duration suffixes are already nanoseconds. */
  readonly value: bigint;
  /** As written, for formatters. */
  readonly text: string;
}

export interface StringLiteral extends Node {
  readonly kind: 'string';
  /** One char code (0 to 255) a byte: script text is taken as UTF-8, escapes as bytes. */
  readonly value: string;
  readonly text: string;
}

export interface Bool extends Node {
  readonly kind: 'bool';
  readonly value: boolean;
}

export interface Identifier extends Node {
  readonly kind: 'identifier';
  readonly name: string;
}

export interface Variable extends Node {
  readonly kind: 'variable';
  /** With its `$`. */
  readonly name: string;
}

export interface MapExpression extends Node {
  readonly kind: 'map';
  /** With its `@`; the anonymous map is `@`. */
  readonly name: string;
  /** `undefined` without brackets; `@m[a, b]` has two. */
  readonly keys: readonly Expression[] | undefined;
}

export interface Parameter extends Node {
  readonly kind: 'parameter';
  /** From 1. */
  readonly index: number;
}

export interface ParameterCount extends Node {
  readonly kind: 'parameter-count';
}

export interface Unary extends Node {
  readonly kind: 'unary';
  readonly operator: '!' | '~' | '-' | '*' | '&';
  readonly operand: Expression;
}

export type BinaryOperator =
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

export interface Binary extends Node {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly operatorRange: Range;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Ternary extends Node {
  readonly kind: 'ternary';
  readonly condition: Expression;
  /** Absent in `a ?: b`. */
  readonly then: Expression | undefined;
  readonly else: Expression;
}

export interface IncDec extends Node {
  readonly kind: 'inc-dec';
  readonly operator: '++' | '--';
  readonly prefix: boolean;
  readonly target: Expression;
}

export interface Cast extends Node {
  readonly kind: 'cast';
  readonly type: TypeRef;
  readonly operand: Expression;
}

export interface Call extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly nameRange: Range;
  readonly args: readonly (Expression | TypeArgument)[];
  /** Of an exit() that a macro's body holds: the program goes on behind it. Set by macro expansion. */
  readonly continues?: true;
}

export interface TypeArgument extends Node {
  readonly kind: 'type-argument';
  readonly type: TypeRef | Expression;
}

/** `e.field` and `e->field`: the same, at any depth of pointers. */
export interface FieldAccess extends Node {
  readonly kind: 'field';
  readonly base: Expression;
  readonly field: string;
  readonly fieldRange: Range;
  readonly arrow: boolean;
}

export interface TupleAccess extends Node {
  readonly kind: 'tuple-access';
  readonly base: Expression;
  readonly index: number;
}

/** On anything but a map; several indexes form a tuple key. */
export interface Index extends Node {
  readonly kind: 'index';
  readonly base: Expression;
  readonly indexes: readonly Expression[];
}

export interface Tuple extends Node {
  readonly kind: 'tuple';
  readonly elements: readonly Expression[];
}

export interface Record extends Node {
  readonly kind: 'record';
  readonly fields: readonly (Node & { readonly name: string; readonly value: Expression })[];
}

/** `sizeof(x)`, `typeinfo(x)`. */
export interface TypeQuery extends Node {
  readonly kind: 'sizeof' | 'typeinfo';
  readonly of: TypeRef | Expression;
}

export interface OffsetOf extends Node {
  readonly kind: 'offsetof';
  readonly of: TypeRef | Expression;
  readonly path: readonly string[];
}

export interface Comptime extends Node {
  readonly kind: 'comptime';
  readonly operand: Expression;
}

// ---- types as written --------------------------------------------------------------------------

/** `struct task_struct *`, `uint8[4]`, `string[16]`, `typeof($x)`. */
export interface TypeRef extends Node {
  readonly kind: 'type';
  readonly base:
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'struct' | 'union' | 'enum'; readonly name: string }
    | { readonly kind: 'typeof'; readonly of: TypeRef | Expression };
  /** Left to right. `undefined` is `[]`; for string, buffer and inet the first is a size. */
  readonly suffixes: readonly (
    | { readonly kind: 'pointer' }
    | { readonly kind: 'array'; readonly size: number | undefined }
  )[];
}
