/** fail: an error at compile time, where the compiler reaches it. What `if comptime` leaves out is never reached. */
import { rest, text } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import {
  type Conversion,
  countAdvice,
  countProblem,
  parseFormat,
  typeProblem,
} from '../types/format.ts';
import { VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

export const fail: Builtin = defineBuiltin({
  name: 'fail',
  parameters: { format: text, values: rest('any') },
  summary: 'An error at compile time, with formatted text, where the compiler reaches it.',
  analyse({ format: { value: format, range }, values }, use, scope) {
    const parsed = parseFormat(format);
    for (const problem of parsed.problems) scope.error('format', `fail: ${problem}`, range);
    const miscount = countProblem(parsed, values.length);
    if (miscount !== undefined)
      scope.error('format', `fail: ${miscount}`, use.range, ...countAdvice(format));
    if (parsed.problems.length > 0 || miscount !== undefined) return undefined;

    let wrong = false;
    const texts = parsed.conversions.map((conversion, index) => {
      const argument = values[index];
      if (argument === undefined) return '';
      const problem = typeProblem(conversion, argument.type);
      const text = problem === undefined ? textOf(conversion, argument) : undefined;
      if (text !== undefined) return text;
      scope.error('format', `fail: ${problem ?? 'expects literals'}`, argument.range);
      wrong = true;
      return '';
    });
    if (wrong) return undefined;
    scope.error('fail', filled(format, parsed.conversions, texts), use.range);
    return typed(VOID);
  },
  // An error keeps a script from being lowered.
  lower: () => undefined,
});

/** Text of a literal, as printf would show it; undefined for anything else. */
function textOf(conversion: Conversion, argument: TypedExpression): string | undefined {
  const text = plainText(conversion, argument);
  if (text === undefined || conversion.width === undefined) return text;
  const zero = conversion.flags.includes('0') && conversion.name !== 's' ? '0' : ' ';
  return conversion.flags.includes('-')
    ? text.padEnd(conversion.width)
    : text.padStart(conversion.width, zero);
}

function plainText({ name, flags }: Conversion, argument: TypedExpression): string | undefined {
  if (argument.kind === 'string') {
    return Buffer.from(argument.value, 'latin1').toString('utf8').replace(/\0.*$/s, '');
  }
  if (argument.kind !== 'int') return undefined;
  const unsigned = BigInt.asUintN(64, argument.value);
  switch (name) {
    case 'x':
      return `${flags.includes('#') ? '0x' : ''}${unsigned.toString(16)}`;
    case 'X':
      return `${flags.includes('#') ? '0X' : ''}${unsigned.toString(16).toUpperCase()}`;
    case 'p':
      return `0x${unsigned.toString(16)}`;
    case 'o':
      return unsigned.toString(8);
    case 'c':
      return String.fromCharCode(Number(unsigned & 0xffn));
    case 's':
    case 'd':
    case 'i':
    case 'u':
      return argument.value.toString();
    default:
      return undefined;
  }
}

function filled(
  format: string,
  conversions: readonly Conversion[],
  texts: readonly string[],
): string {
  const pieces: string[] = [];
  let from = 0;
  for (const [index, { offset, text }] of conversions.entries()) {
    pieces.push(format.slice(from, offset).replaceAll('%%', '%'), texts[index] ?? '');
    from = offset + text.length;
  }
  pieces.push(format.slice(from).replaceAll('%%', '%'));
  return pieces.join('').trimEnd();
}
