import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseFormat } from '../../../compiler/types/format.ts';
import { formatted, type LiteralValue } from '../../../compiler/types/format-text.ts';

const one = (format: string, literal: LiteralValue): string | undefined =>
  formatted(format, parseFormat(format), [literal]);
const number = (value: bigint): LiteralValue => ({ number: value, shown: `${value}` });

/** Each choice of one from each list, put together. */
function all(...lists: readonly (readonly string[])[]): readonly string[] {
  return lists.reduce<readonly string[]>(
    (starts, list) => starts.flatMap((start) => list.map((end) => start + end)),
    [''],
  );
}

const FLAGS = ['', '-', '+', ' ', '#', '0', '-+', '#0', '0+', '-# 0'];
const WIDTHS = ['', '1', '7', '24'];
const PRECISIONS = ['', '.', '.0', '.1', '.4', '.22'];

describe('formats with literals', () => {
  it("are the shell's printf, which is C's, for numbers", () => {
    const formats = all(['%'], FLAGS, WIDTHS, PRECISIONS, ['ll'], ['d', 'i', 'u', 'x', 'X', 'o']);
    const values = [0n, 1n, -1n, 4_294_967_298n, -(1n << 63n), (1n << 63n) - 1n];
    const wanted = values.map((value) => {
      const script = formats
        .map((format) => `printf '%s:${format.replace('ll', '')}\\n' '' '${value}'`)
        .join('\n');
      return execFileSync('bash', [], { input: script }).toString();
    });
    const found = values.map((value) =>
      formats.map((format) => `:${one(format, number(value))}\n`).join(''),
    );
    expect(found).toEqual(wanted);
  });

  it("are the shell's printf for texts and characters", () => {
    const formats = all(['%'], ['', '-'], WIDTHS, PRECISIONS, ['s']);
    const texts = ['', 'a', 'seven77'];
    const wanted = texts.map((text) => {
      const script = formats.map((format) => `printf '<${format}>' '${text}'`).join('\n');
      return execFileSync('bash', [], { input: script }).toString();
    });
    expect(
      texts.map((text) => formats.map((format) => `<${one(format, { text })}>`).join('')),
    ).toEqual(wanted);
    expect(one('%3c|', number(0x141n))).toBe('  A|');
    expect(one('%s|', { text: 'b\0tail' })).toBe('b|');
  });

  it.each([
    ['%d %u', -1n, '-1', '4294967295'],
    ['%hhd %hhu', 511n, '-1', '255'],
    ['%hd %hx', 0x1ffffn, '-1', 'ffff'],
    ['%zd %jx', -1n, '-1', 'ffffffffffffffff'],
    ['%p %5p', 0n, '0', '    0'],
    ['%p %-6p', 255n, '0xff', '0xff  '],
  ])('count as many bytes as %s says', (format, value, first, second) => {
    const literals = [number(value), number(value)];
    expect(formatted(format, parseFormat(format), literals)).toBe(`${first} ${second}`);
  });

  it('bound widths and precisions as loaders do', () => {
    expect(one('%99999999999d', number(5n))).toHaveLength(4096);
    expect(one('%.99999999999d', number(5n))).toHaveLength(4096);
    expect(one('%99999999999s', { text: 'a' })).toHaveLength(4096);
  });

  it('have no names of flags, which are those of a host', () => {
    expect(one('%gr', number(1n))).toBeUndefined();
    expect(one('%d', { text: 'a' })).toBeUndefined();
  });
});
