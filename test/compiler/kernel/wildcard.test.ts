/** Patterns of attach points. */
import { describe, expect, it } from 'vitest';
import { tableSource } from '../../../compiler/kernel/tracepoints.ts';
import { wildcard } from '../../../compiler/kernel/wildcard.ts';
import { createRandom } from '../../support/random.ts';

/** As the loader has it (loader/src/host/tracefs.c): the last `*` takes one character more where the rest does not fit. */
function byHand(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*')
    return byHand(pattern.slice(1), text) || (text !== '' && byHand(pattern, text.slice(1)));
  return text !== '' && pattern[0] === text[0] && byHand(pattern.slice(1), text.slice(1));
}

describe('a wildcard', () => {
  it('matches what the definition matches, whatever stands between its asterisks', () => {
    const random = createRandom(7);
    const word = (letters: readonly [string, ...string[]], length: number) =>
      Array.from({ length }, () => random.pick(letters)).join('');
    const seen = new Set<boolean>();
    for (let round = 0; round < 20_000; round += 1) {
      const pattern = word(['a', 'b', '*', '*'], random.below(8));
      const text = word(['a', 'b'], random.below(9));
      const expected = byHand(pattern, text);
      expect(wildcard(pattern).test(text), `${pattern} ${text}`).toBe(expected);
      seen.add(expected);
    }
    expect(seen.size).toBe(2);
  });

  it('takes other characters as they are, and no columns or parts', () => {
    expect(wildcard('a.b*(c').test('a.bx(c')).toBe(true);
    expect(wildcard('a.b*').test('axb')).toBe(false);
    for (const text of ['a:b', 'a\tb', 'a\nb']) expect(wildcard('a*b*').test(text)).toBe(false);
  });

  it('of hundreds of asterisks is searched in a table without trying all ways', () => {
    const table = Array.from(
      { length: 500 },
      (_, index) => `calls:sys_enter_${index}_aaaaaaaaaaaa\n`,
    );
    const source = tableSource(() => table.join(''));
    expect(source.match(`${'*'.repeat(900)}ca*ls`, 'sys_*_17_*')).toEqual([
      'calls:sys_enter_17_aaaaaaaaaaaa',
    ]);
    expect(source.match('c*l*', `${'*a'.repeat(13)}*`)).toEqual([]);
    expect(source.match('c*l*', `${'*a'.repeat(12)}*b`)).toEqual([]);
    expect(source.match('c*l*', `${'*a'.repeat(12)}*`)).toHaveLength(500);
  });
});
