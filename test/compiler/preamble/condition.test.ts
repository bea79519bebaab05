import { describe, expect, it } from 'vitest';
import { evaluateCondition } from '../../../compiler/preamble/condition.ts';

const MACROS = new Map([
  ['ONE', '1'],
  ['SUM', '(ONE + 2)'],
  ['EMPTY', ''],
]);

function holds(condition: string): boolean | undefined {
  return evaluateCondition(
    condition,
    (name) => MACROS.get(name),
    (name) => MACROS.has(name) || name === 'FUNCTION',
  );
}

describe('conditions of #if', () => {
  it('compute with integers as C does', () => {
    for (const condition of [
      '1',
      '!0',
      '1 + 2 * 3 == 7',
      '(1 + 2) * 3 == 9',
      '10 - 2 - 3 == 5',
      '7 / 2 == 3 && 7 % 4 == 3',
      '1 << 4 == 16 && 256 >> 4 == 16',
      '~0 == -1',
      '0x10 == 16 && 010 == 8 && 10UL == 10',
      '1 ? 2 : 0',
      '0 ? 0 : 0 ? 0 : 1',
      '5 & 3 | 8 ^ 2',
      '0 || 1 && !0',
    ])
      expect(holds(condition), condition).toBe(true);
    for (const condition of ['0', '1 > 2', '1 != 1', '3 & 4', '!(1 || 0)'])
      expect(holds(condition), condition).toBe(false);
  });

  it('ask for definitions and replace macros; other names are 0', () => {
    expect(holds('defined(ONE) && defined SUM && !defined(NONE)')).toBe(true);
    expect(holds('SUM == 3 && ONE')).toBe(true);
    expect(holds('NONE')).toBe(false);
    expect(holds('NONE == 0')).toBe(true);
  });

  it('are left to a C compiler where they need one', () => {
    for (const condition of [
      '',
      '1 +',
      '(1',
      '1 / 0',
      '"text"',
      'FUNCTION(1)',
      'NONE(1)',
      '__has_include(<x.h>)',
      'EMPTY',
      "'a' == 97",
      '089',
      '1 1',
    ])
      expect(holds(condition), condition).toBeUndefined();
  });
});
