import { describe, expect, it } from 'vitest';
import { bindsAlike } from '../../../compiler/syntax/precedence.ts';
import { attachPointEnd } from '../../../compiler/syntax/scan.ts';
import { shape } from './support.ts';

describe('operators of one chain', () => {
  it('are read from left to right where they bind alike', () => {
    expect(bindsAlike('+', '-')).toBe(true);
    expect(bindsAlike('*', '%')).toBe(true);
    expect(bindsAlike('<', '>=')).toBe(true);
    expect(bindsAlike('+', '*')).toBe(false);
    expect(bindsAlike('&&', '||')).toBe(false);
    expect(bindsAlike('==', '<')).toBe(false);
    expect(shape('1 - 2 + 3 * 4')).toBe('((1 - 2) + (3 * 4))');
  });
});

describe('a cast to the type of an expression', () => {
  it('ends where the parentheses of the expression do', () => {
    expect(shape('(typeof(pid + 1)) 2')).toBe('(<typeof((pid + 1))> 2)');
    expect(shape('(typeof((pid + 1) * 2)*) 2')).toBe('(<typeof(((pid + 1) * 2))*> 2)');
  });
});

describe('an attach point', () => {
  it.each([
    ['kprobe:f {', 8],
    ['kprobe:f', 8],
    ['uprobe:/a\\ b:f,', 14],
    ['kprobe:f\\', 9],
  ])('ends in the text: %s', (text, end) => {
    expect(attachPointEnd(text, 0)).toBe(end);
  });
});
