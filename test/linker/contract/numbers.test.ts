import { describe, expect, it } from 'vitest';
import { haveSameBytes } from '../../../linker/contract/numbers.ts';

describe('elements of arrays', () => {
  it.each([
    ['unsigned int', 'u32'],
    ['pid_t', 'int'],
    ['long', 'long long'],
    ['struct task', 'struct task'],
    ['char', 'char'],
  ])('of %s and %s are the same bytes', (type, other) => {
    expect(haveSameBytes(type, other)).toBe(true);
    expect(haveSameBytes(other, type)).toBe(true);
  });

  it.each([
    ['int', 'unsigned int'],
    ['int', 'long'],
    ['unsigned char', 'char'],
    ['s8', 'u16'],
    ['struct task', 'struct file'],
    ['struct task', 'int'],
  ])('of %s and %s are not', (type, other) => {
    expect(haveSameBytes(type, other)).toBe(false);
    expect(haveSameBytes(other, type)).toBe(false);
  });
});
