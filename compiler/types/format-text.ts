/** What printf prints of literals: loader/src/output/printf.c prints the same of values, as printf(3) does. */
import type { Conversion, LengthModifier, ParsedFormat } from './format.ts';

/** A literal: a number of 64 bits, and what `%s` shows of it; or text, a character for each byte. */
export type LiteralValue =
  | { readonly number: bigint; readonly shown: string }
  | { readonly text: string };

/** Widths and precisions beyond it count as it (FORMAT_WIDTH_MAX). */
const WIDTH_MAX = 4096;

/** Bytes that a number counts with. */
const BYTES: Readonly<Partial<Record<LengthModifier, number>>> = { '': 4, hh: 1, h: 2 };

/**
 * A format with its literals in place, of which there is one for each conversion; a character for each byte. Undefined
 * where a conversion has no text before a host is known.
 */
export function formatted(
  format: string,
  { conversions }: ParsedFormat,
  literals: readonly LiteralValue[],
): string | undefined {
  const pieces: string[] = [];
  let from = 0;
  for (const [index, conversion] of conversions.entries()) {
    const literal = literals[index];
    const text = literal && converted(conversion, literal);
    if (text === undefined) return undefined;
    pieces.push(format.slice(from, conversion.offset).replaceAll('%%', '%'), text);
    from = conversion.offset + conversion.text.length;
  }
  pieces.push(format.slice(from).replaceAll('%%', '%'));
  return pieces.join('');
}

/** The text of one literal; undefined where it has none. */
export function converted(conversion: Conversion, literal: LiteralValue): string | undefined {
  const { name, flags, length } = conversion;
  if ('text' in literal)
    return name === 's' ? padded(conversion, literal.text.replace(/\0.*$/s, '')) : undefined;
  const bits = 8 * (BYTES[length] ?? 8);
  const unsigned = BigInt.asUintN(bits, literal.number);
  const alternate = flags.includes('#') && unsigned !== 0n;
  switch (name) {
    case 'd':
    case 'i': {
      const value = BigInt.asIntN(bits, literal.number);
      const plus = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
      return number(conversion, value < 0n ? '-' : plus, `${value < 0n ? -value : value}`);
    }
    case 'u':
      return number(conversion, '', `${unsigned}`);
    case 'x':
      return number(conversion, alternate ? '0x' : '', unsigned.toString(16));
    case 'X':
      return number(conversion, alternate ? '0X' : '', unsigned.toString(16).toUpperCase());
    case 'o':
      // The zero in front is a digit, which a precision counts.
      return number(conversion, '', `${alternate ? '0' : ''}${unsigned.toString(8)}`);
    case 'p': {
      const address = BigInt.asUintN(64, literal.number);
      return number(conversion, address === 0n ? '' : '0x', address.toString(16));
    }
    case 'c':
      return padded(conversion, String.fromCharCode(Number(literal.number & 0xffn)));
    case 's':
      return padded(conversion, literal.shown);
    default:
      return undefined;
  }
}

function most(count: number | undefined): number | undefined {
  return count === undefined ? undefined : Math.min(count, WIDTH_MAX);
}

/** Zeros go between the sign and the digits, as in C. */
function number(conversion: Conversion, prefix: string, digits: string): string {
  const { flags, name } = conversion;
  const [width = 0, precision] = [most(conversion.width), most(conversion.precision)];
  const isNothing = precision === 0 && digits === '0' && !(flags.includes('#') && name === 'o');
  const shown = isNothing ? '' : digits.padStart(precision ?? 0, '0');
  if (flags.includes('-')) return `${prefix}${shown}`.padEnd(width);
  if (flags.includes('0') && precision === undefined)
    return `${prefix}${shown.padStart(width - prefix.length, '0')}`;
  return `${prefix}${shown}`.padStart(width);
}

function padded(conversion: Conversion, text: string): string {
  const [width = 0, precision] = [most(conversion.width), most(conversion.precision)];
  const cut = precision === undefined ? text : text.slice(0, precision);
  return conversion.flags.includes('-') ? cut.padEnd(width) : cut.padStart(width);
}
