/**
 * Forms of JSON values as data. What the manifest holds is said in them once: TypeScript's types (`Value`), the schema
 * (schema.ts) and what the loader reads (header.ts) are made of them.
 */

export interface TextShape {
  readonly kind: 'text';
  /** A regular expression, as in JSON Schema. */
  readonly pattern?: string;
  /** Bytes of a script: one character from U+0001 to U+00FF for each. */
  readonly bytes?: true;
  readonly about?: string;
}

export interface NumberShape {
  readonly kind: 'number';
  readonly least?: number;
  readonly most?: number;
  readonly about?: string;
}

export interface FlagShape {
  readonly kind: 'flag';
  readonly about?: string;
}

/** One of a few words or numbers. */
export interface ChoiceShape<Word extends string | number> {
  readonly kind: 'choice';
  readonly words: readonly Word[];
  readonly about?: string;
}

/** There or absent. */
export interface MarkShape {
  readonly kind: 'mark';
  readonly about?: string;
}

export interface ListShape<Item> {
  readonly kind: 'list';
  readonly item: Item;
  readonly least?: number;
  readonly about?: string;
}

export interface PairShape<Left, Right> {
  readonly kind: 'pair';
  readonly left: Left;
  readonly right: Right;
  readonly about?: string;
}

export interface RecordShape<Members> {
  readonly kind: 'record';
  readonly members: Members;
  readonly about?: string;
}

/** A part of the schema with a name of its own, which may hold itself. */
export interface ReferenceShape<Name extends string> {
  readonly kind: 'reference';
  readonly name: Name;
  readonly about?: string;
}

export interface OptionalShape<Inner> {
  readonly kind: 'optional';
  readonly shape: Inner;
}

/** As data, whatever its type says. */
export type Shape =
  | TextShape
  | NumberShape
  | FlagShape
  | ChoiceShape<string | number>
  | MarkShape
  | ListShape<Shape>
  | PairShape<Shape, Shape>
  | RecordShape<Members>
  | ReferenceShape<string>;

export type Members = Readonly<Record<string, Shape | OptionalShape<Shape>>>;

/** Members of each of several forms, by the word that tells them apart. */
export type Forms = Readonly<Record<string, readonly Members[]>>;

/** The type of what has the shape; `Names` are the types of references. */
export type Value<S, Names> = S extends TextShape
  ? string
  : S extends NumberShape
    ? number
    : S extends FlagShape
      ? boolean
      : S extends ChoiceShape<infer Word>
        ? Word
        : S extends MarkShape
          ? true
          : S extends ListShape<infer Item>
            ? readonly Value<Item, Names>[]
            : S extends PairShape<infer Left, infer Right>
              ? readonly [Value<Left, Names>, Value<Right, Names>]
              : S extends RecordShape<infer Inner>
                ? RecordValue<Inner, Names>
                : S extends ReferenceShape<infer Name extends keyof Names & string>
                  ? Names[Name]
                  : never;

type Needed<M> = { [K in keyof M]: M[K] extends OptionalShape<unknown> ? never : K }[keyof M];

export type RecordValue<M, Names> = Flat<
  { readonly [K in Needed<M>]: Value<M[K], Names> } & {
    readonly [K in Exclude<keyof M, Needed<M>>]?: M[K] extends OptionalShape<infer Inner>
      ? Value<Inner, Names>
      : never;
  }
>;

type Flat<T> = { [K in keyof T]: T[K] };

/** A union of records: each form, and in the member `Tag` the names of `F` that have it. */
export type TaggedValue<
  Tag extends string,
  F extends Forms,
  Names,
> = F[keyof F][number] extends infer M
  ? M extends unknown
    ? Flat<{ readonly [T in Tag]: NamesOf<M, F> } & RecordValue<M, Names>>
    : never
  : never;

type NamesOf<M, F extends Forms> = {
  [K in keyof F]: IsAmong<M, F[K][number]> extends true ? K : never;
}[keyof F];

/** Both ways, since a form that has more members than another extends it. */
type IsAmong<M, All> = true extends (
  All extends unknown
    ? [M, All] extends [All, M]
      ? true
      : false
    : never
)
  ? true
  : false;

/** Words of a script; `about` goes into the schema. */
export function text(about?: string, pattern?: string): TextShape {
  return { kind: 'text', ...(pattern === undefined ? {} : { pattern }), ...said(about) };
}

export function bytes(about?: string): TextShape {
  return { kind: 'text', bytes: true, ...said(about) };
}

export function number(least?: number, most?: number, about?: string): NumberShape {
  return {
    kind: 'number',
    ...(least === undefined ? {} : { least }),
    ...(most === undefined ? {} : { most }),
    ...said(about),
  };
}

/** An offset, a size or an index: a whole number from 0. */
export function whole(about?: string): NumberShape {
  return number(0, undefined, about);
}

export function flag(about?: string): FlagShape {
  return { kind: 'flag', ...said(about) };
}

export function choice<const Word extends string | number>(
  words: readonly Word[],
  about?: string,
): ChoiceShape<Word> {
  return { kind: 'choice', words, ...said(about) };
}

export function mark(about?: string): MarkShape {
  return { kind: 'mark', ...said(about) };
}

export function list<Item>(item: Item, about?: string, least?: number): ListShape<Item> {
  return { kind: 'list', item, ...(least === undefined ? {} : { least }), ...said(about) };
}

export function pair<Left, Right>(
  left: Left,
  right: Right,
  about?: string,
): PairShape<Left, Right> {
  return { kind: 'pair', left, right, ...said(about) };
}

export function record<M>(members: M, about?: string): RecordShape<M> {
  return { kind: 'record', members, ...said(about) };
}

export function reference<const Name extends string>(
  name: Name,
  about?: string,
): ReferenceShape<Name> {
  return { kind: 'reference', name, ...said(about) };
}

export function optional<Inner>(shape: Inner): OptionalShape<Inner> {
  return { kind: 'optional', shape };
}

function said(about: string | undefined): { readonly about?: string } {
  return about === undefined ? {} : { about };
}
