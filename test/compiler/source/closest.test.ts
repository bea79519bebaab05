/** Names that a misspelt one may have meant, and what codes say of themselves. */
import { describe, expect, it } from 'vitest';
import { closest } from '../../../compiler/source/closest.ts';
import { type DiagnosticCode, kindOf } from '../../../compiler/source/codes.ts';
import { explainCode } from '../../../compiler/source/explanation.ts';

describe('the closest names', () => {
  it.each([
    ['ab', ['ac', 'abc', 'xyz'], ['ac', 'abc']],
    ['abcde', ['abxde', 'axcxe'], ['abxde']],
    ['abcdef', ['abxxef', 'axxxef'], ['abxxef']],
    ['probename', ['prbenme', 'nothing'], ['prbenme']],
    ['NSECS', ['nsecs'], ['nsecs']],
    ['count', ['cuont', 'coun'], ['cuont', 'coun']],
    ['abcdef', ['abcdeg', 'abcxxf'], ['abcdeg']],
    ['aaaa', ['aaab', 'aaac', 'aaad', 'aaae'], ['aaab', 'aaac', 'aaad']],
    ['', ['', 'ab'], ['']],
    ['zzzzzz', ['abcdef'], []],
  ])('to %j of %j are %j', (wanted, names, expected) => {
    expect(closest(wanted, names)).toEqual(expected);
  });
});

describe('an explanation', () => {
  it.each(['misplaced-jump', 'unassigned-variable'] satisfies readonly DiagnosticCode[])(
    'of %s has its parts apart, and says of warnings alone how to hide them',
    (code) => {
      const text = explainCode(code);
      expect(text.trim()).toBe(text);
      expect(text).not.toContain('\n\n\n');
      expect(text.includes(`--allow ${code}`)).toBe(kindOf(code).severity === 'warning');
      expect(text.startsWith(kindOf(code).explanation)).toBe(true);
    },
  );
});
