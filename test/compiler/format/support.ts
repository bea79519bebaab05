import { expect } from 'vitest';
import { format } from '../../../compiler/format/format.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { type ConcreteSyntax, parseConcrete } from '../../../compiler/syntax/parse.ts';

/** The formatted script; the script must parse. */
export function formatted(text: string): string {
  const diagnostics = new Diagnostics();
  const result = format({ name: 'test.bt', text }, diagnostics);
  if (result === undefined)
    throw new Error(`${text}\n${diagnostics.all.map(({ message }) => message).join('\n')}`);
  return result;
}

/** Formats to `output`, and `output` stays as it is. */
export function expectFormatted(input: string, output: string): void {
  expect(formatted(input)).toBe(output);
  expect(formatted(output)).toBe(output);
}

/** As `expectFormatted`, of the statements of a probe. */
export function expectStatements(input: string, output: string): void {
  const lines = output.split('\n').map((line) => (line === '' ? '' : `\t${line}`));
  expectFormatted(`BEGIN{\n${input}}`, `BEGIN\n{\n${lines.join('\n')}\n}\n`);
}

/** Tokens and comments, with nothing about white space. */
export function wording(text: string): { tokens: readonly string[]; comments: readonly string[] } {
  const syntax: ConcreteSyntax | undefined = parseConcrete(
    { name: 'test.bt', text: text.replaceAll('\r\n', '\n') },
    new Diagnostics(),
  );
  if (!syntax) throw new Error(`does not parse:\n${text}`);
  return {
    tokens: syntax.tokens.map((token) => token.text),
    comments: syntax.comments.map((comment) => comment.text.replaceAll(/\s+/g, ' ').trim()),
  };
}
