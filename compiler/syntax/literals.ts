/** Integer and string literals: from their text to their value. */

export type IntegerResult = { readonly value: bigint } | { readonly error: string };

const U64_MAX = (1n << 64n) - 1n;

/** Largest values of the type suffixes, which check a range and do not set a type. */
const TYPE_SUFFIXES: ReadonlyMap<string, bigint> = new Map([
  ['u', (1n << 32n) - 1n],
  ['ul', U64_MAX],
  ['ull', U64_MAX],
  ['l', (1n << 63n) - 1n],
  ['ll', (1n << 63n) - 1n],
]);

const SECOND = 1_000_000_000n;

/** Nanoseconds of each duration suffix. */
const DURATIONS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['ms', 1_000_000n],
  ['s', SECOND],
  ['m', 60n * SECOND],
  ['h', 3600n * SECOND],
  ['d', 86_400n * SECOND],
]);

/**
 * Reads a non-negative integer: decimal, hex, octal, binary or scientific, with a type or a duration suffix
 * (durations become nanoseconds). Serves source literals, numbers in attach points and positional parameters.
 */
export function parseInteger(text: string): IntegerResult {
  const prefixed = /^0([xX])([0-9a-fA-F_]*)(.*)$/.exec(text) ?? /^0([bB])([0-9_]*)(.*)$/.exec(text);
  if (prefixed) {
    const [, letter = 'x', digits = '', suffix = ''] = prefixed;
    const hex = letter.toLowerCase() === 'x';
    const bad = hex ? undefined : /[2-9]/.exec(digits);
    if (bad) return { error: `invalid digit '${bad[0]}' in binary literal: ${text}` };
    return finish(text, hex ? '0x' : '0b', digits, suffix, false);
  }
  const scientific = /^([0-9_]+)[eE]([0-9_]*)(.*)$/.exec(text);
  if (scientific)
    return parseScientific(text, scientific[1] ?? '', scientific[2] ?? '', scientific[3] ?? '');

  const decimal = /^([0-9][0-9_]*)(.*)$/.exec(text);
  if (!decimal) return { error: `invalid integer: ${text}` };
  const [, digits = '', suffix = ''] = decimal;
  if (!/^0_*[0-7]/.test(digits)) return finish(text, '', digits, suffix, true);
  const bad = /[89]/.exec(digits);
  if (bad) return { error: `invalid digit '${bad[0]}' in octal literal: ${text}` };
  return finish(text, '0o', digits.slice(1), suffix, true);
}

function parseScientific(
  text: string,
  coefficient: string,
  exponent: string,
  suffix: string,
): IntegerResult {
  if (!/^[1-9]$/.test(coefficient))
    return { error: `coefficient part of scientific literal must be 1-9: ${text}` };
  if (!/^[1-9]/.test(exponent)) return { error: `invalid suffix 'e${exponent}${suffix}': ${text}` };
  if (exponent.endsWith('_')) return { error: `trailing '_' in integer literal: ${text}` };
  const power = Number(exponent.replaceAll('_', ''));
  // Past 10^19 nothing fits; the test keeps 9e999999999 from being computed.
  if (power > 19) return overflow(text);
  return scale(text, BigInt(coefficient) * 10n ** BigInt(power), suffix, true);
}

function finish(
  text: string,
  prefix: string,
  digits: string,
  suffix: string,
  durations: boolean,
): IntegerResult {
  if (digits.endsWith('_')) return { error: `trailing '_' in integer literal: ${text}` };
  const plain = digits.replaceAll('_', '');
  if (plain === '') return { error: `no digits after '${text.slice(0, 2)}': ${text}` };
  return scale(text, BigInt(prefix + plain), suffix, durations);
}

function scale(text: string, value: bigint, suffix: string, durations: boolean): IntegerResult {
  if (value > U64_MAX) return overflow(text);
  if (suffix === '') return { value };
  const duration = durations ? DURATIONS.get(suffix) : undefined;
  if (duration !== undefined) {
    const scaled = value * duration;
    return scaled > U64_MAX ? overflow(text) : { value: scaled };
  }
  const limit = TYPE_SUFFIXES.get(suffix.toLowerCase());
  if (limit === undefined) return { error: `invalid suffix '${suffix}': ${text}` };
  return value > limit ? overflow(text, limit) : { value };
}

function overflow(text: string, limit = U64_MAX): IntegerResult {
  return { error: `overflow error, maximum value is ${limit}: ${text}` };
}

export interface LiteralProblem {
  readonly message: string;
  /** Offsets into the literal's text. */
  readonly start: number;
  readonly end: number;
}

export interface StringResult {
  /** One char code a byte. */
  readonly value: string;
  readonly problems: readonly LiteralProblem[];
}

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['"', '"'],
  ['\\', '\\'],
]);

/** Reads a string literal with its quotes. Text outside escapes becomes its UTF-8 bytes. */
export function parseString(text: string): StringResult {
  const problems: LiteralProblem[] = [];
  const end = text.length - 1;
  let value = '';
  let at = 1;
  while (at < end) {
    const backslash = text.indexOf('\\', at);
    const plainEnd = backslash === -1 ? end : backslash;
    value += utf8Bytes(text.slice(at, plainEnd));
    if (plainEnd === end) break;
    const sequence = readEscape(text.slice(plainEnd + 1, end));
    if ('byte' in sequence) value += sequence.byte;
    else
      problems.push({
        message: sequence.error,
        start: plainEnd,
        end: plainEnd + 1 + sequence.length,
      });
    at = plainEnd + 1 + sequence.length;
  }
  return { value, problems };
}

/** The UTF-8 bytes of a text, one char code each. */
export function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

type Escape = { readonly length: number } & (
  | { readonly byte: string }
  | { readonly error: string }
);

/** `rest` begins after the backslash. */
function readEscape(rest: string): Escape {
  const octal = /^[0-7]{1,3}/.exec(rest);
  if (octal) {
    const code = Number.parseInt(octal[0], 8);
    const length = octal[0].length;
    return code > 255
      ? { error: `octal escape sequence out of range '\\${octal[0]}'`, length }
      : { byte: String.fromCharCode(code), length };
  }
  const hex = /^[xX]([0-9a-fA-F]{0,2})/.exec(rest);
  if (hex) {
    const [all, digits = ''] = hex;
    return digits === ''
      ? { error: `no digits in hex escape sequence '\\${all}'`, length: all.length }
      : { byte: String.fromCharCode(Number.parseInt(digits, 16)), length: all.length };
  }
  const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  const simple = SIMPLE_ESCAPES.get(character);
  return simple !== undefined
    ? { byte: simple, length: 1 }
    : { error: `invalid escape character '\\${character}'`, length: character.length };
}
