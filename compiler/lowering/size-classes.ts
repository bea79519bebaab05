/**
 * Maps whose keys hold long strings are kept in several kernel maps, by the length of the strings: a short text
 * is then hashed and compared as a short key, not as one of max_strlen bytes.
 */
import { fieldsOf, layoutOf } from '../types/layout.ts';
import type { Type } from '../types/type.ts';

/** A string in a key that may be too long for a class. */
export interface KeyString {
  /** In the whole key. */
  readonly offset: number;
  readonly size: number;
}

/** Bytes of a narrow key and the bytes of the whole key that they stand for. */
export interface Segment {
  readonly whole: number;
  readonly narrow: number;
  readonly size: number;
}

/** Strings up to this size stand in keys as they are. */
const LARGEST_SHORT = 64;
/** Bytes that strings have in the narrow kernel maps, NUL included; multiples of 8. */
const CLASSES = [32, 128] as const;

/** The classes of a key type, narrowest first, without the whole width; empty where one map is enough. */
export function sizeClasses(key: Type): readonly number[] {
  const longest = Math.max(0, ...longStrings(key).map((string) => string.size));
  return CLASSES.filter((size) => size < longest);
}

/** The strings of a key that classes make narrower. */
export function longStrings(key: Type, offset = 0): readonly KeyString[] {
  switch (key.kind) {
    case 'string':
      return key.size > LARGEST_SHORT ? [{ offset, size: key.size }] : [];
    case 'tuple':
    case 'record':
      return fieldsOf(key).flatMap((field) => longStrings(field.type, offset + field.offset));
    default:
      return [];
  }
}

/** The key type of a class: its long strings have at most `size` bytes. */
export function narrowed(key: Type, size: number): Type {
  switch (key.kind) {
    case 'string':
      return key.size > LARGEST_SHORT ? { ...key, size: Math.min(key.size, size) } : key;
    case 'tuple':
      return { ...key, elements: key.elements.map((element) => narrowed(element, size)) };
    case 'record':
      return {
        ...key,
        fields: key.fields.map((field) => ({ ...field, type: narrowed(field.type, size) })),
      };
    default:
      return key;
  }
}

/** Where the bytes of a narrow key stand in the whole one. */
export function segments(whole: Type, narrow: Type): readonly Segment[] {
  if (whole.kind !== 'tuple' && whole.kind !== 'record') {
    return [{ whole: 0, narrow: 0, size: layoutOf(narrow).size }];
  }
  const narrowFields = fieldsOf(narrow);
  return fieldsOf(whole).flatMap((field, index) => {
    const other = narrowFields[index];
    if (!other) throw new Error('a narrow key has as many elements as the whole one');
    return segments(field.type, other.type).map((part) => ({
      whole: field.offset + part.whole,
      narrow: other.offset + part.narrow,
      size: part.size,
    }));
  });
}

/** Whether the narrow key is just the beginning of the whole one. */
export function isPrefix(parts: readonly Segment[]): boolean {
  return parts.every((part) => part.whole === part.narrow);
}
