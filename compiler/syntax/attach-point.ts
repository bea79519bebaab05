/** Attach points: raw text to alias and fields. Quotes are dropped, escapes resolved, `$N` and `$name` noted. */
import type { ErrorCode } from '../source/codes.ts';
import type { Range } from '../source/source.ts';
import type { AttachField, AttachPoint } from './ast.ts';

export interface AttachPointProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly range: Range;
  readonly hint?: string;
}

export interface AttachPointResult {
  readonly attachPoint: AttachPoint;
  readonly problems: readonly AttachPointProblem[];
}

interface OpenField {
  start: number;
  text: string;
  quoted?: true;
  parameters: { offset: number; length: number; index: number }[];
  variables: { offset: number; name: string; range: Range }[];
}

const ALIAS = /^([A-Za-z_][A-Za-z0-9_]*)=/;

/** `offset` is where `text` stands in the script. */
export function parseAttachPoint(text: string, offset: number): AttachPointResult {
  const problems: AttachPointProblem[] = [];
  const problem = (
    code: ErrorCode,
    message: string,
    start: number,
    end: number,
    hint?: string,
  ): void => {
    const range = { start: offset + start, end: offset + end };
    problems.push({ code, message, range, ...(hint === undefined ? {} : { hint }) });
  };
  const alias = ALIAS.exec(text);
  let at = alias ? alias[0].length : 0;
  const fields: AttachField[] = [];
  let field: OpenField = { start: at, text: '', parameters: [], variables: [] };
  const finish = (end: number, next: number): void => {
    const range = { start: offset + field.start, end: offset + end };
    const { text: value, parameters, variables, quoted } = field;
    fields.push({
      ...{ range, text: value, parameters },
      ...(variables.length > 0 ? { variables } : {}),
      ...(quoted ? { quoted } : {}),
    });
    field = { start: next, text: '', parameters: [], variables: [] };
  };

  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') {
      const quoted = readQuoted(text, at);
      if (!quoted.closed) problem('unterminated', 'unterminated string', at, quoted.end);
      field.text += quoted.text;
      field.quoted = true;
      at = quoted.end;
    } else if (character === ':') {
      finish(at, at + 1);
      at += 1;
    } else if (character === '@' && fields.length > 0 && field.text !== '') {
      finish(at, at);
      field.text = '@';
      at += 1;
    } else if (character === '$') {
      const name = /^\$[A-Za-z_][A-Za-z0-9_]*/.exec(text.slice(at))?.[0];
      const digits = /^[0-9]+/.exec(text.slice(at + 1))?.[0];
      const length = name?.length ?? 1 + (digits?.length ?? 0);
      if (name !== undefined) {
        const range = { start: offset + at, end: offset + at + length };
        field.variables.push({ offset: field.text.length, name, range });
      } else if (digits === undefined)
        problem(
          'invalid-parameter',
          "'$' must be followed by the number of a positional parameter",
          at,
          at + 1,
          "Put the name in double quotes to use a '$' as it stands.",
        );
      else if (Number(digits) === 0 || Number(digits) > MAX_PARAMETER)
        problem(
          'invalid-parameter',
          `positional parameter ${text.slice(at, at + length)} is out of range`,
          at,
          at + length,
        );
      else field.parameters.push({ offset: field.text.length, length, index: Number(digits) });
      field.text += text.slice(at, at + length);
      at += length;
    } else if (character === '\\' && at + 1 < text.length) {
      field.text += text.charAt(at + 1);
      at += 2;
    } else {
      field.text += character;
      at += 1;
    }
  }
  finish(text.length, text.length);
  return {
    attachPoint: {
      kind: 'attach-point',
      range: { start: offset, end: offset + text.length },
      text,
      alias: alias?.[1],
      fields,
    },
    problems,
  };
}

/** Largest N of `$N`. */
export const MAX_PARAMETER = 65_535;

function readQuoted(
  text: string,
  start: number,
): { readonly text: string; readonly end: number; readonly closed: boolean } {
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return { text: value, end: at + 1, closed: true };
    if (character === '\\' && at + 1 < text.length) {
      value += text.charAt(at + 1);
      at += 1;
    } else value += character;
  }
  return { text: value, end: text.length, closed: false };
}
