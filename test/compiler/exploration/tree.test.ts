/** The typed tree of a script, as lines. */
import { expect, it } from 'vitest';
import { treeLines } from '../../../compiler/exploration/tree.ts';
import { compileText } from '../../support/build.ts';

it('has a heading for each probe and function, and each node below what holds it, with type and line', () => {
  const { typed, sources } = compileText(`fn twice($n : int64) : int64 { return $n * 2; }
macro half(n) { n / 2 }
tracepoint:syscalls:sys_enter_read /pid > 1/ {
  let $x = 5;
  @a[tid, comm] = twice($x);
  @b = count();
  @text = "a\\"b";
  if ($x == 2) { print(half(8)); } else { clear(@a); }
}`);
  if (!typed) throw new Error('the script has errors');
  const lines = treeLines(typed, sources).map(
    ({ text, line, isHeading }) => `${line ?? '-'}${isHeading ? '#' : ' '}|${text}`,
  );
  expect(lines).toEqual([
    '- |map @a[(uint32,string[16])]: int64',
    '- |map @b: count_t',
    '- |map @text: string[4]',
    '1#|fn twice',
    '- |  let $n: int64',
    '1 |  block',
    '1 |    return',
    '1 |      value binary *: int64',
    '1 |        left variable $n: int64',
    '1 |        right int 2: int64',
    '3#|tracepoint:syscalls:sys_enter_read',
    '- |  let $x: int8',
    '3 |  predicate binary >: bool',
    '3 |    left cast: uint64',
    '3 |      operand call pid: uint32',
    '3 |    right int 1: uint64',
    '3 |  block',
    '4 |    assign-variable $x',
    '4 |      value int 5: int8',
    '5 |    assign-map @a',
    '5 |      key tuple: (uint32,string[16])',
    '5 |        elements call tid: uint32',
    '5 |        elements call comm: string[16]',
    '5 |      value function-call: int64',
    '5 |        args cast: int64',
    '5 |          operand variable $x: int8',
    '6 |    aggregate @b',
    '7 |    assign-map @text',
    '7 |      value string a"b: string[4]',
    '8 |    if',
    '8 |      condition binary ==: bool',
    '8 |        left cast: int64',
    '8 |          operand variable $x: int8',
    '8 |        right int 2: int64',
    '8 |      then block',
    '8 |        expression-statement',
    '8 |          call print: none',
    '2 |            args int 4: int8',
    '8 |      else block',
    '8 |        expression-statement',
    '8 |          call clear @a: none',
  ]);
});
