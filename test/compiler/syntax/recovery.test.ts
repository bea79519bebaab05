/** After a mistake the parser goes on where the next statement or item begins: one error for each mistake. */
import { describe, expect, it } from 'vitest';
import { messages } from './support.ts';

const NO_VALUE = "expected an expression, found ';'";

describe('after a mistake', () => {
  it.each([
    [
      'kprobe:f = { exit(); } begin { 1 + ; }',
      "expected ',', '/' or '{' after the probe, found '='",
    ],
    ['fn f( { exit(); } begin { 1 + ; }', "expected ')', found '{'"],
    ['macro f(=) { exit(); } begin { 1 + ; }', "expected ')', found '='"],
  ])('the next item is read: %s', (script, first) => {
    expect(messages(script)).toEqual([first, NO_VALUE]);
  });

  it.each([
    ['begin { if (1 + ) { 1; } else { 2; } 3 * ; }', "expected an expression, found ')'"],
    ['begin { $x = = if (1) { 2 } else { 3 } 4 * ; }', "expected an expression, found '='"],
  ])('the statement behind its last block is read: %s', (script, first) => {
    expect(messages(script)).toEqual([first, NO_VALUE]);
  });

  it.each(['begin { 1 + ; 2 * ; ', 'begin { 1 + ; } end { 2 * ; '])(
    'all else is guesswork where braces do not balance: %s',
    (script) => {
      expect(messages(script)).toEqual([NO_VALUE]);
      expect(messages(`${script}}`)).toEqual([NO_VALUE, NO_VALUE]);
    },
  );
});
