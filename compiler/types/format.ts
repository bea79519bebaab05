/**
 * Formats of printf, system and cat. The text goes into the manifest as it is, and the loader formats; here
 * it is read to check that the arguments fit.
 */
import { asInteger } from './integers.ts';
import { typeName } from './names.ts';
import type { Type } from './type.ts';

/** What each conversion prints, for the reference. */
export const CONVERSIONS = {
  d: 'An integer, in decimal, with its sign. Of an enum its number.',
  i: 'The same as `%d`.',
  u: 'An integer without a sign, in decimal.',
  x: 'An integer in hexadecimal; with `#` behind `0x`.',
  X: 'An integer in hexadecimal, with capital letters.',
  o: 'An integer in octal.',
  c: 'An integer as the character of that code.',
  p: 'A pointer or an integer as an address: hexadecimal behind `0x`.',
  s: 'Any value as `print` shows it: text, enumerators by name, stacks, symbols, tuples.',
  r: 'Bytes of `buf()`: those that print as they are, others as `\\x01`.',
  rx: 'Bytes of `buf()`, each as `\\x61`.',
  rh: 'Bytes of `buf()` in hexadecimal with spaces between.',
  gr: 'Flags of memory allocations (`gfp_t`) by their names.',
} as const satisfies Readonly<Record<string, string>>;

export type ConversionName = keyof typeof CONVERSIONS;

export type LengthModifier = '' | 'hh' | 'h' | 'l' | 'll' | 'L' | 'j' | 'z' | 't';

/** One `%...` that takes an argument. */
export interface Conversion {
  /** As written: `%-5lu`. */
  readonly text: string;
  /** Offset of its `%` in the format. */
  readonly offset: number;
  readonly flags: string;
  readonly width: number | undefined;
  /** 0 behind a point alone, as in C. */
  readonly precision: number | undefined;
  readonly length: LengthModifier;
  readonly name: ConversionName;
}

export interface ParsedFormat {
  readonly conversions: readonly Conversion[];
  /** What is wrong with the format itself, whatever the arguments are. */
  readonly problems: readonly string[];
}

/** `gr`, `rx` and `rh` before their first letters: the longest match counts. */
const CONVERSION =
  /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?(hh|h|ll|l|L|j|z|t)?(gr|rx|rh|[diuxXocpsr]|[feganFEGAN])|%%/g;

/**
 * Reads a format. `%%` is a percent sign, and a `%` that begins no conversion stands for itself. Conversions of
 * floating-point numbers and a width or precision of `*` are problems.
 */
export function parseFormat(format: string): ParsedFormat {
  const conversions: Conversion[] = [];
  const problems: string[] = [];
  for (const match of format.matchAll(CONVERSION)) {
    const [text, flags = '', width, precision, length = '', letters] = match;
    if (letters === undefined) continue;
    const name = conversionName(letters);
    if (name === undefined) {
      problems.push(`unsupported format specifier: ${letters}`);
      continue;
    }
    if (width === '*' || precision === '*') {
      problems.push(`a width or precision has to be a number, not '*': ${text}`);
      continue;
    }
    conversions.push({
      text,
      offset: match.index,
      flags,
      width: width === undefined ? undefined : Number(width),
      precision: precision === undefined ? undefined : Number(precision),
      length: length as LengthModifier,
      name,
    });
  }
  return { conversions, problems };
}

const NAMES: ReadonlySet<string> = new Set(Object.keys(CONVERSIONS));

function conversionName(letters: string): ConversionName | undefined {
  return NAMES.has(letters) ? (letters as ConversionName) : undefined;
}

/**
 * What a format has that looks like a conversion and is none, where that may be why the numbers differ: `%y`, which
 * stands for itself.
 */
export function countAdvice(format: string): readonly string[] {
  const other = format.replace(CONVERSION, '').match(/%[-+ #0-9.]*[A-Za-z]/g);
  if (other === null) return [];
  const all = [...NAMES].map((name) => `%${name}`).join(' ');
  return [`${other[0]} is no conversion and is printed as it is. There are ${all}.`];
}

/** How the number of arguments misses the number of conversions; undefined if it does not. */
export function countProblem(parsed: ParsedFormat, supplied: number): string | undefined {
  const expected = parsed.conversions.length;
  if (supplied === expected) return undefined;
  const what = supplied < expected ? 'Not enough' : 'Too many';
  return `${what} arguments for format string (${supplied} supplied, ${expected} expected)`;
}

/** Why a conversion cannot print a value of a type; undefined if it can. */
export function typeProblem(conversion: Conversion, type: Type): string | undefined {
  const { name } = conversion;
  if (type.kind === 'void') return `unable to print none type for specifier: ${name}`;
  if (accepts(name, type)) return undefined;
  return `unsupported format specifier for type '${typeName(type)}': ${name}`;
}

function accepts(name: ConversionName, type: Type): boolean {
  switch (name) {
    case 's':
      return true;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'p':
      return type.kind === 'pointer' || asInteger(type) !== undefined;
    case 'c':
    case 'gr':
      return asInteger(type) !== undefined;
    case 'r':
    case 'rx':
    case 'rh':
      return type.kind === 'buffer';
  }
}
