/** Where a script nests too deeply: the exact place, beside what is just not too deep. */
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../../compiler/syntax/parse.ts';
import { errors, expression } from './support.ts';

const TOO_DEEP = 'the script nests too deeply';
/** What a script may have at one place. */
const MOST = 144;

const tooDeepAt = (start: number, length = 1): readonly string[] => [
  `${start}-${start + length}: ${TOO_DEEP}`,
];

describe('Brackets', () => {
  const nested = (count: number, open: string, close: string): string =>
    `begin { @ = ${open.repeat(count)}1${close.repeat(count)}; }`;

  it.each([
    ['(', ')'],
    ['f(', ')'],
    ['@[', ']'],
    ['{ ', ' }'],
  ])('%s are too deep at the one behind the last that may be open', (open, close) => {
    // The brace of the probe is open, too.
    expect(errors(nested(MOST - 1, open, close))).toEqual([]);
    const start = 'begin { @ = '.length + (MOST - 1) * open.length + open.trim().length - 1;
    expect(errors(nested(MOST, open, close))).toEqual(tooDeepAt(start));
    expect(errors(nested(MOST + 1, open, close))).toEqual(tooDeepAt(start));
  });

  it('that are closed count no more', () => {
    const pairs = '(1) + @[1] + '.repeat(MOST);
    expect(errors(`begin { @ = ${pairs}1; } ${'end { { } } '.repeat(MOST)}`)).toEqual([]);
  });

  it('in one expression may be as many without a script around it', () => {
    const one = (count: number) => parseExpression(`${'('.repeat(count)}1${')'.repeat(count)}`);
    expect(one(MOST)).toMatchObject({ kind: 'integer', value: 1n });
    expect(one(MOST + 1)).toBeUndefined();
  });

  it('are told after what is no text of the language, in the order of the script', () => {
    expect(errors(`begin { ${'('.repeat(MOST)} \` /* x`)).toEqual([
      ...tooDeepAt('begin { '.length + MOST - 1),
      `${'begin { '.length + MOST + 1}-${'begin { '.length + MOST + 2}: unexpected character '\`'`,
      `${'begin { '.length + MOST + 3}-${'begin { '.length + MOST + 5}: unterminated comment`,
    ]);
  });
});

describe('Chains without brackets', () => {
  const CHAIN = '!'.repeat(50_000);

  it('that end the stack of the parser are told at the innermost bracket', () => {
    const at = (script: string, marked: string) =>
      expect(errors(script)).toEqual(tooDeepAt(script.indexOf(marked)));
    at(`begin { @ = ${CHAIN}1; }`, '{');
    at(`begin { @ = f(@a[(1)], ${CHAIN}1); }`, '(1)');
    at(`begin { @ = (2); @ = [1]; @ = ${CHAIN}1; }`, '(2)');
    at(`end { } begin { if (1) { @ = ${CHAIN}1; } }`, '(1)');
  });

  it('that the passes behind the parser have no stack for are told at their innermost node', () => {
    const script = (count: number) => `begin { @ = ${'!'.repeat(count)}$a; }`;
    const most = 995;
    expect(errors(script(most))).toEqual([]);
    // The variable itself is the node that is too deep.
    expect(errors(script(most + 1))).toEqual(tooDeepAt('begin { @ = '.length + most + 1, 2));
    expect(expression(`${'!'.repeat(3)}$a`)).toMatchObject({ kind: 'unary' });
  });
});
